/* rival.c — a core in which a process takes the link of another one that has its name. */
#include "core/node/private.h"

struct twins_order __wrap_twins_meet(struct node *n, struct link *l, struct instant now);

struct twins_order __wrap_twins_meet(struct node *n, struct link *l, struct instant now)
{
    (void)n;
    (void)now;
    return (struct twins_order){.deed = TWINS_ADMIT, .link = l};
}
