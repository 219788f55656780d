/* google_answer.c — translates what came back to legacy shape. The table of statuses is in
 * google.h.
 *
 * Nothing in the body can be trusted: it is parsed by json_safe, cut to the question's count, and
 * the key is removed before it is printed. The same is done to the message, which is all that goes
 * to the log. A body that makes no sense leads to an answer, too: UNKNOWN_ERROR and a sentence that
 * says what came. */
#include "core/http/http.h"
#include "core/base/invariant.h"
#include "core/base/json_safe.h"
#include "core/places/google.h"
#include "core/base/redact.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define OURS "the places service answered with "
#define NO_LIST OURS "results that are no list"
#define UNUSABLE OURS "results that lack what a result must have"

enum { TYPES_MAX = 64, SENTENCE_BYTES_MAX = 255 };

/* An answer that is being made. */
struct translation {
    const struct places_google *google;
    const struct places_question *question;
    const struct places_google_reply *reply;
    struct places_google_answer *answer; /* status and message are set once they are known */
    cJSON *results; /* an array, or NULL */
    cJSON *attributions; /* the same */
};

static bool text_is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The text of a member that is a string, or NULL. */
static const char *member_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(member(object, name));
}

/* The first item of a member that is an array, or NULL. */
static const cJSON *first_of(const cJSON *object, const char *name)
{
    const cJSON *array = member(object, name);
    return cJSON_IsArray(array) ? array->child : NULL;
}

static void fails(struct translation *t, enum places_status status, const char *message)
{
    struct places_google_answer *a = t->answer;
    struct buf out = buf_over(a->message, PLACES_GOOGLE_MESSAGE_BYTES_MAX);
    redact_put(&out, span_of(message), t->google->key);
    ASSERT(out.len <= PLACES_GOOGLE_MESSAGE_BYTES_MAX);
    a->message[out.len] = 0;
    a->status = status;
}

static bool is_success(const struct translation *t)
{
    return t->reply->status >= 200 && t->reply->status <= 299;
}

static enum places_status status_of_http(unsigned status)
{
    switch (status) {
    case 400:
        return PLACES_INVALID_REQUEST;
    case 401:
    case 403:
        return PLACES_REQUEST_DENIED;
    case 429:
        return PLACES_OVER_QUERY_LIMIT;
    default:
        return PLACES_UNKNOWN_ERROR;
    }
}

static bool is_redirect(const struct translation *t)
{
    return t->reply->status >= 300 && t->reply->status <= 399;
}

/* The body does not say what is wrong: only HTTP's status does. */
static void fails_by_http(struct translation *t)
{
    char sentence[SENTENCE_BYTES_MAX + 1];
    unsigned status = t->reply->status;
    if (is_redirect(t))
        snprintf(sentence, sizeof sentence,
            "the places service redirects to another address (HTTP %u), which is not followed",
            status);
    else
        snprintf(sentence, sizeof sentence, OURS "HTTP %u and does not say why", status);
    fails(t, status_of_http(status), sentence);
}

static void fails_as_unreadable(struct translation *t, const char *fault)
{
    char sentence[SENTENCE_BYTES_MAX + 1], http[16] = "";
    struct span type = t->reply->type;
    if (type.len > HTTP_TYPE_BYTES_MAX)
        type.len = 0;
    if (!is_success(t))
        snprintf(http, sizeof http, "HTTP %u, ", t->reply->status);
    snprintf(sentence, sizeof sentence, OURS "%s (%s%.*s%s%zu bytes)", fault, http, (int)type.len,
        type.len ? type.at : "", type.len ? ", " : "", t->reply->body.len);
    fails(t, status_of_http(t->reply->status), sentence);
}

/* An invalid key is reported as INVALID_ARGUMENT, as an invalid question is; only the reasons in
 * the error's details tell the two apart. https://cloud.google.com/apis/design/errors */
static bool blames_key(const cJSON *error)
{
    for (const cJSON *detail = first_of(error, "details"); detail; detail = detail->next) {
        const char *reason = member_text(detail, "reason");
        if (reason && strncmp(reason, "API_KEY_", strlen("API_KEY_")) == 0)
            return true;
    }
    return false;
}

static enum places_status status_of_error(const struct translation *t, const cJSON *error)
{
    static const struct {
        const char *word;
        enum places_status status;
    } words[] = {
        {"RESOURCE_EXHAUSTED", PLACES_OVER_QUERY_LIMIT},
        {"PERMISSION_DENIED", PLACES_REQUEST_DENIED},
        {"UNAUTHENTICATED", PLACES_REQUEST_DENIED},
        {"INVALID_ARGUMENT", PLACES_INVALID_REQUEST},
    };
    if (blames_key(error))
        return PLACES_REQUEST_DENIED;
    const char *word = member_text(error, "status");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_is(word, words[i].word))
            return words[i].status;
    const cJSON *code = member(error, "code");
    if (is_success(t) && cJSON_IsNumber(code) && code->valuedouble >= 300 &&
        code->valuedouble <= 599)
        return status_of_http((unsigned)code->valuedouble);
    return status_of_http(t->reply->status);
}

/* {"error":{"code":403,"message":"…","status":"PERMISSION_DENIED","details":[…]}} */
static void translate_error(struct translation *t, const cJSON *error)
{
    const char *message = member_text(error, "message");
    enum places_status status = status_of_error(t, error);
    if (message && *message)
        fails(t, status, message);
    else
        fails(t, status, OURS "an error and does not say why");
}

static bool degrees(const cJSON *location, const char *name, double bound, double *out)
{
    const cJSON *item = member(location, name);
    *out = item ? cJSON_GetNumberValue(item) : 0; /* protobuf leaves a 0 out */
    return fabs(*out) <= bound; /* false for NaN: it was no number */
}

/* One place of the new interface as a legacy result. *usable: whether it has what a result needs;
 * if so, NULL means out of memory. */
static cJSON *result_of(const cJSON *place, bool *usable)
{
    const char *id = member_text(place, "id");
    const char *name = member_text(member(place, "displayName"), "text");
    const char *vicinity = member_text(place, "shortFormattedAddress");
    const cJSON *location = member(place, "location");
    double latitude, longitude;
    if (!vicinity)
        vicinity = member_text(place, "formattedAddress");
    *usable = id && *id && name && *name && cJSON_IsObject(location) &&
              degrees(location, "latitude", 90, &latitude) &&
              degrees(location, "longitude", 180, &longitude);
    if (!*usable)
        return NULL;
    const char *types[TYPES_MAX];
    unsigned types_count = 0;
    for (const cJSON *type = first_of(place, "types"); type; type = type->next)
        if (cJSON_IsString(type) && types_count < TYPES_MAX)
            types[types_count++] = type->valuestring;
    return places_result(
        name, id, types, types_count, vicinity ? vicinity : "", latitude, longitude);
}

/* Translate the answer of the new interface. false: out of memory. */
static bool translate_new(struct translation *t, const cJSON *body)
{
    const cJSON *places = member(body, "places");
    if (!places && body->child) {
        fails(t, PLACES_UNKNOWN_ERROR, OURS "JSON in which there are no places");
        return true;
    }
    if (places && !cJSON_IsArray(places)) {
        fails(t, PLACES_UNKNOWN_ERROR, NO_LIST);
        return true;
    }
    t->results = cJSON_CreateArray();
    if (!t->results)
        return false;
    unsigned wanted = t->question->count;
    const cJSON *place = first_of(body, "places");
    for (; place && wanted > 0; place = place->next) {
        bool usable;
        cJSON *result = result_of(place, &usable);
        if (usable && !cJSON_AddItemToArray(t->results, result))
            return false;
        wanted -= usable;
    }
    if (wanted == t->question->count && places && places->child)
        fails(t, PLACES_UNKNOWN_ERROR, UNUSABLE);
    return true;
}

/* Take a member that is an array out of its object, and delete its items except for the first
 * `count` for which `fits` is true. NULL: there is no such member. */
static cJSON *array_take(
    cJSON *object, const char *name, unsigned count, cJSON_bool (*fits)(const cJSON *item))
{
    if (!cJSON_IsArray(member(object, name)))
        return NULL;
    cJSON *array = cJSON_DetachItemFromObjectCaseSensitive(object, name);
    for (cJSON *item = array->child, *next; item; item = next) {
        next = item->next;
        if (count > 0 && fits(item))
            count--;
        else
            cJSON_Delete(cJSON_DetachItemViaPointer(array, item));
    }
    return array;
}

/* The status of the legacy interface. false: it is none of the known words. */
static bool status_of_word(const char *word, enum places_status *out)
{
    for (enum places_status s = PLACES_OK; s <= PLACES_UNKNOWN_ERROR; s++) {
        if (text_is(word, places_status_word(s))) {
            *out = s;
            return true;
        }
    }
    return false;
}

static void take_results(struct translation *t, cJSON *body)
{
    bool any = first_of(body, "results");
    t->results = array_take(body, "results", t->question->count, cJSON_IsObject);
    if (!t->results)
        fails(t, PLACES_UNKNOWN_ERROR, NO_LIST);
    else if (any && !t->results->child)
        fails(t, PLACES_UNKNOWN_ERROR, UNUSABLE);
    else
        t->attributions =
            array_take(body, "html_attributions", JSON_SAFE_VALUES_MAX, cJSON_IsString);
}

static void translate_legacy(struct translation *t, cJSON *body)
{
    const char *message = member_text(body, "error_message");
    const char *word = member_text(body, "status");
    enum places_status status = PLACES_UNKNOWN_ERROR;
    bool known = status_of_word(word, &status);
    if (!known && !is_success(t)) {
        fails_by_http(t);
    } else if (!known) {
        fails(t, status,
            message && *message ? message : OURS "a status that is missing or not known");
    } else if (status != PLACES_OK && status != PLACES_ZERO_RESULTS) {
        char sentence[SENTENCE_BYTES_MAX + 1];
        snprintf(sentence, sizeof sentence, OURS "%s and does not say why", word);
        fails(t, status, message && *message ? message : sentence);
    } else if (!is_success(t)) {
        fails_by_http(t);
    } else if (status == PLACES_OK) {
        take_results(t, body);
    } else {
        t->answer->status = PLACES_ZERO_RESULTS;
    }
}

/* Find out results and status, or status and message. false: out of memory. */
static bool translate(struct translation *t, cJSON *body)
{
    const cJSON *error = member(body, "error");
    if (cJSON_IsObject(error)) {
        translate_error(t, error);
    } else if (!cJSON_IsObject(body)) {
        fails_as_unreadable(t, "JSON that is no object");
    } else if (t->google->api == PLACES_GOOGLE_LEGACY) {
        translate_legacy(t, body);
    } else if (!is_success(t)) {
        fails_by_http(t);
    } else if (!translate_new(t, body)) {
        return false;
    }
    return true;
}

/* Print what was translated, and free it. false: out of memory. */
static bool render(struct translation *t)
{
    struct places_google_answer *a = t->answer;
    if (a->status == PLACES_OK && cJSON_GetArraySize(t->results) == 0)
        a->status = PLACES_ZERO_RESULTS;
    ASSERT(cJSON_GetArraySize(t->results) <= (int)t->question->count);
    cJSON *results = t->results, *attributions = t->attributions;
    t->results = t->attributions = NULL;
    a->json = places_render_attributed(
        results, attributions, a->status, a->message[0] ? a->message : NULL, &a->json_bytes);
    return a->json != NULL;
}

bool places_google_answer(const struct places_google *g, const struct places_question *q,
    const struct places_google_reply *reply, struct places_google_answer *out)
{
    ASSERT(!places_google_is_moot(q) && g->key.len > 0);
    struct translation t = {.google = g, .question = q, .reply = reply, .answer = out};
    const char *fault;
    out->status = PLACES_OK;
    out->message[0] = 0;
    cJSON *body = json_safe_parse(reply->body, &fault);
    if (!body && !fault)
        return false;
    bool well = true;
    if (is_redirect(&t) || (reply->body.len == 0 && !is_success(&t)))
        fails_by_http(&t);
    else if (body)
        well = translate(&t, body);
    else
        fails_as_unreadable(&t, fault);
    cJSON_Delete(body);
    well = well && (!t.results || redact_json(t.results, g->key)) &&
           (!t.attributions || redact_json(t.attributions, g->key));
    if (well && render(&t)) {
        if (out->json_bytes <= PLACES_ANSWER_BYTES_MAX)
            return true;
        free(out->json);
        fails(&t, PLACES_UNKNOWN_ERROR, OURS "more than fits into an answer");
        return render(&t);
    }
    cJSON_Delete(t.results);
    cJSON_Delete(t.attributions);
    return false;
}
