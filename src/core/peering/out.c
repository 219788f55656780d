/* out.c — what goes out by a link: see peering_pull in peering.h.
 *
 * A line is written whole or not at all; what found no room stays due. Holds always: HELLO and
 * AUTH go before anything else; every batch of stamps is followed by its MARK, for which room is
 * kept free while stamps are written; a PING goes only when everything that is ready was sent or
 * noticed, and marked, before it. So its digest tells the peer what it should have by now, or the
 * PING says that notices are still to come ("behind"). Called by node, in each turn. */
#include "core/base/invariant.h"
#include "core/peering/peering.h"
#include "core/peering/twin.h"

static bool put_bye(struct peering *p, struct buf *out)
{
    size_t start = out->len;
    ASSERT(*p->reason);
    buf_text(out, "BYE ");
    buf_text(out, p->reason);
    buf_byte(out, '\n');
    p->bye_due = !link_line_fits(out, start);
    return !p->bye_due;
}

/* -- opening ----------------------------------------------------------------------------------- */

static bool put_hello(struct peering *p, struct buf *out)
{
    size_t start = out->len;
    struct hello mine = link_state_hello(p->node, p->peer, p->nonce);
    if (p->node->also_secret) {
        mine.auth = !p->certified;
        mine.tls = !p->certified && p->peer;
    }
    if (p->observer && certified_operator(p))
        mine.auth = false;
    hello_put(out, &mine);
    ASSERT(out->len - start <= HELLO_LINE_BYTES_MAX);
    p->hello_sent = link_line_fits(out, start);
    p->topology_round += p->node->topologies.round; /* less one, if TOPOLOGY is to follow */
    return p->hello_sent;
}

static int64_t waits_until_ns(const struct peering *p)
{
    return p->opened_ns + PROOF_WAIT_MS * MS_NS;
}

static bool put_auth(struct peering *p, struct buf *out, struct instant now)
{
    ASSERT(p->hello_sent && p->state != PEERING_HELLO && proof_due(&p->proof));
    size_t start = out->len;
    bool waited = now.mono_ns >= waits_until_ns(p);
    unsigned which = proof_which(&p->proof, &p->node->secrets, &p->theirs, waited);
    struct hello mine = link_state_hello(p->node, p->peer, p->nonce);
    struct auth_exchange x = {.role = p->role, .speaker = &mine, .other = &p->theirs};
    if (!which)
        return true;
    x.again = p->proof.begun ? p->proof.due : 0;
    auth_put(out, &p->node->secrets, which, &x);
    if (!link_line_fits(out, start))
        return false;
    proof_said(&p->proof);
    p->auth_sent = !proof_due(&p->proof);
    return p->auth_sent || put_auth(p, out, now);
}

static bool put_opening(struct peering *p, struct buf *out, struct instant now)
{
    bool met = p->state != PEERING_HELLO; /* the other end's HELLO has come */
    if (!p->hello_sent && (met || p->role == HELLO_DIALLED) && !put_hello(p, out))
        return false;
    return !met || p->auth_sent || !p->by_secret || put_auth(p, out, now);
}

/* -- linked ------------------------------------------------------------------------------------ */

static bool put_ack(struct peering *p, struct buf *out)
{
    if (p->link.ack_due)
        p->link.ack_due = !link_put_number(out, SPAN("ACK"), p->link.mark_taken);
    return !p->link.ack_due;
}

/* First, and again whenever there is more to confirm: a peer that stops as well then knows what it
 * has to wait for before it answers. */
static bool put_stopping(struct peering *p, struct buf *out)
{
    uint64_t change = p->node->stop_change;
    bool said = p->stop_said && p->stop_said_change == change;
    if (said || !p->peer || !p->theirs.stop)
        return true;
    ASSERT(!p->stop_said || p->stop_said_change < change);
    if (!link_put_number(out, SPAN("STOPPING"), change))
        return false;
    p->stop_said = true;
    p->stop_said_change = change;
    return true;
}

static bool answers(const struct peering *p)
{
    return p->pong_due && !p->pong_waits;
}

static bool put_twin(struct peering *p, struct buf *out)
{
    p->twin_due = !twin_put(out, &p->twin_stays);
    return !p->twin_due;
}

static bool put_topology(struct peering *p, struct buf *out, struct instant now)
{
    if (p->peer && p->theirs.topology && !topologies_put(&p->node->topologies, out, now))
        return false;
    p->topology_round = p->node->topologies.round;
    return true;
}

/* An ACK that is due goes before a PING or a PONG, so that these are about all that was
 * confirmed. */
static bool put_answers(struct peering *p, struct buf *out, struct instant now)
{
    if ((p->pong_due || p->ping_due || now.mono_ns >= p->link.ack_at_ns) && !put_ack(p, out))
        return false;
    if (answers(p))
        p->pong_due = !link_put_number(out, SPAN("PONG"), (uint64_t)p->pong_ns);
    return !answers(p);
}

static bool put_at(struct peering *p, struct buf *out, const struct feed_item *item)
{
    size_t start = out->len;
    struct span names = route_names(p->node->routes, item->route);
    stamp_at_put(out, &item->stamp);
    buf_byte(out, ' ');
    if (names.len) {
        buf_span_put(out, names);
        buf_byte(out, ' ');
    }
    buf_span_put(out, p->node->name);
    buf_byte(out, '\n');
    return link_line_fits(out, start);
}

/* As many stamps as there is room for beside a MARK; the MARK's room at least is free now.
 * items_max: how many items of the feed may be looked at; falls by those that were.
 * Whether that was all of the feed. */
static bool put_stamps(struct peering *p, struct buf *out, unsigned *items_max)
{
    struct store *store = p->node->store;
    unsigned cursor = p->peer->cursor;
    struct feed_item item;
    struct stamp_text text;
    unsigned left = *items_max;
    bool all = false;
    ASSERT(p->link.positioned && buf_room(out) >= MARK_LINE_BYTES_MAX);
    out->cap -= MARK_LINE_BYTES_MAX;
    while (left) {
        all = !store_cursor_glance(store, cursor, &item);
        if (all || !notices_as_stamp(&p->notices, &p->link, &item))
            break;
        if (link_state_wants(&p->link, &item)) {
            if (!store_cursor_peek(store, cursor, &item, &text) || !put_at(p, out, &item))
                break;
            p->peer->sent_stamps++;
        }
        spare_links_passed(p->node, &item);
        store_cursor_pass(store, cursor);
        left--;
    }
    out->cap += MARK_LINE_BYTES_MAX;
    ASSERT(buf_room(out) >= MARK_LINE_BYTES_MAX);
    *items_max = left;
    return all;
}

/* Up to which own change nothing is left to tell. Between the last item that was passed and the
 * next one all were replaced, which only a PING makes worth telling: on a lazy link in whose feed
 * all is too young for a notice, and is replaced before it is not, no item is ever passed. */
static uint64_t told_change(const struct peering *p)
{
    struct store *store = p->node->store;
    struct feed_item next;
    bool looks = p->ping_due && store_cursor_glance(store, p->peer->cursor, &next);
    uint64_t passed = store_cursor_change(store, p->peer->cursor);
    ASSERT(!looks || next.change > passed);
    return looks ? next.change - 1 : passed;
}

/* A MARK of items that were only passed over, because the peer has them already, would wake the
 * peer for nothing: it goes along with the next stamps, before a PING, or after a while. Only the
 * first MARK goes at once; without one, a link that is cut would begin with everything.
 * false: no room. */
static bool put_mark(struct peering *p, struct buf *out, bool stamps, struct instant now)
{
    uint64_t passed = told_change(p);
    if (passed <= p->link.mark_said) {
        p->link.mark_at_ns = NEVER_NS;
        return true;
    }
    if (p->link.mark_at_ns == NEVER_NS)
        p->link.mark_at_ns = now.mono_ns + PEERING_ACK_DELAY_MS * MS_NS;
    bool waits = p->link.mark_said && !stamps && !p->ping_due && !p->node->stopping;
    if (waits && now.mono_ns < p->link.mark_at_ns)
        return true;
    if (!link_put_number(out, SPAN("MARK"), passed))
        return false;
    p->link.mark_at_ns = NEVER_NS;
    link_state_mark_said(&p->link, passed);
    if (now.mono_ns < p->level.watched_until_ns && passed == store_change(p->node->store))
        level_mark(&p->level, p->node->store, passed);
    p->said_ns = now.mono_ns;
    (void)put_ack(p, out); /* without room it stays due, and goes later */
    return true;
}

static bool put_feed(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    struct store *store = p->node->store;
    if (!p->link.positioned) {
        link_state_position(&p->link, &p->theirs);
        notices_begin(&p->notices, &p->link);
    }
    if (now.mono_ns < p->peer->lists_from_ns)
        p->peer->lists_after = store_change(store);
    if (p->node->spare_links)
        spare_links_note_age(p->node, now);
    if (!link_state_arrives(&p->link))
        return false;
    size_t start = out->len;
    bool all = buf_room(out) >= MARK_LINE_BYTES_MAX && put_stamps(p, out, &stamps_max);
    if (!all)
        all = notices_put(&p->notices, &p->link, out, stamps_max, now);
    if (out->len > start)
        p->said_ns = now.mono_ns;
    return put_mark(p, out, out->len > start, now) && all;
}

static bool put_ping(struct peering *p, struct buf *out, struct instant now)
{
    const struct store *store = p->node->store;
    size_t start = out->len;
    ASSERT(store_cursor_change(store, p->peer->cursor) <= p->link.mark_said);
    ASSERT(!p->link.ack_due && !answers(p));
    buf_text(out, "PING ");
    buf_u64(out, (uint64_t)now.real_ns);
    buf_byte(out, ' ');
    buf_u64(out, store_count(store));
    buf_byte(out, ' ');
    buf_hex(out, store_digest(store), 16);
    if (peering_partial(p->node))
        buf_text(out, " partial");
    else if (store_cursor_change(store, p->peer->cursor) != store_change(store))
        buf_text(out, " behind");
    buf_byte(out, '\n');
    if (!link_line_fits(out, start))
        return false;
    p->ping_real_ns = now.real_ns;
    p->ping_mono_ns = now.mono_ns;
    p->ping_due = false;
    p->said_ns = now.mono_ns;
    return true;
}

/* A peer that stops sends stamps whatever it is asked for, but a GRAFT that was said to it, or is
 * due, has to be answered before its MARKs count. */
static bool leases(const struct peering *p)
{
    return !p->link.peer_stops || p->lease.state == LEASE_ASKED;
}

/* A PING that asks whether the peer is there, or has confirmed all that it can, does not wait until
 * all of the feed is sent, which other links may let grow without end. */
static bool asks_in_between(const struct peering *p)
{
    uint64_t passed = store_cursor_change(p->node->store, p->peer->cursor);
    bool asks = p->node->stopping || p->probed;
    return asks && passed <= p->link.mark_said && !p->link.ack_due && !answers(p);
}

static bool put_due(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    if (p->state == PEERING_OVER)
        return p->bye_due && !put_bye(p, out);
    if (!put_opening(p, out, now))
        return true;
    if (p->state != PEERING_LINKED)
        return false;
    if (p->node->stopping && !put_stopping(p, out))
        return true;
    if (!put_answers(p, out, now))
        return true;
    if (p->twin_due && !put_twin(p, out))
        return true;
    if (p->topology_round != p->node->topologies.round && !put_topology(p, out, now))
        return true;
    if (p->observer || p->rival)
        return false;
    if (!p->link.goes_back && !notices_put_eager(&p->notices, &p->link, out, now))
        return true;
    if (!lease_rests(&p->lease, now) && leases(p) && !lease_put(&p->lease, &p->link, out, now))
        return true;
    bool all = put_feed(p, out, stamps_max, now);
    if (!all && !asks_in_between(p))
        return true;
    return (p->ping_due && !put_ping(p, out, now)) || !all;
}

bool peering_pull(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    bool more = put_due(p, out, stamps_max, now);
    ASSERT(!out->overflow && out->len <= out->cap);
    return more;
}

int64_t peering_pull_ns(const struct peering *p)
{
    if (p->state == PEERING_AUTH && !p->auth_sent)
        return waits_until_ns(p);
    if (p->state != PEERING_LINKED || p->observer)
        return NEVER_NS;
    int64_t ack_ns = p->link.ack_due ? p->link.ack_at_ns : NEVER_NS;
    if (p->rival) /* what else it asks for waits until it is admitted */
        return ack_ns;
    int64_t alone_ns = earlier_ns(ack_ns, p->link.mark_at_ns);
    int64_t lease_ns = leases(p) ? lease_deadline(&p->lease) : NEVER_NS;
    int64_t spare_ns = earlier_ns(lease_ns, notices_deadline(&p->notices, &p->link));
    return earlier_ns(alone_ns, spare_ns);
}

bool peering_resumes(const struct peering *p)
{
    uint64_t change;
    return past_reads_on(p->node, p->peer, &p->theirs, &change);
}
