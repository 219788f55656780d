/* node_status.c — a node's state as one line of JSON, for `stampede status` and its kin.
 *
 * Keys are only ever added. Numbers that do not fit a double (boot, digest) are hexadecimal text. */
#include "core/node_private.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

static void add_number(struct cJSON *to, const char *key, uint64_t value)
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

static void add_link(
    struct cJSON *links, const struct node *n, const struct neighbour *who, struct instant now)
{
    struct cJSON *one = cJSON_CreateObject();
    const struct peer *peer = who->peer;
    bool up = who->linked != NEIGHBOUR_NO_LINK;
    const struct topology_node *other = &n->topology->nodes[n->self->neighbours[peer->number]];
    cJSON_AddStringToObject(one, "peer", other->name);
    cJSON_AddBoolToObject(one, "up", up);
    if (up) {
        const struct link *l = node_connection(n, (uint32_t)who->linked)->link;
        cJSON_AddStringToObject(one, "dialled_by", who->linked_by_us ? n->self->name : other->name);
        add_number(one, "lag", peering_lag(&l->peering));
        add_number(one, "round_trip_us", (uint64_t)peer->round_trip_ns / 1000);
        cJSON_AddNumberToObject(one, "clock_ahead_ms", (double)(peer->clock_ahead_ns / MS_NS));
    } else {
        add_number(one, "down_ms", (uint64_t)((now.mono_ns - who->down_since_ns) / MS_NS));
        add_number(one, "tries", who->tries);
        cJSON_AddStringToObject(one, "error", who->last_error);
    }
    add_number(one, "sent", peer->sent_stamps);
    add_number(one, "got", peer->got_stamps);
    cJSON_AddItemToArray(links, one);
}

static struct cJSON *status_object(const struct node *n, struct instant now)
{
    struct cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "node", n->self->name);
    cJSON_AddStringToObject(all, "herd", n->topology->herd);
    cJSON_AddStringToObject(all, "version", STAMPEDE_VERSION);
    add_hex(all, "boot", n->peering.boot);
    add_number(all, "uptime_ms", (uint64_t)((now.mono_ns - n->started_ns) / MS_NS));
    add_number(all, "clients", n->clients);
    add_number(all, "stamps", store_count(n->store));
    add_number(all, "stamps_max", n->topology->limits.stamps);
    add_hex(all, "digest", store_digest(n->store));
    add_number(all, "change", store_change(n->store));
    cJSON_AddBoolToObject(all, "partial", store_refused(n->store) + store_evicted(n->store) > 0);
    add_number(all, "store_bytes", store_bytes(n->store));
    cJSON_AddNumberToObject(all, "updates_per_s", node_updates_per_s(n, now));
    struct cJSON *links = cJSON_AddArrayToObject(all, "links");
    for (unsigned i = 0; i < n->neighbours.count; i++)
        add_link(links, n, &n->neighbour_of[i], now);
    struct cJSON *metrics = cJSON_AddObjectToObject(all, "metrics");
#define ADD_METRIC(name, help) add_number(metrics, #name, n->metrics.name);
    METRICS(ADD_METRIC)
#undef ADD_METRIC
    return all;
}

void node_status(const struct node *n, struct buf *out, struct instant now)
{
    struct cJSON *all = status_object(n, now);
    char *text = cJSON_PrintUnformatted(all);
    if (text)
        buf_text(out, text);
    else
        out->overflow = true;
    cJSON_free(text);
    cJSON_Delete(all);
}
