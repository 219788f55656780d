/* short_is_all.c — a core that takes a write in part for the whole. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    struct journal_answer all = *a;
    if (o->step == OUTPUT_WRITES && a->outcome == JOURNAL_DONE)
        all.bytes = o->bytes.len;
    __real_output_done(o, &all);
}
