/* refused.c — see refused.h.
 *
 * Holds always: an incomplete link has refused a stamp that was counted; between two ends of a
 * peer's links that ask again lies the pause, unless this node's clock was set. */
#include "core/peering/refused.h"
#include "core/base/invariant.h"

int64_t refused_after_ns(const struct peering_node *node, struct instant now)
{
    int64_t after_ns;
    ASSERT(node->ahead_ns >= 0);
    if (__builtin_add_overflow(now.real_ns, node->ahead_ns, &after_ns))
        return INT64_MAX;
    return after_ns;
}

static void copy_name(char to[STAMPEDE_NODE_NAME_BYTES_MAX + 1], struct span name)
{
    ASSERT(name.len <= STAMPEDE_NODE_NAME_BYTES_MAX);
    memcpy(to, name.at, name.len);
    to[name.len] = '\0';
}

void refused_ahead(struct link_state *l, const struct stamp *stamp)
{
    int64_t received_ns = stamp->time_ns + stamp->skew_ns;
    ASSERT(received_ns >= 0);
    l->peer->ahead_stamps++;
    l->peer->news = true;
    copy_name(l->peer->ahead_origin, stamp->origin);
    link_state_refused(l, received_ns - l->node->ahead_ns);
}

void refused_origin(struct link_state *l, const struct stamp *stamp)
{
    l->peer->unknown_stamps++;
    l->peer->news = true;
    copy_name(l->peer->unknown_origin, stamp->origin);
    link_state_refused(l, NEVER_NS);
}

void refused_settle(struct link_state *l)
{
    if (!l->incomplete)
        l->peer->again_pause_ms = 0;
}

static bool clock_was_set(const struct peer *peer, int64_t clock_ns)
{
    int64_t moved_ns = clock_ns - peer->again_clock_ns;
    return moved_ns > REFUSED_CLOCK_SET_MS * MS_NS || moved_ns < -REFUSED_CLOCK_SET_MS * MS_NS;
}

bool refused_ask_again(struct link_state *l, struct instant now)
{
    struct peer *peer = l->peer;
    if (!l->incomplete || now.real_ns < l->again_ns || l->node->stopping || l->peer_stops)
        return false;
    ASSERT((peer->ahead_stamps || peer->unknown_stamps) && l->again_ns != NEVER_NS);
    int64_t clock_ns = now.real_ns - now.mono_ns;
    if (now.mono_ns < peer->again_not_before_ns && !clock_was_set(peer, clock_ns))
        return false;
    int64_t pause_ms = peer->again_pause_ms ? 2 * peer->again_pause_ms : REFUSED_AGAIN_FIRST_MS;
    peer->again_pause_ms = earlier_ns(pause_ms, REFUSED_AGAIN_LAST_MS);
    peer->again_not_before_ns = now.mono_ns + peer->again_pause_ms * MS_NS;
    peer->again_clock_ns = clock_ns;
    return true;
}
