/* unasked.c — a core that queues a question again when it learns, after a turn, that its
 * connection to the places service is reset, and has no deadline for it. */
#include "core/node/private.h"
#include "core/places/exchange_private.h"

void __real_node_closed(struct node *n, uint32_t conn, const char *why, struct instant now);
void __wrap_node_closed(struct node *n, uint32_t conn, const char *why, struct instant now);

void __wrap_node_closed(struct node *n, uint32_t conn, const char *why, struct instant now)
{
    bool places = connection_of(&n->connections, conn)->kind == CONNECTION_PLACES;
    bool told = n->told, due = places && n->places.exchange->due;
    __real_node_closed(n, conn, why, now);
    if (!places)
        return;
    n->told = told;
    n->places.exchange->due = due;
}
