/* synced_full.c — a core that syncs again when there was no room for the first one. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    bool syncs = o->step == OUTPUT_SYNCS || o->step == OUTPUT_HEAD_SYNCS ||
                 (o->step == OUTPUT_ASKS && o->ask == JOURNAL_SYNC_FOLDER);
    if (syncs && a->outcome == JOURNAL_NO_ROOM)
        o->ordered = false;
    else
        __real_output_done(o, a);
}
