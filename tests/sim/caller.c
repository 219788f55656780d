/* caller.c — see caller.h. */
#include "sim/caller.h"
#include "core/node/private.h"
#include "core/places/exchange_private.h"
#include "sim/host.h"
#include "sim/provider.h"
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
    PLACES_SLOWEST_MS = 400, /* of provider.h's */
    LOOKUP_MS = 40, /* at the latest */
    OVERDUE_MS = 2 * AWAKE_LATE_MS, /* after the process was stopped, a turn may be so late */
    MENDS_MS = 1500, /* a willing service answers all within that */
    EXCUSED_MS = 15000, /* from trouble: time-outs of connections, then of the breaker */
    CROWD = EXCHANGE_QUEUE_MAX - EXCHANGE_CONNECTIONS, /* they are taken out within the turn */
    ANSWER_BYTES = 1024,
};

static uint64_t draw(const struct caller *c, uint64_t below)
{
    return random_next(&c->service->dice) % below;
}

void caller_begins(struct host *h, struct node_config *config)
{
    struct caller *c = &h->caller;
    c->exchange = NULL;
    for (unsigned i = 0; i < NODE_LOOKUPS_MAX; i++)
        c->resolved_ns[i] = NEVER_NS;
    c->failed = 0;
    c->slept_ns = h->awake.slept_ns;
    c->crowded_ns = c->overslept_ns = -1;
    c->refused = 0;
    if (!c->service) {
        config->places = provider_open(h->network, PLACES_SLOWEST_MS * MS_NS);
        return;
    }
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = malloc, .free_fn = free}); /* those of memory.h */
    struct exchange_config asks = {.google = {.api = PLACES_GOOGLE_NEW,
                                       .port = 443,
                                       .host = SPAN(SERVICE_HOST),
                                       .key = SPAN(SERVICE_KEY)},
        .tls = c->service->tls,
        .seed = draw(c, UINT64_MAX),
        .log = &h->log};
    c->exchange = config->exchange = places_exchange(&asks, &config->places);
    if (!c->exchange)
        abort();
}

/* -- names and dials --------------------------------------------------------------------------- */

static void check_waiting(const struct host *h, struct instant now)
{
    const struct waiter *first = h->caller.exchange->waiting.first;
    if (first && first->deadline_ns + OVERDUE_MS * MS_NS < now.mono_ns)
        judge_violated(h->judge, "%s lets a question wait %" PRId64 " ms beyond its time",
            h->topology.nodes[h->self].name, (now.mono_ns - first->deadline_ns) / MS_NS);
}

/* Before the first turn after the process was stopped. The node's clock has gone on, at most to the
 * first of its time-outs, before which it has one round of input and output (PROTOCOL.md, "Limits
 * and time-outs"). A lost connection, a handshake or a question that is not sent yet takes more
 * rounds than one, so a question with little time left may fail; and with a connection's time-out
 * those fail, too, that are read now and wait for it. */
static void look_at_stop(struct host *h, struct instant now)
{
    struct caller *c = &h->caller;
    const struct waiter *first = c->exchange->waiting.first;
    int64_t soon_ns = now.mono_ns + MENDS_MS * MS_NS;
    if (first && first->deadline_ns < soon_ns)
        c->overslept_ns = h->stopped_ns;
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        const struct channel *channel = &c->exchange->channels[i];
        bool idle = !channel->in_use || channel->https.state == HTTPS_READY;
        if (!idle && https_deadline(&channel->https) < soon_ns)
            c->overslept_ns = h->network->now_ns;
    }
}

static void hear_of_service(struct host *h, struct instant now)
{
    struct caller *c = &h->caller;
    if (c->service->temper == SERVICE_MOODY && draw(c, 4) == 0) {
        c->service->troubled_ns[h->party] = h->network->now_ns;
        node_resolve_failed(h->node, NODE_LOOKUP_OF_PLACES, "there is no such name", now);
        return;
    }
    const struct address both[] = {
        {.v6 = true, .ip = {[15] = 1}, .port = 443}, {.ip = {127, 0, 0, 1}, .port = 443}};
    node_resolved(h->node, NODE_LOOKUP_OF_PLACES, both, 1 + (unsigned)draw(c, 2),
        1 + (uint32_t)draw(c, 60), now);
}

/* A name may have further addresses at which nobody is. */
static void hear_of_node(struct host *h, unsigned id, struct instant now)
{
    struct address found[3];
    unsigned count = 1 + random_below(&h->directory->dice, 3);
    if (!directory_find(h->directory, h->caller.looked_up[id], &found[0])) {
        node_resolve_failed(h->node, id, "there is no such name", now);
        return;
    }
    for (unsigned i = 1; i < count; i++)
        found[i] = (struct address){
            .v6 = i == 1, .ip = {[15] = i == 1 ? 9 : 0, [0] = i == 1 ? 0xfd : 9}, .port = 9};
    node_resolved(h->node, id, found, count, 1, now);
}

void caller_hears(struct host *h, struct instant now)
{
    struct caller *c = &h->caller;
    if (c->exchange)
        check_waiting(h, now);
    if (c->exchange && h->stopped_ns != NEVER_NS)
        look_at_stop(h, now);
    for (unsigned i = 0; i < NODE_LOOKUPS_MAX; i++) {
        if (h->network->now_ns < c->resolved_ns[i])
            continue;
        c->resolved_ns[i] = NEVER_NS;
        if (i == NODE_LOOKUP_OF_PLACES)
            hear_of_service(h, now);
        else
            hear_of_node(h, i, now);
    }
}

void caller_cancels(struct host *h)
{
    unsigned id;
    while (node_dial_cancel(h->node, &id)) {
        if (h->dials[id] == WIRE_NONE)
            judge_violated(h->judge, "a dial is cancelled that there is not");
        else
            network_close(h->network, h->dials[id], 0, true);
        h->dials[id] = WIRE_NONE;
    }
}

void caller_wants(struct host *h)
{
    struct caller *c = &h->caller;
    struct lookup_order order;
    while (node_resolve(h->node, &order)) {
        bool places = order.id == NODE_LOOKUP_OF_PLACES;
        if ((places && !span_equal(order.host, SPAN(SERVICE_HOST))) ||
            c->resolved_ns[order.id] != NEVER_NS)
            judge_violated(h->judge, "a lookup of a wrong name, or two at a time");
        if (!places)
            c->looked_up[order.id] = directory_of(&h->topology, order.host);
        uint64_t took_ns =
            places ? draw(c, LOOKUP_MS * MS_NS)
                   : random_next(&h->directory->dice) % (uint64_t)(DIRECTORY_LOOKUP_MS * MS_NS);
        c->resolved_ns[order.id] = h->network->now_ns + (int64_t)took_ns;
    }
}

void caller_wakes(struct host *h)
{
    for (unsigned i = 0; i < NODE_LOOKUPS_MAX; i++)
        network_wake(h->network, h->party, h->caller.resolved_ns[i]);
}

unsigned caller_dials(struct host *h, const struct dial_order *dial)
{
    if (dial->id >= NODE_DIALS_OF_PLACES) {
        if (dial->to.port != 443)
            judge_violated(h->judge, "a dial to a wrong address of the places service");
        return h->caller.service->party;
    }
    int other = directory_who(h->directory, &dial->to);
    if (other < 0 && topology_has_names(&h->topology))
        return h->network->nodes; /* a client, who refuses as one does who is not there */
    if (other >= 0 && judge_has_edge(h->judge, h->self, (unsigned)other))
        return (unsigned)other;
    judge_violated(h->judge, "a dial to a wrong address");
    return h->self;
}

void caller_lacks_room(struct host *h)
{
    if (h->caller.service)
        h->caller.service->troubled_ns[h->party] = h->network->now_ns;
}

bool caller_learns_late(struct host *h)
{
    return h->caller.service && draw(&h->caller, 2);
}

/* -- its state --------------------------------------------------------------------------------- */

size_t caller_bytes(const struct host *h)
{
    size_t channel_bytes = tls_bytes() + LINK_CHUNK_BYTES + HTTP_LINE_BYTES_MAX;
    size_t all = EXCHANGE_CHANNELS * channel_bytes + EXCHANGE_INQUIRIES * ANSWER_BYTES;
    return h->caller.exchange ? all : 0;
}

void caller_looks(struct host *h)
{
    struct caller *c = &h->caller;
    const struct exchange *x = c->exchange;
    uint64_t refused = node_metrics(h->node)->places_refused;
    if (refused != c->refused) /* too many wait at the node, though many ask the same */
        c->crowded_ns = h->network->now_ns;
    c->refused = refused;
    if (!x)
        return;
    int64_t *troubled_ns = &c->service->troubled_ns[h->party];
    *troubled_ns += h->awake.slept_ns - c->slept_ns; /* it has not felt all of it */
    c->slept_ns = h->awake.slept_ns;
    if (breaker_is_open(&x->breaker) || h->memory.failed != c->failed)
        *troubled_ns = h->network->now_ns;
    c->failed = h->memory.failed;
    if (x->queued >= CROWD)
        c->crowded_ns = h->network->now_ns;
}

static bool is_vexed(const struct inquiry *q)
{
    bool open = q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED;
    bool again = q->stale > 0 || q->tries > (q->state == INQUIRY_ASKED);
    return open && again;
}

bool caller_is_calm(const struct host *h)
{
    const struct exchange *x = h->node ? h->caller.exchange : NULL;
    for (unsigned i = 0; x && i < EXCHANGE_INQUIRIES; i++)
        if (is_vexed(&x->inquiries[i]))
            return false;
    for (uint32_t i = 0; x && i < h->conns_end; i++) {
        const struct host_conn *conn = &h->conns[i];
        if (conn->used && host_conn_is_of_places(conn) && network_left(h->network, conn->wire, 1))
            return false;
    }
    return true;
}

/* -- what may be said -------------------------------------------------------------------------- */

static const char *text_of(const struct cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
    return text ? text : "";
}

static bool is_answer(const struct cJSON *answer, const struct places_question *question)
{
    const struct cJSON *results = cJSON_GetObjectItem(answer, "results");
    const struct cJSON *first = cJSON_GetArrayItem(results, 0);
    char name[SERVICE_NAME_BYTES_MAX];
    service_name(name, question);
    if (cJSON_GetObjectItem(answer, "error_message"))
        return false;
    if (!question->count)
        return !first && strcmp(text_of(answer, "status"), "ZERO_RESULTS") == 0;
    return cJSON_GetArraySize(results) == 1 && strcmp(text_of(answer, "status"), "OK") == 0 &&
           strcmp(text_of(first, "name"), name) == 0 &&
           strcmp(text_of(first, "place_id"), name) == 0;
}

/* A failure is excused by trouble, by a crowd, or by a stop of the process; by nothing else. */
static bool is_excused(const struct host *h, const struct cJSON *answer, int64_t said_ns)
{
    const char *status = text_of(answer, "status"), *why = text_of(answer, "error_message");
    bool limit = strcmp(status, "OVER_QUERY_LIMIT") == 0;
    if (!*why || (!limit && strcmp(status, "UNKNOWN_ERROR") != 0))
        return false;
    if (cJSON_GetArraySize(cJSON_GetObjectItem(answer, "results")))
        return false;
    bool crowd = limit && h->caller.crowded_ns >= said_ns && strstr(why, "too many");
    return crowd || h->caller.overslept_ns >= said_ns ||
           h->caller.service->troubled_ns[h->party] >= said_ns - EXCUSED_MS * MS_NS;
}

bool caller_may_say(
    const struct host *h, const struct places_question *question, struct span json, int64_t said_ns)
{
    struct cJSON *answer = cJSON_ParseWithLength(json.at, json.len);
    bool secret = memmem(json.at, json.len, SERVICE_KEY, strlen(SERVICE_KEY)) != NULL;
    bool may = answer && !secret &&
               (is_answer(answer, question) || (question->count && is_excused(h, answer, said_ns)));
    cJSON_Delete(answer);
    return may;
}
