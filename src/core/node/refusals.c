/* refusals.c — see refusals.h. */
#include "core/node/private.h"

static const struct {
    const char *begins, *over;
    const char *effect;
    enum log_level level;
} refusals[REFUSALS] = {
    [REFUSAL_FUTURE] = {"stamps_of_future", "stamps_of_future_over",
        "refused; is limits.future the same at all nodes?", LOG_WARN},
    [REFUSAL_AHEAD] = {"stamps_ahead", "stamps_ahead_over",
        "refused until this clock comes so far; a clock is wrong, or the peer makes such stamps",
        LOG_ERROR},
    [REFUSAL_ORIGIN] = {"stamps_of_unknown", "stamps_of_unknown_over",
        "refused; is topology.conf the same at all nodes, and does retired name removed ones?",
        LOG_WARN},
};

static uint64_t counter_of(const struct peer *peer, enum refusal why)
{
    if (why == REFUSAL_FUTURE)
        return peer->future_stamps;
    return why == REFUSAL_AHEAD ? peer->ahead_stamps : peer->unknown_stamps;
}

static void log_begins(
    struct node *n, const struct peer *peer, enum refusal why, struct instant now)
{
    const struct topology_limits *limits = &n->topology->limits;
    log_begin(n->log, refusals[why].level, refusals[why].begins, now);
    log_text(n->log, "peer", peer->name);
    if (why == REFUSAL_AHEAD)
        log_text(n->log, "origin", span_of(peer->ahead_origin));
    if (why == REFUSAL_ORIGIN)
        log_text(n->log, "origin", span_of(peer->unknown_origin));
    else
        log_number(n->log, "limits.future_s", (int64_t)(limits->future_ns / (uint64_t)SECOND_NS));
    if (why == REFUSAL_AHEAD)
        log_number(n->log, "limits.clock_s", (int64_t)(limits->clock_ns / (uint64_t)SECOND_NS));
    log_text(n->log, "effect", span_of(refusals[why].effect));
    log_end(n->log);
}

void refusals_log_over(struct node *n, const struct episode *e)
{
    log_number(n->log, "count", (int64_t)episode_events(e));
    log_number(n->log, "lasted_ms", episode_lasted_ms(e));
    log_end(n->log);
}

static void log_over(struct node *n, const struct peer *peer, enum refusal why, struct instant now)
{
    log_begin(n->log, LOG_INFO, refusals[why].over, now);
    log_text(n->log, "peer", peer->name);
    refusals_log_over(n, &n->refusals.each[why][peer->number]);
}

int64_t refusals_look(struct node *n, const struct peer *peer, struct instant now)
{
    int64_t over_ns = NEVER_NS;
    ASSERT(peer->number < PEERING_PEERS_MAX);
    for (enum refusal why = 0; why < REFUSALS; why++) {
        struct episode *e = &n->refusals.each[why][peer->number];
        enum episode_change change = episode_look(e, counter_of(peer, why), now);
        if (change == EPISODE_BEGINS)
            log_begins(n, peer, why, now);
        if (change == EPISODE_OVER)
            log_over(n, peer, why, now);
        over_ns = earlier_ns(over_ns, episode_deadline(e));
    }
    ASSERT(now.mono_ns < over_ns);
    return over_ns;
}

void refusals_stop(struct node *n, const struct peer *peer, struct instant now)
{
    for (enum refusal why = 0; why < REFUSALS; why++)
        if (episode_end(&n->refusals.each[why][peer->number]))
            log_over(n, peer, why, now);
}

void refusals_forget(struct node *n, const struct peer *peer, struct instant now)
{
    refusals_stop(n, peer, now);
    for (enum refusal why = 0; why < REFUSALS; why++)
        n->refusals.each[why][peer->number] = (struct episode){0};
}
