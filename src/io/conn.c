/* conn.c — see conn.h.
 *
 *   state      event                        next       does
 *   FREE       accepted or dialled          OPEN       tells the node
 *   OPEN       bytes, sent                  OPEN       tells the node
 *   OPEN       FIN                          OPEN       tells the node; no more receives
 *   OPEN       error                        DYING
 *   OPEN       CLOSE wanted, FIN was seen   DYING      nothing is left to drain
 *   OPEN       CLOSE wanted                 DRAINING   sends FIN; 2 s begin
 *   OPEN       ABORT wanted                 DYING      the close will be a reset
 *   DRAINING   bytes                        DRAINING   throws them away
 *   DRAINING   FIN, error, 2 s, ABORT       DYING
 *   DYING      anything                     DYING      no interest
 *   DYING      nothing with the kernel      FREE       closes, tells the node
 *
 * Why drain: closing a socket with unread input resets it, and the reset can overtake the last
 * reply. Why DYING: close(2) cancels nothing, so a socket with a receive armed would stay open
 * without a name. shutdown(2) makes everything that is with the kernel answer; the place is given
 * away only when all has answered. The generation in the tags is a second line of defence.
 *
 * The receive of an OPEN connection follows NODE_WANT_READ: armed when wanted, cancelled when not.
 * One that ran out of buffers waits in a queue (STARVED), because arming on an empty pool fails at
 * once; buffers are back at the end of each turn, and then the first few of the queue go on. There
 * is at most one send, because two on one socket may swap. */
#include "io/conn.h"
#include "io/reason.h"
#include <errno.h>
#include <unistd.h>

bool conns_init(struct conns *c, struct ring *ring, struct node *node, uint32_t max, uint32_t spare)
{
    *c = (struct conns){.ring = ring, .node = node, .spare = spare};
    return slots_init(&c->slots, max);
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

static uint32_t take_place(struct conns *c, int fd)
{
    uint32_t slot = slots_take(&c->slots);
    if (slot != SLOT_NONE) {
        c->slots.each[slot].fd = fd;
        touch(c, slot);
    }
    return slot;
}

bool conn_accepted(
    struct conns *c, int fd, enum node_port port, struct span from, struct instant now)
{
    if (port == NODE_CLIENT_PORT && c->slots.max - c->slots.used <= c->spare)
        return false;
    uint32_t slot = take_place(c, fd);
    if (slot == SLOT_NONE)
        return false;
    if (node_accepted(c->node, slot, port, from, now))
        return true;
    slots_give(&c->slots, slot);
    return false;
}

bool conn_dialled(struct conns *c, int fd, unsigned dial, struct instant now)
{
    uint32_t slot = take_place(c, fd);
    if (slot == SLOT_NONE)
        return false;
    if (node_dialled(c->node, slot, dial, now))
        return true;
    slots_give(&c->slots, slot);
    return false;
}

/* From here on everything that is with the kernel answers soon. */
static void die(struct conns *c, struct conn *conn, int error)
{
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

/* -- deeds ------------------------------------------------------------------------------------- */

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

/* Forget what was not sent, here and in the kernel: a client that does not read must not be able to
 * leave megabytes behind. */
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

static void follow_wants(struct conns *c, struct conn *conn, struct instant now)
{
    uint32_t slot = number_of(c, conn);
    unsigned wants = node_wants(c->node, slot);
    if (wants & NODE_WANT_ABORT) {
        begin_abort(c, conn);
        return;
    }
    if (wants & NODE_WANT_CLOSE) {
        begin_close(c, conn, now);
        return;
    }
    if (wants & NODE_WANT_WRITE && !conn->sending) {
        ring_send(c->ring, conn->fd, tag_of(c, conn, RING_SEND), node_output(c->node, slot));
        conn->sending = true;
    }
    steer_receive(c, conn, wants & NODE_WANT_READ);
}

static void finish(struct conns *c, struct conn *conn, struct instant now)
{
    uint32_t slot = number_of(c, conn);
    close(conn->fd);
    c->freed = true;
    const char *why = reason_of(conn->error);
    slots_give(&c->slots, slot);
    node_closed(c->node, slot, why, now);
}

/* Bring the socket in line with what is wanted and known. */
static void reconcile(struct conns *c, uint32_t slot, struct instant now)
{
    struct conn *conn = &c->slots.each[slot];
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
        finish(c, conn, now);
}

/* As many as can use up the pool, each taking all that the kernel gives it in a row. */
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

void conns_settle(struct conns *c, struct instant now)
{
    readmit_starved(c);
    for (uint32_t slot; (slot = slots_first(&c->slots, CONN_LINGERING)) != SLOT_NONE;) {
        if (now.mono_ns < c->slots.each[slot].drain_until_ns)
            break;
        slots_remove(&c->slots, CONN_LINGERING, slot);
        touch(c, slot);
    }
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

int64_t conns_deadline(const struct conns *c)
{
    if (slots_first(&c->slots, CONN_STARVED) != SLOT_NONE)
        return 0;
    uint32_t slot = slots_first(&c->slots, CONN_LINGERING);
    return slot == SLOT_NONE ? NEVER_NS : c->slots.each[slot].drain_until_ns;
}
