/* lingers.c — a node that is drained waits for its clients for ever. */
#include "core/node/private.h"

void __real_drain_turn(struct node *n, struct instant now);
void __wrap_drain_turn(struct node *n, struct instant now);

void __wrap_drain_turn(struct node *n, struct instant now)
{
    n->drain.stops_ns += n->clients.count ? SECOND_NS : 0;
    __real_drain_turn(n, now);
}
