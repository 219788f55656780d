/* gazetteer_provider.c — see gazetteer_provider.h: answers questions from the embedded table, one
 * after the other.
 *
 * `ask` only queues; the search and the JSON are made in `answer`, so a waiting question takes 48
 * bytes and not a whole answer. A refused question waits in the same queue, so answers come in the
 * order of the questions.
 *
 *  question                          answer
 *  within bounds, queue not full     OK or ZERO_RESULTS
 *  out of bounds                     INVALID_REQUEST
 *  PLACES_QUESTIONS_MAX are waiting  OVER_QUERY_LIMIT
 *  no memory for the answer          UNKNOWN_ERROR, at once or when there is memory again
 *
 * Holds always: first <= last <= room. */
#include "core/places/gazetteer_provider.h"
#include "core/places/gazetteer.h"
#include "core/base/invariant.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

#define RADIUS_UM_MAX (STAMPEDE_RADIUS_KM_MAX * INT64_C(1000000000))
#define RETRY_NS (100 * MS_NS)

static const char ATTRIBUTION[] =
    "Places: <a href=\"https://www.geonames.org/\">GeoNames</a>, licensed under "
    "<a href=\"https://creativecommons.org/licenses/by/4.0/\">CC BY 4.0</a>, converted";

struct waiting {
    uint64_t ticket;
    struct places_question question;
    enum places_status verdict; /* PLACES_OK: search; otherwise the answer's status */
};

struct provider {
    struct gazetteer gazetteer;
    char *nothing; /* the answer without results, which is always the same */
    size_t nothing_bytes;
    struct waiting *queue; /* from index first to last - 1, oldest first */
    size_t first;
    size_t last;
    size_t room;
    int64_t retry_ns; /* 0, or when to try again after memory ran out */
};

static bool within(int64_t value, int64_t bound)
{
    return value >= -bound && value <= bound;
}

static bool question_in_bounds(const struct places_question *q)
{
    return q->radius_um <= RADIUS_UM_MAX && q->count <= STAMPEDE_COUNT_MAX &&
           within(q->centre.latitude_fdeg, 90 * FDEG_PER_DEGREE) &&
           within(q->centre.longitude_fdeg, 180 * FDEG_PER_DEGREE);
}

/* Make room for one more at `last`, by growing or by moving all to the front. false: no memory. */
static bool queue_reserve(struct provider *p)
{
    ASSERT(p->first <= p->last && p->last <= p->room);
    if (p->last < p->room)
        return true;
    struct waiting *grown = NULL;
    if (p->first <= p->room / 2) /* to move many and gain little room would be repeated soon */
        grown = realloc(p->queue, 2 * p->room * sizeof *grown);
    if (grown) {
        p->queue = grown;
        p->room *= 2;
        return true;
    }
    p->last -= p->first;
    memmove(p->queue, p->queue + p->first, p->last * sizeof *p->queue);
    p->first = 0;
    return p->last < p->room;
}

static void provider_ask(void *self, uint64_t ticket, const struct places_question *question,
    int64_t deadline_ns, struct instant now)
{
    (void)deadline_ns;
    (void)now;
    struct provider *p = self;
    enum places_status verdict = PLACES_OK;
    if (!question_in_bounds(question))
        verdict = PLACES_INVALID_REQUEST;
    else if (p->last - p->first >= PLACES_QUESTIONS_MAX)
        verdict = PLACES_OVER_QUERY_LIMIT;
    if (queue_reserve(p))
        p->queue[p->last++] = (struct waiting){ticket, *question, verdict};
}

/* The place's id: FNV-1a over name and coordinates, because the data has no ids of its own. */
static uint64_t place_hash(const struct gazetteer_place *place)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < place->name.len; i++)
        hash = (hash ^ (uint8_t)place->name.at[i]) * UINT64_C(0x100000001b3);
    uint64_t coordinates = (uint32_t)place->latitude | (uint64_t)(uint32_t)place->longitude << 32;
    for (unsigned shift = 0; shift < 64; shift += 8)
        hash = (hash ^ (coordinates >> shift & 255)) * UINT64_C(0x100000001b3);
    return hash;
}

static cJSON *place_result(const struct gazetteer *g, uint32_t index)
{
    static const char *const types[] = {"locality", "political"};
    struct gazetteer_place place = gazetteer_place(g, index);
    char memory[GAZETTEER_TEXT_BYTES_MAX + GAZETTEER_VICINITY_BYTES_MAX + 64];
    struct buf b = buf_over(memory, sizeof memory);
    buf_span_put(&b, place.name);
    buf_byte(&b, 0);
    size_t id_at = b.len;
    buf_text(&b, "gazetteer:");
    buf_hex(&b, place_hash(&place), 16);
    buf_byte(&b, 0);
    size_t vicinity_at = b.len;
    gazetteer_vicinity(g, place.region, &b);
    buf_byte(&b, 0);
    ASSERT(!b.overflow);
    return places_result(memory, memory + id_at, types, 2, memory + vicinity_at,
        gazetteer_degrees(place.latitude), gazetteer_degrees(place.longitude));
}

/* The places as a cJSON array; NULL: out of memory. */
static cJSON *places_results(
    const struct gazetteer *g, const struct gazetteer_hit *hits, unsigned found)
{
    cJSON *results = cJSON_CreateArray();
    for (unsigned i = 0; results && i < found; i++) {
        if (!cJSON_AddItemToArray(results, place_result(g, hits[i].place))) {
            cJSON_Delete(results);
            return NULL;
        }
    }
    return results;
}

static char *copy_nothing(const struct provider *p, size_t *bytes)
{
    char *copy = malloc(p->nothing_bytes + 1);
    if (copy)
        memcpy(copy, p->nothing, p->nothing_bytes + 1);
    *bytes = p->nothing_bytes;
    return copy;
}

/* NULL: out of memory. */
static char *question_answer(const struct provider *p, const struct waiting *w, size_t *bytes)
{
    if (w->verdict == PLACES_INVALID_REQUEST)
        return places_render(
            NULL, NULL, w->verdict, "the position, radius or count is out of bounds", bytes);
    if (w->verdict == PLACES_OVER_QUERY_LIMIT)
        return places_render(NULL, NULL, w->verdict, "too many questions are waiting", bytes);
    const struct places_question *q = &w->question;
    struct gazetteer_hit hits[STAMPEDE_COUNT_MAX];
    unsigned found =
        gazetteer_nearest(&p->gazetteer, &q->centre, (double)q->radius_um / 1e6, q->count, hits);
    if (!found)
        return copy_nothing(p, bytes);
    cJSON *results = places_results(&p->gazetteer, hits, found);
    return results ? places_render(results, ATTRIBUTION, PLACES_OK, NULL, bytes) : NULL;
}

static bool provider_answer(void *self, struct places_answer *out, struct instant now)
{
    struct provider *p = self;
    if (p->first == p->last)
        return false;
    const struct waiting *w = &p->queue[p->first];
    size_t bytes = 0;
    char *json = question_answer(p, w, &bytes);
    if (!json)
        json = places_render(NULL, NULL, PLACES_UNKNOWN_ERROR, "out of memory", &bytes);
    if (!json) {
        p->retry_ns = now.mono_ns + RETRY_NS;
        return false;
    }
    *out = (struct places_answer){w->ticket, json, bytes};
    p->retry_ns = 0;
    p->first++;
    if (p->first == p->last)
        p->first = p->last = 0;
    return true;
}

static void provider_cancel(void *self, uint64_t ticket)
{
    struct provider *p = self;
    size_t kept = p->first;
    for (size_t i = p->first; i < p->last; i++)
        if (p->queue[i].ticket != ticket)
            p->queue[kept++] = p->queue[i];
    ASSERT(kept <= p->last);
    p->last = kept;
}

static int64_t provider_deadline(const void *self)
{
    const struct provider *p = self;
    return p->first == p->last ? NEVER_NS : p->retry_ns;
}

static void provider_destroy(void *self)
{
    struct provider *p = self;
    free(p->nothing);
    free(p->queue);
    free(p);
}

static struct gazetteer embedded(void)
{
    struct gazetteer g;
    size_t bytes = (size_t)(gazetteer_data_end - gazetteer_data);
    bool well = gazetteer_open(&g, gazetteer_data, bytes);
    ASSERT(well);
    return g;
}

bool places_gazetteer(struct places_provider *out)
{
    struct provider *p = malloc(sizeof *p);
    struct waiting *queue = malloc(PLACES_QUESTIONS_MAX * sizeof *queue);
    size_t bytes = 0;
    char *nothing = places_render(NULL, ATTRIBUTION, PLACES_ZERO_RESULTS, NULL, &bytes);
    if (!p || !queue || !nothing) {
        free(p);
        free(queue);
        free(nothing);
        return false;
    }
    *p = (struct provider){.gazetteer = embedded(),
        .nothing = nothing,
        .nothing_bytes = bytes,
        .queue = queue,
        .room = PLACES_QUESTIONS_MAX};
    *out = (struct places_provider){p, provider_ask, provider_answer, provider_cancel,
        provider_deadline, provider_destroy, "gazetteer"};
    return true;
}

unsigned places_gazetteer_count(void)
{
    return embedded().names.count;
}
