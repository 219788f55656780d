/* unread.c — a core in which all clients together may have any number of replies unread. */
#include "core/node/unread.h"

bool __wrap_unread_relieve(struct node *n, struct instant now);

bool __wrap_unread_relieve(struct node *n, struct instant now)
{
    (void)n, (void)now;
    return false;
}
