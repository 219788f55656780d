/* node_status.c — a node's state as one line of JSON, for `stampede status` and its kin.
 *
 * Written straight into the buffer, so that there is a whole answer or an overflow, and never one that
 * lacks a key because memory was short. Keys are only ever added. Numbers that may not fit a double
 * (boot, digest) are hexadecimal text. */
#include "core/node_private.h"

/* -- JSON --------------------------------------------------------------------------------------- */

/* A comma, but for the first in its object or array. */
double node_updates_per_s(const struct node *n, struct instant now)
{
    int64_t elapsed_ns = now.mono_ns - n->updates.at_ns;
    if (elapsed_ns < SECOND_NS)
        return n->updates.per_s;
    return (double)(store_change(n->store) - n->updates.count) * 1e9 / (double)elapsed_ns;
}

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

/* `text` is printable ASCII: a name, or a reason as peering keeps it. */
static void put_text(struct buf *out, const char *key, const char *text)
{
    put_key(out, key);
    buf_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_byte(out, '\\');
        buf_byte(out, *text);
    }
    buf_byte(out, '"');
}

static void put_hex(struct buf *out, const char *key, uint64_t value)
{
    put_key(out, key);
    buf_byte(out, '"');
    buf_hex(out, value, 16);
    buf_byte(out, '"');
}

/* -- the state ---------------------------------------------------------------------------------- */

static void put_clock_ahead(struct buf *out, int64_t ms)
{
    put_key(out, "clock_ahead_ms");
    if (ms < 0)
        buf_byte(out, '-');
    buf_u64(out, (uint64_t)(ms < 0 ? -ms : ms));
}

static void put_link(
    struct buf *out, const struct node *n, const struct neighbour *who, struct instant now)
{
    const struct peer *peer = who->peer;
    bool up = who->linked != NEIGHBOUR_NO_LINK;
    const char *name = n->topology->nodes[n->self->neighbours[peer->number]].name;
    put_comma(out);
    buf_byte(out, '{');
    put_text(out, "peer", name);
    put_bool(out, "up", up);
    if (up) {
        const struct link *l = node_connection(n, (uint32_t)who->linked)->link;
        put_text(out, "dialled_by", who->linked_by_us ? n->self->name : name);
        put_number(out, "lag", peering_lag(&l->peering));
        put_number(out, "round_trip_us", (uint64_t)peer->round_trip_ns / 1000);
        put_clock_ahead(out, peer->clock_ahead_ns / MS_NS);
    } else {
        put_number(out, "down_ms", (uint64_t)((now.mono_ns - who->down_since_ns) / MS_NS));
        put_number(out, "tries", who->tries);
        put_text(out, "error", who->last_error);
    }
    put_number(out, "sent", peer->sent_stamps);
    put_number(out, "got", peer->got_stamps);
    put_bool(out, "in_tree", peer->in_tree);
    put_number(out, "notices_sent", peer->sent_notices);
    put_number(out, "notices_got", peer->got_notices);
    put_number(out, "grafts", peer->grafts);
    buf_byte(out, '}');
}

static void put_store(struct buf *out, const struct node *n, struct instant now)
{
    put_number(out, "stamps", store_count(n->store));
    put_number(out, "stamps_max", n->topology->limits.stamps);
    put_hex(out, "digest", store_digest(n->store));
    put_number(out, "change", store_change(n->store));
    put_bool(out, "partial", store_refused(n->store) + store_evicted(n->store) > 0);
    put_number(out, "store_bytes", store_bytes(n->store));
    put_number(out, "updates_per_s", (uint64_t)(node_updates_per_s(n, now) + 0.5));
}

void node_status(const struct node *n, struct buf *out, struct instant now)
{
    buf_byte(out, '{');
    put_text(out, "node", n->self->name);
    put_text(out, "herd", n->topology->herd);
    put_text(out, "version", STAMPEDE_VERSION);
    put_hex(out, "boot", n->peering.boot);
    put_number(out, "uptime_ms", (uint64_t)((now.mono_ns - n->started_ns) / MS_NS));
    put_number(out, "clients", n->clients);
    put_store(out, n, now);
    put_key(out, "links");
    buf_byte(out, '[');
    for (unsigned i = 0; i < n->neighbours.count; i++)
        put_link(out, n, &n->neighbour_of[i], now);
    buf_byte(out, ']');
    put_key(out, "metrics");
    buf_byte(out, '{');
#define PUT_METRIC(name, help) put_number(out, #name, n->metrics.name);
    METRICS(PUT_METRIC)
#undef PUT_METRIC
    buf_text(out, "}}");
}
