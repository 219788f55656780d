/* write_again.c — a core that believes a file in which a write has failed. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    struct journal_answer well = *a;
    if (o->step == OUTPUT_WRITES && a->outcome == JOURNAL_FAILED) {
        well.outcome = JOURNAL_DONE;
        well.bytes = o->bytes.len;
    }
    __real_output_done(o, &well);
}
