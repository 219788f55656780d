/* pace.c — see pace.h.
 *
 * Holds always: a connection is in the list if and only if it is `paused`; a list whose entries all
 * wait for the same time is in the order of their times. */
#include "core/node/private.h"

void pace_begin(struct node *n)
{
    connection_list_begin(&n->pace.list);
}

void client_pace_begin(struct connection *c, uint32_t account)
{
    ASSERT(!c->paused);
    c->client.pace.account = account;
}

static void leave(struct node *n, struct connection *c)
{
    ASSERT(c->kind == CONNECTION_CLIENT && c->paused);
    connection_list_remove(&n->connections, &n->pace.list, LIST_PAUSED, c);
    connection_pause(c, false);
}

static void join(struct node *n, struct connection *c, struct instant now)
{
    ASSERT(!c->paused && c->client.pace.account != QUOTA_NONE);
    connection_pause(c, true);
    c->client.pace.look_ns = now.mono_ns + PACE_LOOK_MS * MS_NS;
    connection_list_append(&n->connections, &n->pace.list, LIST_PAUSED, c);
}

void client_pace_end(struct node *n, struct connection *c)
{
    if (c->paused)
        leave(n, c);
    quotas_leave(&n->quotas, c->client.pace.account);
    c->client.pace.account = QUOTA_NONE;
}

void client_paces(struct node *n, struct connection *c, unsigned count, struct instant now)
{
    uint32_t account = c->client.pace.account;
    ASSERT(account != QUOTA_NONE);
    if (c->paused || c->finishing || c->aborted ||
        quotas_commands(&n->quotas, account, count, now) <= now.mono_ns)
        return;
    n->metrics.clients_paused++;
    join(n, c, now);
    connection_choke(&n->connections, c, now);
}

int64_t pace_deadline(const struct node *n)
{
    if (n->pace.list.first == CONNECTION_NONE)
        return NEVER_NS;
    return connection_of(&n->connections, n->pace.list.first)->client.pace.look_ns;
}

void pace_turn(struct node *n, struct instant now)
{
    while (pace_deadline(n) <= now.mono_ns) {
        struct connection *c = connection_of(&n->connections, n->pace.list.first);
        bool ends = c->finishing || c->aborted;
        leave(n, c);
        if (!ends && quotas_commands(&n->quotas, c->client.pace.account, 0, now) > now.mono_ns)
            join(n, c, now);
        else
            client_relieve(n, c);
    }
}
