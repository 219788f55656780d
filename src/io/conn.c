/* conn.c — see conn.h.
 *
 *   state      event                        next       does
 *   FREE       accepted or dialled          OPEN       tells the node
 *   OPEN       bytes, sent                  OPEN       tells the node
 *   OPEN       FIN                          OPEN       tells the node; no more receives
 *   OPEN       error                        DYING
 *   OPEN       CLOSE wanted, FIN received   DYING      nothing is left to drain
 *   OPEN       CLOSE wanted                 DRAINING   sends FIN, starts a timer of 2 s
 *   OPEN       ABORT wanted                 DYING      the close will send a reset
 *   DRAINING   bytes                        DRAINING   discards them
 *   DRAINING   FIN, error, timer, ABORT     DYING
 *   DYING      any completion               DYING
 *   DYING      nothing in flight            FREE       closes, tells the node; CONN_CLOSES_MAX a
 *                                                      turn, the others in the next ones
 *
 * DRAINING exists because closing a socket with unread input resets the connection, and the reset
 * can overtake the last reply. DYING exists because close(2) cancels no request: a socket with a
 * receive in flight would stay open, out of reach. shutdown(2) makes all requests in flight
 * complete, and the slot is freed only after that; the generation in the tags guards against
 * mistakes in this.
 *
 * The receive of an OPEN connection follows NODE_WANT_READ: it is armed when wanted and cancelled
 * when not. A receive that found no buffer waits in the STARVED list, because arming one while the
 * pool is empty fails at once; buffers return at the end of each turn, and then the first few of
 * the list continue. At most one send is in flight, because the kernel may reorder two sends on one
 * socket. */
#include "io/conn.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool conns_init(struct conns *c, struct ring *ring, struct node *node, uint32_t max, uint32_t spare)
{
    ASSERT(spare <= max);
    *c = (struct conns){.ring = ring, .node = node, .spare = spare};
    return slots_init(&c->slots, max);
}

bool conns_grow(struct conns *c, uint32_t max)
{
    return slots_grow(&c->slots, max);
}

void conns_hand_over(struct conns *c)
{
    const int unsent = INT_MAX;
    for (uint32_t i = 0; i < c->slots.reached; i++)
        if (c->slots.each[i].state == CONN_OPEN)
            setsockopt(
                c->slots.each[i].fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

void conns_deinit(struct conns *c)
{
    slots_deinit(&c->slots);
}

static void touch(struct conns *c, uint32_t slot)
{
    slots_append(&c->slots, CONN_TOUCHED, slot);
}

static uint32_t number_of(const struct conns *c, const struct conn *conn)
{
    return (uint32_t)(conn - c->slots.each);
}

/* -- facts ------------------------------------------------------------------------------------- */

static uint32_t take_slot(struct conns *c, int fd)
{
    ASSERT(fd >= 0);
    uint32_t slot = slots_take(&c->slots);
    if (slot != SLOT_NONE) {
        c->slots.each[slot].fd = fd;
        touch(c, slot);
    }
    return slot;
}

bool conn_accepted(
    struct conns *c, int fd, enum node_port port, const struct address *from, struct instant now)
{
    if (port == NODE_CLIENT_PORT && c->slots.max - c->slots.used <= c->spare)
        return false;
    uint32_t slot = take_slot(c, fd);
    if (slot == SLOT_NONE)
        return false;
    if (node_accepted(c->node, slot, port, from, now))
        return true;
    slots_give(&c->slots, slot);
    return false;
}

bool conn_dialled(struct conns *c, int fd, unsigned dial, struct instant now)
{
    uint32_t slot = take_slot(c, fd);
    if (slot == SLOT_NONE)
        return false;
    if (node_dialled(c->node, slot, dial, now))
        return true;
    slots_give(&c->slots, slot);
    return false;
}

/* After this all requests in flight complete soon. */
static void die(struct conns *c, struct conn *conn, int error)
{
    ASSERT(conn->state == CONN_OPEN || conn->state == CONN_DRAINING);
    if (conn->state == CONN_OPEN)
        conn->error = (uint16_t)error;
    conn->state = CONN_DYING;
    slots_remove(&c->slots, CONN_LINGERING, number_of(c, conn));
    if (conn->receiving || conn->sending)
        shutdown(conn->fd, SHUT_RDWR);
}

static void received(
    struct conns *c, struct conn *conn, const struct ring_event *e, struct instant now)
{
    uint32_t slot = e->tag.slot;
    ASSERT(conn->receiving);
    if (!e->more) {
        conn->receiving = conn->cancelling = false;
        touch(c, slot);
    }
    if (e->result > 0) {
        if (conn->state == CONN_OPEN)
            node_received(c->node, slot, e->bytes, now);
    } else if (e->result == 0) {
        conn->ended = true;
        if (conn->state == CONN_OPEN)
            node_ended(c->node, slot, now);
    } else if (e->result == -ENOBUFS) {
        slots_append(&c->slots, CONN_STARVED, slot);
    } else if (e->result != -ECANCELED && e->result != -EINTR && conn->state != CONN_DYING) {
        die(c, conn, -e->result);
    }
}

static void sent(struct conns *c, struct conn *conn, int32_t result, struct instant now)
{
    uint32_t slot = number_of(c, conn);
    ASSERT(conn->sending);
    conn->sending = false;
    touch(c, slot);
    if (conn->state != CONN_OPEN)
        return;
    if (result >= 0)
        node_sent(c->node, slot, (size_t)result, now);
    else if (result != -EINTR && result != -EAGAIN)
        die(c, conn, -result);
}

void conn_completed(struct conns *c, const struct ring_event *e, struct instant now)
{
    struct conn *conn = slots_find(&c->slots, e->tag.slot, e->tag.generation);
    if (!conn)
        return;
    if (e->tag.op == RING_SEND)
        sent(c, conn, e->result, now);
    else if (e->tag.sequence == conn->sequence)
        received(c, conn, e, now);
}

/* -- requests and closing ---------------------------------------------------------------------- */

static struct ring_tag tag_of(const struct conns *c, const struct conn *conn, enum ring_op op)
{
    return (struct ring_tag){.op = (uint8_t)op,
        .sequence = conn->sequence,
        .generation = conn->generation,
        .slot = number_of(c, conn)};
}

static void begin_close(struct conns *c, struct conn *conn, struct instant now)
{
    if (conn->ended) {
        die(c, conn, 0);
        return;
    }
    conn->state = CONN_DRAINING;
    conn->drain_until_ns = now.mono_ns + CONN_DRAIN_MS * MS_NS;
    slots_append(&c->slots, CONN_LINGERING, number_of(c, conn));
    shutdown(conn->fd, SHUT_WR);
}

/* Discard unsent output, here and in the kernel, so that a client that does not read cannot leave
 * megabytes behind. */
static void begin_abort(struct conns *c, struct conn *conn)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    die(c, conn, 0);
}

static void steer_receive(struct conns *c, struct conn *conn, bool wanted)
{
    bool starving = conn->listed & 1U << CONN_STARVED;
    if (wanted && !conn->receiving && !conn->ended && !starving) {
        conn->sequence++;
        ring_receive(c->ring, conn->fd, tag_of(c, conn, RING_RECEIVE));
        conn->receiving = true;
    } else if (!wanted && conn->receiving && !conn->cancelling) {
        ring_cancel(c->ring, tag_of(c, conn, RING_RECEIVE));
        conn->cancelling = true;
    }
}

/* What the node does upon it, it asks for in its next wants. */
static void report(struct conns *c, const struct conn *conn, struct instant now)
{
    int unconfirmed = 0;
    if (ioctl(conn->fd, SIOCOUTQ, &unconfirmed) < 0 || unconfirmed < 0)
        unconfirmed = 0;
    node_reported(c->node, number_of(c, conn), (size_t)unconfirmed, now);
}

/* One that watches is silent for hours, and may stand still without losing anything. Keep-alive
 * finds a dead end; with TCP_USER_TIMEOUT Linux also resets an end without room, so it is long. */
static void keep(struct conn *conn)
{
    const int on = 1, idle_s = 60, again_s = 10, timeout_ms = 10 * 60 * 1000, kept = 32768;
    setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPINTVL, &again_s, sizeof again_s);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &kept, sizeof kept);
    conn->kept = true;
}

static void follow_wants(struct conns *c, struct conn *conn, struct instant now)
{
    uint32_t slot = number_of(c, conn);
    unsigned wants = node_wants(c->node, slot);
    ASSERT(!(wants & (NODE_WANT_CLOSE | NODE_WANT_ABORT)) || !(wants & (wants - 1)));
    if (wants & NODE_WANT_ABORT) {
        begin_abort(c, conn);
        return;
    }
    if (wants & NODE_WANT_CLOSE) {
        begin_close(c, conn, now);
        return;
    }
    if (wants & NODE_WANT_KEEP && !conn->kept)
        keep(conn);
    if (wants & NODE_WANT_REPORT)
        report(c, conn, now);
    if (wants & NODE_WANT_WRITE && !conn->sending) {
        ring_send(c->ring, conn->fd, tag_of(c, conn, RING_SEND), node_output(c->node, slot));
        conn->sending = true;
    }
    steer_receive(c, conn, wants & NODE_WANT_READ);
}

static void finish(struct conns *c, struct conn *conn, struct instant now)
{
    ASSERT(conn->state == CONN_DYING && !conn->receiving && !conn->sending);
    uint32_t slot = number_of(c, conn);
    close(conn->fd);
    c->freed = true;
    const char *why = reason_of(conn->error);
    slots_give(&c->slots, slot);
    node_closed(c->node, slot, why, now);
}

/* Bring the socket in line with what the node wants and what has happened. */
static void reconcile(struct conns *c, uint32_t slot, struct instant now)
{
    struct conn *conn = &c->slots.each[slot];
    ASSERT(conn->receiving || !conn->cancelling);
    if (conn->state == CONN_OPEN)
        follow_wants(c, conn, now);
    if (conn->state == CONN_DRAINING) {
        if (node_wants(c->node, slot) & NODE_WANT_ABORT)
            begin_abort(c, conn);
        else if (conn->ended || now.mono_ns >= conn->drain_until_ns)
            die(c, conn, 0);
        else
            steer_receive(c, conn, true);
    }
    if (conn->state == CONN_DYING && !conn->receiving && !conn->sending)
        slots_append(&c->slots, CONN_CLOSING, slot);
}

/* Let as many continue as can use up the pool if each receives all that the kernel grants it in a
 * row. */
static void readmit_starved(struct conns *c)
{
    unsigned most = ring_sizes(c->ring)->buffers / CONN_RECEIVES_IN_A_ROW + 1;
    for (unsigned i = 0; i < most; i++) {
        uint32_t slot = slots_pop(&c->slots, CONN_STARVED);
        if (slot == SLOT_NONE)
            return;
        touch(c, slot);
    }
}

static void reconcile_touched(struct conns *c, struct instant now)
{
    for (;;) {
        uint32_t slot;
        while (node_touched(c->node, &slot))
            touch(c, slot);
        slot = slots_pop(&c->slots, CONN_TOUCHED);
        if (slot == SLOT_NONE)
            return;
        reconcile(c, slot, now);
    }
}

void conns_settle(struct conns *c, struct instant now)
{
    readmit_starved(c);
    for (uint32_t slot; (slot = slots_first(&c->slots, CONN_LINGERING)) != SLOT_NONE;) {
        if (now.mono_ns < c->slots.each[slot].drain_until_ns)
            break;
        slots_remove(&c->slots, CONN_LINGERING, slot);
        touch(c, slot);
    }
    reconcile_touched(c, now);
    for (unsigned i = 0; i < CONN_CLOSES_MAX; i++) {
        uint32_t slot = slots_first(&c->slots, CONN_CLOSING);
        if (slot == SLOT_NONE)
            return;
        finish(c, &c->slots.each[slot], now);
        reconcile_touched(c, now);
    }
}

int64_t conns_deadline(const struct conns *c)
{
    if (slots_first(&c->slots, CONN_STARVED) != SLOT_NONE ||
        slots_first(&c->slots, CONN_CLOSING) != SLOT_NONE)
        return 0;
    uint32_t slot = slots_first(&c->slots, CONN_LINGERING);
    return slot == SLOT_NONE ? NEVER_NS : c->slots.each[slot].drain_until_ns;
}

/* The FIN counts as a byte that is not confirmed. */
bool conns_have_arrived(const struct conns *c)
{
    uint32_t slot = slots_first(&c->slots, CONN_LINGERING);
    for (; slot != SLOT_NONE; slot = c->slots.each[slot].links[CONN_LINGERING].next) {
        int unconfirmed = 0;
        ASSERT(c->slots.each[slot].state == CONN_DRAINING);
        if (ioctl(c->slots.each[slot].fd, SIOCOUTQ, &unconfirmed) == 0 && unconfirmed > 1)
            return false;
    }
    return true;
}
