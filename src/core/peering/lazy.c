/* lazy.c — spare links: notices in place of stamps, and how a stamp is had that the tree
 * did not bring. See struct lazy in peering.h for the states, tree.h for the tree.
 *
 * A spare link is the same cursor, which runs a while behind the feed's end and writes hashes. What
 * was overwritten meanwhile is never noticed, what came by the tree meanwhile is known by its hash,
 * and nothing is kept but the last few hundred thousand hashes of the node. A GRAFT makes the link
 * eager for a lease. Leases end whatever they brought, or a tree that was mended would never be one
 * again; one that is asked for again soon is twice as long, and the link runs twice as far behind:
 * it may be that the tree is only slow. Under load that is seen sooner, as the tree brings the same
 * stamps: such a lease ends at once, for it doubles the load. Called by the two other halves of
 * peering. */
#include "core/protocol/command.h"
#include "core/base/decimal.h"
#include "core/peering/private.h"
#include <stdlib.h>

enum {
    SEEN_HEAD_BYTES_MAX = 5 + 20, /* "SEEN " and a change number; then " " and 16 digits each */
    SEEN_HASH_BYTES = 1 + 16,
    USEFUL_IN = 8, /* a lease that brought less than one new stamp in so many was for nothing */
};

/* -- what the links of a node share ------------------------------------------------------------ */

struct flood *flood_create(uint64_t stamps)
{
    struct flood *f = calloc(1, sizeof *f);
    if (f && recent_init(&f->recent, stamps))
        return f;
    free(f);
    return NULL;
}

void flood_destroy(struct flood *f)
{
    if (f)
        recent_deinit(&f->recent);
    free(f);
}

void peering_peer_up(struct peer *peer)
{
    peer->up = true;
}

void peering_peer_down(const struct peering_node *node, struct peer *peer)
{
    if (peer->up && peer->in_tree && node->flood)
        node->flood->losses++;
    peer->up = false;
}

static bool tree_is_whole(const struct peering_node *node)
{
    for (unsigned i = 0; i < node->peers_count; i++)
        if (node->peers[i].in_tree && !node->peers[i].up)
            return false;
    return true;
}

void lazy_prefetch(const struct peering *p, uint64_t hash)
{
    if (p->node->flood)
        recent_prefetch(&p->node->flood->recent, hash);
}

/* Another PEERING_LEASE_STAMPS have come: which of them did only this link bring? What the tree is
 * yet to bring counts for the lease now, and against it when it has come. */
static void judge_lease(struct lazy *l, const struct flood *f)
{
    uint64_t first = l->first - l->first_before, again = f->tree_again - l->again_before;
    uint64_t alone = first > again ? first - again : 0;
    l->in_vain = alone * USEFUL_IN < PEERING_LEASE_STAMPS;
    l->first_before = l->first;
    l->again_before = f->tree_again;
}

void lazy_note(struct peering *p, uint64_t hash)
{
    struct flood *f = p->node->flood;
    if (!f)
        return;
    bool first = recent_note(&f->recent, hash);
    if (p->peer->in_tree) {
        f->tree_again += !first;
        return;
    }
    p->lazy.first += first;
    if (++p->lazy.got % PEERING_LEASE_STAMPS == 0)
        judge_lease(&p->lazy, f);
}

/* Until when the tree's link to `peer` is waited for, as it moves and has not confirmed `change`;
 * 0: it is not. */
static int64_t moves_until_ns(const struct peer *peer, uint64_t change)
{
    bool waited_for = peer->up && peer->in_tree && peer->acked < change;
    return waited_for ? peer->acked_ns + PEERING_MOVES_MS * MS_NS : 0;
}

/* A herd that is told more than it can take is behind on the tree as well. Were its notices to run
 * ahead of that, they would be taken for news, and GRAFTs would double the load. */
uint64_t lazy_confirmed(const struct peering_node *node, struct instant now)
{
    uint64_t change = store_change(node->store);
    for (unsigned i = 0; i < node->peers_count; i++)
        if (now.mono_ns < moves_until_ns(&node->peers[i], change))
            change = node->peers[i].acked;
    return change;
}

/* Nobody can know of an own client's stamp before a link has read it out of the feed. */
void lazy_passed(const struct peering *p, const struct feed_item *item)
{
    if (p->node->flood && item->route == ROUTE_LOCAL)
        (void)recent_note(&p->node->flood->recent, item->hash);
}

/* -- what comes in: leases --------------------------------------------------------------------- */

static bool spare(const struct peering *p)
{
    return p->node->flood && p->theirs.lazy && !p->peer->in_tree;
}

/* Spare links of one node run behind by different times, which two boots decide. A PING goes at
 * once, to know how long a hop is. */
void lazy_begin(struct peering *p, struct instant now)
{
    uint64_t mixed = (p->node->boot ^ p->theirs.boot) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    p->lazy = (struct lazy){
        .lease_end_ns = spare(p) ? now.mono_ns : NEVER_NS,
        .lease_ms = PEERING_LEASE_FIRST_MS,
        .behind_ms = PEERING_BEHIND_FIRST_MS + (int64_t)(mixed % PEERING_BEHIND_SPREAD_MS),
    };
    p->ping_due = spare(p) && p->peer->tree_hops;
}

static void begin_lease(struct lazy *l, const struct flood *f, struct instant now)
{
    l->state = LAZY_EAGER;
    l->lease_end_ns = now.mono_ns + l->lease_ms * MS_NS;
    l->got = l->first = l->first_before = 0;
    l->again_before = f->tree_again;
    l->in_vain = false;
}

static bool lease_is_over(const struct peering *p, struct instant now)
{
    const struct lazy *l = &p->lazy;
    return now.mono_ns >= l->lease_end_ns || (l->in_vain && tree_is_whole(p->node));
}

/* A lease that is over is renewed where the node itself lacks a link of the tree, unless it brought
 * nothing new. */
static bool lease_is_renewed(struct peering *p, struct instant now)
{
    struct lazy *l = &p->lazy;
    bool useless = l->got && l->first * USEFUL_IN < l->got;
    if (!useless && !tree_is_whole(p->node)) {
        begin_lease(l, p->node->flood, now);
        return true;
    }
    return false;
}

/* A stamp is noticed when the tree has had time to bring it: both ends of the link have it from a
 * node between them on the tree, or from beyond one of them, so it comes to one of them by so many
 * hops later at the most. Hops are taken to be as long as this link. */
static int64_t behind_ms(const struct peering *p)
{
    int64_t hop_ns = clock_gauge_round_trip(&p->peer->clock) / 2;
    if (hop_ns > PEERING_BEHIND_MS_MAX * MS_NS)
        hop_ns = PEERING_BEHIND_MS_MAX * MS_NS;
    int64_t tree_ms = p->peer->tree_hops * hop_ns / MS_NS;
    return earlier_ns(p->lazy.behind_ms + tree_ms, PEERING_BEHIND_MS_MAX);
}

static bool tell_behind(struct peering *p, struct buf *out)
{
    int64_t ms = behind_ms(p);
    if (!link_put_number(out, "PRUNE", (uint64_t)ms))
        return false;
    p->lazy.told_ms = ms;
    return true;
}

static bool put_prune(struct peering *p, struct buf *out, struct instant now)
{
    struct lazy *l = &p->lazy;
    int64_t off_ms = l->told_ms - behind_ms(p);
    if (l->state == LAZY_LAZY && (off_ms < 0 ? -off_ms : off_ms) > l->told_ms / 4)
        return tell_behind(p, out);
    if (l->state != LAZY_EAGER || !lease_is_over(p, now) || lease_is_renewed(p, now))
        return true;
    if (!tell_behind(p, out))
        return false;
    l->state = LAZY_LAZY;
    l->losses = p->node->flood->losses;
    l->since_ns = now.mono_ns;
    return true;
}

/* soon: after the last lease, so that it is no accident. A longer one helps where the tree lacks
 * something, not where it is slow. */
static void ask(struct peering *p, uint64_t change, bool soon)
{
    struct lazy *l = &p->lazy;
    l->lease_ms = soon && !l->in_vain ? earlier_ns(2 * l->lease_ms, PEERING_LEASE_LAST_MS)
                                      : PEERING_LEASE_FIRST_MS;
    if (soon)
        l->behind_ms = earlier_ns(2 * l->behind_ms, PEERING_BEHIND_LAST_MS);
    l->state = LAZY_ASKED;
    l->graft_due = true;
    l->graft_change = change;
}

static bool put_graft(struct peering *p, struct buf *out)
{
    struct lazy *l = &p->lazy;
    if (l->state == LAZY_LAZY && l->losses != p->node->flood->losses)
        ask(p, p->peer->have_change, false);
    if (l->graft_due)
        l->graft_due = !link_put_number(out, "GRAFT", l->graft_change);
    return !l->graft_due;
}

bool lazy_put_answers(struct peering *p, struct buf *out, struct instant now)
{
    struct lazy *l = &p->lazy;
    if (l->eager_due) {
        l->granted = link_put_number(out, "EAGER", l->eager_change);
        l->eager_due = !l->granted;
    }
    return !l->eager_due && put_graft(p, out) && put_prune(p, out, now);
}

/* -- what comes in: lines ---------------------------------------------------------------------- */

static const char *on_seen(
    struct peering *p, const struct span *words, unsigned count, struct instant now)
{
    struct lazy *l = &p->lazy;
    uint64_t change, hashes[PEERING_SEEN_MAX];
    unsigned hashes_count = count - 2;
    if (!decimal_count(words[1], INT64_MAX, &change) || change <= p->link.mark_heard)
        return "SEEN with a bad number";
    if (l->state == LAZY_EAGER)
        return "SEEN that nobody asked for";
    const struct recent *recent = &p->node->flood->recent;
    for (unsigned i = 0; i < hashes_count; i++) {
        if (!hello_hex64(words[2 + i], &hashes[i]))
            return "SEEN with a bad hash";
        recent_prefetch(recent, hashes[i]);
    }
    p->peer->got_notices += hashes_count;
    for (unsigned i = 0; i < hashes_count && l->state == LAZY_LAZY; i++) {
        if (recent_has(recent, hashes[i]))
            continue;
        p->peer->grafts++;
        ask(p, change + i - 1, now.mono_ns - l->since_ns < 2 * l->lease_ms * MS_NS);
    }
    return NULL;
}

static const char *on_eager(struct peering *p, uint64_t change, struct instant now)
{
    if (p->lazy.state != LAZY_ASKED || p->lazy.graft_due || change != p->lazy.graft_change)
        return "EAGER that nobody asked for";
    begin_lease(&p->lazy, p->node->flood, now);
    link_state_mark_heard(&p->link, change, now);
    return NULL;
}

static const char *on_prune(struct peering *p, uint64_t behind_ms)
{
    if (!p->node->flood || !behind_ms || behind_ms > PEERING_BEHIND_MS_MAX)
        return "PRUNE with a bad number";
    p->lazy.out_behind_ns = (int64_t)behind_ms * MS_NS;
    if (p->lazy.granted) /* the lease is over, whatever it has brought */
        p->lazy.as_stamps_until = 0;
    p->lazy.granted = false;
    return NULL;
}

/* Its change was ours to say, and is the peer's to confirm from now on. */
static const char *on_graft(struct peering *p, uint64_t change)
{
    struct store *store = p->node->store;
    if (change > store_change(store))
        return "GRAFT of what is not there";
    p->lazy.out_behind_ns = 0;
    p->lazy.as_stamps_until = store_change(store);
    p->lazy.eager_due = true;
    p->lazy.eager_change = change;
    if (!p->link.positioned)
        return NULL;
    link_state_go_back(&p->link, change);
    return NULL;
}

const char *lazy_take(struct peering *p, struct span line, bool *taken, struct instant now)
{
    struct span words[2 + PEERING_SEEN_MAX];
    int count = command_split(line, words, 2 + PEERING_SEEN_MAX);
    uint64_t number;
    *taken = true;
    if (count > 2 && count <= 2 + PEERING_SEEN_MAX && span_equal(words[0], SPAN("SEEN")))
        return on_seen(p, words, (unsigned)count, now);
    if (count == 2 && decimal_count(words[1], INT64_MAX, &number)) {
        if (span_equal(words[0], SPAN("EAGER")))
            return on_eager(p, number, now);
        if (span_equal(words[0], SPAN("PRUNE")))
            return on_prune(p, number);
        if (span_equal(words[0], SPAN("GRAFT")))
            return on_graft(p, number);
    }
    *taken = false;
    return NULL;
}

/* -- what goes out ----------------------------------------------------------------------------- */

bool lazy_as_stamp(const struct peering *p, const struct feed_item *item)
{
    return !p->lazy.out_behind_ns || item->change <= p->lazy.as_stamps_until ||
           item->change <= p->peer->full_until;
}

/* One line's hashes are of changes without a gap, so that the receiver can name the one before
 * each. Empty: none is begun. */
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
    return true;
}

/* As lazy_put_seen; `out` has room for the last LF beside its cap. */
static bool put_hashes(
    struct peering *p, struct buf *out, struct seen_line *line, unsigned stamps_max, uint64_t until)
{
    struct store *store = p->node->store;
    struct feed_item item;
    for (; store_cursor_glance(store, p->peer->cursor, &item); stamps_max--) {
        if (lazy_as_stamp(p, &item))
            return false;
        if (item.change > until)
            return true;
        if (!stamps_max)
            return false;
        if (link_state_wants(&p->link, &item)) {
            if (!put_hash(out, line, &item))
                return false;
            p->peer->sent_notices++;
        }
        lazy_passed(p, &item);
        store_cursor_pass(store, p->peer->cursor);
    }
    return true;
}

bool lazy_put_seen(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    enum { ROOM = MARK_LINE_BYTES_MAX + 1 };
    uint64_t until = 0;
    struct seen_line line = {0};
    if (buf_room(out) < ROOM)
        return false;
    if (p->lazy.out_behind_ns)
        until = feed_age_at(&p->node->flood->feed_age, now.mono_ns - p->lazy.out_behind_ns);
    out->cap -= ROOM;
    bool all = put_hashes(p, out, &line, stamps_max, until);
    out->cap += ROOM;
    if (line.count) {
        buf_byte(out, '\n');
        p->said_ns = now.mono_ns;
    }
    return all;
}

/* -- time -------------------------------------------------------------------------------------- */

/* When a lease is over, or the next notice may go. */
static int64_t lazy_ns(const struct peering *p)
{
    if (!p->node->flood)
        return NEVER_NS;
    const struct lazy *l = &p->lazy;
    int64_t lease_ns = l->state == LAZY_EAGER ? l->lease_end_ns : NEVER_NS;
    struct feed_item next;
    if (!l->out_behind_ns || !p->link.positioned ||
        !store_cursor_glance(p->node->store, p->peer->cursor, &next))
        return lease_ns;
    bool known;
    int64_t past_ns = feed_age_past(&p->node->flood->feed_age, next.change - 1, &known);
    if (known)
        return earlier_ns(lease_ns, past_ns + l->out_behind_ns);
    for (unsigned i = 0; i < p->node->peers_count; i++) { /* or until it confirms, in a turn */
        int64_t moves_ns = moves_until_ns(&p->node->peers[i], next.change);
        past_ns = past_ns < moves_ns ? moves_ns : past_ns;
    }
    return earlier_ns(lease_ns, past_ns);
}

int64_t peering_pull_ns(const struct peering *p)
{
    if (p->state != PEERING_LINKED || p->observer)
        return NEVER_NS;
    int64_t alone_ns = earlier_ns(p->link.ack_due ? p->link.ack_at_ns : NEVER_NS, p->link.mark_at_ns);
    return earlier_ns(alone_ns, lazy_ns(p));
}
