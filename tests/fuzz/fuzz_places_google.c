/* fuzz_places_google.c — any question, and anything as an answer.
 *
 * The first bytes of the data are the interface, the count, the status, the position and the
 * length of a key; then come the key and the body. The request must have one head, and a body of
 * the length that it announces. The answer must be framed JSON in legacy shape and valid UTF-8, and
 * must not hold the key, unless the key is one that may be in it by chance.
 *
 * Covers: src/core/places/google.c, src/core/places/google_answer.c */
#include "core/base/invariant.h"
#include "core/places/google.h"
#include "core/base/utf8.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

enum { HEAD_BYTES = 14, KEY_BYTES_LEAST = 4 };

static struct span take(struct span *data, size_t bytes)
{
    struct span taken = {data->at, bytes < data->len ? bytes : data->len};
    *data = span_from(*data, taken.len);
    return taken;
}

static uint64_t number(struct span *data, size_t bytes)
{
    struct span text = take(data, bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++)
        value = value << 8 | (uint8_t)text.at[i];
    return value;
}

/* A copy in a block of exactly the same size. */
static struct span copied(struct span s)
{
    char *block = malloc(s.len);
    ASSERT(block || s.len == 0);
    if (s.len)
        memcpy(block, s.at, s.len);
    return (struct span){block, s.len};
}

static void check_request(const struct places_google *g, const struct places_question *q)
{
    char room[PLACES_GOOGLE_REQUEST_BYTES_MAX];
    struct buf out = buf_over(room, sizeof room);
    bool well = places_google_request(g, q, &out);
    ASSERT(well == !places_google_fault(g));
    if (!well) {
        ASSERT(out.len == 0);
        return;
    }
    ASSERT(!out.overflow);
    const char *end = memmem(out.at, out.len, "\r\n\r\n", 4);
    ASSERT(end);
    size_t head = (size_t)(end - out.at), lines = 0;
    for (size_t i = 0; i < head; i++)
        lines += out.at[i] == '\n';
    ASSERT(lines == (g->api == PLACES_GOOGLE_LEGACY ? 3 : 7));
    cJSON *body = cJSON_ParseWithLength(end + 4, out.len - head - 4);
    ASSERT((body != NULL) == (g->api == PLACES_GOOGLE_NEW));
    cJSON_Delete(body);
}

/* Whether the key is made of letters that no text of this program and no name of the legacy shape
 * has. */
static bool is_telling(struct span key)
{
    for (size_t i = 0; i < key.len; i++)
        if (!strchr("KQXZ", key.at[i]))
            return false;
    return key.len >= KEY_BYTES_LEAST;
}

static void check_answer(const struct places_google_answer *a, const struct places_google *g,
    const struct places_question *q)
{
    struct span text = {a->json, a->json_bytes};
    ASSERT(strlen(a->json) == text.len && text.len <= PLACES_ANSWER_BYTES_MAX);
    ASSERT(strstr(a->json, "\n\n") == a->json + text.len - 2);
    if (is_telling(g->key))
        ASSERT(!memmem(text.at, text.len, g->key.at, g->key.len) &&
               !memmem(a->message, strlen(a->message), g->key.at, g->key.len));
    for (size_t bytes; text.len; text = span_from(text, bytes))
        ASSERT((bytes = utf8_sequence(text)) > 0);
    cJSON *tree = cJSON_Parse(a->json);
    int results = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tree, "results"));
    const char *status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "status"));
    ASSERT(cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "html_attributions")));
    ASSERT(status && strcmp(status, places_status_word(a->status)) == 0);
    ASSERT((results > 0) == (a->status == PLACES_OK) && results <= (int)q->count);
    ASSERT(strlen(a->message) <= PLACES_GOOGLE_MESSAGE_BYTES_MAX);
    bool well = a->status == PLACES_OK || a->status == PLACES_ZERO_RESULTS;
    ASSERT(well == (a->message[0] == 0));
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    struct span data = {(const char *)bytes, size};
    struct places_google g = {.port = 443};
    struct places_question q;
    g.api = number(&data, 1) % 2 ? PLACES_GOOGLE_LEGACY : PLACES_GOOGLE_NEW;
    g.host = places_google_host(g.api);
    q.count = 1 + (unsigned)number(&data, 1) % STAMPEDE_COUNT_MAX;
    struct places_google_reply reply = {200 + (unsigned)number(&data, 2) % 400, SPAN("a/b"), {0}};
    q.radius_um = number(&data, 4);
    q.centre.latitude_fdeg = (int64_t)number(&data, 3) * (90 * FDEG_PER_DEGREE / (1 << 24));
    q.centre.longitude_fdeg = -(int64_t)number(&data, 2) * (180 * FDEG_PER_DEGREE / (1 << 16));
    size_t key_bytes = (size_t)number(&data, 1);
    struct span key = copied(take(&data, key_bytes));
    reply.body = copied(data);
    g.key = key;
    check_request(&g, &q);
    if (places_google_fault(&g))
        g.key = SPAN("KQXZ");
    struct places_google_answer a;
    ASSERT(places_google_answer(&g, &q, &reply, &a));
    check_answer(&a, &g, &q);
    free(a.json);
    free((void *)key.at);
    free((void *)reply.body.at);
    return 0;
}
