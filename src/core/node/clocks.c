/* clocks.c — see clocks.h. */
#include "core/node/private.h"

static void log_peer(struct node *n, const struct peer *peer, struct instant now)
{
    int64_t ahead_ns;
    if (!clock_gauge_ahead(&peer->clock, &ahead_ns))
        return;
    if (peer->clock.off)
        log_begin(n->log, LOG_WARN, "clocks_differ", now);
    else
        log_begin(n->log, LOG_INFO, "clocks_agree", now);
    log_text(n->log, "peer", peer->name);
    log_number(n->log, "ahead_ms", ahead_ns / MS_NS);
    log_end(n->log);
}

/* Links that are up and whose peer's clock is known, and those of them on which the two clocks are
 * further apart than limits.clock. */
struct apart {
    unsigned links, far;
    int64_t least_ns; /* of these, how far the peer's is ahead where that is least */
};

static struct apart look_at_links(const struct node *n)
{
    struct apart found = {0};
    int64_t limit_ns = (int64_t)n->topology->limits.clock_ns;
    for (unsigned i = 0; i < n->links.neighbours.count; i++) {
        const struct peer *peer = &n->links.peers[i];
        int64_t ahead_ns;
        if (!peer->up || peer->clock.ahead.count < GAUGE_READINGS_MIN ||
            !clock_gauge_ahead(&peer->clock, &ahead_ns))
            continue;
        found.links++;
        if (ahead_ns <= limit_ns && ahead_ns >= -limit_ns)
            continue;
        if (!found.far || ahead_ns < found.least_ns)
            found.least_ns = ahead_ns;
        found.far++;
    }
    ASSERT(found.far <= found.links);
    return found;
}

static void judge_own(struct node *n, struct instant now)
{
    struct apart found = look_at_links(n);
    bool wrong = 2 * found.far > found.links;
    if (!found.links || wrong == n->clocks.wrong)
        return;
    n->clocks.wrong = wrong;
    log_begin(n->log, wrong ? LOG_ERROR : LOG_INFO, wrong ? "clock_wrong" : "clock_right", now);
    log_number(n->log, "limits.clock_s",
        (int64_t)(n->topology->limits.clock_ns / (uint64_t)SECOND_NS));
    log_number(n->log, "links", found.links);
    log_number(n->log, "apart", found.far);
    if (wrong) {
        log_number(n->log, "ahead_ms", -found.least_ns / MS_NS);
        log_text(n->log, "effect", SPAN("set it right: stamps are refused here, or by the others"));
    }
    log_end(n->log);
}

void clocks_look(struct node *n, struct instant now)
{
    for (unsigned i = 0; i < n->links.neighbours.count; i++)
        if (clock_gauge_judge(&n->links.peers[i].clock))
            log_peer(n, &n->links.peers[i], now);
    judge_own(n, now);
}
