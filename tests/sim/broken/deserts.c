/* deserts.c — a core that ends for its disk although no reply waits for that. */
#include "core/journal/journal.h"

const char *__wrap_journal_gives_up(const struct journal *j, struct instant now);

const char *__wrap_journal_gives_up(const struct journal *j, struct instant now)
{
    (void)now;
    return journal_fails(j);
}
