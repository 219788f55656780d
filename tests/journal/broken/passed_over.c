/* passed_over.c — a core for which a change is durable that was replaced before it was
 * written. */
#include "core/journal/output.h"

void __real_output_write(struct output *o, const struct writer_last *last, uint64_t change,
    uint64_t whole, bool durable, bool syncs, struct instant now);
void __wrap_output_write(struct output *o, const struct writer_last *last, uint64_t change,
    uint64_t whole, bool durable, bool syncs, struct instant now);

void __wrap_output_write(struct output *o, const struct writer_last *last, uint64_t change,
    uint64_t whole, bool durable, bool syncs, struct instant now)
{
    (void)whole;
    __real_output_write(o, last, change, o->file == JOURNAL_LOG ? change : 0, durable, syncs, now);
}
