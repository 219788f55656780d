/* topologies.c — see topologies.h.
 *
 * News of two topologies ages on its way from node to node: by half a round trip, and by 0.1 s a
 * hop. So what a node has told cannot come back to it as something newer, and the news dies out
 * when no node sees two any more. Holds always: while a peer that is up has another topology,
 * `differ` is set. */
#include "core/peering/topologies.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/peering/link_state.h"
#include "core/peering/spare_links.h"

void topologies_begin(struct topologies *t, uint64_t own)
{
    *t = (struct topologies){.own = own, .look_ns = NEVER_NS};
}

void topologies_take(struct topologies *t, uint64_t own)
{
    if (own == t->own)
        return;
    t->own = own;
    t->changed = true;
    t->round++;
}

static bool sees_two(const struct peering_node *node)
{
    for (unsigned i = 0; i < node->peers_count; i++)
        if (topologies_peer_differs(node, &node->peers[i]))
            return true;
    return false;
}

bool topologies_peer_differs(const struct peering_node *node, const struct peer *peer)
{
    return peer->up && peer->topology && peer->topology != node->topologies.own;
}

/* What peers have said of when they last knew of two. */
static int64_t told_ns(const struct peering_node *node)
{
    int64_t latest_ns = 0;
    for (unsigned i = 0; i < node->peers_count; i++)
        if (latest_ns < node->peers[i].two_ns)
            latest_ns = node->peers[i].two_ns;
    return latest_ns;
}

static bool were_two(const struct topologies *t, struct instant now)
{
    return t->two_ns && now.mono_ns - t->two_ns < TOPOLOGIES_AFTER_MS * MS_NS;
}

bool topologies_look(struct peering_node *node, struct instant now)
{
    struct topologies *t = &node->topologies;
    bool before = t->differ, sees = sees_two(node);
    int64_t told = told_ns(node);
    if (t->two_ns < told)
        t->two_ns = told;
    if (sees || t->seen)
        t->two_ns = now.mono_ns;
    t->seen = sees;
    t->changed = false;
    t->differ = were_two(t, now);
    bool due = t->differ && (!before || now.mono_ns >= t->look_ns);
    if (due)
        t->round++;
    if (due || !t->differ)
        t->look_ns = t->differ ? now.mono_ns + TOPOLOGIES_SAY_MS * MS_NS : NEVER_NS;
    int64_t over_ns = t->two_ns + TOPOLOGIES_AFTER_MS * MS_NS;
    if (t->differ && !sees)
        t->look_ns = earlier_ns(t->look_ns, over_ns);
    if (t->differ && !before && node->spare_links)
        node->spare_links->tree_losses++; /* lazy links ask for stamps */
    ASSERT(t->differ >= sees && (!t->differ || t->look_ns > now.mono_ns));
    return t->differ != before;
}

const char *topologies_heard(struct peer *peer, const struct span *words, struct instant now)
{
    uint64_t hash, ago_ms;
    if (!hello_hex64(words[1], &hash) || !hash ||
        !decimal_count(words[2], TOPOLOGIES_AFTER_MS, &ago_ms))
        return "TOPOLOGY with a bad field";
    peer->topology = hash;
    peer->two_ns = 0;
    if (ago_ms == TOPOLOGIES_AFTER_MS)
        return NULL;
    int64_t way_ns = TOPOLOGIES_HOP_MS * MS_NS + clock_gauge_round_trip(&peer->clock) / 2;
    int64_t two_ns = now.mono_ns - (int64_t)ago_ms * MS_NS - way_ns;
    peer->two_ns = two_ns > 0 ? two_ns : 0;
    return NULL;
}

bool topologies_put(const struct topologies *t, struct buf *out, struct instant now)
{
    size_t start = out->len;
    int64_t ago_ms = TOPOLOGIES_AFTER_MS;
    ASSERT(t->own);
    if (were_two(t, now))
        ago_ms = t->seen ? 0 : (now.mono_ns - t->two_ns) / MS_NS;
    buf_text(out, "TOPOLOGY ");
    buf_hex(out, t->own, 16);
    buf_byte(out, ' ');
    buf_u64(out, (uint64_t)ago_ms);
    buf_byte(out, '\n');
    return link_line_fits(out, start);
}
