/* tls.c — the bytes of a link through TLS: what comes in is opened before the peer protocol
 * hears it, what it says is sealed on its way to the connection's output.
 *
 * A link with TLS keeps the bounds of a plain one: at most one record of plaintext lies in the
 * engine, either way, and what is sealed goes on to the output at once. Who breaks the rules of
 * TLS, or shows no certificate that the CA has signed, is refused like any other bad handshake;
 * whether the certificate is for the name in HELLO is peering's to say. A link has
 * PEERING_HANDSHAKE_MS for both handshakes together. Without resumption: each link proves anew who
 * it is.
 *
 * A flight of a handshake costs milliseconds, and anybody can dial, so one flight at most is looked
 * at in a turn. The others wait in line: what came in is held, nothing more is read, and the next
 * turn comes at once. So clients are heard between two of them, however many shake hands. */
#include "core/node/private.h"

enum {
    /* unsent output with which a peer that says things to be answered, and reads no answers, is
     * left */
    UNREAD_BYTES_MAX = 4 * NODE_LINK_OUTPUT_BYTES,
    /* a link holds while it waits: the longest flight has TLS_CHAIN_MAX certificates of 2 KB */
    HELD_BYTES_MAX = 32768,
};

bool link_tls_open(struct node *n, struct link *l, struct instant now)
{
    unsigned char entropy[NODE_RANDOM_BYTES];
    _Static_assert((int)NODE_RANDOM_BYTES >= (int)TLS_ENTROPY_BYTES, "one is enough");
    node_random(n, entropy);
    l->tls = l->dialled ? tls_client(n->tls, entropy, now) : tls_server(n->tls, entropy, now);
    return l->tls != NULL;
}

/* What the engine has to send goes to the output. false: no memory; the engine keeps the rest. */
static bool flush(struct node *n, struct link *l)
{
    struct span sealed;
    while ((sealed = tls_output(l->tls)).len) {
        size_t taken = node_write(n, l->connection, sealed);
        if (taken == 0)
            return false;
        tls_sent(l->tls, taken);
    }
    return true;
}

static void hear_all(struct node *n, struct link *l, struct instant now)
{
    struct span plain;
    while (!l->connection->finishing && (plain = tls_read(l->tls)).len) {
        link_hear(n, l, plain, now);
        tls_read_ack(l->tls, plain.len);
    }
}

static void take(struct node *n, struct link *l, struct span in, struct instant now)
{
    struct connection *c = l->connection;
    bool stuck = !flush(n, l);
    while (in.len && !stuck && !c->finishing && tls_state(l->tls) != TLS_ENDED) {
        size_t before = in.len;
        tls_feed(l->tls, &in);
        hear_all(n, l, now);
        stuck = !flush(n, l) || c->out.bytes > UNREAD_BYTES_MAX || in.len == before;
    }
    if (c->finishing)
        return;
    if (tls_state(l->tls) == TLS_ENDED) {
        const char *why = tls_reason(l->tls);
        link_end(n, l, *why ? why : "connection closed by the other end", now);
    } else if (stuck) {
        link_drop(n, c, "no room for what has to be answered", now);
        node_abort(n, c);
    }
}

/* -- one at a time ----------------------------------------------------------------------------- */

static void wait_in_line(struct node *n, struct link *l, struct span in, struct instant now)
{
    struct connection *c = l->connection;
    bool too_much = in.len > HELD_BYTES_MAX - l->held.bytes;
    char *room = in.len && !too_much ? outbox_room(&l->held, NULL, in.len) : NULL;
    if (!room) {
        link_end(n, l, too_much ? "says more than a handshake has" : "memory has run out", now);
        return;
    }
    memcpy(room, in.at, in.len);
    outbox_wrote(&l->held, in.len);
    if (l->waits)
        return;
    l->waits = ++n->shakes.next;
    n->shakes.waiting++;
    c->choked = true;
    node_touch(n, c);
}

void link_tls_take(struct node *n, struct link *l, struct span in, struct instant now)
{
    bool shakes = tls_state(l->tls) == TLS_SHAKES;
    if (shakes && (n->shakes.computed || n->shakes.waiting)) {
        wait_in_line(n, l, in, now);
        return;
    }
    n->shakes.computed |= shakes;
    take(n, l, in, now);
}

static void leave_line(struct node *n, struct link *l)
{
    n->shakes.waiting -= l->waits != 0;
    l->waits = 0;
    l->connection->choked = false;
    node_touch(n, l->connection);
}

void link_tls_forget(struct node *n, struct link *l)
{
    leave_line(n, l);
    outbox_clear(&l->held, NULL);
}

static struct link *first_in_line(struct node *n)
{
    struct link *first = NULL;
    for (struct link *l = n->links; l; l = l->next) {
        if (l->waits && (l->connection->finishing || l->connection->aborted))
            link_tls_forget(n, l);
        if (l->waits && (!first || l->waits < first->waits))
            first = l;
    }
    return first;
}

void links_tls_turn(struct node *n, struct instant now)
{
    struct link *l = n->shakes.waiting && !n->shakes.computed ? first_in_line(n) : NULL;
    n->shakes.computed = false;
    if (!l)
        return;
    struct outbox held = l->held;
    l->held = (struct outbox){0};
    leave_line(n, l);
    while (held.head && !l->connection->finishing && !l->connection->aborted) {
        struct span in = outbox_window(&held);
        take(n, l, in, now);
        outbox_sent(&held, NULL, in.len);
    }
    outbox_clear(&held, NULL);
}

/* -- what it says ------------------------------------------------------------------------------ */

size_t link_tls_pull(struct node *n, struct link *l, struct instant now)
{
    _Static_assert(
        (int)TLS_ROOM_BYTES >= (int)PEERING_LINE_BYTES_MAX, "the longest line fits a record");
    size_t room_bytes;
    char *room = flush(n, l) ? tls_room(l->tls, &room_bytes) : NULL;
    l->pull_at_ns = NEVER_NS;
    if (!room)
        return 0; /* still shakes hands, or no memory now */
    struct buf out = buf_over(room, room_bytes);
    bool more = peering_pull(&l->peering, &out, NODE_LINK_STAMPS, now);
    l->pull_at_ns = more ? 0 : peering_pull_ns(&l->peering);
    tls_wrote(l->tls, out.len);
    (void)!flush(n, l); /* what finds no memory now goes with the next */
    return out.len;
}

bool link_tls_say(struct node *n, struct link *l, struct span text)
{
    while (text.len) {
        size_t room_bytes;
        char *room = flush(n, l) ? tls_room(l->tls, &room_bytes) : NULL;
        if (!room)
            return false;
        size_t bytes = text.len < room_bytes ? text.len : room_bytes;
        memcpy(room, text.at, bytes);
        tls_wrote(l->tls, bytes);
        text = span_from(text, bytes);
    }
    return flush(n, l);
}

void link_tls_finish(struct node *n, struct link *l)
{
    if (l->connection->aborted || l->peering.bye_due)
        return;
    tls_close(l->tls);
    (void)!flush(n, l);
}
