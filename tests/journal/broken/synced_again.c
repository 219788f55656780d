/* synced_again.c — a core that syncs again when a sync has failed, and believes the second
 * one. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    bool syncs = o->step == OUTPUT_SYNCS || o->step == OUTPUT_HEAD_SYNCS;
    if (syncs && a->outcome != JOURNAL_DONE)
        o->ordered = false;
    else
        __real_output_done(o, a);
}
