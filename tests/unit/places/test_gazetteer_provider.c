/* test_gazetteer_provider.c — the embedded provider as the node uses it. */
#include "core/places/gazetteer.h"
#include "core/places/gazetteer_provider.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdlib.h>

static const struct instant NOW = {5 * SECOND_NS, 1767225600 * SECOND_NS};

/* Which allocation fails first, 1 being the next, and how many fail from there on. */
static unsigned fails_from;
static unsigned fails_count;
static int blocks_held; /* by cJSON, while it allocates here */

static void *failing_malloc(size_t size)
{
    if (fails_from > 1)
        fails_from--;
    else if (fails_count > 0) {
        fails_count--;
        return NULL;
    }
    blocks_held++;
    return malloc(size);
}

static void counting_free(void *block)
{
    blocks_held -= block != NULL;
    free(block);
}

static struct places_provider begun(void)
{
    struct places_provider p;
    cr_assert(places_gazetteer(&p));
    return p;
}

static struct places_question near_to(const char *position, uint64_t radius_m, unsigned count)
{
    char *end;
    double latitude = strtod(position, &end);
    double longitude = strtod(end, NULL);
    return (struct places_question){
        {(int64_t)(latitude * 1e6 + (latitude < 0 ? -.5 : .5)) * 1000000000,
            (int64_t)(longitude * 1e6 + (longitude < 0 ? -.5 : .5)) * 1000000000},
        radius_m * 1000000, count, 0};
}

/* The next answer, which must be framed as PROTOCOL.md says, have the ticket, and be JSON. */
static cJSON *taken(struct places_provider *p, uint64_t ticket)
{
    struct places_answer a;
    cr_assert_eq(p->deadline(p->self), 0);
    cr_assert(p->answer(p->self, &a, NOW));
    cr_assert_eq(a.ticket, ticket, "%llu", (unsigned long long)a.ticket);
    cr_assert_eq(a.json_bytes, strlen(a.json));
    cr_assert_eq(strstr(a.json, "\n\n"), a.json + a.json_bytes - 2);
    cJSON *answer = cJSON_Parse(a.json);
    cr_assert_not_null(answer);
    free(a.json);
    return answer;
}

static void nothing_left(struct places_provider *p)
{
    struct places_answer a;
    cr_assert_not(p->answer(p->self, &a, NOW));
    cr_assert_eq(p->deadline(p->self), NEVER_NS);
}

static cJSON *asked(struct places_provider *p, struct places_question question)
{
    p->ask(p->self, 7, &question, NOW.mono_ns + SECOND_NS, NOW);
    return taken(p, 7);
}

static const char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    cr_assert_not_null(text, "%s", key);
    return text;
}

static const cJSON *results_of(const cJSON *answer)
{
    const cJSON *results = cJSON_GetObjectItemCaseSensitive(answer, "results");
    cr_assert(cJSON_IsArray(results));
    return results;
}

static void expect_status(cJSON *answer, const char *status)
{
    cr_assert_str_eq(text_of(answer, "status"), status);
    bool ok = strcmp(status, "OK") == 0;
    bool failed = !ok && strcmp(status, "ZERO_RESULTS") != 0;
    cr_assert_eq(cJSON_GetArraySize(results_of(answer)) > 0, ok);
    cr_assert_eq(cJSON_HasObjectItem(answer, "error_message"), failed);
    cJSON_Delete(answer);
}

Test(places_gazetteer, how_many_and_what_stands_first)
{
    static const struct {
        const char *position;
        uint64_t radius_m;
        unsigned count;
        int rows;
        const char *first;
        const char *vicinity;
    } table[] = {
        {"+34.068930-118.445127", 10000, 20, 15, "Bel Air", "Los Angeles County, California, US"},
        {"+34.068930-118.445127", 10000, 5, 5, "Bel Air", "Los Angeles County, California, US"},
        {"+51.50853-0.12574", 0, 20, 1, "London", "Greater London, England, GB"},
        {"+51.5074-0.1278", 10000, 20, 20, "London", "Greater London, England, GB"},
        {"+31.2304+121.4737", 10000, 20, 13, "Huangpu", "Shanghai Municipality, Shanghai, CN"},
        {"+42.46372+1.49129", 0, 1, 1, "Sant Julià de Lòria", "Sant Julià de Loria, AD"},
        {"+78.22334+15.64689", 50000, 20, 1, "Longyearbyen", "Spitsbergen, Svalbard, SJ"},
    };
    struct places_provider p = begun();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cJSON *answer = asked(&p, near_to(table[i].position, table[i].radius_m, table[i].count));
        const cJSON *results = results_of(answer);
        cr_assert_eq(cJSON_GetArraySize(results), table[i].rows, "row %zu: %d", i,
            cJSON_GetArraySize(results));
        const cJSON *first = cJSON_GetArrayItem(results, 0);
        cr_assert_str_eq(text_of(first, "name"), table[i].first);
        cr_assert_str_eq(text_of(first, "vicinity"), table[i].vicinity);
        expect_status(answer, "OK");
    }
    nothing_left(&p);
    p.destroy(p.self);
}

Test(places_gazetteer, ninety_nine_places_are_within_10_km_of_london)
{
    struct gazetteer g;
    cr_assert(gazetteer_open(&g, gazetteer_data, (size_t)(gazetteer_data_end - gazetteer_data)));
    cr_assert_eq(places_gazetteer_count(), g.names.count);
    unsigned within = 0;
    for (uint32_t i = 0; i < g.names.count; i++) {
        struct gazetteer_place place = gazetteer_place(&g, i);
        within += position_distance_m(51.5074, -0.1278, gazetteer_degrees(place.latitude),
                      gazetteer_degrees(place.longitude)) <= 10000;
    }
    cr_assert_eq(within, 99);
}

Test(places_gazetteer, a_result_has_its_legacy_fields_and_a_stable_id)
{
    struct places_provider p = begun();
    cJSON *answer = asked(&p, near_to("+51.50853-0.12574", 0, 1));
    const char *attribution = cJSON_GetStringValue(
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer, "html_attributions"), 0));
    cr_assert_not_null(strstr(attribution, "https://www.geonames.org/"));
    cr_assert_not_null(strstr(attribution, "https://creativecommons.org/licenses/by/4.0/"));
    const cJSON *london = cJSON_GetArrayItem(results_of(answer), 0);
    cr_assert_str_eq(text_of(london, "place_id"), "gazetteer:db48fdd515f66982");
    char *types = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(london, "types"));
    char *geometry = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(london, "geometry"));
    cr_assert_str_eq(types, "[\"locality\",\"political\"]");
    cr_assert_str_eq(geometry, "{\"location\":{\"lat\":51.50853,\"lng\":-0.12574}}");
    free(types);
    free(geometry);
    expect_status(answer, "OK");
    p.destroy(p.self);
}

Test(places_gazetteer, nothing_near_or_nothing_wanted_is_zero_results)
{
    static const struct {
        const char *position;
        uint64_t radius_m;
        unsigned count;
    } table[] = {{"+90+0", 50000, 20}, {"-90-180", 50000, 20}, {"+0-150", 50000, 20},
        {"+51.5074-0.1278", 0, 20}, {"+51.5074-0.1278", 50000, 0}};
    struct places_provider p = begun();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_status(asked(&p, near_to(table[i].position, table[i].radius_m, table[i].count)),
            "ZERO_RESULTS");
    p.destroy(p.self);
}

Test(places_gazetteer, a_question_out_of_bounds_is_answered)
{
    static const struct places_question table[] = {
        {{0, 0}, UINT64_C(50000000001), 20, 0},
        {{0, 0}, UINT64_MAX, 20, 0},
        {{0, 0}, 0, 21, 0},
        {{0, 0}, 0, UINT32_MAX, 0},
        {{90 * FDEG_PER_DEGREE + 1, 0}, 0, 20, 0},
        {{INT64_MIN, 0}, 0, 20, 0},
        {{0, -180 * FDEG_PER_DEGREE - 1}, 0, 20, 0},
        {{0, INT64_MAX}, 0, 20, 0},
    };
    struct places_provider p = begun();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_status(asked(&p, table[i]), "INVALID_REQUEST");
    p.destroy(p.self);
}

Test(places_gazetteer, past_the_bound_questions_are_refused_and_all_answered_in_order)
{
    struct places_provider p = begun();
    struct places_question question = near_to("+51.50853-0.12574", 0, 1);
    const unsigned asked_count = 3 * PLACES_QUESTIONS_MAX;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < asked_count; i++)
            p.ask(p.self, i, &question, NEVER_NS, NOW);
        for (unsigned i = 0; i < asked_count; i++)
            expect_status(taken(&p, i), i < PLACES_QUESTIONS_MAX ? "OK" : "OVER_QUERY_LIMIT");
        nothing_left(&p);
    }
    p.destroy(p.self);
}

Test(places_gazetteer, a_queue_that_never_runs_empty_keeps_its_order)
{
    struct places_provider p = begun();
    struct places_question question = near_to("+0-150", 1000, 1);
    const uint64_t ahead = 100;
    for (uint64_t ticket = 0; ticket < 4 * PLACES_QUESTIONS_MAX; ticket++) {
        p.ask(p.self, ticket, &question, NEVER_NS, NOW);
        if (ticket >= ahead)
            expect_status(taken(&p, ticket - ahead), "ZERO_RESULTS");
    }
    p.destroy(p.self); /* with questions waiting */
}

Test(places_gazetteer, a_cancelled_ticket_is_not_answered)
{
    struct places_provider p = begun();
    struct places_question question = near_to("+51.50853-0.12574", 0, 1);
    p.cancel(p.self, 1); /* none is there */
    for (uint64_t ticket = 1; ticket <= 5; ticket++)
        p.ask(p.self, ticket, &question, NEVER_NS, NOW);
    expect_status(taken(&p, 1), "OK");
    p.cancel(p.self, 1); /* answered already */
    p.cancel(p.self, 2); /* the first */
    p.cancel(p.self, 4);
    p.cancel(p.self, 5); /* the last */
    expect_status(taken(&p, 3), "OK");
    nothing_left(&p);

    p.ask(p.self, 6, &question, NEVER_NS, NOW);
    p.cancel(p.self, 6);
    nothing_left(&p);
    p.destroy(p.self);
}

Test(places_gazetteer, two_providers_do_not_know_of_each_other)
{
    struct places_provider a = begun();
    struct places_provider b = begun();
    struct places_question question = near_to("+51.50853-0.12574", 0, 1);
    a.ask(a.self, 1, &question, NEVER_NS, NOW);
    nothing_left(&b);
    b.ask(b.self, 2, &question, NEVER_NS, NOW);
    a.destroy(a.self);
    expect_status(taken(&b, 2), "OK");
    b.destroy(b.self);
}

/* Each allocation fails in turn: the answer is a failure then, and nothing leaks. */
Test(places_gazetteer, one_failed_allocation_is_an_unknown_error)
{
    cJSON_Hooks hooks = {failing_malloc, counting_free};
    struct places_provider p = begun();
    struct places_question question = near_to("+51.50853-0.12574", 50000, 3);
    unsigned failed = 0;
    for (unsigned nth = 1;; nth++) {
        p.ask(p.self, nth, &question, NEVER_NS, NOW);
        fails_from = nth;
        fails_count = 1;
        cJSON_InitHooks(&hooks);
        struct places_answer a;
        blocks_held = 0;
        cr_assert(p.answer(p.self, &a, NOW));
        cJSON_InitHooks(NULL);
        cr_assert_eq(blocks_held, 1, "failure %u leaks: only the answer is to be left", nth);
        cJSON *answer = cJSON_Parse(a.json);
        free(a.json);
        if (fails_count == 1) { /* none was left to fail */
            expect_status(answer, "OK");
            break;
        }
        failed++;
        expect_status(answer, "UNKNOWN_ERROR");
    }
    cr_assert_gt(failed, 40);
    p.destroy(p.self);
}

Test(places_gazetteer, without_any_memory_the_question_waits)
{
    cJSON_Hooks hooks = {failing_malloc, counting_free};
    struct places_provider p = begun();
    struct places_question question = near_to("+51.50853-0.12574", 50000, 3);
    p.ask(p.self, 1, &question, NEVER_NS, NOW);
    fails_from = 1;
    fails_count = 1000000;
    cJSON_InitHooks(&hooks);
    struct places_answer a;
    cr_assert_not(p.answer(p.self, &a, NOW));
    cr_assert_eq(p.deadline(p.self), NOW.mono_ns + 100 * MS_NS);
    cJSON_InitHooks(NULL);
    cr_assert(p.answer(p.self, &a, NOW));
    cr_assert_eq(a.ticket, 1);
    expect_status(cJSON_Parse(a.json), "OK");
    free(a.json);
    nothing_left(&p);
    p.destroy(p.self);
}
