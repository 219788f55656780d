/* undsynced.c — what is written for journal.mode = always is not written through. */
#include "core/journal/journal.h"

bool __real_journal_order(struct journal *j, struct journal_order *out, struct instant now);
bool __wrap_journal_order(struct journal *j, struct journal_order *out, struct instant now);

bool __wrap_journal_order(struct journal *j, struct journal_order *out, struct instant now)
{
    bool is = __real_journal_order(j, out, now);
    if (is)
        out->durable = false;
    return is;
}
