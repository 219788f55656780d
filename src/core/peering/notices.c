/* notices.c — see notices.h.
 *
 *   state   event                       next    does
 *   eager   PRUNE n                     lazy    SEEN, n ms behind; what the feed held when the link
 *                                               began still goes as stamps
 *   lazy    PRUNE n                     lazy    SEEN, n ms behind from now on
 *   any     GRAFT n                     same    waits until 2 s after the last answer
 *   any     its time has come           eager   cursor back to n, in steps; EAGER n; what the feed
 *                                               holds now goes as stamps
 *   eager   PRUNE n, after that EAGER   lazy    what the lease has not brought is noticed
 *
 * Holds always: hashes of one SEEN are of consecutive own changes, so that the receiver can name
 * the one before each; room for a MARK stays free behind them; a link is lazy only where the node
 * has spare links. */
#include "core/peering/notices.h"
#include "core/base/invariant.h"
#include "core/peering/spare_links.h"

enum {
    SEEN_HEAD_BYTES_MAX = 5 + 20, /* "SEEN " and a change number; then " " and 16 digits each */
    SEEN_HASH_BYTES = 1 + 16,
};

void notices_begin(struct notices *n, const struct link_state *link)
{
    ASSERT(link->positioned);
    n->stamps_until = store_change(link->node->store);
}

/* -- lines that come in ------------------------------------------------------------------------ */

const char *notices_on_prune(struct notices *n, const struct peering_node *node, uint64_t behind_ms)
{
    if (!node->spare_links || !behind_ms || behind_ms > PEERING_BEHIND_MS_MAX)
        return "PRUNE with a bad number";
    n->behind_ns = (int64_t)behind_ms * MS_NS;
    if (n->leased) /* the lease is over, whatever it has brought */
        n->stamps_until = 0;
    n->leased = false;
    n->pruned = true;
    return NULL;
}

/* Anybody may ask again and again, and each answer is the feed from there on: it waits for the time
 * of a lease. */
const char *notices_on_graft(struct notices *n, const struct link_state *link, uint64_t change)
{
    if (change > store_change(link->node->store))
        return "GRAFT of what is not there";
    if (n->graft == GRAFT_NONE)
        n->graft = GRAFT_WAITS;
    else if (n->graft == GRAFT_EAGER_DUE && link->positioned)
        n->graft = GRAFT_GOES_BACK; /* perhaps further */
    n->graft_change = change;
    n->pruned = false;
    return NULL;
}

/* -- lines that go out ------------------------------------------------------------------------- */

static bool may_answer(struct notices *n, const struct link_state *link, struct instant now)
{
    if (now.mono_ns >= n->graft_from_ns)
        return true;
    bool stops = link->node->stopping || link->peer_stops;
    bool hurries = stops && !n->hurried;
    n->hurried |= hurries;
    return hurries;
}

/* The peer is complete up to graft_change, as if that had been marked now. */
static void begin_answer(struct notices *n, const struct link_state *link, struct instant now)
{
    ASSERT(n->graft == GRAFT_WAITS && n->graft_change <= store_change(link->node->store));
    n->graft = link->positioned ? GRAFT_GOES_BACK : GRAFT_EAGER_DUE;
    n->graft_from_ns = now.mono_ns + PEERING_LEASE_FIRST_MS * MS_NS;
    n->stamps_until = store_change(link->node->store);
    if (!n->pruned)
        n->behind_ns = 0;
}

bool notices_answer(
    struct notices *n, struct link_state *link, struct buf *out, struct instant now)
{
    if (n->graft == GRAFT_WAITS) {
        if (!may_answer(n, link, now))
            return true;
        begin_answer(n, link, now);
    }
    if (n->graft == GRAFT_GOES_BACK) {
        if (!link_state_go_back(link, n->graft_change))
            return false;
        n->graft = GRAFT_EAGER_DUE;
    }
    ASSERT(n->graft == GRAFT_EAGER_DUE);
    if (!link_put_number(out, SPAN("EAGER"), n->graft_change))
        return false;
    n->graft = GRAFT_NONE;
    n->leased = true;
    return true;
}

bool notices_as_stamp(
    const struct notices *n, const struct link_state *link, const struct feed_item *item)
{
    return !n->behind_ns || link->node->stopping || link->peer->gone ||
           item->change <= n->stamps_until || item->change <= link->peer->full_until;
}

/* The SEEN that is being written. Zeroed: none. */
struct seen_line {
    uint64_t next_change;
    unsigned count;
};

static bool put_hash(struct buf *out, struct seen_line *line, const struct feed_item *item)
{
    bool fits_on =
        line->count && line->count < PEERING_SEEN_MAX && line->next_change == item->change;
    size_t need = fits_on ? SEEN_HASH_BYTES : 1 + SEEN_HEAD_BYTES_MAX + SEEN_HASH_BYTES;
    if (buf_room(out) < need)
        return false;
    if (!fits_on) {
        if (line->count)
            buf_byte(out, '\n');
        buf_text(out, "SEEN ");
        buf_u64(out, item->change);
        line->count = 0;
    }
    buf_byte(out, ' ');
    buf_hex(out, item->hash, 16);
    line->count++;
    line->next_change = item->change + 1;
    ASSERT(!out->overflow && line->count <= PEERING_SEEN_MAX);
    return true;
}

/* As notices_put, for items up to `until`; `out` has room for the last LF beside its cap. */
static bool put_hashes(const struct notices *n, const struct link_state *link, struct buf *out,
    struct seen_line *line, unsigned stamps_max, uint64_t until)
{
    struct store *store = link->node->store;
    struct peer *peer = link->peer;
    struct feed_item item;
    for (; store_cursor_glance(store, peer->cursor, &item); stamps_max--) {
        if (notices_as_stamp(n, link, &item))
            return false;
        if (item.change > until)
            return true;
        if (!stamps_max)
            return false;
        if (link_state_wants(link, &item)) {
            if (!put_hash(out, line, &item))
                return false;
            peer->sent_notices++;
        }
        spare_links_passed(link->node, &item);
        store_cursor_pass(store, peer->cursor);
    }
    return true;
}

bool notices_put(const struct notices *n, const struct link_state *link, struct buf *out,
    unsigned stamps_max, struct instant now)
{
    enum { ROOM = MARK_LINE_BYTES_MAX + 1 };
    struct seen_line line = {0};
    struct feed_item next;
    if (buf_room(out) < ROOM)
        return false;
    if (!n->behind_ns || link->node->stopping) /* all goes as stamps */
        return !store_cursor_glance(link->node->store, link->peer->cursor, &next);
    ASSERT(link->node->spare_links && link->positioned);
    uint64_t until = feed_age_at(&link->node->spare_links->feed_age, now.mono_ns - n->behind_ns);
    out->cap -= ROOM;
    bool all = put_hashes(n, link, out, &line, stamps_max, until);
    out->cap += ROOM;
    if (line.count)
        buf_byte(out, '\n');
    ASSERT(buf_room(out) >= MARK_LINE_BYTES_MAX);
    return all;
}

/* When the next notice is old enough. */
static int64_t notice_deadline(const struct notices *n, const struct link_state *link)
{
    struct feed_item next;
    if (!n->behind_ns || link->node->stopping || !link->positioned ||
        !store_cursor_glance(link->node->store, link->peer->cursor, &next))
        return NEVER_NS;
    ASSERT(link->node->spare_links &&
           next.change > store_cursor_change(link->node->store, link->peer->cursor));
    bool known;
    int64_t past_ns = feed_age_past(&link->node->spare_links->feed_age, next.change - 1, &known);
    if (known)
        return past_ns + n->behind_ns;
    int64_t wait_ns = spare_links_wait_ns(link->node, next.change); /* or until it confirms */
    return past_ns < wait_ns ? wait_ns : past_ns;
}

int64_t notices_deadline(const struct notices *n, const struct link_state *link)
{
    int64_t notice_ns = notice_deadline(n, link);
    return n->graft == GRAFT_WAITS ? earlier_ns(notice_ns, n->graft_from_ns) : notice_ns;
}
