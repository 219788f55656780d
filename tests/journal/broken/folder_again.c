/* folder_again.c — a core that syncs the folder again when that has failed. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    bool syncs = o->step == OUTPUT_ASKS && o->ask == JOURNAL_SYNC_FOLDER;
    if (syncs && a->outcome != JOURNAL_DONE)
        o->ordered = false;
    else
        __real_output_done(o, a);
}
