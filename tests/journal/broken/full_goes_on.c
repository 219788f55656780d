/* full_goes_on.c — a core that goes on behind what there was no room for. */
#include "core/journal/output.h"

void __real_output_done(struct output *o, const struct journal_answer *a);
void __wrap_output_done(struct output *o, const struct journal_answer *a);

void __wrap_output_done(struct output *o, const struct journal_answer *a)
{
    if (o->step == OUTPUT_WRITES && a->outcome == JOURNAL_NO_ROOM && o->bytes.len > 8) {
        o->offset += 8;
        o->bytes = span_from(o->bytes, 8);
    }
    __real_output_done(o, a);
}
