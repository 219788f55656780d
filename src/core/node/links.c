/* links.c — see links.h: peer connections, their links, the dials that make them, their failures.
 *
 * peering knows one link, neighbours knows which links there should be; here the two meet the
 * node's connections. A link that ends says BYE if it still can, and its connection closes when
 * that is sent. Opening and closing a link takes the same time however many there are. Holds
 * always: a neighbour has at most one link that stays; whoever has not proved which neighbour it is
 * stands among the strangers, unless it has a transfer. PROTOCOL.md, "Peer port". */
#include "core/node/link_output.h"
#include "core/node/private.h"
#include <stdio.h>
#include <stdlib.h>

/* -- all of them ------------------------------------------------------------------------------- */

/* What all links share goes by the present topology. */
static void take_edges(struct node *n)
{
    struct links *k = &n->links;
    const struct topology_limits *limits = &n->topology->limits;
    k->neighbours.count = k->peering.peers_count = n->edges.count;
    k->peering.herd_names = n->edges.herd_names;
    k->peering.herd_names_count = n->topology->nodes_count;
    k->peering.operators = span_of(n->topology->tls_operators);
    k->peering.future_ns = limits->future_ns;
    k->peering.ahead_ns = (int64_t)(limits->future_ns + 2 * limits->clock_ns);
}

bool links_begin(
    struct node *n, const struct node_config *config, uint64_t jitter, struct instant now)
{
    struct links *k = &n->links;
    struct span names[EDGES_MAX];
    ASSERT(!k->first);
    strangers_begin(n, config->strangers_max);
    uint64_t boot;
    memcpy(&boot, config->seed + 24, sizeof boot);
    k->peering = (struct peering_node){.herd = n->herd,
        .name = n->name,
        .boot = boot | 1,
        .started = now.real_ns > 0 ? (uint64_t)now.real_ns : 1,
        .ages = durations_ages(n),
        .store = n->store};
    if (config->secrets)
        k->peering.secrets = *config->secrets;
    k->peering.also_secret = n->tls.also_secret;
    k->neighbours = (struct neighbours){.self = n->name, .jitter = jitter};
    if (!edges_begin(n, &k->peering.spare_links, now))
        return false;
    k->peers = k->peering.peers = n->edges.peers;
    k->neighbour_of = k->neighbours.each = n->edges.neighbour_of;
    topologies_begin(&k->peering.topologies, topology_hash(n->topology));
    take_edges(n);
    edges_names(n, names);
    past_recall(&k->peering, config->past, store_count(n->store) < n->topology->limits.stamps);
    k->peering.routes = route_table_create(names, n->edges.count);
    return k->peering.routes && twins_begin(n);
}

void links_end(struct node *n)
{
    struct links *k = &n->links;
    ASSERT(!k->first && !n->strangers.count && !n->tls.waiting);
    if (k->peering.routes)
        route_table_destroy(k->peering.routes);
    spare_links_destroy(k->peering.spare_links);
    twins_end(n);
    edges_end(n);
}

/* -- strangers --------------------------------------------------------------------------------- */

static struct neighbour *neighbour_at(struct node *n, const struct link *l)
{
    return l->peering.peer ? &n->links.neighbour_of[l->peering.peer->number] : NULL;
}

static void make_room(struct node *n)
{
    struct link *oldest = strangers_in_the_way(n);
    if (!oldest)
        return;
    n->metrics.links_refused++;
    n->metrics.strangers_dropped++;
    strangers_remove(n, oldest);
    oldest->settled = true;
    peering_end(&oldest->peering, "strangers make room");
    connection_abort(&n->connections, oldest->connection);
}

/* -- the life of a link ------------------------------------------------------------------------ */

bool link_open(
    struct node *n, struct connection *c, int dial, const struct address *other, struct instant now)
{
    ASSERT(c->kind == CONNECTION_LINK && !c->link && dial < (int)n->links.neighbours.count);
    struct link *l = malloc(sizeof *l + PEERING_LINE_BYTES_MAX + 1);
    if (!l)
        return false;
    memset(l, 0, sizeof *l);
    l->connection = c;
    l->dialled = dial >= 0 ? &n->links.neighbour_of[dial] : NULL;
    l->rank = l->dialled ? ADMISSION_DIALLED : admission_of(n, other);
    l->other = *other;
    if (!link_tls_open(n, l, now)) {
        free(l);
        return false;
    }
    if (!l->dialled) {
        make_room(n);
        strangers_add(n, l);
    }
    l->next = n->links.first;
    if (l->next)
        l->next->previous = l;
    n->links.first = l;
    address_text(other, l->from);
    c->link = l;
    unsigned char random[RANDOM_BYTES]; /* the nonce is its first half */
    random_draw(&n->random, random);
    struct peer *peer = l->dialled ? l->dialled->peer : NULL;
    peering_begin(&l->peering, &n->links.peering, peer, random, l->room, now);
    l->peering.certified = l->tls.engine ? tls_names(l->tls.engine) : NULL;
    return true;
}

static void lost(struct node *n, const struct neighbour *who, bool stops, struct instant now)
{
    n->metrics.links_lost++;
    peering_peer_down(&n->links.peering, who->peer);
    link_log_down(n, who, stops, now);
}

/* A dial of `who` made no link. */
static void dial_failed(
    struct node *n, struct neighbour *who, bool met, const char *why, struct instant now)
{
    n->metrics.dials_failed += who->linked == NEIGHBOUR_NO_LINK;
    if (neighbour_dial_failed(&n->links.neighbours, who, met, why, now))
        lost(n, who, false, now);
    if (who->linked == NEIGHBOUR_NO_LINK)
        link_log_unreachable(n, who, why, now);
}

void link_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now)
{
    ASSERT(dial < n->links.neighbours.count);
    dial_failed(n, &n->links.neighbour_of[dial], false, why, now);
}

/* Tell the neighbours, once, that this link is over. */
static void settle(struct node *n, struct link *l, const char *why, struct instant now)
{
    if (l->settled)
        return;
    l->settled = true;
    struct neighbour *who = neighbour_at(n, l);
    if (!who)
        return;
    ready_link_goes(n, who, now);
    bool stops = strcmp(why, LINK_LOG_STOPS) == 0;
    bool by_tls = n->tls.also_secret && !l->tls.sealed && strcmp(why, PEERING_BY_TLS) == 0;
    if (!l->up && l->dialled && by_tls)
        neighbour_dials_tls(who, now);
    else if (!l->up && l->dialled)
        dial_failed(n, who, true, why, now);
    else if (neighbour_lost(&n->links.neighbours, who, (int)l->connection->number,
                 stops ? "the neighbour stops" : why, now))
        lost(n, who, stops, now);
}

static void end(struct node *n, struct link *l, struct instant now)
{
    ASSERT(l->peering.state == PEERING_OVER);
    const char *why = l->peering.reason;
    bool moved = strcmp(why, PEERING_DUPLICATE) == 0 || strcmp(why, PEERING_BY_TLS) == 0;
    if (!l->up && !l->peering.rival && !moved) {
        n->metrics.links_refused++;
        link_log_refused(n, l, why, now);
    }
    settle(n, l, why, now);
    connection_finish(&n->connections, l->connection, now);
}

static void end_because(struct node *n, struct link *l, const char *why, struct instant now)
{
    peering_end(&l->peering, why);
    end(n, l, now);
}

void link_drop(struct node *n, struct connection *c, const char *why, struct instant now)
{
    if (c->link)
        settle(n, c->link, why, now);
}

void link_close(struct node *n, struct connection *c)
{
    struct link *l = c->link;
    if (!l)
        return;
    ASSERT(l->connection == c);
    strangers_remove(n, l);
    struct link **at = l->previous ? &l->previous->next : &n->links.first;
    ASSERT(*at == l && (!l->next || l->next->previous == l));
    *at = l->next;
    if (l->next)
        l->next->previous = l->previous;
    link_tls_close(n, l);
    transfer_close(n, l);
    twins_forget(n, l);
    free(l);
    c->link = NULL;
}

/* It ends when all is handed over; one that is not up ends at once. */
static void part(struct node *n, struct link *l, struct instant now)
{
    char why[PEERING_REASON_BYTES_MAX + 1];
    if (parting_waits(n, l, now))
        return;
    parting_why(n, l, why);
    end_because(n, l, why, now);
}

static void part_all(struct node *n, struct instant now)
{
    n->links.parting = false;
    for (struct link *l = n->links.first; l && !n->stopping; l = l->next) {
        if (!l->parting.on || l->connection->finishing || l->connection->aborted)
            continue;
        part(n, l, now);
        n->links.parting |= !l->connection->finishing;
    }
}

void links_take_topology(struct node *n, struct edges_plan *plan, struct instant now)
{
    struct links *k = &n->links;
    struct spare_links *spare_links = edges_spare_links(plan);
    if (spare_links)
        k->peering.spare_links = spare_links;
    edges_take(n, plan, now);
    take_edges(n);
    topologies_take(&k->peering.topologies, topology_hash(n->topology));
    for (struct link *l = k->first; l; l = l->next) {
        if (!l->peering.peer || l->connection->finishing || l->connection->aborted)
            continue;
        if (parting_look(n, l, now))
            peering_part(&l->peering);
        k->parting |= l->parting.on;
        if (link_is_live(l) && !l->parting.on) {
            peering_take_tree(&l->peering, now);
            peering_know_origins(&l->peering, now);
        }
    }
    part_all(n, now);
}

void links_take_secrets(struct node *n, const struct secrets *secrets, struct instant now)
{
    struct secrets before = n->links.peering.secrets;
    ASSERT(before.count && secrets->count);
    if (memcmp(&before, secrets, sizeof before) == 0)
        return;
    n->links.peering.secrets = *secrets;
    link_log_secrets(n, now);
    for (struct link *l = n->links.first; l; l = l->next) {
        bool proved = l->peering.proof.until_ns == NEVER_NS;
        peering_secrets_changed(&l->peering, &before, now);
        if (proved && l->peering.proof.until_ns != NEVER_NS)
            link_log_unproved(n, l, now);
    }
}

/* Let peering write into what room there is; how many bytes. Without memory for it the link waits
 * until the next turn: the feed keeps everything. */
static size_t pull_into(struct node *n, struct link *l, size_t least, struct instant now)
{
    size_t room_bytes;
    char *room = link_room(n, l, least, &room_bytes);
    l->pull_at_ns = NEVER_NS;
    if (!room)
        return 0;
    struct buf out = buf_over(room, room_bytes);
    bool more = peering_pull(&l->peering, &out, LINK_STAMPS, now);
    if (!more && l->transfer && l->peering.state == PEERING_LINKED)
        more = transfer_put(n, l, &out, now);
    l->pull_at_ns = more ? 0 : peering_pull_ns(&l->peering);
    ASSERT(out.len <= room_bytes);
    link_wrote(n, l, out.len);
    return out.len;
}

/* -- what a link hears ------------------------------------------------------------------------- */

static void on_up(struct node *n, struct link *l, struct instant now)
{
    ASSERT(!l->up);
    l->up = true;
    struct neighbour *who = neighbour_at(n, l);
    if (!who)
        return; /* an observer stays a stranger */
    strangers_remove(n, l);
    if (!l->dialled)
        admission_proved(n, &l->other);
    bool was_up = who->up;
    int loser = neighbour_linked(&n->links.neighbours, who, (int)l->connection->number,
        l->dialled != NULL, l->peering.theirs.boot, now);
    neighbour_goes_by_tls(who, l->tls.engine != NULL);
    peering_peer_up(&n->links.peering, who->peer);
    if (!was_up) {
        n->metrics.links_up++;
        link_log_up(n, l, who, now);
    }
    if (loser == NEIGHBOUR_NO_LINK)
        return;
    struct connection *c = connection_of(&n->connections, (uint32_t)loser);
    ASSERT(c && c->kind == CONNECTION_LINK && neighbour_at(n, c->link) == who);
    peering_end(&c->link->peering, PEERING_DUPLICATE);
    connection_finish(&n->connections, c, now);
}

static void follow(struct node *n, struct twins_order order, struct instant now)
{
    struct link *l = order.link;
    switch (order.deed) {
    case TWINS_ASK:
        peering_ask(&l->peering);
        return;
    case TWINS_STAND_BY:
        strangers_remove(n, l);
        peering_stand_by(&l->peering, order.stand_in, now);
        return;
    case TWINS_ADMIT:
        peering_admit(&l->peering, now);
        on_up(n, l, now);
        return;
    case TWINS_TELL:
        peering_tell_twin(&l->peering, &order.stays);
        return;
    case TWINS_END:
        end_because(n, l, order.why, now);
        return;
    }
}

void links_watch(struct node *n, struct instant now)
{
    for (struct link *l = n->links.first; l; l = l->next)
        peering_watch(&l->peering, now);
}

/* Its HELLO may still be due: an observer need not wait for it. */
static void on_asked(struct node *n, struct link *l, struct instant now)
{
    const char *why = observer_obey(n, l, now);
    l->peering.transfers = l->transfer != NULL;
    pull_into(n, l, LINK_ROOM_BYTES, now);
    if (why)
        end_because(n, l, why, now);
    else if (!l->peering.transfers && observer_answer(n, l, now))
        links_watch(n, now);
}

static void handle(struct node *n, struct link *l, enum peering_event event, struct instant now)
{
    switch (event) {
    case PEERING_NOTHING:
        return;
    case PEERING_UP:
        on_up(n, l, now);
        return;
    case PEERING_RIVAL:
        follow(n, twins_meet(n, l, now), now);
        return;
    case PEERING_TWIN:
        twins_told(n, l, now);
        return;
    case PEERING_TOPOLOGY:
        n->links.peering.topologies.changed = true;
        peering_take_tree(&l->peering, now);
        return;
    case PEERING_ASKED:
        on_asked(n, l, now);
        return;
    case PEERING_DIVERGED:
        n->metrics.divergences++;
        link_log_diverged(n, l->peering.peer, now);
        return;
    case PEERING_ENDED:
        end(n, l, now);
        return;
    }
}

/* Bytes of the peer protocol have come in. Inline, as it is on the way of every stamp. */
static inline void hear_all(struct node *n, struct link *l, struct span in, struct instant now)
{
    enum peering_event event;
    while (!l->transfer && (event = peering_take(&l->peering, &in, now)) != PEERING_NOTHING) {
        handle(n, l, event, now);
        if (l->connection->finishing)
            return;
    }
    if (l->transfer && in.len)
        transfer_take(n, l, in, now);
}

/* Of what a peer that stops has told, no other node may be the keeper if this one stops, too. */
static inline void hear(struct node *n, struct link *l, struct span in, struct instant now)
{
    const struct peering *p = &l->peering;
    if (!n->stopping) {
        hear_all(n, l, in, now);
        return;
    }
    bool stopped = p->link.peer_stops;
    uint64_t known = stopped ? p->peer->new_stamps : 0;
    hear_all(n, l, in, now);
    if (p->link.peer_stops && (!stopped || p->peer->new_stamps > known))
        n->links.peering.stop_change = store_change(n->store);
}

static void hear_sealed(struct node *n, struct link *l, struct span in, struct instant now)
{
    struct connection *c = l->connection;
    enum link_tls_input found = LINK_TLS_MORE;
    struct span plain;
    l->peering.certified = tls_names(l->tls.engine); /* it may have no engine before */
    while (!c->finishing && (found = link_tls_read(n, l, &in, &plain)) == LINK_TLS_PLAIN) {
        hear(n, l, plain, now);
        link_tls_heard(l, plain);
    }
    if (c->finishing)
        return;
    if (found == LINK_TLS_ENDED) {
        const char *why = link_tls_reason(l);
        end_because(n, l, *why ? why : "connection closed by the other end", now);
    } else if (found == LINK_TLS_STUCK) {
        link_drop(n, c, "no room for what has to be answered", now);
        connection_abort(&n->connections, c);
    }
}

void link_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    struct link *l = c->link;
    ASSERT(l && l->connection == c && !c->finishing);
    if (l->tls.undecided)
        link_tls_decide(n, l, in);
    if (!l->tls.sealed) {
        hear(n, l, in, now);
        return;
    }
    if (link_tls_is_open(l)) {
        hear_sealed(n, l, in, now);
        return;
    }
    const char *why = link_tls_hold(n, l, in, now);
    if (why)
        end_because(n, l, why, now);
}

bool links_shake(struct node *n, struct instant now)
{
    struct link *l = links_tls_next(n, now);
    if (!l)
        return false;
    struct outbox *held = &l->tls.held;
    if (!link_tls_begin(n, l, now))
        end_because(n, l, "memory has run out", now);
    while (held->head && !l->connection->finishing && !l->connection->aborted) {
        struct span in = outbox_window(held);
        hear_sealed(n, l, in, now);
        outbox_sent(held, NULL, in.len);
    }
    link_tls_forget(n, l);
    return true;
}

/* -- the turn ---------------------------------------------------------------------------------- */

/* Let a link write what is due and the next stamps of the feed. */
static void pull(struct node *n, struct link *l, struct instant now)
{
    struct connection *c = l->connection;
    l->pull_at_ns = NEVER_NS;
    /* After an observer's answer, or after FIN, nothing is taken from the feed: what this link took
     * now would be missing on the link that follows. */
    bool said_all = c->finishing && l->peering.state != PEERING_OVER;
    if (c->aborted || said_all || c->out.bytes >= LINK_OUTPUT_BYTES)
        return;
    size_t bytes = pull_into(n, l, LINK_ROOM_BYTES, now);
    if (bytes == 0 && l->pull_at_ns == 0) /* its next line is a long one */
        bytes = pull_into(n, l, PEERING_LINE_BYTES_MAX, now);
    if (bytes)
        connection_touch(&n->connections, c);
}

/* Of a node that stops: a peer that stops as well is answered when all behind this node are heard.
 * PROTOCOL.md, "Stopping", 8. */
static void hold_answers(struct node *n, struct instant now)
{
    for (struct link *l = n->links.first; l; l = l->next)
        if (link_is_live(l))
            peering_hold_answer(&l->peering, links_stop_hear_others(n, l, now));
}

/* Timers of all links run before any link writes: a link of the tree that ends makes spare links
 * say GRAFT. */
void links_turn(struct node *n, struct instant now)
{
    n->links.peering.late = false;
    for (struct link *l = n->links.first; l; l = l->next)
        if (now.mono_ns >= peering_deadline(&l->peering))
            handle(n, l, peering_tick(&l->peering, now), now);
    if (n->stopping)
        hold_answers(n, now);
    if (n->links.parting)
        part_all(n, now);
    struct twins_order order;
    while (n->twins.contests && twins_next(n, &order, now))
        follow(n, order, now);
    const struct topologies *two = &n->links.peering.topologies;
    if ((two->changed || now.mono_ns >= two->look_ns) && topologies_look(&n->links.peering, now))
        link_log_topologies(n, now);
    for (struct link *l = n->links.first; l; l = l->next) {
        pull(n, l, now);
        if (l->tls.engine && l->connection->finishing)
            link_tls_finish(n, l);
    }
}

void links_slept(struct node *n)
{
    n->links.peering.late = true;
}

int64_t links_deadline(const struct node *n)
{
    int64_t soonest = n->stopping ? NEVER_NS : neighbours_deadline(&n->links.neighbours);
    if (n->tls.waiting)
        soonest = earlier_ns(soonest, n->tls.next_ns);
    for (const struct link *l = n->links.first; l; l = l->next) {
        soonest = earlier_ns(soonest, l->pull_at_ns);
        soonest = earlier_ns(soonest, peering_deadline(&l->peering));
    }
    soonest = earlier_ns(soonest, n->links.peering.topologies.look_ns);
    if (n->links.parting)
        soonest = earlier_ns(soonest, partings_deadline(n));
    return n->twins.contests ? earlier_ns(soonest, twins_deadline(n)) : soonest;
}

const struct neighbour *links_to_dial(struct node *n)
{
    return n->stopping ? NULL : neighbours_to_dial(&n->links.neighbours, n->now);
}

/* -- the end of the node ----------------------------------------------------------------------- */

static void say_bye(struct node *n, struct link *l, struct instant now)
{
    static const char stops[] = LINK_LOG_STOPS;
    struct neighbour *who = neighbour_at(n, l);
    if (who)
        neighbour_lost(&n->links.neighbours, who, (int)l->connection->number, stops, now);
    l->settled = true; /* what ends now is no loss to log */
    peering_end(&l->peering, stops);
    connection_finish(&n->connections, l->connection, now);
}

void links_stop(struct node *n, struct instant now)
{
    ASSERT(n->stopping && !n->links.peering.stopping);
    n->links.peering.stopping = true;
    n->links.peering.stop_change = store_change(n->store);
    for (struct link *l = n->links.first; l; l = l->next)
        if (link_is_live(l) && !l->peering.rival)
            peering_stop(&l->peering);
        else
            say_bye(n, l, now);
}

void links_bye(struct node *n, struct instant now)
{
    for (struct link *l = n->links.first; l; l = l->next) {
        l->given_up = link_is_live(l) && !peering_confirmed(&l->peering);
        say_bye(n, l, now);
        pull(n, l, now);
        if (l->tls.engine)
            link_tls_finish(n, l);
    }
}
