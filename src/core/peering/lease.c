/* lease.c — see lease.h.
 *
 *   state   event                                next    does
 *   EAGER   the lease is over, the tree is whole LAZY    PRUNE due: how far notices run behind
 *   EAGER   the lease is over, a tree link is    EAGER   the lease is renewed, unless it brought
 *           down                                         nothing new
 *   EAGER   the tree, which is whole, brings     LAZY    PRUNE due: the tree was slow, not broken
 *           the same
 *   LAZY    the tree's way became longer or      LAZY    PRUNE due: further behind, or less far
 *           shorter, by more than a quarter
 *   LAZY    SEEN of an unknown hash              ASKED   GRAFT due: from the change before it on
 *   LAZY    this node lost a link of the tree    ASKED   GRAFT due: from the last MARK on
 *   ASKED   SEEN, MARK                           ASKED   ignored: sent before the GRAFT was heard
 *   ASKED   EAGER                                EAGER   a lease begins; counts as a MARK
 *
 * So a MARK counts only when all that was noticed before it is known here: on a lazy link it means
 * what it means on an eager one.
 *
 * Leases end whatever they brought; otherwise a tree that was repaired would never be used as one
 * again. One that is asked for again soon is twice as long, and notices then run twice as far
 * behind, for the tree may only be slow. Under load that is seen sooner, as the tree brings the
 * same stamps: such a lease ends at once, because it doubles the load.
 *
 * Holds always: a link that is not spare is EAGER and its lease never ends, or it asks once more
 * for what it had refused, or had had as notices before it came into the tree; a GRAFT is due in
 * ASKED only; of the stamps of a lease no more were first than came. */
#include "core/peering/lease.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/peering/spare_links.h"

enum { USEFUL_IN = 8 }; /* a lease that brings less than one new stamp in so many is useless */

static bool brings_too_little(uint64_t new_stamps, uint64_t stamps)
{
    return new_stamps * USEFUL_IN < stamps;
}

/* Spare links of one node run behind by different times, as `mix` decides. */
void lease_begin(struct lease *l, bool spare, uint64_t mix, struct instant now)
{
    uint64_t mixed = mix * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    *l = (struct lease){
        .spare = spare,
        .end_ns = spare ? now.mono_ns : NEVER_NS,
        .length_ms = PEERING_LEASE_FIRST_MS,
        .behind_ms = PEERING_BEHIND_FIRST_MS + (int64_t)(mixed % PEERING_BEHIND_SPREAD_MS),
    };
    ASSERT(l->behind_ms <= PEERING_BEHIND_LAST_MS);
}

/* -- stamps that come in ----------------------------------------------------------------------- */

/* Another PEERING_LEASE_STAMPS have come: how many of them did only this link bring? What the tree
 * has still to bring counts for the lease now, and against it once it has come. */
static void judge(struct lease *l, const struct spare_links *s)
{
    ASSERT(l->first >= l->first_judged && s->tree_repeats >= l->repeats_judged);
    uint64_t first = l->first - l->first_judged, repeats = s->tree_repeats - l->repeats_judged;
    uint64_t alone = first > repeats ? first - repeats : 0;
    l->tree_repeats = brings_too_little(alone, PEERING_LEASE_STAMPS);
    l->first_judged = l->first;
    l->repeats_judged = s->tree_repeats;
}

void lease_note(struct lease *l, const struct link_state *link, uint64_t hash)
{
    struct spare_links *s = link->node->spare_links;
    bool first = recent_note(&s->recent, hash);
    if (link->peer->in_tree) {
        s->tree_repeats += !first;
        return;
    }
    if (l->end_ns == NEVER_NS)
        return;
    l->first += first;
    l->got++;
    ASSERT(l->first <= l->got);
    if (l->got % PEERING_LEASE_STAMPS == 0)
        judge(l, s);
}

/* -- leases begin and end ---------------------------------------------------------------------- */

static void begin_lease(struct lease *l, const struct spare_links *s, struct instant now)
{
    ASSERT(l->state != LEASE_LAZY && !l->graft_due);
    ASSERT(l->length_ms >= PEERING_LEASE_FIRST_MS && l->length_ms <= PEERING_LEASE_LAST_MS);
    l->state = LEASE_EAGER;
    l->end_ns = l->spare ? now.mono_ns + l->length_ms * MS_NS : NEVER_NS;
    l->got = l->first = l->first_judged = 0;
    l->repeats_judged = s ? s->tree_repeats : 0;
    l->tree_repeats = false;
}

/* A link that is asked already becomes what it is to be when it is answered. */
void lease_take_tree(struct lease *l, const struct link_state *link, bool spare, struct instant now)
{
    if (l->spare == spare)
        return;
    l->spare = spare;
    l->length_ms = PEERING_LEASE_FIRST_MS;
    if (l->state == LEASE_LAZY)
        lease_ask_again(l, link);
    else if (l->state == LEASE_EAGER)
        begin_lease(l, link->node->spare_links, now);
}

void lease_ask_again(struct lease *l, const struct link_state *link)
{
    ASSERT(l->state != LEASE_ASKED && !l->graft_due);
    l->state = LEASE_ASKED;
    l->graft_due = true;
    l->graft_change = link->peer->have_change;
}

static bool is_over(const struct lease *l, const struct peering_node *node, struct instant now)
{
    return now.mono_ns >= l->end_ns || (l->tree_repeats && spare_links_tree_is_whole(node));
}

/* Unlike judge, this counts the whole lease and does not ask what the tree brought later: it lacks
 * a link. */
static bool is_worth_renewing(const struct lease *l, const struct peering_node *node)
{
    if (node->topologies.differ)
        return true;
    return !brings_too_little(l->first, l->got) && !spare_links_tree_is_whole(node);
}

/* soon: after the last lease, so that it is no accident. A longer one helps where the tree lacks
 * something, not where it is slow. */
static void ask(struct lease *l, uint64_t change, bool soon)
{
    ASSERT(l->state == LEASE_LAZY && !l->graft_due);
    l->length_ms = soon && !l->tree_repeats ? earlier_ns(2 * l->length_ms, PEERING_LEASE_LAST_MS)
                                            : PEERING_LEASE_FIRST_MS;
    if (soon)
        l->behind_ms = earlier_ns(2 * l->behind_ms, PEERING_BEHIND_LAST_MS);
    l->state = LEASE_ASKED;
    l->graft_due = true;
    l->graft_change = change;
}

/* -- lines that come in ------------------------------------------------------------------------ */

const char *lease_on_seen(struct lease *l, const struct link_state *link, const struct span *words,
    unsigned count, struct instant now)
{
    ASSERT(count > 2 && count <= 2 + PEERING_SEEN_MAX);
    uint64_t change, hashes[PEERING_SEEN_MAX];
    unsigned hashes_count = count - 2;
    if (!decimal_count(words[1], INT64_MAX, &change) || change <= link->mark_heard)
        return "SEEN with a bad number";
    if (l->state == LEASE_EAGER)
        return "SEEN that nobody asked for";
    ASSERT(link->node->spare_links); /* or the link had stayed eager */
    const struct recent *recent = &link->node->spare_links->recent;
    for (unsigned i = 0; i < hashes_count; i++) {
        if (!hello_hex64(words[2 + i], &hashes[i]))
            return "SEEN with a bad hash";
        recent_prefetch(recent, hashes[i]);
    }
    link->peer->got_notices += hashes_count;
    for (unsigned i = 0; i < hashes_count && l->state == LEASE_LAZY; i++) {
        if (recent_has(recent, hashes[i]))
            continue;
        link->peer->grafts++;
        ask(l, change + i - 1, now.mono_ns - l->lazy_since_ns < 2 * l->length_ms * MS_NS);
    }
    return NULL;
}

const char *lease_on_eager(
    struct lease *l, struct link_state *link, uint64_t change, struct instant now)
{
    if (l->state != LEASE_ASKED || l->graft_due || change != l->graft_change)
        return "EAGER that nobody asked for";
    begin_lease(l, link->node->spare_links, now);
    link_state_eager_heard(link, change, now);
    return NULL;
}

/* -- lines that go out ------------------------------------------------------------------------- */

/* A stamp is noticed when the tree has had time to bring it: both ends of the link have it from a
 * node between them on the tree, or from beyond one of them, so it comes to one of them at most so
 * many hops later. Hops are taken to be as long as this link. */
static int64_t behind_ms(const struct lease *l, const struct peer *peer)
{
    int64_t hop_ns = clock_gauge_round_trip(&peer->clock) / 2;
    if (hop_ns > PEERING_BEHIND_MS_MAX * MS_NS)
        hop_ns = PEERING_BEHIND_MS_MAX * MS_NS;
    int64_t tree_ms = peer->tree_hops * hop_ns / MS_NS;
    return earlier_ns(l->behind_ms + tree_ms, PEERING_BEHIND_MS_MAX);
}

static bool put_prune(struct lease *l, const struct peer *peer, struct buf *out)
{
    int64_t ms = behind_ms(l, peer);
    ASSERT(l->end_ns != NEVER_NS && ms > 0 && ms <= PEERING_BEHIND_MS_MAX);
    if (!link_put_number(out, SPAN("PRUNE"), (uint64_t)ms))
        return false;
    l->told_ms = ms;
    return true;
}

static bool put_new_behind(struct lease *l, const struct peer *peer, struct buf *out)
{
    int64_t off_ms = l->told_ms - behind_ms(l, peer);
    bool far_off = (off_ms < 0 ? -off_ms : off_ms) > l->told_ms / 4;
    return !far_off || put_prune(l, peer, out);
}

static bool put_end_of_lease(
    struct lease *l, const struct link_state *link, struct buf *out, struct instant now)
{
    if (!is_over(l, link->node, now))
        return true;
    if (is_worth_renewing(l, link->node)) {
        begin_lease(l, link->node->spare_links, now);
        return true;
    }
    if (!put_prune(l, link->peer, out))
        return false;
    ASSERT(!link->peer->in_tree && !l->graft_due);
    l->state = LEASE_LAZY;
    l->tree_losses = link->node->spare_links->tree_losses;
    l->lazy_since_ns = now.mono_ns;
    return true;
}

static bool put_graft(struct lease *l, struct buf *out)
{
    if (l->graft_due)
        l->graft_due = !link_put_number(out, SPAN("GRAFT"), l->graft_change);
    return !l->graft_due;
}

bool lease_put(struct lease *l, const struct link_state *link, struct buf *out, struct instant now)
{
    ASSERT(!l->graft_due || l->state == LEASE_ASKED);
    if (l->state == LEASE_LAZY && l->tree_losses != link->node->spare_links->tree_losses)
        ask(l, link->peer->have_change, false);
    if (l->state == LEASE_EAGER)
        return put_end_of_lease(l, link, out, now);
    return l->state == LEASE_ASKED ? put_graft(l, out) : put_new_behind(l, link->peer, out);
}
