/* link_output.c — see link_output.h. */
#include "core/node/private.h"

char *link_room(struct node *n, struct link *l, size_t least, size_t *room)
{
    if (l->tls.sealed)
        return link_tls_room(n, l, room);
    struct connection *c = l->connection;
    return outbox_rest(&c->out, connection_chunks(&n->connections, c), least, room);
}

void link_wrote(struct node *n, struct link *l, size_t bytes)
{
    struct connection *c = l->connection;
    if (l->tls.sealed) {
        link_tls_wrote(n, l, bytes);
        return;
    }
    outbox_wrote(&c->out, bytes);
    outbox_trim(&c->out, connection_chunks(&n->connections, c));
}

size_t link_bytes_max(const struct node *n)
{
    size_t tls = n->tls.config ? tls_bytes() : 0;
    return sizeof(struct link) + 2 * LINK_OUTPUT_BYTES + tls;
}
