/* alarms.c — see alarms.h: clocks that are apart, digests that stay unequal, stamps of the future.
 *
 * Each alarm is logged as one warning when it begins and, if it can end, as one line when it is
 * over; in between `stampede status` shows it. Nothing is decided here: peering repairs divergence,
 * and clocks are corrected by whoever runs the machine. */
#include "core/node/private.h"

static void log_clock(struct node *n, const struct peer *peer, struct instant now)
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

bool alarm_diverged(const struct peer *peer)
{
    return peer->resend_pause_ms > 0;
}

/* links.c logs the beginning, which is an event of the link, and each resend. */
static void log_divergence_over(struct node *n, const struct peer *peer, struct instant now)
{
    uint64_t bit = UINT64_C(1) << peer->number;
    if (alarm_diverged(peer)) {
        n->alarms.diverged |= bit;
        return;
    }
    if (!(n->alarms.diverged & bit))
        return;
    n->alarms.diverged &= ~bit;
    log_begin(n->log, LOG_INFO, "converged", now);
    log_text(n->log, "peer", peer->name);
    log_number(n->log, "stamps", (int64_t)store_count(n->store));
    log_end(n->log);
}

static void log_future(struct node *n, const struct peer *peer, struct instant now)
{
    uint64_t bit = UINT64_C(1) << peer->number;
    if (!peer->future_stamps || n->alarms.future & bit)
        return;
    n->alarms.future |= bit;
    log_begin(n->log, LOG_WARN, "stamps_of_future", now);
    log_text(n->log, "peer", peer->name);
    log_number(
        n->log, "limits.future_s", (int64_t)(n->topology->limits.future_ns / (uint64_t)SECOND_NS));
    log_text(n->log, "effect", SPAN("refused; is limits.future the same at all nodes?"));
    log_end(n->log);
}

void alarms_turn(struct node *n, struct instant now)
{
    ASSERT(n->links.neighbours.count <= PEERING_PEERS_MAX);
    for (unsigned i = 0; i < n->links.neighbours.count; i++) {
        struct peer *peer = &n->links.peers[i];
        if (clock_gauge_judge(&peer->clock))
            log_clock(n, peer, now);
        log_divergence_over(n, peer, now);
        log_future(n, peer, now);
    }
}
