/* test_google.c — requests to Google, and answers translated to legacy shape.
 *
 * Bodies have the shape that the two interfaces really send, by Google's documentation of Nearby
 * Search (New and Legacy) and of its errors. Whatever comes back, the answer must be framed as
 * PROTOCOL.md says, be valid UTF-8, and not hold the key. */
#include "unit/boxed.h"
#include "core/places/google.h"
#include "core/base/utf8.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdio.h>

#define KEY "AIzaCanary-0123456789_abcdefghijklmnopq"

static struct places_google of(enum places_google_api api)
{
    return (struct places_google){
        .api = api, .port = 443, .host = places_google_host(api), .key = SPAN(KEY)};
}

static struct places_question at(const char *position, uint64_t radius_um, unsigned count)
{
    struct places_question q = {.radius_um = radius_um, .count = count};
    cr_assert(position_parse(span_of(position), &q.centre), "%s", position);
    return q;
}

static void asks(const struct places_google *g, const struct places_question *q, const char *want)
{
    char room[PLACES_GOOGLE_REQUEST_BYTES_MAX];
    struct buf out = buf_over(room, sizeof room);
    cr_assert(places_google_request(g, q, &out));
    cr_assert(span_equal(buf_span(&out), span_of(want)), "%.*s", (int)out.len, out.at);
}

#define ALWAYS "User-Agent: stampede/" STAMPEDE_VERSION "\r\nAccept-Encoding: identity\r\n"
#define MASK                                                                             \
    "places.id,places.displayName,places.location,places.types,places.formattedAddress," \
    "places.shortFormattedAddress"

#define POST(host, length)                                                                        \
    "POST /v1/places:searchNearby HTTP/1.1\r\nHost: " host "\r\n" ALWAYS "X-Goog-Api-Key: " KEY   \
    "\r\nX-Goog-FieldMask: " MASK "\r\nContent-Type: application/json\r\nContent-Length: " length \
    "\r\n\r\n"

Test(places_google, the_new_interface_is_asked)
{
    struct places_google g = of(PLACES_GOOGLE_NEW);
    struct places_question q = at("+34.068930-118.445127", 10000000000, 5);
    asks(&g, &q,
        POST("places.googleapis.com",
            "155") "{\"maxResultCount\":5,\"rankPreference\":\"DISTANCE\",\"locationRestriction\":"
                   "{\"circle\":{\"center\":{\"latitude\":34.06893,\"longitude\":-118.445127},"
                   "\"radius\":10000.0}}}");
    g.language = SPAN("pt-BR");
    g.host = SPAN("::1");
    g.port = 8443;
    q = at("-0.5+000", 1, 20);
    asks(&g, &q,
        POST("[::1]:8443",
            "168") "{\"maxResultCount\":20,\"rankPreference\":\"DISTANCE\",\"languageCode\":"
                   "\"pt-BR\",\"locationRestriction\":{\"circle\":{\"center\":"
                   "{\"latitude\":-0.5,\"longitude\":0.0},\"radius\":0.000001}}}");
}

#define GET(location, radius, rest)                                                   \
    "GET /maps/api/place/nearbysearch/json?location=" location "&radius=" radius rest \
    " HTTP/1.1\r\nHost: maps.googleapis.com\r\n" ALWAYS "\r\n"

Test(places_google, the_legacy_interface_is_asked)
{
    static const struct {
        const char *position;
        uint64_t radius_um;
        const char *want;
    } cases[] = {
        {"+34.068930-118.445127", 10000000000, GET("34.06893,-118.445127", "10000", "&key=" KEY)},
        {"+0-0", 0, GET("0,0", "0", "&key=" KEY)},
        {"-90.000000000000000+180.0", 50000000000, GET("-90,180", "50000", "&key=" KEY)},
        {"+00.000000000000001-000.000000000000001", 1500000,
            GET("0.000000000000001,-0.000000000000001", "1.5", "&key=" KEY)},
        {"+89.999999999999999-179.100000000000001", 49999999999,
            GET("89.999999999999999,-179.100000000000001", "49999.999999", "&key=" KEY)},
    };
    struct places_google g = of(PLACES_GOOGLE_LEGACY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct places_question q = at(cases[i].position, cases[i].radius_um, 20);
        asks(&g, &q, cases[i].want);
    }
    struct places_question q = at("+1+1", 1000000, 20);
    g.language = SPAN("de");
    g.key = SPAN("a+/=&?#%~\"\\z");
    asks(&g, &q, GET("1,1", "1", "&language=de&key=a%2B%2F%3D%26%3F%23%25~%22%5Cz"));
}

Test(places_google, every_request_fits)
{
    char key[PLACES_GOOGLE_KEY_BYTES_MAX], host[PLACES_GOOGLE_HOST_BYTES_MAX];
    memset(key, '+', sizeof key);
    memset(host, 'a', sizeof host);
    for (int api = PLACES_GOOGLE_NEW; api <= PLACES_GOOGLE_LEGACY; api++) {
        const struct places_google g = {.api = (enum places_google_api)api,
            .port = 65535,
            .host = {host, sizeof host},
            .language = SPAN("aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"),
            .key = {key, sizeof key}};
        struct places_question q =
            at("-89.999999999999999-179.999999999999999", 49999999999, STAMPEDE_COUNT_MAX);
        char room[PLACES_GOOGLE_REQUEST_BYTES_MAX];
        struct buf out = buf_over(room, sizeof room);
        cr_assert_null(places_google_fault(&g));
        cr_assert(places_google_request(&g, &q, &out) && !out.overflow);
        out = buf_over(room, out.len - 1);
        cr_assert(places_google_request(&g, &q, &out) && out.overflow);
    }
}

Test(places_google, what_cannot_be_used_is_refused_without_a_word_of_the_key)
{
    char longest[PLACES_GOOGLE_KEY_BYTES_MAX + 1];
    memset(longest, 'k', sizeof longest);
    const struct {
        struct span key, language, host;
        const char *want;
    } cases[] = {
        {SPAN("k"), SPAN(""), SPAN("h"), NULL},
        {SPAN("!~"), SPAN("zh-Hant"), SPAN("127.0.0.1"), NULL},
        {{longest, sizeof longest - 1}, SPAN("en"), SPAN("h"), NULL},
        {SPAN(""), SPAN(""), SPAN("h"), "the places key is empty"},
        {{longest, sizeof longest}, SPAN(""), SPAN("h"), "the places key has more than 256 bytes"},
        {SPAN("Canary\r\nX: y"), SPAN(""), SPAN("h"),
            "the places key has a space, or a byte that is not printable ASCII"},
        {SPAN("Canary\n"), SPAN(""), SPAN("h"),
            "the places key has a space, or a byte that is not printable ASCII"},
        {SPAN("Can ary"), SPAN(""), SPAN("h"),
            "the places key has a space, or a byte that is not printable ASCII"},
        {SPAN("Can\0ary"), SPAN(""), SPAN("h"),
            "the places key has a space, or a byte that is not printable ASCII"},
        {SPAN("Can\x7f"), SPAN(""), SPAN("h"),
            "the places key has a space, or a byte that is not printable ASCII"},
        {SPAN("Can\xc3\xa4ry"), SPAN(""), SPAN("h"),
            "the places key has a space, or a byte that is not printable ASCII"},
        {SPAN("k"), SPAN("en\"}"), SPAN("h"), "the places language is no tag such as en or pt-BR"},
        {SPAN("k"), SPAN("aaaaaaaa-bbbbbbbb-cccccccc-dddddddde"), SPAN("h"),
            "the places language is no tag such as en or pt-BR"},
        {SPAN("k"), SPAN(""), SPAN(""),
            "the places endpoint's host is neither a name nor an address"},
        {SPAN("k"), SPAN(""), SPAN("h/"),
            "the places endpoint's host is neither a name nor an address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int api = PLACES_GOOGLE_NEW; api <= PLACES_GOOGLE_LEGACY; api++) {
            struct places_google g = of((enum places_google_api)api);
            g.key = boxed(cases[i].key);
            g.language = cases[i].language;
            g.host = cases[i].host;
            const char *fault = places_google_fault(&g);
            if (cases[i].want)
                cr_expect_str_eq(fault, cases[i].want, "case %zu: %s", i, fault);
            else
                cr_expect_null(fault, "case %zu: %s", i, fault);
            struct places_question q = at("+1+1", 1000000, 1);
            char room[PLACES_GOOGLE_REQUEST_BYTES_MAX];
            struct buf out = buf_over(room, sizeof room);
            cr_expect_eq(places_google_request(&g, &q, &out), !cases[i].want, "case %zu", i);
            cr_expect_eq(out.len == 0, cases[i].want != NULL, "case %zu", i);
            unbox(g.key);
        }
    }
}

Test(places_google, only_a_count_of_0_need_not_be_asked)
{
    for (unsigned count = 0; count <= STAMPEDE_COUNT_MAX; count++) {
        struct places_question q = at("+1+1", 1000000, count);
        cr_expect_eq(places_google_is_moot(&q), count == 0);
    }
}

/* Check what must hold for every answer. */
static void check_answer(const struct places_google_answer *a, const struct places_google *g)
{
    cr_assert_eq(strlen(a->json), a->json_bytes);
    cr_assert(a->json_bytes > 2 && a->json_bytes <= PLACES_ANSWER_BYTES_MAX);
    const char *end = strstr(a->json, "\n\n");
    cr_assert(end && end[2] == 0, "framing: %s", a->json);
    for (struct span text = {a->json, a->json_bytes}; text.len;) {
        size_t bytes = utf8_sequence(text);
        cr_assert_neq(bytes, 0, "UTF-8: %s", a->json);
        text = span_from(text, bytes);
    }
    cr_assert_null(memmem(a->json, a->json_bytes, g->key.at, g->key.len), "key: %s", a->json);
    cr_assert_null(memmem(a->message, strlen(a->message), g->key.at, g->key.len));

    cJSON *tree = cJSON_Parse(a->json);
    const char *status = cJSON_GetStringValue(cJSON_GetObjectItem(tree, "status"));
    const cJSON *results = cJSON_GetObjectItem(tree, "results");
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(tree, "error_message"));
    cr_assert_str_eq(status, places_status_word(a->status));
    cr_assert(
        cJSON_IsArray(results) && cJSON_IsArray(cJSON_GetObjectItem(tree, "html_attributions")));
    bool well = a->status == PLACES_OK || a->status == PLACES_ZERO_RESULTS;
    cr_assert_eq(message == NULL, well, "%s", a->json);
    cr_assert_str_eq(message ? message : "", a->message);
    cr_assert_eq(cJSON_GetArraySize(results) > 0, a->status == PLACES_OK, "%s", a->json);
    cJSON_Delete(tree);
}

static struct places_google_answer answer_from(const struct places_google *g, unsigned count,
    unsigned status, const char *type, struct span body)
{
    struct places_question q = at("+51.5-0.12", 1000000000, count);
    struct places_google_reply reply = {status, span_of(type), boxed(body)};
    struct places_google_answer a;
    cr_assert(places_google_answer(g, &q, &reply, &a));
    unbox(reply.body);
    check_answer(&a, g);
    return a;
}

#define PLACE(id, name)                                                                            \
    "{\"id\":\"" id "\",\"types\":[\"cafe\",\"food\"],\"formattedAddress\":\"1 Long St, London\"," \
    "\"location\":{\"latitude\":51.5007292,\"longitude\":-0.1246254},"                             \
    "\"displayName\":{\"text\":\"" name "\",\"languageCode\":\"en\"},"                             \
    "\"shortFormattedAddress\":\"1 Long St\"}"
#define RESULT(id, name)                                                                    \
    "{\"geometry\":{\"location\":{\"lat\":51.5007292,\"lng\":-0.1246254}},\"name\":\"" name \
    "\",\"place_id\":\"" id "\",\"types\":[\"cafe\",\"food\"],\"vicinity\":\"1 Long St\"}"

/* The text of `a` without white space between values; frees `a`. */
static void is_json(struct places_google_answer a, const char *want)
{
    cJSON *tree = cJSON_Parse(a.json);
    char *text = cJSON_PrintUnformatted(tree);
    cr_expect_str_eq(text, want, "%s", text);
    free(text);
    cJSON_Delete(tree);
    free(a.json);
}

#define LEGACY(results, status) \
    "{\"html_attributions\":[],\"results\":[" results "],\"status\":\"" status "\"}"

Test(places_google, places_of_the_new_interface_become_legacy_results)
{
    static const struct {
        unsigned count;
        const char *body, *want;
    } cases[] = {
        {20, "{}", LEGACY("", "ZERO_RESULTS")},
        {20, "{\"places\":[]}", LEGACY("", "ZERO_RESULTS")},
        {20, "{\"places\":[" PLACE("p1", "Ä \\\"b\\\"\\n") "," PLACE("p2", "B") "]}",
            LEGACY(RESULT("p1", "Ä \\\"b\\\"\\n") "," RESULT("p2", "B"), "OK")},
        {1, "{\"places\":[" PLACE("p1", "A") "," PLACE("p2", "B") "]}",
            LEGACY(RESULT("p1", "A"), "OK")},
        /* results that lack something are left out, and those beyond the count */
        {1,
            "{\"places\":[7,null,[],\"x\",{}," PLACE("", "A") "," PLACE(
                "p", "") ","
                         "{\"id\":\"p\",\"displayName\":{\"text\":\"A\"}},"
                         "{\"id\":\"p\",\"displayName\":\"A\",\"location\":{}},"
                         "{\"id\":7,\"displayName\":{\"text\":\"A\"},\"location\":{}},"
                         "{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},\"location\":[]},"
                         "{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},\"location\":{"
                         "\"latitude\":\"1\"}},"
                         "{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},\"location\":{"
                         "\"latitude\":90.1}},"
                         "{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},\"location\":{"
                         "\"latitude\":1e999}},"
                         "{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},\"location\":{"
                         "\"longitude\":-181}}," PLACE("p2", "B") "," PLACE("p3", "C") "]}",
            LEGACY(RESULT("p2", "B"), "OK")},
        /* a coordinate of 0 is not sent; types and address are optional */
        {20,
            "{\"places\":[{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},"
            "\"location\":{\"longitude\":-0.5}}]}",
            LEGACY("{\"geometry\":{\"location\":{\"lat\":0,\"lng\":-0.5}},\"name\":\"A\","
                   "\"place_id\":\"p\",\"types\":[],\"vicinity\":\"\"}",
                "OK")},
        {20,
            "{\"places\":[{\"id\":\"p\",\"displayName\":{\"text\":\"A\"},\"location\":{},"
            "\"formattedAddress\":\"Long\",\"shortFormattedAddress\":7,"
            "\"types\":[\"a\",7,null,{},\"b\"]}]}",
            LEGACY("{\"geometry\":{\"location\":{\"lat\":0,\"lng\":0}},\"name\":\"A\","
                   "\"place_id\":\"p\",\"types\":[\"a\",\"b\"],\"vicinity\":\"Long\"}",
                "OK")},
        {20,
            "{\"places\":[{\"id\":\"p\",\"displayName\":{\"text\":\"A\\u0000\\ud800\xff\"},"
            "\"location\":{},\"types\":{\"a\":\"b\"}}]}",
            LEGACY("{\"geometry\":{\"location\":{\"lat\":0,\"lng\":0}},"
                   "\"name\":\"A\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                   "\"place_id\":\"p\",\"types\":[],\"vicinity\":\"\"}",
                "OK")},
    };
    struct places_google g = of(PLACES_GOOGLE_NEW);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_json(answer_from(&g, cases[i].count, 200, "application/json", span_of(cases[i].body)),
            cases[i].want);
}

#define OLD(name)                                                                                  \
    "{\"business_status\":\"OPERATIONAL\",\"geometry\":{\"location\":{\"lat\":51.5,\"lng\":-0.12}" \
    ","                                                                                            \
    "\"viewport\":{\"northeast\":{\"lat\":51.6,\"lng\":0}}},\"name\":\"" name "\","                \
    "\"opening_hours\":{\"open_now\":false},\"place_id\":\"p\",\"rating\":4.3,"                    \
    "\"photos\":[{\"html_attributions\":[\"<a href=\\\"x\\\">y</a>\"],\"width\":3024}]}"

Test(places_google, legacy_answers_pass_through)
{
    static const struct {
        unsigned count;
        const char *body, *want;
    } cases[] = {
        {20,
            "{\n\n\n\"html_attributions\" : [\"<b>Data</b>\",7,\"c\"],\n\"next_page_token\" : "
            "\"x\","
            "\n\"results\" : [" OLD("A\\n\\nB") "],\"status\" : \"OK\"}\n",
            "{\"html_attributions\":[\"<b>Data</b>\",\"c\"],\"results\":[" OLD(
                "A\\n\\nB") "],"
                            "\"status\":\"OK\"}"},
        {2, "{\"results\":[" OLD("A") ",7,null," OLD("B") "," OLD("C") "],\"status\":\"OK\"}",
            LEGACY(OLD("A") "," OLD("B"), "OK")},
        {1, "{\"html_attributions\":7,\"results\":[" OLD("A") "," OLD("B") "],\"status\":\"OK\"}",
            LEGACY(OLD("A"), "OK")},
        {20, "{\"html_attributions\":[],\"results\":[],\"status\":\"ZERO_RESULTS\"}",
            LEGACY("", "ZERO_RESULTS")},
        {20, "{\"results\":[],\"status\":\"OK\"}", LEGACY("", "ZERO_RESULTS")},
        {20, "{\"results\":[{\"a\":1e999,\"b\":12345678901234567890}],\"status\":\"OK\"}",
            LEGACY("{\"a\":null,\"b\":1.2345678901234567e+19}", "OK")},
    };
    struct places_google g = of(PLACES_GOOGLE_LEGACY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_json(answer_from(&g, cases[i].count, 200, "application/json", span_of(cases[i].body)),
            cases[i].want);
}

struct failure {
    unsigned http;
    const char *type;
    struct span body;
    enum places_status want;
    const char *message;
};

#define JSON "application/json"
#define OURS "the places service answered with "
#define ERROR(code, status, message) \
    SPAN("{\"error\":{\"code\":" #code ",\"message\":\"" message "\",\"status\":\"" status "\"}}")

static void fails_as(enum places_google_api api, const struct failure *each, size_t count)
{
    struct places_google g = of(api);
    for (size_t i = 0; i < count; i++) {
        const struct failure *f = &each[i];
        struct places_google_answer a = answer_from(&g, 5, f->http, f->type, f->body);
        cr_expect_eq(a.status, f->want, "case %zu: %s", i, a.json);
        cr_expect_str_eq(a.message, f->message, "case %zu: %s", i, a.message);
        free(a.json);
    }
}

static const struct failure everywhere[] = {
    {429, JSON, ERROR(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric"),
        PLACES_OVER_QUERY_LIMIT, "Quota exceeded for quota metric"},
    {403, JSON, ERROR(403, "PERMISSION_DENIED", "Requests to this API are blocked."),
        PLACES_REQUEST_DENIED, "Requests to this API are blocked."},
    {401, JSON, ERROR(401, "UNAUTHENTICATED", "m"), PLACES_REQUEST_DENIED, "m"},
    {400, JSON, ERROR(400, "INVALID_ARGUMENT", "Invalid radius."), PLACES_INVALID_REQUEST,
        "Invalid radius."},
    {400, JSON,
        SPAN("{\"error\":{\"code\":400,\"message\":\"API key not "
             "valid.\",\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"@type\":\"type.googleapis."
             "com/google.rpc.LocalizedMessage\"},{\"@type\":\"type.googleapis.com/"
             "google.rpc.ErrorInfo\",\"reason\":\"API_KEY_INVALID\",\"domain\":\"googleapis.com\"}]"
             "}}"),
        PLACES_REQUEST_DENIED, "API key not valid."},
    {400, JSON, SPAN("{\"error\":{\"message\":\"m\",\"details\":[7,{\"reason\":7}]}}"),
        PLACES_INVALID_REQUEST, "m"},
    {500, JSON, ERROR(500, "INTERNAL", "m"), PLACES_UNKNOWN_ERROR, "m"},
    {503, JSON, ERROR(503, "UNAVAILABLE", "m"), PLACES_UNKNOWN_ERROR, "m"},
    {404, JSON, ERROR(404, "NOT_FOUND", "m"), PLACES_UNKNOWN_ERROR, "m"},
    {200, JSON, ERROR(429, "?", "m"), PLACES_OVER_QUERY_LIMIT, "m"},
    {200, JSON, ERROR(1e300, "?", "m"), PLACES_UNKNOWN_ERROR, "m"},
    {200, JSON, SPAN("{\"error\":{}}"), PLACES_UNKNOWN_ERROR, OURS "an error and does not say why"},
    {429, JSON, SPAN("{\"error\":{\"message\":\"\"}}"), PLACES_OVER_QUERY_LIMIT,
        OURS "an error and does not say why"},
    {403, JSON, SPAN("{\"error\":7}"), PLACES_REQUEST_DENIED, OURS "HTTP 403 and does not say why"},
    {503, JSON, SPAN("{}"), PLACES_UNKNOWN_ERROR, OURS "HTTP 503 and does not say why"},
    {503, "", SPAN(""), PLACES_UNKNOWN_ERROR, OURS "HTTP 503 and does not say why"},
    {429, "", SPAN(""), PLACES_OVER_QUERY_LIMIT, OURS "HTTP 429 and does not say why"},
    {302, "text/html", SPAN("<html>moved</html>"), PLACES_UNKNOWN_ERROR,
        "the places service redirects to another address (HTTP 302), which is not followed"},
    {301, "", SPAN("{}"), PLACES_UNKNOWN_ERROR,
        "the places service redirects to another address (HTTP 301), which is not followed"},
    {200, "text/html", SPAN("<html></html>"), PLACES_UNKNOWN_ERROR,
        OURS "something that is not JSON (text/html, 13 bytes)"},
    {502, "text/html", SPAN("<html></html>"), PLACES_UNKNOWN_ERROR,
        OURS "something that is not JSON (HTTP 502, text/html, 13 bytes)"},
    {403, "", SPAN("Forbidden"), PLACES_REQUEST_DENIED,
        OURS "something that is not JSON (HTTP 403, 9 bytes)"},
    {200, "", SPAN(""), PLACES_UNKNOWN_ERROR, OURS "something that is not JSON (0 bytes)"},
    {204, "", SPAN(""), PLACES_UNKNOWN_ERROR, OURS "something that is not JSON (0 bytes)"},
    {200, "a/b", SPAN("{}x"), PLACES_UNKNOWN_ERROR,
        OURS "something that is not JSON (a/b, 3 bytes)"},
    {200, "a/b", SPAN("\0\0"), PLACES_UNKNOWN_ERROR,
        OURS "something that is not JSON (a/b, 2 bytes)"},
    {200, "a/b", SPAN("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), PLACES_UNKNOWN_ERROR,
        OURS "JSON that is nested too deeply (a/b, 33 bytes)"},
    {200, "a/b", SPAN("[{\"error\":{}}]"), PLACES_UNKNOWN_ERROR,
        OURS "JSON that is no object (a/b, 14 bytes)"},
    {200, "a/b", SPAN("null"), PLACES_UNKNOWN_ERROR, OURS "JSON that is no object (a/b, 4 bytes)"},
    {200, "a/b", SPAN("\"status\""), PLACES_UNKNOWN_ERROR,
        OURS "JSON that is no object (a/b, 8 bytes)"},
};

static const struct failure of_new[] = {
    {200, "a/b", SPAN("{\"places\":{}}"), PLACES_UNKNOWN_ERROR, OURS "results that are no list"},
    {200, "a/b", SPAN("{\"places\":null}"), PLACES_UNKNOWN_ERROR, OURS "results that are no list"},
    {200, "a/b", SPAN("{\"places\":[7,{}]}"), PLACES_UNKNOWN_ERROR,
        OURS "results that lack what a result must have"},
    {200, "a/b", SPAN("{\"login\":\"please\"}"), PLACES_UNKNOWN_ERROR,
        OURS "JSON in which there are no places"},
    {500, "a/b", SPAN("{\"places\":[" PLACE("p", "A") "]}"), PLACES_UNKNOWN_ERROR,
        OURS "HTTP 500 and does not say why"},
};

static const struct failure of_legacy[] = {
    {200, "a/b",
        SPAN("{\"error_message\":\"You have exceeded your daily request "
             "quota.\",\"results\":[],\"status\":\"OVER_QUERY_LIMIT\"}"),
        PLACES_OVER_QUERY_LIMIT, "You have exceeded your daily request quota."},
    {200, "a/b",
        SPAN("{\"error_message\":\"The provided API key is "
             "invalid.\",\"html_attributions\":[\"a\"],\"results\":[{}],\"status\":\"REQUEST_"
             "DENIED\"}"),
        PLACES_REQUEST_DENIED, "The provided API key is invalid."},
    {200, "a/b", SPAN("{\"results\":[],\"status\":\"INVALID_REQUEST\"}"), PLACES_INVALID_REQUEST,
        OURS "INVALID_REQUEST and does not say why"},
    {200, "a/b", SPAN("{\"error_message\":7,\"status\":\"UNKNOWN_ERROR\"}"), PLACES_UNKNOWN_ERROR,
        OURS "UNKNOWN_ERROR and does not say why"},
    {500, "a/b", SPAN("{\"error_message\":\"m\",\"status\":\"OVER_QUERY_LIMIT\"}"),
        PLACES_OVER_QUERY_LIMIT, "m"},
    {500, "a/b", SPAN("{\"results\":[{\"a\":1}],\"status\":\"OK\"}"), PLACES_UNKNOWN_ERROR,
        OURS "HTTP 500 and does not say why"},
    {200, "a/b", SPAN("{\"results\":[{\"a\":1}]}"), PLACES_UNKNOWN_ERROR,
        OURS "a status that is missing or not known"},
    {200, "a/b", SPAN("{\"results\":[{\"a\":1}],\"status\":\"GREAT\"}"), PLACES_UNKNOWN_ERROR,
        OURS "a status that is missing or not known"},
    {200, "a/b", SPAN("{\"error_message\":\"m\",\"status\":\"GREAT\"}"), PLACES_UNKNOWN_ERROR, "m"},
    {200, "a/b", SPAN("{\"results\":[{\"a\":1}],\"status\":7}"), PLACES_UNKNOWN_ERROR,
        OURS "a status that is missing or not known"},
    {200, "a/b", SPAN("{}"), PLACES_UNKNOWN_ERROR, OURS "a status that is missing or not known"},
    {200, "a/b", SPAN("{\"status\":\"OK\"}"), PLACES_UNKNOWN_ERROR,
        OURS "results that are no list"},
    {200, "a/b", SPAN("{\"html_attributions\":[\"a\"],\"results\":{\"a\":{}},\"status\":\"OK\"}"),
        PLACES_UNKNOWN_ERROR, OURS "results that are no list"},
    {200, "a/b", SPAN("{\"html_attributions\":[\"a\"],\"results\":[7,\"x\"],\"status\":\"OK\"}"),
        PLACES_UNKNOWN_ERROR, OURS "results that lack what a result must have"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

Test(places_google, failures_have_a_status_and_a_sentence)
{
    fails_as(PLACES_GOOGLE_NEW, everywhere, COUNT(everywhere));
    fails_as(PLACES_GOOGLE_NEW, of_new, COUNT(of_new));
    fails_as(PLACES_GOOGLE_LEGACY, everywhere, COUNT(everywhere));
    fails_as(PLACES_GOOGLE_LEGACY, of_legacy, COUNT(of_legacy));
}

Test(places_google, an_answer_that_grows_past_the_bound_is_none)
{
    static char body[500000]; /* each control byte in it is printed as six bytes */
    struct buf b = buf_over(body, sizeof body);
    buf_text(&b, "{\"status\":\"OK\",\"results\":[{\"a\":\"");
    while (buf_room(&b) > 4)
        buf_byte(&b, 1);
    buf_text(&b, "\"}]}");
    cr_assert_eq(b.len, sizeof body);
    const struct failure large = {
        200, "a/b", buf_span(&b), PLACES_UNKNOWN_ERROR, OURS "more than fits into an answer"};
    fails_as(PLACES_GOOGLE_LEGACY, &large, 1);
}

/* The key as it is, percent-encoded in part and as a whole, and in the other case. */
static const char *const spellings[] = {KEY, "%41%49zaCanary%2d0123456789%5Fabcdefghijklmnopq",
    "aizacanary-0123456789_ABCDEFGHIJKLMNOPQ", "\\u0041IzaCanary-0123456789_abcdefghijklmnopq"};

/* In each of these the '@' is the key. */
static const struct {
    unsigned http;
    const char *body;
} echoes[] = {
    {400, "{\"error\":{\"message\":\"API key @ not valid: @\",\"status\":\"@\"}}"},
    {200, "{\"error\":{\"message\":\"@\"}}"},
    {200, "{\"places\":[{\"id\":\"@\",\"displayName\":{\"text\":\"x@\"},\"location\":{},"
          "\"types\":[\"@\"],\"shortFormattedAddress\":\"@@\"}]}"},
    {200, "{\"error_message\":\"@ is not valid\",\"status\":\"REQUEST_DENIED\"}"},
    {200, "{\"error_message\":\"m\",\"status\":\"@\"}"},
    {200, "{\"html_attributions\":[\"@\"],\"results\":[{\"@\":\"1\",\"icon\":\"https://x/?key=@\","
          "\"photos\":[{\"ref\":[\"@\"]}]}],\"status\":\"OK\"}"},
    {500, "@"},
    {200, "<html>@</html>"},
};

/* The answer holds no ten successive characters of the key, in either case. */
static void has_nothing_of_the_key(const char *text)
{
    for (size_t i = 0; i + 10 <= strlen(KEY); i++) {
        char part[11] = "";
        memcpy(part, &KEY[i], 10);
        cr_expect_null(strcasestr(text, part), "%s in %s", part, text);
    }
}

Test(places_google, the_key_comes_back_in_no_answer)
{
    for (size_t i = 0; i < COUNT(echoes) * COUNT(spellings) * 2; i++) {
        const char *body = echoes[i / 2 / COUNT(spellings)].body;
        struct places_google g = of(i % 2 ? PLACES_GOOGLE_NEW : PLACES_GOOGLE_LEGACY);
        char room[1024];
        struct buf b = buf_over(room, sizeof room);
        for (; *body; body++) {
            if (*body == '@')
                buf_text(&b, spellings[i / 2 % COUNT(spellings)]);
            else
                buf_byte(&b, *body);
        }
        cr_assert_not(b.overflow);
        struct places_google_answer a = answer_from(&g, 20, echoes[i / 2 / COUNT(spellings)].http,
            "text/aizacanary-0123456789_abcdefghijklmnopq", buf_span(&b));
        has_nothing_of_the_key(a.json);
        has_nothing_of_the_key(a.message);
        free(a.json);
    }
}

Test(places_google, a_long_message_is_cut_between_characters)
{
    static const char *const fillers[] = {"a", "ä", "€", KEY};
    for (size_t i = 0; i < COUNT(fillers); i++) {
        char room[32768];
        struct buf b = buf_over(room, sizeof room);
        buf_text(&b, "{\"error\":{\"message\":\"");
        for (int k = 0; k < 600; k++)
            buf_text(&b, fillers[i]);
        buf_text(&b, "\"}}");
        cr_assert_not(b.overflow);
        struct places_google g = of(PLACES_GOOGLE_NEW);
        struct places_google_answer a = answer_from(&g, 20, 500, "a/b", buf_span(&b));
        size_t len = strlen(a.message);
        cr_expect(
            len <= PLACES_GOOGLE_MESSAGE_BYTES_MAX && len > PLACES_GOOGLE_MESSAGE_BYTES_MAX - 3);
        has_nothing_of_the_key(a.message);
        free(a.json);
    }
}

/* The allocation of this number fails, 1 being the next; 0: none does. */
static unsigned fails_at;

static void *failing_malloc(size_t size)
{
    if (fails_at > 0 && --fails_at == 0)
        return NULL;
    return malloc(size);
}

Test(places_google, without_memory_there_is_no_answer_or_a_whole_one)
{
    static const char body[] = "{\"places\":[" PLACE("p1", KEY) "," PLACE("p2",
        "B") "],"
             "\"html_attributions\":[\"" KEY "\"],\"results\":[" OLD(KEY) "],"
                                                                          "\"status\":\"OK\"}";
    cJSON_Hooks hooks = {failing_malloc, free};
    for (int api = PLACES_GOOGLE_NEW; api <= PLACES_GOOGLE_LEGACY; api++) {
        struct places_google g = of((enum places_google_api)api);
        struct places_question q = at("+51.5-0.12", 1000000000, 20);
        const struct places_google_reply reply = {200, SPAN("a/b"), span_of(body)};
        unsigned none = 0, whole = 0;
        for (unsigned n = 1; whole == 0; n++) {
            struct places_google_answer a;
            cJSON_InitHooks(&hooks);
            fails_at = n;
            bool well = places_google_answer(&g, &q, &reply, &a);
            bool failed = fails_at == 0;
            fails_at = 0;
            cJSON_InitHooks(NULL);
            none += !well;
            if (!well)
                continue;
            check_answer(&a, &g);
            whole += !failed;
            cr_assert(failed || a.status == PLACES_OK);
            free(a.json);
        }
        cr_assert_gt(none, 10);
    }
}
