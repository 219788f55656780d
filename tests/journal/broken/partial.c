/* partial.c — a core that does not write that it was partial. */
#include "core/journal/journal.h"

void __real_journal_end(struct journal *j, const struct past *past, struct instant now);
void __wrap_journal_end(struct journal *j, const struct past *past, struct instant now);

void __wrap_journal_end(struct journal *j, const struct past *past, struct instant now)
{
    struct past whole = *past;
    whole.partial = false;
    __real_journal_end(j, &whole, now);
}
