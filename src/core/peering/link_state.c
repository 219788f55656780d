/* link_state.c — see link_state.h.
 *
 * Holds always: no own change is marked that the store has not made; what the peer has marked never
 * goes back within a link, but for an EAGER; an ACK that is due has a time at which it goes; what
 * is said to be had lacks no stamp that was refused and must be asked for again. Called by lease,
 * notices, refused, peering and out. */
#include "core/peering/link_state.h"

static void check(const struct link_state *l)
{
    ASSERT(l->mark_said_most <= store_change(l->node->store));
    ASSERT(l->peer->acked <= store_change(l->node->store));
}

void link_state_begin(struct link_state *l, const struct peering_node *node, struct peer *peer)
{
    ASSERT(peer->number < node->peers_count);
    *l = (struct link_state){
        .node = node, .peer = peer, .mark_at_ns = NEVER_NS, .again_ns = NEVER_NS};
}

/* A peer that has restarted need not hold what it once had. Until all that it lacks by its own word
 * is through, neither the received list nor the source of a stamp says anything. And for a while
 * after that, stamps that were under way elsewhere come in with lists that still name it from
 * before it restarted. Such a list must not keep them from it, so for PEERING_LISTS_MS lists do not
 * count: herds flood in well under a second, and what was held up for longer behind another cut is
 * found by the digests. The source does count: what came by a link to this boot, this boot has. */
void link_state_meet_boot(struct link_state *l, uint64_t boot, struct instant now)
{
    struct peer *peer = l->peer;
    ASSERT(!l->positioned && peer->boot != boot);
    peer->had = past_had(l->node, peer);
    peer->boot = boot;
    peer->have_change = 0;
    peer->acked = 0;
    peer->full_until = store_change(l->node->store);
    peer->lists_from_ns = now.mono_ns + PEERING_LISTS_MS * MS_NS;
    peer->unequal = 0;
    peer->partial = peer->agreed = peer->listed = false;
    clock_gauge_forget(&peer->clock);
}

void link_state_take_over(struct link_state *l, const struct link_state *heard)
{
    struct peer *peer = l->peer;
    const struct peer *stand_in = heard->peer;
    ASSERT(!l->positioned && !heard->positioned && peer->number == stand_in->number);
    ASSERT(peer->boot == stand_in->boot);
    *l = *heard;
    l->peer = peer;
    peer->have_change = stand_in->have_change;
    peer->clock.ahead = stand_in->clock.ahead;
    peer->got_stamps += stand_in->got_stamps;
    peer->new_stamps += stand_in->new_stamps;
    peer->lost_stamps += stand_in->lost_stamps;
    peer->future_stamps += stand_in->future_stamps;
    peer->ahead_stamps += stand_in->ahead_stamps;
    peer->unknown_stamps += stand_in->unknown_stamps;
    peer->twin_stamps += stand_in->twin_stamps;
    if (stand_in->ahead_stamps)
        memcpy(peer->ahead_origin, stand_in->ahead_origin, sizeof peer->ahead_origin);
    if (stand_in->unknown_stamps)
        memcpy(peer->unknown_origin, stand_in->unknown_origin, sizeof peer->unknown_origin);
    peer->news = true;
}

/* What it says to have is of this process, or of a former one. In the second case MARK is said
 * though nothing may be left to tell, so that it comes to have that of this process; its ACK then
 * is the first that is higher than what it had confirmed. */
static void read_on(struct link_state *l, const struct hello *theirs, uint64_t change)
{
    struct peer *peer = l->peer;
    bool former = theirs->have_boot != l->node->boot;
    uint64_t confirmed = former ? change - 1 : change;
    l->goes_back = true;
    l->reads_on = l->mark_said_most = change;
    l->mark_said = former ? 0 : change;
    if (peer->acked < confirmed)
        peer->acked = confirmed;
    if (!former && change && peer->acked == change)
        peer->confirmed = (struct had){.boot = l->node->boot,
            .change = change,
            .by = theirs->have_by ? theirs->have_by : theirs->boot};
}

void link_state_position(struct link_state *l, const struct hello *theirs)
{
    struct store *store = l->node->store;
    struct peer *peer = l->peer;
    uint64_t change;
    ASSERT(!l->positioned);
    l->positioned = true;
    if (past_reads_on(l->node, peer, theirs, &change)) {
        store_cursor_seek(store, peer->cursor, store_change(store));
        read_on(l, theirs, change);
    } else {
        store_cursor_rewind(store, peer->cursor);
        peer->acked = 0;
        peer->full_until = store_change(store);
    }
    check(l);
}

bool link_state_arrives(struct link_state *l)
{
    ASSERT(l->positioned);
    if (l->goes_back)
        l->goes_back = !store_cursor_go_back(
            l->node->store, l->peer->cursor, l->reads_on, PEERING_BACK_STEPS);
    return !l->goes_back;
}

/* The last MARK that was heard counts. */
static void take_mark(struct link_state *l, struct instant now)
{
    uint64_t change = l->mark_heard;
    ASSERT(!l->incomplete);
    l->mark_taken = change;
    if (l->peer->have_change < change)
        l->peer->have_change = change;
    if (l->peer_stops || l->node->stopping)
        l->ack_at_ns = now.mono_ns;
    else if (!l->ack_due)
        l->ack_at_ns = now.mono_ns + PEERING_ACK_DELAY_MS * MS_NS;
    l->ack_due = true;
}

void link_state_mark_heard(struct link_state *l, uint64_t change, struct instant now)
{
    ASSERT(change >= l->mark_heard);
    l->mark_heard = change;
    if (!l->incomplete)
        take_mark(l, now);
}

static void end_incomplete(struct link_state *l)
{
    l->incomplete = false;
    l->again_ns = NEVER_NS;
}

void link_state_eager_heard(struct link_state *l, uint64_t change, struct instant now)
{
    ASSERT(l->incomplete || change >= l->mark_heard);
    l->mark_heard = change;
    if (change <= l->peer->have_change) /* all that was refused comes again */
        end_incomplete(l);
    if (!l->incomplete)
        take_mark(l, now);
}

/* An ACK that is due is of a MARK before the refused stamp, and goes. */
void link_state_refused(struct link_state *l, int64_t again_ns)
{
    l->incomplete = true;
    l->again_ns = earlier_ns(l->again_ns, again_ns);
}

void link_state_complete(struct link_state *l, struct instant now)
{
    if (!l->incomplete)
        return;
    end_incomplete(l);
    take_mark(l, now);
}

/* What was told need not have been taken: a node that stops does not come to hold it any more. */
bool link_state_told(const struct link_state *l)
{
    uint64_t told = l->mark_heard > l->peer->have_change ? l->mark_heard : l->peer->have_change;
    return told >= l->peer_stop_change;
}

bool link_state_peer_stops(struct link_state *l, uint64_t change, struct instant now)
{
    if (change < l->peer_stop_change)
        return false;
    l->peer_stops = true;
    l->peer_stop_change = change;
    l->ack_at_ns = now.mono_ns; /* of one that is due already, too */
    return true;
}

bool link_state_ack_heard(struct link_state *l, uint64_t change, struct instant now)
{
    if (change > l->mark_said_most)
        return false;
    if (l->peer->acked < change) {
        l->peer->acked = change;
        l->peer->acked_ns = now.mono_ns;
        l->peer->confirmed = (struct had){l->node->boot, change, l->peer->boot};
    }
    return true;
}

void link_state_mark_said(struct link_state *l, uint64_t change)
{
    ASSERT(l->positioned && !l->goes_back && change > l->mark_said);
    l->mark_said = change;
    if (l->mark_said_most < change)
        l->mark_said_most = change;
}

bool link_state_go_back(struct link_state *l, uint64_t change)
{
    struct store *store = l->node->store;
    ASSERT(l->positioned && !l->goes_back && change <= store_change(store));
    if (change < store_cursor_change(store, l->peer->cursor) &&
        !store_cursor_go_back(store, l->peer->cursor, change, PEERING_BACK_STEPS))
        return false;
    l->mark_said = change;
    if (l->mark_said_most < change)
        l->mark_said_most = change;
    return true;
}

static void pause_resends(struct peer *peer, struct instant now)
{
    int64_t pause_ms = peer->resend_pause_ms ? 2 * peer->resend_pause_ms : PEERING_RESEND_FIRST_MS;
    peer->resend_pause_ms = earlier_ns(pause_ms, PEERING_RESEND_LAST_MS);
    ASSERT(peer->resend_pause_ms >= PEERING_RESEND_FIRST_MS);
    peer->resend_not_before_ns = now.mono_ns + peer->resend_pause_ms * MS_NS;
}

void link_state_resend(struct link_state *l, struct instant now)
{
    struct peer *peer = l->peer;
    uint64_t change = store_change(l->node->store);
    ASSERT(l->positioned && !l->goes_back && now.mono_ns >= peer->resend_not_before_ns);
    ASSERT(store_cursor_change(l->node->store, peer->cursor) == change);
    pause_resends(peer, now);
    peer->full_until = change;
    store_cursor_rewind(l->node->store, peer->cursor);
    if (!change)
        return;
    l->mark_said = change - 1; /* so that the last MARK is said once more behind all of it, */
    if (peer->acked == change) /* and confirmed */
        peer->acked--;
}

bool link_state_caught_up(const struct link_state *l)
{
    uint64_t change = store_change(l->node->store);
    return l->positioned && !l->goes_back &&
           store_cursor_change(l->node->store, l->peer->cursor) == change &&
           l->peer->acked == change;
}

bool peering_sends_all(const struct peer *peer)
{
    return peer->up && peer->acked < peer->full_until;
}

bool link_state_wants(const struct link_state *l, const struct feed_item *item)
{
    struct peer *peer = l->peer;
    const struct route_table *routes = l->node->routes;
    if (item->change <= peer->full_until)
        return true;
    if (route_sender(routes, item->route) == (int)peer->number)
        return false;
    if (item->change <= peer->lists_after || !route_has(routes, item->route, peer->number))
        return true;
    peer->listed = true;
    return false;
}

struct hello link_state_hello(const struct peering_node *node, const struct peer *peer,
    const unsigned char nonce[NONCE_BYTES])
{
    struct had had = peer ? past_had(node, peer) : (struct had){0};
    ASSERT(node->boot && (!had.change || (had.boot && had.by)));
    struct hello mine = {
        .herd = node->herd,
        .from = node->name,
        .to = peer ? peer->name : SPAN(HELLO_OBSERVER),
        .boot = node->boot,
        .auth = node->secrets.count > 0,
        .have_boot = had.change ? had.boot : 0,
        .have_change = had.change,
        .have_by = had.change && had.by != node->boot ? had.by : 0,
        .lazy = node->spare_links && peer,
        .stop = peer != NULL,
        .started = peer ? node->started : 0,
        .secrets = node->secrets.count > 0,
        .topology = peer ? node->topologies.own : 0,
    };
    memcpy(mine.nonce, nonce, NONCE_BYTES);
    return mine;
}

void link_state_level(struct link_state *l, struct instant now)
{
    ASSERT(l->peer->boot && now.mono_ns >= l->peer->agreed_ns);
    l->peer->agreed = true;
    l->peer->agreed_ns = now.mono_ns;
}

void link_state_agreed(struct link_state *l, struct instant now)
{
    struct peer *peer = l->peer;
    ASSERT(link_state_caught_up(l) && peer->agreed && peer->agreed_ns == now.mono_ns);
    peer->unequal = 0;
    peer->resend_pause_ms = 0;
    peer->resend_not_before_ns = now.mono_ns;
    peer->settled_stamps = peer_refused(peer);
    peer->settled_evictions = store_evicted(l->node->store);
    peer->settled = true;
}

bool peering_partial(const struct peering_node *node)
{
    uint64_t evicted = store_evicted(node->store);
    bool lacks = false, alone = true;
    for (unsigned i = 0; i < node->peers_count; i++) {
        const struct peer *peer = &node->peers[i];
        if (peer->gone)
            continue;
        alone = false;
        ASSERT(peer->settled_evictions <= evicted);
        lacks |= peer->settled_stamps < peer_refused(peer) || peer->settled_evictions < evicted;
        lacks |= node->was_partial && !peer->settled;
    }
    return lacks || (alone && (evicted > 0 || node->was_partial));
}

bool link_put_number(struct buf *out, struct span word, uint64_t number)
{
    size_t start = out->len;
    buf_span_put(out, word);
    buf_byte(out, ' ');
    buf_u64(out, number);
    buf_byte(out, '\n');
    return link_line_fits(out, start);
}
