/* dial.c — see dial.h.
 *
 *   state     event                next      does
 *   free      the node asks        dialling  socket, connect
 *   dialling  connected            free      hands the socket to conn
 *   dialling  refused, no route    free      node_dial_failed
 *   dialling  its deadline         late      cancels the connect
 *   dialling  no longer wanted     unwanted  cancels the connect
 *   late      any completion       free      node_dial_failed, "timed out"
 *   late      no longer wanted     unwanted
 *   unwanted  any completion       free
 *
 * The completion can cross the cancellation; a connection made after all is then closed. */
#include "io/dial.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

void dials_init(struct dials *d, struct conns *conns, struct node *node)
{
    *d = (struct dials){.conns = conns, .node = node};
    for (unsigned i = 0; i < DIALS_MAX; i++)
        d->each[i].fd = -1;
}

static struct ring_tag tag_of(const struct dials *d, const struct dial *dial)
{
    return (struct ring_tag){.op = RING_CONNECT,
        .generation = dial->generation & RING_SLOT_MAX,
        .slot = (uint32_t)(dial - d->each)};
}

static struct dial *free_slot(struct dials *d)
{
    for (unsigned i = 0; i < DIALS_MAX; i++)
        if (d->each[i].fd < 0)
            return &d->each[i];
    return NULL;
}

static void start(struct dials *d, const struct dial_order *order, struct instant now)
{
    ASSERT(order->id < NODE_DIALS_MAX);
    struct dial *dial = free_slot(d);
    if (!dial) {
        node_dial_failed(d->node, order->id, "too many connection attempts at once", now);
        return;
    }
    socklen_t bytes = sockaddr_from(&order->to, &dial->to);
    int fd = socket(dial->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        node_dial_failed(d->node, order->id, reason_of(errno), now);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    dial->fd = fd;
    d->used++;
    dial->id = order->id;
    dial->generation++;
    dial->given_up = dial->unwanted = false;
    dial->until_ns = order->until_ns;
    ring_connect(d->conns->ring, fd, tag_of(d, dial), &dial->to.any, bytes);
}

void dial_completed(struct dials *d, const struct ring_event *e, struct instant now)
{
    ASSERT(e->tag.slot < DIALS_MAX);
    struct dial *dial = &d->each[e->tag.slot];
    if (dial->fd < 0 || (dial->generation & RING_SLOT_MAX) != e->tag.generation)
        return;
    ASSERT(d->used > 0 && d->used <= DIALS_MAX);
    ASSERT(dial->given_up || !dial->unwanted);
    int fd = dial->fd;
    dial->fd = -1;
    d->used--;
    const char *why = "no slot or no memory for another connection";
    if (dial->given_up)
        why = reason_of(ETIMEDOUT);
    else if (e->result < 0)
        why = reason_of(-e->result);
    else if (conn_dialled(d->conns, fd, dial->id, now))
        return;
    close(fd);
    d->conns->freed = true;
    if (!dial->unwanted)
        node_dial_failed(d->node, dial->id, why, now);
}

static void give_up(struct dials *d, struct dial *dial)
{
    if (!dial->given_up)
        ring_cancel(d->conns->ring, tag_of(d, dial));
    dial->given_up = true;
}

static void forget(struct dials *d, unsigned id)
{
    for (unsigned i = 0; i < DIALS_MAX; i++) {
        struct dial *dial = &d->each[i];
        if (dial->fd < 0 || dial->unwanted || dial->id != id)
            continue;
        give_up(d, dial);
        dial->unwanted = true;
    }
}

void dials_settle(struct dials *d, struct instant now)
{
    unsigned unwanted;
    while (node_dial_cancel(d->node, &unwanted))
        forget(d, unwanted);
    struct dial_order order;
    while (node_dial(d->node, &order))
        start(d, &order, now);
    for (unsigned i = 0; d->used && i < DIALS_MAX; i++)
        if (d->each[i].fd >= 0 && now.mono_ns >= d->each[i].until_ns)
            give_up(d, &d->each[i]);
}

int64_t dials_deadline(const struct dials *d)
{
    int64_t next_ns = NEVER_NS;
    for (unsigned i = 0; d->used && i < DIALS_MAX; i++)
        if (d->each[i].fd >= 0 && !d->each[i].given_up)
            next_ns = earlier_ns(next_ns, d->each[i].until_ns);
    return next_ns;
}
