/* alarms.c — see alarms.h: digests that stay unequal, what is lost at limits, stamps of a twin.
 * It calls clocks.c (clocks that are apart) and refusals.c (stamps that are refused).
 *
 * Each alarm is logged as one warning when it begins and, if it can end, as one line when it is
 * over; in between `stampede status` shows it. Nothing is decided here: peering repairs divergence.
 */
#include "core/node/private.h"

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

/* -- what is lost at limits -------------------------------------------------------------------- */

static const struct {
    const char *begins, *over;
    const char *from; /* whose; or NULL */
    const char *limit; /* its key, or NULL */
    const char *effect;
    enum log_level level;
} losses[LOSSES] = {
    [LOSS_CONNECTIONS] = {"connections_full", "connections_full_over", NULL, "limits.connections",
        "further clients are reset at once", LOG_WARN},
    [LOSS_STRANGERS] = {"strangers_full", "strangers_full_over", NULL, "strangers",
        "the oldest peer connection that has not proved who it is makes room", LOG_WARN},
    [LOSS_STAMPS_OF_CLIENTS] = {"stamps_full", "stamps_full_over", "clients", "limits.stamps",
        "IAMATs of new ids are answered with ?, known ids go on", LOG_WARN},
    [LOSS_STAMPS_OF_PEERS] = {"stamps_full", "stamps_full_over", "peers", "limits.stamps",
        "stamps of new ids that peers send are not held here", LOG_WARN},
    [LOSS_EVICTED] = {"stamps_evicted", "stamps_evicted_over", NULL, "limits.stamps",
        "new ids take the place of those that have not changed for longest", LOG_WARN},
    [LOSS_ADDRESS_CONNECTIONS] = {"address_connections", "address_connections_over", NULL,
        "limits.connections_per_address", "further clients of this address are reset at once",
        LOG_WARN},
    [LOSS_ADDRESS_COMMANDS] = {"address_commands", "address_commands_over", NULL,
        "limits.commands_per_address", "clients of this address are read from later", LOG_WARN},
    [LOSS_ADDRESS_NEW_IDS] = {"address_new_ids", "address_new_ids_over", NULL,
        "limits.new_ids_per_address",
        "IAMATs of new ids from this address are answered with ?, known ids go on", LOG_WARN},
    [LOSS_OUTPUT] = {"output_full", "output_full_over", NULL, "limits.output_total",
        "the clients with the most unread output are reset", LOG_WARN},
    [LOSS_MEMORY] = {"no_memory", "no_memory_over", NULL, NULL,
        "IAMATs are answered with ?, or clients reset", LOG_ERROR},
    [LOSS_NAME] = {"stamps_of_twin", "stamps_of_twin_over", "peers", NULL,
        "they are of this node by their name, but it never took them: another process has its name",
        LOG_ERROR},
};

static uint64_t limit_of(const struct node *n, enum loss loss)
{
    const struct topology_limits *limits = &n->topology->limits;
    if (loss == LOSS_CONNECTIONS)
        return limits->connections;
    if (loss == LOSS_OUTPUT)
        return limits->output_total_bytes;
    if (loss == LOSS_ADDRESS_CONNECTIONS)
        return limits->connections_per_address;
    if (loss == LOSS_ADDRESS_COMMANDS)
        return limits->commands_per_address.count;
    if (loss == LOSS_ADDRESS_NEW_IDS)
        return limits->new_ids_per_address.count;
    return loss == LOSS_STRANGERS ? n->strangers.max : limits->stamps;
}

/* The address that was last at the limit; it may not be the only one. */
static void log_address(struct node *n, enum loss loss)
{
    struct address address;
    char text[ADDRESS_TEXT_BYTES_MAX + 1];
    if (loss < LOSS_ADDRESS_CONNECTIONS || loss > LOSS_ADDRESS_NEW_IDS ||
        !quotas_exceeded(&n->quotas,
            (enum quota)(QUOTA_CONNECTIONS + (loss - LOSS_ADDRESS_CONNECTIONS)), &address))
        return;
    address_text(&address, text);
    struct span host = {text, (size_t)(strrchr(text, ':') - text)};
    log_text(n->log, "address", host);
}

static void log_loss(struct node *n, enum loss loss, struct instant now)
{
    log_begin(n->log, losses[loss].level, losses[loss].begins, now);
    if (losses[loss].from)
        log_text(n->log, "from", span_of(losses[loss].from));
    if (losses[loss].limit)
        log_number(n->log, losses[loss].limit, (int64_t)limit_of(n, loss));
    log_address(n, loss);
    log_text(n->log, "effect", span_of(losses[loss].effect));
    log_end(n->log);
}

static void log_loss_over(struct node *n, enum loss loss, struct instant now)
{
    log_begin(n->log, LOG_INFO, losses[loss].over, now);
    if (losses[loss].from)
        log_text(n->log, "from", span_of(losses[loss].from));
    refusals_log_over(n, &n->alarms.losses[loss]);
}

static void look_at_loss(struct node *n, enum loss loss, uint64_t counter, struct instant now)
{
    enum episode_change change = episode_look(&n->alarms.losses[loss], counter, now);
    if (change == EPISODE_BEGINS)
        log_loss(n, loss, now);
    if (change == EPISODE_OVER)
        log_loss_over(n, loss, now);
}

static void look_at_all(struct node *n, struct instant now)
{
    struct alarms *a = &n->alarms;
    const struct metrics *m = &n->metrics;
    uint64_t refused = a->gone_lost, of_twin = a->gone_twin;
    a->over_ns = NEVER_NS;
    for (unsigned i = 0; i < n->links.neighbours.count; i++) {
        refused += n->links.peers[i].lost_stamps;
        of_twin += n->links.peers[i].twin_stamps;
        a->over_ns = earlier_ns(a->over_ns, refusals_look(n, &n->links.peers[i], now));
    }
    const uint64_t counters[LOSSES] = {[LOSS_CONNECTIONS] = m->clients_refused,
        [LOSS_STRANGERS] = m->strangers_dropped,
        [LOSS_STAMPS_OF_CLIENTS] = m->stamps_refused_full,
        [LOSS_STAMPS_OF_PEERS] = refused,
        [LOSS_EVICTED] = store_evicted(n->store),
        [LOSS_ADDRESS_CONNECTIONS] = m->clients_refused_address,
        [LOSS_ADDRESS_COMMANDS] = m->clients_paused,
        [LOSS_ADDRESS_NEW_IDS] = m->stamps_refused_address,
        [LOSS_OUTPUT] = m->clients_dropped_unread,
        [LOSS_MEMORY] = m->stamps_refused_memory + m->clients_dropped_memory,
        [LOSS_NAME] = of_twin};
    for (unsigned i = 0; i < LOSSES; i++) {
        look_at_loss(n, (enum loss)i, counters[i], now);
        a->over_ns = earlier_ns(a->over_ns, episode_deadline(&a->losses[i]));
    }
    a->on = a->over_ns != NEVER_NS;
    ASSERT(now.mono_ns < alarms_deadline(a));
}

/* In most turns no counter has grown and no episode is over: then nothing else is looked at. */
static void look_at_episodes(struct node *n, struct instant now)
{
    struct alarms *a = &n->alarms;
    const struct metrics *m = &n->metrics;
    uint64_t events = m->clients_refused + m->clients_refused_address + m->clients_paused +
                      m->stamps_refused_address + m->strangers_dropped + m->stamps_refused_full +
                      m->stamps_refused_memory + m->clients_dropped_memory +
                      m->clients_dropped_unread +
                      store_evicted(n->store) + a->of_peers;
    if (events == a->events && !(a->on && now.mono_ns >= a->over_ns))
        return;
    ASSERT(events >= a->events);
    a->events = events;
    look_at_all(n, now);
}

/* -- the turn ---------------------------------------------------------------------------------- */

/* What a peer has told, or what was refused of it. */
static void look_at_peers(struct node *n, struct instant now)
{
    struct alarms *a = &n->alarms;
    uint64_t odd = a->gone_odd;
    for (unsigned i = 0; i < n->links.neighbours.count; i++) {
        log_divergence_over(n, &n->links.peers[i], now);
        odd += peer_refused(&n->links.peers[i]) + n->links.peers[i].twin_stamps;
    }
    ASSERT(odd >= a->of_peers);
    a->of_peers = odd;
    clocks_look(n, now);
}

void alarms_turn(struct node *n, struct instant now)
{
    bool news = false;
    ASSERT(n->links.neighbours.count <= PEERING_PEERS_MAX);
    for (unsigned i = 0; i < n->links.neighbours.count; i++)
        news |= peer_news(&n->links.peers[i]);
    if (news)
        look_at_peers(n, now);
    look_at_episodes(n, now);
}

void alarms_forget(struct node *n, const struct peer *peer)
{
    struct alarms *a = &n->alarms;
    a->diverged &= ~(UINT64_C(1) << peer->number);
    a->gone_lost += peer->lost_stamps;
    a->gone_twin += peer->twin_stamps;
    a->gone_odd += peer_refused(peer) + peer->twin_stamps;
    refusals_forget(n, peer, n->now);
}

void alarms_stop(struct node *n, struct instant now)
{
    for (unsigned i = 0; i < n->links.neighbours.count; i++)
        refusals_stop(n, &n->links.peers[i], now);
    for (unsigned i = 0; i < LOSSES; i++)
        if (episode_end(&n->alarms.losses[i]))
            log_loss_over(n, (enum loss)i, now);
    n->alarms.on = false;
}
