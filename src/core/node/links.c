/* links.c — connections to peers: their links, the dials that make them, and their failures.
 *
 * peering knows one link, neighbours which links there should be; here the two meet the node's
 * connections. A link that ends says BYE, if it still can, and its connection closes when that is
 * out. What goes wrong again and again is said at growing distances. PROTOCOL.md, "Peer port". */
#include "core/base/invariant.h"
#include "core/node/private.h"
#include <stdio.h>
#include <stdlib.h>

static struct neighbour *neighbour_at(struct node *n, const struct link *l)
{
    return l->peering.peer ? &n->neighbour_of[l->peering.peer->number] : NULL;
}

/* It has shown which neighbour it is, or is gone. */
static void known(struct node *n, struct link *l)
{
    n->strangers -= l->stranger;
    l->stranger = false;
}

static void make_room(struct node *n, struct instant now)
{
    if (n->strangers < NODE_STRANGERS_MAX)
        return;
    struct link *oldest = NULL;
    for (struct link *l = n->links; l; l = l->next)
        if (l->stranger)
            oldest = l; /* new ones stand first */
    n->metrics.links_refused++;
    known(n, oldest);
    oldest->settled = true;
    peering_end(&oldest->peering, "strangers make room");
    node_abort(n, oldest->connection);
    if (n->logged.strangers)
        return;
    n->logged.strangers = true;
    log_begin(n->log, LOG_WARN, "strangers_full", now);
    log_number(n->log, "strangers", NODE_STRANGERS_MAX);
    log_end(n->log);
}

bool link_open(struct node *n, struct connection *c, struct neighbour *dialled, struct span from,
    struct instant now)
{
    struct link *l = malloc(sizeof *l + PEERING_LINE_BYTES_MAX + 1);
    if (!l)
        return false;
    *l = (struct link){.connection = c, .dialled = dialled};
    if (n->tls && !link_tls_open(n, l, now)) {
        free(l);
        return false;
    }
    if (!dialled)
        make_room(n, now);
    l->next = n->links;
    l->stranger = !dialled;
    n->strangers += l->stranger;
    snprintf(l->from, sizeof l->from, "%.*s", (int)from.len, from.at);
    n->links = l;
    c->link = l;
    unsigned char random[NODE_RANDOM_BYTES]; /* the nonce is its first half */
    node_random(n, random);
    peering_begin(&l->peering, &n->peering, dialled ? dialled->peer : NULL, random, l->room, now);
    l->peering.certified = l->tls ? tls_names(l->tls) : NULL;
    return true;
}

/* -- what is said about links ------------------------------------------------------------------ */

static void log_down_time(struct node *n, const struct neighbour *who, struct instant now)
{
    log_number(n->log, "down_ms", (now.mono_ns - who->down_since_ns) / MS_NS);
    log_number(n->log, "tries", who->tries);
}

static void log_link_up(
    struct node *n, struct link *l, const struct neighbour *who, struct instant now)
{
    log_begin(n->log, LOG_INFO, "link_up", now);
    log_text(n->log, "peer", who->peer->name);
    log_text(n->log, "dialled_by", l->dialled ? n->name : who->peer->name);
    log_text(
        n->log, "sends", peering_resumes(&l->peering) ? SPAN("what is new") : SPAN("everything"));
    log_down_time(n, who, now);
    log_end(n->log);
}

/* true the first time for this reason, as far as the node remembers; and seldom, when there are
 * more reasons than it remembers: a stranger can make up new ones for ever. */
static bool is_news(struct node *n, const char *why, struct instant now)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a: no enemy gains by a collision here */
    for (; *why; why++)
        hash = (hash ^ (unsigned char)*why) * UINT64_C(0x100000001b3);
    unsigned known_count = n->said_count < NODE_SAID_MAX ? n->said_count : NODE_SAID_MAX;
    for (unsigned i = 0; i < known_count; i++)
        if (n->said[i] == hash)
            return false;
    if (known_count == NODE_SAID_MAX && now.mono_ns < n->said_next_ns)
        return false;
    n->said[n->said_count++ % NODE_SAID_MAX] = hash;
    n->said_next_ns = now.mono_ns + NODE_SAID_PAUSE_MS * MS_NS;
    return true;
}

/* A refused handshake. */
static void log_refused(struct node *n, struct link *l, const char *why, struct instant now)
{
    n->metrics.links_refused++;
    if (!is_news(n, why, now))
        return;
    log_begin(n->log, LOG_WARN, "link_refused", now);
    if (l->peering.peer)
        log_text(n->log, "peer", l->peering.peer->name);
    log_text(n->log, l->dialled ? "to" : "from", span_of(l->from));
    log_text(n->log, "why", span_of(why));
    log_end(n->log);
}

static bool power_of_four(unsigned value)
{
    return value && (value & (value - 1)) == 0 && (value & 0x55555555) != 0;
}

static void log_link_down(struct node *n, const struct neighbour *who, struct instant now)
{
    n->metrics.links_lost++;
    peering_peer_down(&n->peering, who->peer);
    log_begin(n->log, LOG_WARN, "link_down", now);
    log_text(n->log, "peer", who->peer->name);
    log_text(n->log, "why", span_of(who->last_error));
    log_end(n->log);
}

void link_failed(struct node *n, struct neighbour *who, const char *why, struct instant now)
{
    n->metrics.dials_failed += who->linked == NEIGHBOUR_NO_LINK;
    if (neighbour_dial_failed(&n->neighbours, who, why, now))
        log_link_down(n, who, now);
    if (who->linked != NEIGHBOUR_NO_LINK || who->tries < 4 || !power_of_four(who->tries))
        return; /* a herd that starts together misses a dial or two */
    log_begin(n->log, LOG_WARN, "peer_unreachable", now);
    log_text(n->log, "peer", who->peer->name);
    log_down_time(n, who, now);
    log_text(n->log, "last", span_of(why));
    log_end(n->log);
}

/* -- what a link says -------------------------------------------------------------------------- */

static size_t pull_into(struct node *n, struct link *l, size_t least, struct instant now)
{
    if (l->tls)
        return link_tls_pull(n, l, now);
    size_t room_bytes;
    char *room = outbox_rest(&l->connection->out, &n->link_chunks, least, &room_bytes);
    l->pull_at_ns = NEVER_NS;
    if (!room)
        return 0; /* no memory now; the feed keeps it until the next turn */
    struct buf out = buf_over(room, room_bytes);
    bool more = peering_pull(&l->peering, &out, NODE_LINK_STAMPS, now);
    l->pull_at_ns = more ? 0 : peering_pull_ns(&l->peering);
    outbox_wrote(&l->connection->out, out.len);
    outbox_trim(&l->connection->out, &n->link_chunks);
    return out.len;
}

/* -- the life of a link ------------------------------------------------------------------------ */

/* Tell the neighbours, once, that this link is over. */
static void settle(struct node *n, struct link *l, const char *why, struct instant now)
{
    if (l->settled)
        return;
    l->settled = true;
    struct neighbour *who = neighbour_at(n, l);
    if (!who)
        return;
    if (!l->up && l->dialled)
        link_failed(n, who, why, now);
    else if (neighbour_lost(&n->neighbours, who, (int)l->connection->number, why, now))
        log_link_down(n, who, now);
}

static void on_up(struct node *n, struct link *l, struct instant now)
{
    l->up = true;
    struct neighbour *who = neighbour_at(n, l);
    if (!who)
        return; /* an observer stays a stranger */
    known(n, l);
    bool was_up = who->up;
    int loser = neighbour_linked(&n->neighbours, who, (int)l->connection->number,
        l->dialled != NULL, l->peering.theirs.boot, now);
    peering_peer_up(who->peer);
    if (!was_up) {
        n->metrics.links_up++;
        log_link_up(n, l, who, now);
    }
    if (loser == NEIGHBOUR_NO_LINK)
        return;
    struct connection *c = node_connection(n, (uint32_t)loser);
    peering_end(&c->link->peering, PEERING_DUPLICATE);
    node_finish(n, c, now);
}

static bool say(struct node *n, struct link *l, struct span text)
{
    if (l->tls)
        return link_tls_say(n, l, text);
    char *room = outbox_room(&l->connection->out, &n->link_chunks, text.len);
    if (!room)
        return false;
    memcpy(room, text.at, text.len);
    outbox_wrote(&l->connection->out, text.len);
    return true;
}

/* Its HELLO may still be due: an observer need not wait for it. */
static void on_asked(struct node *n, struct link *l, struct instant now)
{
    struct connection *c = l->connection;
    pull_into(n, l, NODE_LINK_ROOM_BYTES, now);
    char *text = malloc(NODE_STATUS_BYTES_MAX);
    struct buf out = buf_over(text, text ? NODE_STATUS_BYTES_MAX : 0);
    struct span words[2];
    if (command_split(l->peering.asked, words, 2) == 2)
        node_trace(n, words[1], &out, now);
    else
        node_status(n, &out, now);
    buf_byte(&out, '\n');
    if (out.overflow || !say(n, l, buf_span(&out)))
        node_abort(n, c);
    free(text);
    node_finish(n, c, now);
}

static void on_diverged(struct node *n, struct link *l, struct instant now)
{
    n->metrics.divergences++;
    log_begin(n->log, LOG_ERROR, "diverged", now);
    log_text(n->log, "peer", l->peering.peer->name);
    log_number(n->log, "stamps", (int64_t)store_count(n->store));
    log_number(n->log, "stamps_of_peer", (int64_t)l->peering.peer->stamps);
    log_text(n->log, "remedy", SPAN("both ends send everything again"));
    log_end(n->log);
}

static void on_ended(struct node *n, struct link *l, struct instant now)
{
    const char *why = l->peering.reason;
    if (!l->up && strcmp(why, PEERING_DUPLICATE) != 0)
        log_refused(n, l, why, now);
    settle(n, l, why, now);
    node_finish(n, l->connection, now);
}

static void handle(struct node *n, struct link *l, enum peering_event event, struct instant now)
{
    switch (event) {
    case PEERING_NOTHING:
        return;
    case PEERING_UP:
        on_up(n, l, now);
        return;
    case PEERING_ASKED:
        on_asked(n, l, now);
        return;
    case PEERING_DIVERGED:
        on_diverged(n, l, now);
        return;
    case PEERING_ENDED:
        on_ended(n, l, now);
        return;
    }
}

void link_hear(struct node *n, struct link *l, struct span in, struct instant now)
{
    enum peering_event event;
    do {
        event = peering_take(&l->peering, &in, now);
        handle(n, l, event, now);
    } while (event != PEERING_NOTHING && !l->connection->finishing);
}

void link_end(struct node *n, struct link *l, const char *why, struct instant now)
{
    peering_end(&l->peering, why);
    on_ended(n, l, now);
}

void link_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    if (c->link->tls)
        link_tls_take(n, c->link, in, now);
    else
        link_hear(n, c->link, in, now);
}

void link_drop(struct node *n, struct connection *c, const char *why, struct instant now)
{
    struct link *l = c->link;
    if (l)
        settle(n, l, why, now);
}

void link_close(struct node *n, struct connection *c)
{
    struct link *l = c->link;
    if (!l)
        return;
    known(n, l);
    struct link **place = &n->links;
    while (*place != l)
        place = &(*place)->next;
    *place = l->next;
    link_tls_forget(n, l);
    tls_destroy(l->tls);
    free(l);
    c->link = NULL;
}

/* -- the turn ---------------------------------------------------------------------------------- */

/* Let a link write what is due and the next stamps of the feed. */
static void pull(struct node *n, struct link *l, struct instant now)
{
    struct connection *c = l->connection;
    l->pull_at_ns = NEVER_NS;
    /* An observer that was answered, or a link that the other end has closed: what it took of the
     * feed now, the link that follows would lack. */
    bool said_all = c->finishing && l->peering.state != PEERING_OVER;
    if (c->aborted || said_all || c->out.bytes >= NODE_LINK_OUTPUT_BYTES)
        return;
    size_t wrote = pull_into(n, l, NODE_LINK_ROOM_BYTES, now);
    if (wrote == 0 && l->pull_at_ns == 0) /* its next line is a long one */
        wrote = pull_into(n, l, PEERING_LINE_BYTES_MAX, now);
    if (wrote)
        node_touch(n, c);
}

void links_turn(struct node *n, struct instant now)
{
    links_tls_turn(n, now);
    for (struct link *l = n->links; l; l = l->next) {
        if (now.mono_ns >= peering_deadline(&l->peering))
            handle(n, l, peering_tick(&l->peering, now), now);
        pull(n, l, now);
        if (l->tls && l->connection->finishing)
            link_tls_finish(n, l);
    }
}

int64_t links_deadline(const struct node *n)
{
    int64_t soonest = n->stopping ? NEVER_NS : neighbours_deadline(&n->neighbours);
    if (n->shakes.waiting)
        return 0;
    for (const struct link *l = n->links; l; l = l->next) {
        soonest = earlier_ns(soonest, l->pull_at_ns);
        soonest = earlier_ns(soonest, peering_deadline(&l->peering));
    }
    return soonest;
}

void links_stop(struct node *n, struct instant now)
{
    static const char stops[] = "this node stops";
    for (struct link *l = n->links; l; l = l->next) {
        struct neighbour *who = neighbour_at(n, l);
        if (who)
            neighbour_lost(&n->neighbours, who, (int)l->connection->number, stops, now);
        l->settled = true; /* what ends now is no loss to tell of */
        peering_end(&l->peering, stops);
        node_finish(n, l->connection, now);
    }
}
