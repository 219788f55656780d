/* tls.c — see tls.h: the TLS of a link, which keeps the bounds of a plain one.
 *
 * At most one record of plaintext is in the engine, either way, and what is sealed goes on to the
 * connection's output at once. A peer that violates TLS, or shows no certificate that the CA has
 * signed, is refused like any other bad handshake; whether the certificate is for the name in HELLO
 * is decided by peering. A link has PEERING_HANDSHAKE_MS for both handshakes together. There is no
 * resumption: each link proves its identity anew.
 *
 * A flight of a handshake (the messages that one end sends before it waits for the other) costs
 * milliseconds, and anybody can dial, so one at most is computed in a turn, and admission.h says
 * which. All wait in a queue: what came in is held, nothing more is read, and the next turn comes
 * at once, or when one of them may go on. Clients are served between any two of them, however many
 * handshakes there are. Holds always: a link that was accepted has no engine before it is admitted
 * for the first time. */
#include "core/node/private.h"

enum {
    /* a peer that causes answers and does not read them may leave so much output unsent */
    UNREAD_BYTES_MAX = 4 * LINK_OUTPUT_BYTES,
    /* a waiting link holds so much: the longest flight has TLS_CHAIN_MAX certificates of 2 KB */
    HELD_BYTES_MAX = 32768,
    RECORD_OF_HANDSHAKE = 0x16, /* the first byte of TLS, RFC 5246, 6.2.1; no line begins so */
};

void links_tls_begin(struct node *n, const struct tls_config *config)
{
    n->tls.config = config;
    n->tls.also_secret = n->topology->tls_also_secret;
    ASSERT(config || !n->tls.also_secret);
}

bool link_tls_begin(struct node *n, struct link *l, struct instant now)
{
    unsigned char entropy[RANDOM_BYTES];
    _Static_assert((int)RANDOM_BYTES >= (int)TLS_ENTROPY_BYTES, "one draw is enough");
    ASSERT(l->tls.sealed && n->tls.config);
    if (l->tls.engine)
        return true;
    const struct tls_config *config = n->tls.config;
    random_draw(&n->random, entropy);
    l->tls.engine =
        l->dialled ? tls_client(config, entropy, now) : tls_server(config, entropy, now);
    return l->tls.engine != NULL;
}

bool link_tls_open(struct node *n, struct link *l, struct instant now)
{
    ASSERT(!l->tls.undecided && !l->tls.sealed);
    l->tls.undecided = n->tls.also_secret && !l->dialled;
    bool plain = n->tls.also_secret && l->dialled && !l->dialled->by_tls;
    l->tls.sealed = n->tls.config && !l->tls.undecided && !plain;
    return !l->tls.sealed || !l->dialled || link_tls_begin(n, l, now);
}

void link_tls_decide(const struct node *n, struct link *l, struct span in)
{
    ASSERT(l->tls.undecided && n->tls.also_secret);
    l->tls.undecided = in.len == 0;
    l->tls.sealed = in.len && (unsigned char)in.at[0] == RECORD_OF_HANDSHAKE;
}

/* -- the queue of handshakes ------------------------------------------------------------------- */

bool link_tls_is_open(const struct link *l)
{
    ASSERT(l->tls.sealed);
    return l->tls.engine && tls_state(l->tls.engine) != TLS_SHAKES;
}

const char *link_tls_hold(struct node *n, struct link *l, struct span in, struct instant now)
{
    ASSERT(l->tls.held.bytes <= HELD_BYTES_MAX);
    if (in.len > HELD_BYTES_MAX - l->tls.held.bytes)
        return "says more than a handshake has";
    if (!in.len || !outbox_put(&l->tls.held, NULL, in))
        return "memory has run out";
    if (l->tls.ticket)
        return NULL;
    l->tls.ticket = ++n->tls.tickets;
    n->tls.next_ns = 0;
    n->tls.waiting++;
    connection_choke(&n->connections, l->connection, now);
    return NULL;
}

static void leave_queue(struct node *n, struct link *l)
{
    if (!l->tls.ticket)
        return;
    ASSERT(n->tls.waiting > 0 && l->tls.ticket <= n->tls.tickets);
    n->tls.waiting--;
    l->tls.ticket = 0;
    connection_release(l->connection);
    connection_touch(&n->connections, l->connection);
}

void link_tls_forget(struct node *n, struct link *l)
{
    leave_queue(n, l);
    outbox_clear(&l->tls.held, NULL);
}

void link_tls_close(struct node *n, struct link *l)
{
    link_tls_forget(n, l);
    tls_destroy(l->tls.engine);
    l->tls.engine = NULL;
}

/* Those that are closing leave the queue. */
static void drop_closing(struct node *n)
{
    for (struct link *l = n->links.first; l; l = l->next)
        if (l->tls.ticket && (l->connection->finishing || l->connection->aborted))
            link_tls_forget(n, l);
}

static bool goes_before(const struct link *l, const struct link *first)
{
    return !first || l->rank < first->rank ||
           (l->rank == first->rank && l->tls.ticket < first->tls.ticket);
}

static struct link *first_in_queue(struct node *n, struct instant now)
{
    struct link *first = NULL;
    int64_t next_ns = NEVER_NS;
    drop_closing(n);
    for (struct link *l = n->links.first; l; l = l->next) {
        if (!l->tls.ticket)
            continue;
        int64_t ready_ns = admission_ready_ns(n, l->rank);
        if (now.mono_ns < ready_ns)
            next_ns = earlier_ns(next_ns, ready_ns);
        else if (goes_before(l, first))
            first = l;
    }
    n->tls.next_ns = first ? 0 : next_ns;
    ASSERT(!first || n->tls.waiting);
    return first;
}

struct link *links_tls_next(struct node *n, struct instant now)
{
    struct link *l = n->tls.waiting ? first_in_queue(n, now) : NULL;
    if (l)
        n->tls.shaken = l->rank;
    return l;
}

/* -- input ------------------------------------------------------------------------------------- */

static bool flush(struct node *n, struct link *l)
{
    return sealed_flush(n, l->tls.engine, l->connection);
}

enum link_tls_input link_tls_read(
    struct node *n, struct link *l, struct span *in, struct span *plain)
{
    struct tls *engine = l->tls.engine;
    for (;;) {
        *plain = tls_read(engine);
        if (plain->len)
            return LINK_TLS_PLAIN;
        bool stuck = !flush(n, l) || l->connection->out.bytes > UNREAD_BYTES_MAX;
        if (tls_state(engine) == TLS_ENDED)
            return LINK_TLS_ENDED;
        if (stuck)
            return LINK_TLS_STUCK;
        if (!in->len)
            return LINK_TLS_MORE;
        size_t before = in->len;
        tls_feed(engine, in);
        bool moved = in->len < before || tls_read(engine).len || tls_state(engine) == TLS_ENDED;
        if (!moved)
            return LINK_TLS_STUCK;
    }
}

void link_tls_heard(struct link *l, struct span plain)
{
    ASSERT(plain.len);
    tls_read_ack(l->tls.engine, plain.len);
}

const char *link_tls_reason(const struct link *l)
{
    ASSERT(tls_state(l->tls.engine) == TLS_ENDED);
    return tls_reason(l->tls.engine);
}

/* -- output ------------------------------------------------------------------------------------ */

char *link_tls_room(struct node *n, struct link *l, size_t *room)
{
    _Static_assert(
        (int)TLS_ROOM_BYTES >= (int)PEERING_LINE_BYTES_MAX, "the longest line fits a record");
    return l->tls.engine && flush(n, l) ? tls_room(l->tls.engine, room) : NULL;
}

void link_tls_wrote(struct node *n, struct link *l, size_t bytes)
{
    ASSERT(bytes <= TLS_ROOM_BYTES);
    tls_wrote(l->tls.engine, bytes);
    (void)!flush(n, l); /* what finds no memory now goes with the next */
}

bool link_tls_say(struct node *n, struct link *l, struct span text)
{
    return sealed_say(n, l->tls.engine, l->connection, text);
}

void link_tls_finish(struct node *n, struct link *l)
{
    ASSERT(l->connection->finishing);
    if (l->connection->aborted || l->peering.bye_due)
        return;
    tls_close(l->tls.engine);
    (void)!flush(n, l);
}
