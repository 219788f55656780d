/* link_log.c — see link_log.h. */
#include "core/node/private.h"

static void log_down_time(struct node *n, const struct neighbour *who, struct instant now)
{
    log_number(n->log, "down_ms", (now.mono_ns - who->down_since_ns) / MS_NS);
    log_number(n->log, "tries", who->tries);
}

void link_log_up(
    struct node *n, const struct link *l, const struct neighbour *who, struct instant now)
{
    ASSERT(l->peering.peer == who->peer);
    log_begin(n->log, LOG_INFO, "link_up", now);
    log_text(n->log, "peer", who->peer->name);
    log_text(n->log, "dialled_by", l->dialled ? n->name : who->peer->name);
    log_text(
        n->log, "sends", peering_resumes(&l->peering) ? SPAN("what is new") : SPAN("everything"));
    log_down_time(n, who, now);
    log_end(n->log);
}

void link_log_secrets(struct node *n, struct instant now)
{
    log_begin(n->log, LOG_INFO, "secrets_changed", now);
    log_number(n->log, "secrets", n->links.peering.secrets.count);
    log_end(n->log);
}

void link_log_unproved(struct node *n, const struct link *l, struct instant now)
{
    ASSERT(l->peering.peer && l->peering.proof.until_ns != NEVER_NS);
    log_begin(n->log, LOG_WARN, "link_unproved", now);
    log_text(n->log, "peer", l->peering.peer->name);
    log_number(n->log, "ends_in_ms", (l->peering.proof.until_ns - now.mono_ns) / MS_NS);
    log_text(n->log, "remedy", SPAN("give it one of this node's secrets, then send it SIGHUP"));
    log_end(n->log);
}

void link_log_down(struct node *n, const struct neighbour *who, bool stops, struct instant now)
{
    ASSERT(!who->up);
    log_begin(n->log, stops ? LOG_INFO : LOG_WARN, "link_down", now);
    log_text(n->log, "peer", who->peer->name);
    log_text(n->log, "why", span_of(who->last_error));
    log_end(n->log);
}

/* true the first time for this reason, as far as is remembered; and seldom when there are more
 * reasons than are remembered, since a stranger can invent new ones for ever. */
static bool is_news(struct link_log *k, const char *why, struct instant now)
{
    uint64_t hash =
        UINT64_C(0xcbf29ce484222325); /* FNV-1a: a collision gains an attacker nothing */
    for (; *why; why++)
        hash = (hash ^ (unsigned char)*why) * UINT64_C(0x100000001b3);
    bool full = k->reasons_count >= LINK_LOG_REASONS_MAX;
    unsigned known = full ? LINK_LOG_REASONS_MAX : k->reasons_count;
    for (unsigned i = 0; i < known; i++)
        if (k->reasons[i] == hash)
            return false;
    if (full && now.mono_ns < k->next_ns)
        return false;
    k->reasons[k->reasons_count++ % LINK_LOG_REASONS_MAX] = hash;
    k->next_ns = now.mono_ns + LINK_LOG_PAUSE_MS * MS_NS;
    return true;
}

void link_log_refused(struct node *n, const struct link *l, const char *why, struct instant now)
{
    if (!is_news(&n->link_log, why, now))
        return;
    log_begin(n->log, LOG_WARN, "link_refused", now);
    if (l->peering.peer)
        log_text(n->log, "peer", l->peering.peer->name);
    log_text(n->log, l->dialled ? "to" : "from", span_of(l->from));
    log_text(n->log, "why", span_of(why));
    log_end(n->log);
}

static bool power_of_four(unsigned value)
{
    return value && (value & (value - 1)) == 0 && (value & 0x55555555) != 0;
}

/* A herd that starts together misses a dial or two: the first ones are not logged. */
void link_log_unreachable(
    struct node *n, const struct neighbour *who, const char *why, struct instant now)
{
    ASSERT(who->linked == NEIGHBOUR_NO_LINK);
    if (who->tries < 4 || !power_of_four(who->tries))
        return;
    log_begin(n->log, LOG_WARN, "peer_unreachable", now);
    log_text(n->log, "peer", who->peer->name);
    log_down_time(n, who, now);
    log_text(n->log, "last", span_of(why));
    log_end(n->log);
}

void link_log_diverged(struct node *n, const struct peer *peer, struct instant now)
{
    ASSERT(alarm_diverged(peer));
    log_begin(n->log, LOG_ERROR, "diverged", now);
    log_text(n->log, "peer", peer->name);
    log_number(n->log, "stamps", (int64_t)store_count(n->store));
    log_number(n->log, "stamps_of_peer", (int64_t)peer->stamps);
    log_text(n->log, "remedy", SPAN("both ends send everything again"));
    log_end(n->log);
}

/* Neighbours with another topology, as far as there is room for their names. */
static void log_others(struct node *n)
{
    char text[512];
    struct buf out = buf_over(text, sizeof text);
    for (unsigned i = 0; i < n->edges.count; i++) {
        const struct peer *peer = &n->edges.peers[i];
        if (!topologies_peer_differs(&n->links.peering, peer) || buf_room(&out) <= peer->name.len)
            continue;
        buf_text(&out, out.len ? "," : "");
        buf_span_put(&out, peer->name);
    }
    if (out.len)
        log_text(n->log, "neighbours", buf_span(&out));
}

void link_log_topologies(struct node *n, struct instant now)
{
    bool differ = n->links.peering.topologies.differ;
    log_begin(n->log, differ ? LOG_WARN : LOG_INFO,
        differ ? "topologies_differ" : "topologies_agree", now);
    if (differ) {
        log_others(n);
        log_text(
            n->log, "effect", SPAN("all links carry stamps until all nodes have one topology"));
    }
    log_end(n->log);
}
