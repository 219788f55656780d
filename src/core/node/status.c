/* status.c — see status.h: a node's state as one line of JSON, for `stampede status`; and what it
 * knows of one stamp, for `stampede trace`.
 *
 * Written straight into the buffer, so the answer is whole or the buffer says overflow; no key is
 * missing because memory was short. Keys are only ever added. Numbers that may not fit a double are
 * text: boot and digest in hexadecimal, times in decimal. */
#include "core/base/decimal.h"
#include "core/base/escape.h"
#include "core/journal/journal.h"
#include "core/node/private.h"

/* -- JSON -------------------------------------------------------------------------------------- */

/* A comma, unless what follows is the first in its object or array. */
static void put_comma(struct buf *out)
{
    char last = out->len ? out->at[out->len - 1] : '{';
    if (last != '{' && last != '[')
        buf_byte(out, ',');
}

static void put_key(struct buf *out, const char *key)
{
    put_comma(out);
    buf_byte(out, '"');
    buf_text(out, key);
    buf_text(out, "\":");
}

static void put_number(struct buf *out, const char *key, uint64_t value)
{
    put_key(out, key);
    buf_u64(out, value);
}

static void put_bool(struct buf *out, const char *key, bool value)
{
    put_key(out, key);
    buf_text(out, value ? "true" : "false");
}

static void put_signed(struct buf *out, const char *key, int64_t value)
{
    put_key(out, key);
    if (value < 0)
        buf_byte(out, '-');
    buf_u64(out, (uint64_t)(value < 0 ? -value : value));
}

/* An element, or the value of the key just written. */
static void put_string(struct buf *out, struct span text)
{
    buf_byte(out, '"');
    escape_put(out, ESCAPE_JSON, text);
    buf_byte(out, '"');
}

static void put_span(struct buf *out, const char *key, struct span text)
{
    put_key(out, key);
    put_string(out, text);
}

static void put_text(struct buf *out, const char *key, const char *text)
{
    put_span(out, key, span_of(text));
}

static void put_hex(struct buf *out, const char *key, uint64_t value)
{
    put_key(out, key);
    buf_byte(out, '"');
    buf_hex(out, value, 16);
    buf_byte(out, '"');
}

/* Nanoseconds since 1970. */
static void put_time(struct buf *out, const char *key, int64_t real_ns)
{
    put_key(out, key);
    buf_byte(out, '"');
    buf_u64(out, real_ns < 0 ? 0 : (uint64_t)real_ns);
    buf_byte(out, '"');
}

/* -- the state --------------------------------------------------------------------------------- */

/* When stamps came, and for how long they wait, is told by a clock that does not stand still. */
static int64_t clock_ns(const struct node *n, struct instant now)
{
    return now.mono_ns + n->slept_ns;
}

/* Changes of the store a second, over the last second or, when no turn came, longer. */
static double updates_per_s(const struct node *n, struct instant now)
{
    const struct status *m = &n->status;
    int64_t elapsed_ns = now.mono_ns - m->measured_ns;
    uint64_t change = store_change(n->store);
    ASSERT(elapsed_ns >= 0 && change >= m->measured_change);
    if (elapsed_ns < SECOND_NS)
        return m->updates_per_s;
    return (double)(change - m->measured_change) * 1e9 / (double)elapsed_ns;
}

void status_begin(struct node *n, struct instant now)
{
    n->status.measured_ns = now.mono_ns;
}

void status_turn(struct node *n, struct instant now)
{
    struct status *m = &n->status;
    history_note(&m->history, store_change(n->store), clock_ns(n, now));
    if (now.mono_ns - m->measured_ns < SECOND_NS)
        return;
    m->updates_per_s = updates_per_s(n, now);
    m->measured_change = store_change(n->store);
    m->measured_ns = now.mono_ns;
}

static void put_clock(struct buf *out, const struct peer *peer)
{
    int64_t ahead_ns, round_trip_ns = clock_gauge_round_trip(&peer->clock);
    put_number(out, "round_trip_us", (uint64_t)round_trip_ns / 1000);
    if (!clock_gauge_ahead(&peer->clock, &ahead_ns))
        return;
    put_signed(out, "clock_ahead_ms", ahead_ns / MS_NS);
    put_signed(out, "clock_ahead_us", ahead_ns / 1000);
    put_bool(out, "clock_off", peer->clock.off);
}

int64_t status_lag_ns(const struct node *n, const struct peer *peer, struct instant now)
{
    int64_t now_ns = clock_ns(n, now), since_ns = now_ns, within_ns;
    if (n->status.history.change > peer->acked)
        history_find(&n->status.history, peer->acked + 1, &since_ns, &within_ns);
    ASSERT(since_ns <= now_ns);
    return now_ns - since_ns;
}

uint64_t status_lag(const struct node *n, const struct peer *peer)
{
    ASSERT(peer->acked <= store_change(n->store));
    uint64_t changes = store_change(n->store) - peer->acked, stamps = store_count(n->store);
    return changes < stamps ? changes : stamps;
}

static void put_traffic(struct buf *out, const struct peer *peer, struct instant now)
{
    put_number(out, "sent", peer->sent_stamps);
    put_number(out, "got", peer->got_stamps);
    put_number(out, "got_new", peer->new_stamps);
    put_number(out, "got_lost", peer->lost_stamps);
    put_number(out, "got_future", peer->future_stamps);
    put_number(out, "got_ahead", peer->ahead_stamps);
    put_number(out, "got_unknown", peer->unknown_stamps);
    if (*peer->unknown_origin)
        put_text(out, "unknown_origin", peer->unknown_origin);
    put_bool(out, "peer_partial", peer->partial);
    if (peer->agreed)
        put_number(out, "agreed_ms", (uint64_t)((now.mono_ns - peer->agreed_ns) / MS_NS));
    put_number(out, "divergences", peer->divergences);
    put_bool(out, "diverged", alarm_diverged(peer));
    put_number(out, "unequal", peer->unequal);
    put_bool(out, "in_tree", peer->in_tree);
    put_number(out, "notices_sent", peer->sent_notices);
    put_number(out, "notices_got", peer->got_notices);
    put_number(out, "grafts", peer->grafts);
    if (peer->boot)
        put_hex(out, "peer_boot", peer->boot);
    put_number(out, "acked", peer->acked);
    put_number(out, "have", peer->have_change);
}

/* The link of a neighbour that is up. */
static const struct link *link_of(const struct node *n, const struct neighbour *who)
{
    const struct connection *c = connection_of(&n->connections, (uint32_t)who->linked);
    ASSERT(c && c->kind == CONNECTION_LINK && c->link);
    return c->link;
}

static void put_link(
    struct buf *out, const struct node *n, const struct neighbour *who, struct instant now)
{
    const struct peer *peer = who->peer;
    bool up = who->linked != NEIGHBOUR_NO_LINK;
    const char *name = peer->name.at;
    put_comma(out);
    buf_byte(out, '{');
    put_text(out, "peer", name);
    put_bool(out, "up", up);
    if (up)
        put_text(out, "dialled_by", who->linked_by_us ? n->self->name : name);
    put_number(out, "lag", status_lag(n, peer));
    put_number(out, "lag_ms", (uint64_t)(status_lag_ns(n, peer, now) / MS_NS));
    if (up) {
        put_number(out, "up_ms", (uint64_t)((now.mono_ns - who->linked_ns) / MS_NS));
    } else {
        put_number(out, "down_ms", (uint64_t)((now.mono_ns - who->down_since_ns) / MS_NS));
        put_number(out, "tries", who->tries);
    }
    if (*who->last_error)
        put_text(out, up ? "last_error" : "error", who->last_error);
    if (*who->last_error)
        put_number(out, "error_ms", (uint64_t)((now.mono_ns - who->error_ns) / MS_NS));
    if (up) {
        put_bool(out, "full_send", peering_sends_all(peer));
        put_bool(out, "incomplete", link_of(n, who)->peering.link.incomplete);
        put_bool(out, "tls", link_of(n, who)->tls.engine != NULL);
        if (peer->topology)
            put_hex(out, "peer_topology", peer->topology);
    }
    put_clock(out, peer);
    put_traffic(out, peer, now);
    buf_byte(out, '}');
}

static void put_links(struct buf *out, const struct node *n, struct instant now)
{
    put_key(out, "links");
    buf_byte(out, '[');
    const struct neighbour *who;
    for (unsigned at = 0; (who = edges_next(n, &at));)
        put_link(out, n, who, now);
    buf_byte(out, ']');
}

static void put_store(struct buf *out, const struct node *n, struct instant now)
{
    put_number(out, "stamps", store_count(n->store));
    put_number(out, "stamps_max", n->topology->limits.stamps);
    put_hex(out, "digest", store_digest(n->store));
    put_number(out, "change", store_change(n->store));
    put_bool(out, "partial", peering_partial(&n->links.peering));
    put_bool(out, "clock_wrong", n->clocks.wrong);
    put_number(out, "store_bytes", store_bytes(n->store));
    put_number(out, "updates_per_s", (uint64_t)(updates_per_s(n, now) + 0.5));
}

/* Buckets that are not empty: the longest duration, and how many; what is longer is in the last. */
static void put_took(struct buf *out, const char *key, const struct histogram *h)
{
    put_key(out, key);
    buf_byte(out, '[');
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (!h->counts[i])
            continue;
        put_comma(out);
        buf_byte(out, '[');
        buf_u64(out, histogram_upper(i));
        buf_byte(out, ',');
        buf_u64(out, h->counts[i]);
        buf_byte(out, ']');
    }
    buf_byte(out, ']');
}

/* What this process holds in memory, as far as it grows with use. */
static uint64_t memory_bytes(const struct node *n)
{
    return store_bytes(n->store) + pool_held(&n->connections.chunks) +
           pool_held(&n->connections.link_chunks) + pool_held(&n->clients.rooms);
}

static void put_drain(struct buf *out, const struct node *n, struct instant now)
{
    const struct drain *d = &n->drain;
    put_bool(out, "draining", d->state != DRAIN_SERVES);
    if (d->state == DRAIN_SERVES)
        return;
    put_number(out, "drain_closes_ms", (uint64_t)(drain_closes_in_ns(d, now) / MS_NS));
    put_number(out, "drain_stops_ms", (uint64_t)(drain_stops_in_ns(d, now) / MS_NS));
}

static void put_places(struct buf *out, const struct node *n)
{
    put_key(out, "places");
    buf_byte(out, '{');
    put_text(out, "provider", n->places.provider.name);
    if (n->places.exchange) {
        struct exchange_report r = exchange_report(n->places.exchange);
        put_span(out, "host", exchange_host(n->places.exchange));
        put_bool(out, "down", r.down);
        put_number(out, "connections", r.connections);
        put_number(out, "waiting", r.waiting);
        put_number(out, "asked", r.asked);
        put_number(out, "joined", r.joined);
        if (r.budget) {
            put_number(out, "budget", r.budget);
            put_number(out, "left", r.left);
            put_number(out, "over_budget", r.over_budget);
        }
        put_number(out, "retried", r.retried);
        put_number(out, "failed", r.failed);
        put_number(out, "refused", r.refused);
        put_number(out, "handshakes_full", r.handshakes_full);
        put_number(out, "handshakes_resumed", r.handshakes_resumed);
        if (*r.why)
            put_text(out, "last_error", r.why);
    }
    buf_byte(out, '}');
}

static const char *journal_state_word(enum journal_state state)
{
    static const char *const words[] = {
        [JOURNAL_OPENS] = "opens",
        [JOURNAL_READY] = "ready",
        [JOURNAL_FULL] = "full",
        [JOURNAL_BROKEN] = "broken",
        [JOURNAL_OVER] = "over",
    };
    ASSERT(state < sizeof words / sizeof *words);
    return words[state];
}

static void put_found(struct buf *out, const struct found_figures *was)
{
    put_number(out, "found_stamps", was->stamps);
    put_number(out, "found_records", was->records);
    put_number(out, "found_torn_bytes", was->torn_bytes);
    put_number(out, "found_holes", was->holes);
    put_bool(out, "found_damaged", was->damaged || was->digest_differs);
}

/* Nothing where the node has none. */
static void put_journal(struct buf *out, const struct node *n, struct instant now)
{
    static const char *const modes[] = {"none", "interval", "always"};
    if (!n->durable.journal)
        return;
    struct journal_status j = journal_status(n->durable.journal);
    put_key(out, "journal");
    buf_byte(out, '{');
    put_text(out, "state", journal_state_word(j.state));
    put_text(out, "mode", modes[j.mode]);
    put_number(out, "state_ms", (uint64_t)((now.mono_ns - j.since_ns) / MS_NS));
    if (*j.why)
        put_text(out, "error", j.why);
    put_number(out, "durable", j.change);
    put_number(out, "behind", j.behind);
    if (j.behind_since_ns != NEVER_NS)
        put_number(out, "behind_ms", (uint64_t)((now.mono_ns - j.behind_since_ns) / MS_NS));
    put_number(out, "log_bytes", j.log_bytes);
    put_number(out, "base_bytes", j.base_bytes);
    if (j.base_ns != NEVER_NS)
        put_number(out, "base_ms", (uint64_t)((now.mono_ns - j.base_ns) / MS_NS));
    put_number(out, "syncs", j.counts.syncs);
    put_number(out, "sync_last_us", (uint64_t)(j.counts.sync_last_ns / 1000));
    put_number(out, "sync_longest_us", (uint64_t)(j.counts.sync_longest_ns / 1000));
    put_number(out, "written_bytes", j.counts.written_bytes);
    put_number(out, "failures", j.counts.failures);
    put_found(out, &j.found);
    buf_byte(out, '}');
}

static void put_identity(struct buf *out, const struct node *n)
{
    put_text(out, "node", n->self->name);
    put_text(out, "herd", n->topology->herd);
    put_text(out, "version", STAMPEDE_VERSION);
    put_hex(out, "boot", n->links.peering.boot);
}

/* For whoever warns before it is too late. */
static void put_certificate(struct buf *out, const struct node *n)
{
    if (n->tls.config && n->tls.config->identity)
        put_signed(out, "certificate_ends_s", tls_identity_ends_s(n->tls.config->identity));
    if (n->webs_tls.config)
        put_signed(
            out, "http_certificate_ends_s", tls_identity_ends_s(n->webs_tls.config->identity));
}

void node_status(const struct node *n, struct buf *out, struct instant now)
{
    buf_byte(out, '{');
    put_identity(out, n);
    put_hex(out, "topology", n->links.peering.topologies.own);
    put_bool(out, "topologies_differ", n->links.peering.topologies.differ);
    put_number(out, "uptime_ms", (uint64_t)((clock_ns(n, now) - n->started_ns) / MS_NS));
    put_certificate(out, n);
    put_number(out, "clients", n->clients.count);
    put_drain(out, n, now);
    put_store(out, n, now);
    put_number(out, "memory_bytes", memory_bytes(n));
    put_took(out, "iamat_took", &n->durations.iamats);
    put_links(out, n, now);
    put_places(out, n);
    put_journal(out, n, now);
    put_key(out, "metrics");
    buf_byte(out, '{');
#define PUT_METRIC(name, help) put_number(out, #name, n->metrics.name);
    METRICS(PUT_METRIC)
#undef PUT_METRIC
    buf_text(out, "}}");
}

/* -- one stamp --------------------------------------------------------------------------------- */

/* When this node stored it, by its own clock as it is now; for a client's stamp the time is in the
 * stamp. */
static void put_taken(
    struct buf *out, const struct node *n, const struct feed_item *held, struct instant now)
{
    int64_t now_ns = clock_ns(n, now), at_ns = now_ns, within_ns = 0;
    if (held->route == ROUTE_LOCAL) {
        put_time(out, "taken_ns", held->stamp.time_ns + held->stamp.skew_ns);
        put_number(out, "taken_within_ns", 0);
        return;
    }
    bool known = held->change > n->status.history.change || /* stored in this very turn */
                 history_find(&n->status.history, held->change, &at_ns, &within_ns);
    put_time(out, known ? "taken_ns" : "taken_before_ns", now.real_ns - (now_ns - at_ns));
    if (known)
        put_number(out, "taken_within_ns", (uint64_t)within_ns);
}

/* The nodes that its list named when it came, its sender last. */
static void put_via(struct buf *out, struct span names)
{
    put_key(out, "via");
    buf_byte(out, '[');
    while (names.len) {
        const char *end = memchr(names.at, ' ', names.len);
        size_t len = end ? (size_t)(end - names.at) : names.len;
        put_comma(out);
        put_string(out, (struct span){names.at, len});
        names = span_from(names, end ? len + 1 : len);
    }
    buf_byte(out, ']');
}

static void put_stamp(
    struct buf *out, const struct node *n, const struct feed_item *held, struct instant now)
{
    const struct stamp *stamp = &held->stamp;
    put_span(out, "origin", stamp->origin);
    char skew[STAMPEDE_SKEW_BYTES_MAX];
    put_span(out, "skew", (struct span){skew, decimal_skew_put(skew, stamp->skew_ns)});
    put_span(out, "position", stamp->position);
    put_span(out, "time", stamp->time);
    put_number(out, "change", held->change);
    put_taken(out, n, held, now);
    put_via(out, route_names(n->links.peering.routes, held->route));
}

void status_trace(const struct node *n, struct span id, struct buf *out, struct instant now)
{
    struct feed_item held;
    struct stamp_text text;
    bool known = store_get(n->store, id, store_hash(n->store, id), &held, &text);
    buf_byte(out, '{');
    put_identity(out, n);
    put_bool(out, "known", known);
    if (known)
        put_stamp(out, n, &held, now);
    put_links(out, n, now);
    buf_byte(out, '}');
}
