/* out.c — what goes out by a link: see peering_pull in peering.h.
 *
 * A line is written whole or not at all; what found no room stays due. Holds always: HELLO and
 * AUTH go before anything else; every batch of stamps is followed by its MARK, whose room is kept
 * free while stamps are written; a PING goes only when all that this node has was sent or noticed
 * and marked before it, so that its digest tells the peer what it should have by now, or says that
 * notices are still to come ("behind"). Called by the driver's turns. */
#include "core/peering/private.h"

/* Whether the line that began at `start` is whole; if not it is taken back. */
static bool line_fits(struct buf *out, size_t start)
{
    if (!out->overflow)
        return true;
    out->len = start;
    out->overflow = false;
    return false;
}

bool peering_put_number(struct buf *out, const char *word, uint64_t number)
{
    size_t start = out->len;
    buf_text(out, word);
    buf_byte(out, ' ');
    buf_u64(out, number);
    buf_byte(out, '\n');
    return line_fits(out, start);
}

static bool put_bye(struct peering *p, struct buf *out)
{
    size_t start = out->len;
    buf_text(out, "BYE ");
    buf_text(out, p->reason);
    buf_byte(out, '\n');
    p->bye_due = !line_fits(out, start);
    return !p->bye_due;
}

/* -- opening ----------------------------------------------------------------------------------- */

static bool put_hello(struct peering *p, struct buf *out)
{
    size_t start = out->len;
    struct hello mine = peering_mine(p);
    hello_put(out, &mine);
    p->hello_sent = line_fits(out, start);
    return p->hello_sent;
}

static bool put_auth(struct peering *p, struct buf *out)
{
    size_t start = out->len;
    struct hello mine = peering_mine(p);
    auth_put(out, p->node->secret, p->role, &mine, &p->theirs);
    p->auth_sent = line_fits(out, start);
    return p->auth_sent;
}

static bool put_opening(struct peering *p, struct buf *out)
{
    bool met = p->state != PEERING_HELLO;
    if (!p->hello_sent && (met || p->role == HELLO_DIALLED) && !put_hello(p, out))
        return false;
    return !met || p->auth_sent || !p->node->secret.len || put_auth(p, out);
}

/* -- linked ------------------------------------------------------------------------------------ */

static bool put_ack(struct peering *p, struct buf *out)
{
    if (p->ack_due)
        p->ack_due = !peering_put_number(out, "ACK", p->mark_heard);
    return !p->ack_due;
}

/* A PING behind it, or the answer to one, is about all that was confirmed. */
static bool put_answers(struct peering *p, struct buf *out, struct instant now)
{
    if ((p->pong_due || p->ping_due || now.mono_ns >= p->ack_at_ns) && !put_ack(p, out))
        return false;
    if (p->pong_due)
        p->pong_due = !peering_put_number(out, "PONG", (uint64_t)p->pong_ns);
    return !p->pong_due;
}

/* Puts the cursor where the peer's HELLO says that it has come to. Not before the first pull: of
 * two links to one peer, which share its cursor, the loser is ended before that and must not move
 * it. */
static void place(struct peering *p)
{
    struct store *store = p->node->store;
    struct peer *peer = p->peer;
    uint64_t change = p->theirs.have_change;
    p->placed = true;
    p->lazy.as_stamps_until = store_change(store);
    if (peering_resumes(p)) {
        store_cursor_seek(store, peer->cursor, change);
        p->marked = p->marked_most = change;
        if (peer->acked < change)
            peer->acked = change;
    } else {
        store_cursor_rewind(store, peer->cursor);
        peer->acked = 0;
        peer->full_until = store_change(store);
    }
}

bool peering_wanted(const struct peering *p, const struct feed_item *item)
{
    const struct peer *peer = p->peer;
    const struct route_table *routes = p->node->routes;
    if (item->change <= peer->full_until)
        return true;
    if (route_sender(routes, item->route) == (int)peer->number)
        return false;
    return item->change <= peer->lists_after || !route_has(routes, item->route, peer->number);
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
    return line_fits(out, start);
}

/* As many as there is room for beside a MARK, which is at least free now. Returns how many more may
 * be looked at. */
static unsigned put_stamps(
    struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    struct store *store = p->node->store;
    unsigned cursor = p->peer->cursor;
    struct feed_item item;
    struct stamp_text text;
    out->cap -= MARK_LINE_BYTES_MAX;
    while (stamps_max && store_cursor_glance(store, cursor, &item)) {
        if (!lazy_as_stamp(p, &item))
            break;
        if (peering_wanted(p, &item)) {
            if (!store_cursor_peek(store, cursor, &item, &text) || !put_at(p, out, &item))
                break;
            p->peer->sent_stamps++;
            p->said_ns = now.mono_ns;
        }
        lazy_passed(p, &item);
        store_cursor_pass(store, cursor);
        stamps_max--;
    }
    out->cap += MARK_LINE_BYTES_MAX;
    return stamps_max;
}

/* What was passed because the peer has it already, as it sent it, wakes the peer for nothing: it is
 * marked along with the next stamps, before a PING, or after a while; only the first MARK is said
 * at once, as without one a link that is cut begins anew. false: no room. */
static bool put_mark(struct peering *p, struct buf *out, bool stamps, struct instant now)
{
    uint64_t passed = store_cursor_change(p->node->store, p->peer->cursor);
    if (passed <= p->marked) {
        p->mark_at_ns = NEVER_NS;
        return true;
    }
    if (p->mark_at_ns == NEVER_NS)
        p->mark_at_ns = now.mono_ns + PEERING_COMPANY_MS * MS_NS;
    if (p->marked && !stamps && !p->ping_due && now.mono_ns < p->mark_at_ns)
        return true;
    if (!peering_put_number(out, "MARK", passed))
        return false;
    p->mark_at_ns = NEVER_NS;
    p->marked = passed;
    if (p->marked_most < passed)
        p->marked_most = passed;
    p->said_ns = now.mono_ns;
    (void)put_ack(p, out); /* no matter if there is no room: it has time */
    return true;
}

static bool put_feed(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    struct store *store = p->node->store;
    if (!p->placed)
        place(p);
    if (now.mono_ns < p->peer->lists_from_ns)
        p->peer->lists_after = store_change(store);
    if (p->node->flood)
        feed_age_note(&p->node->flood->feed_age, lazy_confirmed(p->node, now), now.mono_ns);
    size_t start = out->len;
    if (buf_room(out) >= MARK_LINE_BYTES_MAX)
        stamps_max = put_stamps(p, out, stamps_max, now);
    bool all = lazy_put_seen(p, out, stamps_max, now);
    return put_mark(p, out, out->len > start, now) && all;
}

static bool put_ping(struct peering *p, struct buf *out, struct instant now)
{
    const struct store *store = p->node->store;
    size_t start = out->len;
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
    if (!line_fits(out, start))
        return false;
    p->ping_real_ns = now.real_ns;
    p->ping_mono_ns = now.mono_ns;
    p->ping_due = false;
    p->said_ns = now.mono_ns;
    return true;
}

bool peering_pull(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    if (p->state == PEERING_OVER)
        return p->bye_due && !put_bye(p, out);
    if (!put_opening(p, out))
        return true;
    if (p->state != PEERING_LINKED)
        return false;
    if (!put_answers(p, out, now))
        return true;
    if (p->observer)
        return false;
    if (!lazy_put_answers(p, out, now))
        return true;
    if (!put_feed(p, out, stamps_max, now))
        return true;
    return p->ping_due && !put_ping(p, out, now);
}
