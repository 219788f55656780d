/* link_output.h — where a link writes: the output of its connection, or TLS before it.
 *
 * Inline, as it is on the way of every stamp; so private.h has to come first. Called by links.c
 * alone. */
#ifndef CORE_NODE_LINK_OUTPUT_H
#define CORE_NODE_LINK_OUTPUT_H

#include "core/node/private.h"

/* Where the link may write `least` bytes or more; NULL: no memory, or TLS is not ready. */
static inline char *link_room(struct node *n, struct link *l, size_t least, size_t *room)
{
    if (l->tls.sealed)
        return link_tls_room(n, l, room);
    struct connection *c = l->connection;
    return outbox_rest(&c->out, connection_chunks(&n->connections, c), least, room);
}

/* The first `bytes` of that room are written. */
static inline void link_wrote(struct node *n, struct link *l, size_t bytes)
{
    struct connection *c = l->connection;
    if (l->tls.sealed) {
        link_tls_wrote(n, l, bytes);
        return;
    }
    outbox_wrote(&c->out, bytes);
    outbox_trim(&c->out, connection_chunks(&n->connections, c));
}

#endif
