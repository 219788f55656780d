/* let_go.c — a core that gives replies away that wait for the disk when topology.conf is
 * reloaded. */
#include "core/node/private.h"

void __real_durable_take_limits(struct node *n, struct instant now);
void __wrap_durable_take_limits(struct node *n, struct instant now);

void __wrap_durable_take_limits(struct node *n, struct instant now)
{
    n->durable.holds = false;
    __real_durable_take_limits(n, now);
}
