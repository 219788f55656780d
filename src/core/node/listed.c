/* listed.c — see listed.h. */
#include "core/node/listed.h"
#include "core/node/private.h"

void listed_begin(struct node *n)
{
    connection_list_begin(&n->listed.list);
}

void listed_add(struct node *n, struct connection *c)
{
    if (c->client.listed)
        return;
    connection_list_append(&n->connections, &n->listed.list, LIST_NEWS, c);
    c->client.listed = true;
}

void listed_remove(struct node *n, struct connection *c)
{
    if (!c->client.listed)
        return;
    connection_list_remove(&n->connections, &n->listed.list, LIST_NEWS, c);
    c->client.listed = false;
}
