/* ready.c — see ready.h. */
#include "core/node/private.h"

static bool is_up(const struct neighbour *who)
{
    return who->linked != NEIGHBOUR_NO_LINK;
}

/* Where digests say nothing, because one end has refused stamps, a link is as level as it will be
 * when the first MARK has come by it. */
static bool is_level(const struct node *n, const struct neighbour *who)
{
    const struct peer *peer = who->peer;
    if (peer->partial || peering_partial(&n->links.peering))
        return is_up(who) && peer->have_change > 0;
    return is_up(who) && peer->agreed && peer->agreed_ns >= who->linked_ns;
}

void ready_link_goes(struct node *n, const struct neighbour *who, struct instant now)
{
    if (!is_level(n, who))
        return;
    n->readiness.was_level = true;
    n->readiness.level_ns = now.mono_ns;
}

/* Since when no neighbour is linked, of which none is. */
static int64_t alone_since_ns(const struct node *n)
{
    int64_t since_ns = 0;
    const struct neighbour *who;
    for (unsigned at = 0; (who = edges_next(n, &at));)
        if (who->down_since_ns > since_ns)
            since_ns = who->down_since_ns;
    return since_ns;
}

/* No link is up. */
static bool judge_alone(const struct node *n, struct buf *why, struct instant now)
{
    int64_t alone_ns = now.mono_ns - alone_since_ns(n);
    if (alone_ns >= READY_ALONE_MS * MS_NS) {
        buf_text(why, "isolated: no link has been up for ");
        buf_u64(why, (uint64_t)(alone_ns / SECOND_NS));
        buf_text(why, " s");
        return n->topology->http.ready_alone;
    }
    buf_text(why,
        n->readiness.was_level ? "no link is up, for less than 10 s" : "no link has come up yet");
    return n->readiness.was_level;
}

bool ready_judge(const struct node *n, struct buf *why, struct instant now)
{
    const struct neighbour *who, *up = NULL;
    if (n->stopping) {
        buf_text(why, "stopping");
        return false;
    }
    if (n->drain.state != DRAIN_SERVES) {
        buf_text(why, "draining");
        return false;
    }
    for (unsigned at = 0; (who = edges_next(n, &at));) {
        if (is_level(n, who)) {
            buf_text(why, "level with ");
            buf_span_put(why, who->peer->name);
            return true;
        }
        up = !up && is_up(who) ? who : up;
    }
    if (!n->self->neighbours_count) {
        buf_text(why, "the only node of its herd");
        return true;
    }
    if (!up)
        return judge_alone(n, why, now);
    buf_text(why, "not level yet with ");
    buf_span_put(why, up->peer->name);
    return n->readiness.was_level && now.mono_ns - n->readiness.level_ns < READY_ALONE_MS * MS_NS;
}
