/* test_places.c — answers in legacy shape, and distances. */
#include "core/places/places.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdlib.h>

static const char *const TYPES[] = {"locality", "political"};

/* The allocation of this number fails, 1 being the next; 0: none does. */
static unsigned fails_at;

static void *failing_malloc(size_t size)
{
    if (fails_at > 0 && --fails_at == 0)
        return NULL;
    return malloc(size);
}

static cJSON *kiwi(void)
{
    return places_result(
        "Kīwi \"Town\"\n", "gazetteer:1", TYPES, 2, "Somewhere, NZ", -36.8485, 174.76336);
}

static char *rendered(
    cJSON *results, const char *attribution, enum places_status status, const char *message)
{
    size_t bytes = 0;
    char *json = places_render(results, attribution, status, message, &bytes);
    cr_assert_not_null(json);
    cr_assert_eq(bytes, strlen(json));
    return json;
}

static const char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    cr_assert_not_null(text, "%s", key);
    return text;
}

Test(places, an_answer_parses_back_in_legacy_shape)
{
    cJSON *results = cJSON_CreateArray();
    cJSON_AddItemToArray(results, kiwi());
    char *json = rendered(results, "<b>data</b>", PLACES_OK, NULL);
    cJSON *answer = cJSON_Parse(json);
    const cJSON *attributions = cJSON_GetObjectItemCaseSensitive(answer, "html_attributions");
    cr_assert_eq(cJSON_GetArraySize(attributions), 1);
    cr_assert_str_eq(cJSON_GetArrayItem(attributions, 0)->valuestring, "<b>data</b>");
    cr_assert_str_eq(text_of(answer, "status"), "OK");
    cr_assert_not(cJSON_HasObjectItem(answer, "error_message"));

    const cJSON *result =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer, "results"), 0);
    cr_assert_str_eq(text_of(result, "name"), "Kīwi \"Town\"\n");
    cr_assert_str_eq(text_of(result, "place_id"), "gazetteer:1");
    cr_assert_str_eq(text_of(result, "vicinity"), "Somewhere, NZ");
    const cJSON *types = cJSON_GetObjectItemCaseSensitive(result, "types");
    cr_assert_eq(cJSON_GetArraySize(types), 2);
    cr_assert_str_eq(cJSON_GetArrayItem(types, 0)->valuestring, "locality");
    cr_assert_str_eq(cJSON_GetArrayItem(types, 1)->valuestring, "political");
    const cJSON *location = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(result, "geometry"), "location");
    cr_assert_eq(cJSON_GetObjectItemCaseSensitive(location, "lat")->valuedouble, -36.8485);
    cr_assert_eq(cJSON_GetObjectItemCaseSensitive(location, "lng")->valuedouble, 174.76336);
    cJSON_Delete(answer);
    free(json);
}

Test(places, coordinates_print_as_the_data_has_them)
{
    static const struct {
        double degrees;
        const char *text;
    } table[] = {{34.06893, "\t34.06893\n"}, {-118.44513, "\t-118.44513\n"}, {29, "\t29\n"},
        {0, "\t0\n"}, {1e-5, "\t1e-05\n"}, {-179.99999, "\t-179.99999\n"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cJSON *results = cJSON_CreateArray();
        cJSON_AddItemToArray(results, places_result("n", "i", TYPES, 2, "v", 1, table[i].degrees));
        char *json = rendered(results, NULL, PLACES_OK, NULL);
        cr_assert_not_null(strstr(json, table[i].text), "%s in %s", table[i].text, json);
        cJSON_Delete(cJSON_Parse(json));
        free(json);
    }
}

Test(places, runs_of_line_feeds_collapse_and_two_end_the_answer)
{
    static const struct {
        const char *raw;
        const char *printed;
    } table[] = {
        {"[1,\n\n2]", "[1,\n2]"},
        {"[1,\n\n\n\n\n2\n\n]", "[1,\n2\n]"},
        {"[1,\n2]", "[1,\n2]"},
        {"[\"a\\n\\nb\"]", "[\"a\\n\\nb\"]"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cJSON *results = cJSON_CreateArray();
        cJSON_AddItemToArray(results, cJSON_CreateRaw(table[i].raw));
        char *json = rendered(results, NULL, PLACES_OK, NULL);
        size_t len = strlen(json);
        cr_assert_not_null(strstr(json, table[i].printed), "%s in %s", table[i].printed, json);
        const char *pair = strstr(json, "\n\n");
        cr_assert_eq(pair, json + len - 2, "two LFs stand at the end and nowhere else");
        cr_assert_eq(json[len - 3], '}');
        free(json);
    }
}

Test(places, a_failure_has_no_results_its_status_and_a_message)
{
    char *json = rendered(NULL, NULL, PLACES_REQUEST_DENIED, "no \"key\"");
    cJSON *answer = cJSON_Parse(json);
    const char *keys[] = {"html_attributions", "results", "status", "error_message"};
    cr_assert_eq(cJSON_GetArraySize(answer), 4);
    for (int i = 0; i < 4; i++)
        cr_assert_str_eq(cJSON_GetArrayItem(answer, i)->string, keys[i]);
    cr_assert(cJSON_IsArray(cJSON_GetArrayItem(answer, 0)));
    cr_assert_eq(cJSON_GetArraySize(cJSON_GetArrayItem(answer, 0)), 0);
    cr_assert(cJSON_IsArray(cJSON_GetArrayItem(answer, 1)));
    cr_assert_eq(cJSON_GetArraySize(cJSON_GetArrayItem(answer, 1)), 0);
    cr_assert_str_eq(text_of(answer, "status"), "REQUEST_DENIED");
    cr_assert_str_eq(text_of(answer, "error_message"), "no \"key\"");
    cJSON_Delete(answer);
    free(json);
}

Test(places, every_status_has_its_word)
{
    static const char *const words[] = {"OK", "ZERO_RESULTS", "INVALID_REQUEST", "OVER_QUERY_LIMIT",
        "REQUEST_DENIED", "UNKNOWN_ERROR"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        cr_assert_str_eq(places_status_word((enum places_status)i), words[i]);
}

/* AddressSanitizer finds leaks. */
Test(places, no_memory_at_any_allocation_gives_null)
{
    cJSON_Hooks hooks = {failing_malloc, free};
    cJSON_InitHooks(&hooks);
    unsigned failures = 0;
    for (bool through = false; !through;) {
        fails_at = ++failures;
        cJSON *result = kiwi();
        through = result != NULL;
        cJSON_Delete(result);
    }
    cr_assert_gt(failures, 15, "a result takes more than %u allocations", failures - 1);

    failures = 0;
    for (bool through = false; !through;) {
        fails_at = 0;
        cJSON *results = cJSON_CreateArray();
        cJSON_AddItemToArray(results, kiwi());
        fails_at = ++failures;
        size_t bytes = 0;
        char *json = places_render(results, "a", PLACES_OK, "m", &bytes);
        through = json != NULL;
        free(json);
    }
    cr_assert_gt(failures, 10, "an answer takes more than %u allocations", failures - 1);
    cJSON_InitHooks(NULL);
}
