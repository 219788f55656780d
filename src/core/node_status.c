/* node_status.c — a node's state as one line of JSON, for `stampede status` and its kin; and what it
 * knows of one stamp, for `stampede trace`.
 *
 * Keys are only ever added. Numbers that do not fit a double (boot, digest, times) are text. */
#include "core/decimal.h"
#include "core/node_private.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

static void add_number(struct cJSON *to, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(to, key, (double)value);
}

static void add_signed(struct cJSON *to, const char *key, int64_t value)
{
    cJSON_AddNumberToObject(to, key, (double)value);
}

static void add_hex(struct cJSON *to, const char *key, uint64_t value)
{
    char text[17];
    struct buf out = buf_over(text, sizeof text);
    buf_hex(&out, value, 16);
    buf_byte(&out, '\0');
    cJSON_AddStringToObject(to, key, text);
}

/* A time since 1970 in nanoseconds, as text. */
static void add_time(struct cJSON *to, const char *key, int64_t real_ns)
{
    char text[24];
    struct buf out = buf_over(text, sizeof text);
    buf_u64(&out, real_ns < 0 ? 0 : (uint64_t)real_ns);
    buf_byte(&out, '\0');
    cJSON_AddStringToObject(to, key, text);
}

/* A stamp's text: no NUL, no longer than a line. */
static void add_span(struct cJSON *to, const char *key, struct span value)
{
    char text[STAMPEDE_LINE_BYTES_MAX + 1];
    struct buf out = buf_over(text, sizeof text);
    buf_span_put(&out, value);
    buf_byte(&out, '\0');
    if (!out.overflow)
        cJSON_AddStringToObject(to, key, text);
}

static void add_identity(struct cJSON *all, const struct node *n)
{
    cJSON_AddStringToObject(all, "node", n->self->name);
    cJSON_AddStringToObject(all, "herd", n->topology->herd);
    add_hex(all, "boot", n->peering.boot);
}

/* -- links ---------------------------------------------------------------------------------------- */

static void add_clock(struct cJSON *to, const struct peer *peer)
{
    int64_t ahead_ns, round_trip_ns = clock_gauge_round_trip(&peer->clock);
    add_number(to, "round_trip_us", (uint64_t)round_trip_ns / 1000);
    if (!clock_gauge_ahead(&peer->clock, &ahead_ns))
        return;
    add_signed(to, "clock_ahead_ms", ahead_ns / MS_NS);
    add_signed(to, "clock_ahead_us", ahead_ns / 1000);
    cJSON_AddBoolToObject(to, "clock_off", peer->clock.off);
}

/* What the peer has not confirmed: in stamps, which are at most those that are held, however many
 * changes they have seen; and since when the oldest of those changes waits. A peer that was never
 * linked, or has restarted, has confirmed nothing. */
static void add_lag(
    struct cJSON *to, const struct node *n, const struct peer *peer, struct instant now)
{
    uint64_t changes = store_change(n->store) - peer->acked, stamps = store_count(n->store);
    int64_t since_ns = now.mono_ns, within_ns;
    if (n->history.change > peer->acked)
        history_find(&n->history, peer->acked + 1, &since_ns, &within_ns);
    add_number(to, "lag", changes < stamps ? changes : stamps);
    add_number(to, "lag_ms", (uint64_t)((now.mono_ns - since_ns) / MS_NS));
}

static void add_traffic(struct cJSON *to, const struct peer *peer)
{
    add_number(to, "sent", peer->sent_stamps);
    add_number(to, "got", peer->got_stamps);
    add_number(to, "got_new", peer->new_stamps);
    add_number(to, "got_lost", peer->lost_stamps);
    add_number(to, "got_future", peer->future_stamps);
    add_number(to, "divergences", peer->divergences);
    cJSON_AddBoolToObject(to, "diverged", alarm_diverged(peer));
}

static void add_link(
    struct cJSON *links, const struct node *n, const struct neighbour *who, struct instant now)
{
    struct cJSON *one = cJSON_CreateObject();
    const struct peer *peer = who->peer;
    bool up = who->linked != NEIGHBOUR_NO_LINK;
    const struct topology_node *other = &n->topology->nodes[n->self->neighbours[peer->number]];
    cJSON_AddStringToObject(one, "peer", other->name);
    cJSON_AddBoolToObject(one, "up", up);
    if (up)
        cJSON_AddStringToObject(one, "dialled_by", who->linked_by_us ? n->self->name : other->name);
    add_lag(one, n, peer, now);
    if (up) {
        add_number(one, "up_ms", (uint64_t)((now.mono_ns - who->linked_ns) / MS_NS));
    } else {
        add_number(one, "down_ms", (uint64_t)((now.mono_ns - who->down_since_ns) / MS_NS));
        add_number(one, "tries", who->tries);
    }
    if (*who->last_error)
        cJSON_AddStringToObject(one, up ? "last_error" : "error", who->last_error);
    add_clock(one, peer);
    add_traffic(one, peer);
    cJSON_AddItemToArray(links, one);
}

static void add_links(struct cJSON *all, const struct node *n, struct instant now)
{
    struct cJSON *links = cJSON_AddArrayToObject(all, "links");
    for (unsigned i = 0; i < n->neighbours.count; i++)
        add_link(links, n, &n->neighbour_of[i], now);
}

/* -- answers -------------------------------------------------------------------------------------- */

static void print(struct cJSON *all, struct buf *out)
{
    char *text = cJSON_PrintUnformatted(all);
    if (text)
        buf_text(out, text);
    else
        out->overflow = true;
    cJSON_free(text);
    cJSON_Delete(all);
}

void node_status(const struct node *n, struct buf *out, struct instant now)
{
    struct cJSON *all = cJSON_CreateObject();
    add_identity(all, n);
    cJSON_AddStringToObject(all, "version", STAMPEDE_VERSION);
    add_number(all, "uptime_ms", (uint64_t)((now.mono_ns - n->started_ns) / MS_NS));
    add_number(all, "clients", n->clients);
    add_number(all, "stamps", store_count(n->store));
    add_number(all, "stamps_max", n->topology->limits.stamps);
    add_hex(all, "digest", store_digest(n->store));
    add_number(all, "change", store_change(n->store));
    cJSON_AddBoolToObject(all, "partial", peering_partial(&n->peering));
    add_number(all, "store_bytes", store_bytes(n->store));
    cJSON_AddNumberToObject(all, "updates_per_s", node_updates_per_s(n, now));
    add_links(all, n, now);
    struct cJSON *metrics = cJSON_AddObjectToObject(all, "metrics");
#define ADD_METRIC(name, help) add_number(metrics, #name, n->metrics.name);
    METRICS(ADD_METRIC)
#undef ADD_METRIC
    print(all, out);
}

/* When this node took it in, by its own clock as it goes now; from a client, as the stamp says. */
static void add_taken(
    struct cJSON *all, const struct node *n, const struct feed_item *held, struct instant now)
{
    int64_t at_ns = now.mono_ns, within_ns = 0;
    if (held->route == ROUTE_LOCAL) {
        add_time(all, "taken_ns", held->stamp.time_ns + held->stamp.skew_ns);
        add_number(all, "taken_within_ns", 0);
        return;
    }
    bool known = held->change > n->history.change || /* came in this very turn */
                 history_find(&n->history, held->change, &at_ns, &within_ns);
    add_time(all, known ? "taken_ns" : "taken_before_ns", now.real_ns - (now.mono_ns - at_ns));
    if (known)
        add_number(all, "taken_within_ns", (uint64_t)within_ns);
}

static void add_stamp(
    struct cJSON *all, const struct node *n, const struct feed_item *held, struct instant now)
{
    const struct stamp *stamp = &held->stamp;
    char skew[STAMPEDE_SKEW_BYTES_MAX];
    struct buf text = buf_over(skew, sizeof skew);
    decimal_skew_put(&text, stamp->skew_ns);
    add_span(all, "origin", stamp->origin);
    add_span(all, "skew", buf_span(&text));
    add_span(all, "position", stamp->position);
    add_span(all, "time", stamp->time);
    add_number(all, "change", held->change);
    add_taken(all, n, held, now);
    struct cJSON *via = cJSON_AddArrayToObject(all, "via");
    struct span names = route_names(n->routes, held->route);
    while (names.len) {
        const char *end = memchr(names.at, ' ', names.len);
        size_t len = end ? (size_t)(end - names.at) : names.len;
        char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
        memcpy(name, names.at, len);
        name[len] = '\0';
        cJSON_AddItemToArray(via, cJSON_CreateString(name));
        names = span_from(names, end ? len + 1 : len);
    }
}

void node_trace(const struct node *n, struct span id, struct buf *out, struct instant now)
{
    struct cJSON *all = cJSON_CreateObject();
    struct feed_item held;
    struct stamp_text text;
    bool known = store_get(n->store, id, store_hash(n->store, id), &held, &text);
    add_identity(all, n);
    cJSON_AddBoolToObject(all, "known", known);
    if (known)
        add_stamp(all, n, &held, now);
    add_links(all, n, now);
    print(all, out);
}
