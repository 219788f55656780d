/* places.c — what all providers share: the legacy answer as text, and distance.
 *
 * The shape is that of Google's legacy Nearby Search (html_attributions, results, status, and
 * error_message on failure), which the herd's clients expect. cJSON builds and prints the JSON. It
 * escapes each LF in a string, so LFs in the printed text are layout and may be collapsed. When
 * memory runs out, the functions here return NULL and leak nothing. */
#include "core/places/places.h"
#include "core/base/invariant.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

const char *places_status_word(enum places_status status)
{
    static const char *const words[] = {
        [PLACES_OK] = "OK",
        [PLACES_ZERO_RESULTS] = "ZERO_RESULTS",
        [PLACES_INVALID_REQUEST] = "INVALID_REQUEST",
        [PLACES_OVER_QUERY_LIMIT] = "OVER_QUERY_LIMIT",
        [PLACES_REQUEST_DENIED] = "REQUEST_DENIED",
        [PLACES_UNKNOWN_ERROR] = "UNKNOWN_ERROR",
    };
    ASSERT((size_t)status < sizeof words / sizeof *words);
    return words[status];
}

/* Add `item` to `object`. false: it failed, and `item` has been freed. */
static bool object_take(cJSON *object, const char *key, cJSON *item)
{
    if (cJSON_AddItemToObject(object, key, item))
        return true;
    cJSON_Delete(item);
    return false;
}

static bool answer_fill(cJSON *answer, cJSON *results, cJSON *attributions,
    enum places_status status, const char *message)
{
    bool well = object_take(answer, "html_attributions", attributions);
    well &= object_take(answer, "results", results);
    return well && cJSON_AddStringToObject(answer, "status", places_status_word(status)) &&
           (!message || cJSON_AddStringToObject(answer, "error_message", message));
}

/* Collapse each run of LFs in the text of an object to one. Returns the new length; writes no NUL.
 */
static size_t line_feeds_collapse(char *text)
{
    ASSERT(text[0] == '{'); /* it is an object's: before each LF there is a byte */
    size_t kept = 1;
    for (const char *from = text + 1; *from; from++)
        if (*from != '\n' || text[kept - 1] != '\n')
            text[kept++] = *from;
    ASSERT(text[kept - 1] == '}');
    return kept;
}

char *places_render_attributed(struct cJSON *results, struct cJSON *attributions,
    enum places_status status, const char *message, size_t *bytes)
{
    cJSON *answer = cJSON_CreateObject();
    if (!results)
        results = cJSON_CreateArray();
    if (!attributions)
        attributions = cJSON_CreateArray();
    bool well = answer_fill(answer, results, attributions, status, message);
    char *text = well ? cJSON_Print(answer) : NULL;
    cJSON_Delete(answer);
    if (!text)
        return NULL;

    size_t len = line_feeds_collapse(text);
    char *framed = realloc(text, len + sizeof "\n\n");
    if (!framed) {
        free(text);
        return NULL;
    }
    memcpy(framed + len, "\n\n", sizeof "\n\n");
    *bytes = len + 2;
    ASSERT(strlen(framed) == *bytes);
    return framed;
}

char *places_render(struct cJSON *results, const char *attribution, enum places_status status,
    const char *message, size_t *bytes)
{
    cJSON *attributions = cJSON_CreateStringArray(&attribution, attribution ? 1 : 0);
    if (!attributions) {
        cJSON_Delete(results);
        return NULL;
    }
    return places_render_attributed(results, attributions, status, message, bytes);
}

static bool location_add(cJSON *result, double latitude, double longitude)
{
    cJSON *location =
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(result, "geometry"), "location");
    return cJSON_AddNumberToObject(location, "lat", latitude) &&
           cJSON_AddNumberToObject(location, "lng", longitude);
}

struct cJSON *places_result(const char *name, const char *place_id, const char *const *types,
    unsigned types_count, const char *vicinity, double latitude, double longitude)
{
    cJSON *result = cJSON_CreateObject();
    if (location_add(result, latitude, longitude) &&
        cJSON_AddStringToObject(result, "name", name) &&
        cJSON_AddStringToObject(result, "place_id", place_id) &&
        object_take(result, "types", cJSON_CreateStringArray(types, (int)types_count)) &&
        cJSON_AddStringToObject(result, "vicinity", vicinity))
        return result;
    cJSON_Delete(result);
    return NULL;
}
