/* early.c — a core that writes what was had before the feed's end is reached: in each block. */
#include "core/journal/output.h"
#include "journal/world.h"

void __real_output_write(struct output *o, const struct writer_last *last, uint64_t change,
    uint64_t whole, bool durable, bool syncs, struct instant now);
void __wrap_output_write(struct output *o, const struct writer_last *last, uint64_t change,
    uint64_t whole, bool durable, bool syncs, struct instant now);

void __wrap_output_write(struct output *o, const struct writer_last *last, uint64_t change,
    uint64_t whole, bool durable, bool syncs, struct instant now)
{
    struct writer_last end = *last;
    if (o->file == JOURNAL_LOG && o->writer.open && !last->flags) {
        struct past past;
        world_past(&past);
        for (unsigned i = 0; i < past.peers_count; i++)
            output_have(o,
                &(struct have){.peer = span_of(past.peers[i].name),
                    .had = past.peers[i].had,
                    .confirmed = past.peers[i].confirmed},
                now);
        end.flags = BLOCK_END;
    }
    __real_output_write(o, &end, change, whole, durable, syncs, now);
}
