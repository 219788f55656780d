/* unnamed.c — a core that takes a base for named although that has failed. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    struct journal_answer well = *a;
    if (o->step == OUTPUT_ASKS && o->ask == JOURNAL_RENAME)
        well.outcome = JOURNAL_DONE;
    __real_output_done(o, &well);
}
