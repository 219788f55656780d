/* alarms.c — what a node notices about its herd and an operator should know.
 *
 * Clocks that are apart, digests that stay unequal, stamps from the future. Each begins with one
 * warning and ends, if it can, with one line that says so; in between `stampede status` shows it.
 * Nothing is decided by what is found here: divergence is mended by peering, clocks by whoever runs
 * the machine. Called once a turn. */
#include "core/node/private.h"

static void tell_clock(struct node *n, const struct peer *peer, struct instant now)
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

/* Its beginning is an event of the link and told there, as is each resend. */
static void tell_divergence_over(struct node *n, const struct peer *peer, struct instant now)
{
    uint64_t bit = UINT64_C(1) << peer->number;
    if (alarm_diverged(peer)) {
        n->told.diverged |= bit;
        return;
    }
    if (!(n->told.diverged & bit))
        return;
    n->told.diverged &= ~bit;
    log_begin(n->log, LOG_INFO, "converged", now);
    log_text(n->log, "peer", peer->name);
    log_number(n->log, "stamps", (int64_t)store_count(n->store));
    log_end(n->log);
}

static void tell_future(struct node *n, const struct peer *peer, struct instant now)
{
    uint64_t bit = UINT64_C(1) << peer->number;
    if (!peer->future_stamps || n->told.future & bit)
        return;
    n->told.future |= bit;
    log_begin(n->log, LOG_WARN, "stamps_of_future", now);
    log_text(n->log, "peer", peer->name);
    log_number(
        n->log, "limits.future_s", (int64_t)(n->topology->limits.future_ns / (uint64_t)SECOND_NS));
    log_text(n->log, "effect", SPAN("refused; is limits.future the same at all nodes?"));
    log_end(n->log);
}

void alarms_turn(struct node *n, struct instant now)
{
    history_note(&n->history, store_change(n->store), now.mono_ns);
    for (unsigned i = 0; i < n->neighbours.count; i++) {
        struct peer *peer = &n->peers[i];
        if (clock_gauge_judge(&peer->clock))
            tell_clock(n, peer, now);
        tell_divergence_over(n, peer, now);
        tell_future(n, peer, now);
    }
}
