/* patient.c — a core that holds replies back for as long as its disk is full or fails. */
#include "core/journal/journal.h"

const char *__wrap_journal_gives_up(const struct journal *j, struct instant now);

const char *__wrap_journal_gives_up(const struct journal *j, struct instant now)
{
    (void)j;
    (void)now;
    return NULL;
}
