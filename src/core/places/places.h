/* places.h — what is near: a question, an answer in legacy shape, and who answers.
 *
 * A provider is asked and answers later: at once (the gazetteer) or after a conversation of its own
 * (Google's). The node never waits. One question, one ticket; an answer always comes, a failure at
 * the latest when the question's deadline passes. PROTOCOL.md, "To WHATSAT". Called by node. */
#ifndef CORE_PLACES_PLACES_H
#define CORE_PLACES_PLACES_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "core/protocol/position.h"
#include <stdint.h>

struct cJSON;

enum {
    PLACES_ANSWER_BYTES_MAX = 1 << 20,
    PLACES_QUESTIONS_MAX = 1024, /* waiting at once in one node; past that OVER_QUERY_LIMIT */
};

struct places_question {
    struct position centre;
    uint64_t radius_um; /* micrometres */
    unsigned count; /* results wanted at most; 0 to STAMPEDE_COUNT_MAX */
};

/* IUGG mean radius of the Earth. */
#define PLACES_EARTH_RADIUS_M 6371008.8

/* Legacy status words. */
enum places_status {
    PLACES_OK,
    PLACES_ZERO_RESULTS,
    PLACES_INVALID_REQUEST,
    PLACES_OVER_QUERY_LIMIT,
    PLACES_REQUEST_DENIED,
    PLACES_UNKNOWN_ERROR,
};

/* "OK", "ZERO_RESULTS" and so on. */
const char *places_status_word(enum places_status status);

struct places_answer {
    uint64_t ticket;
    char *json; /* malloc'ed, ended by NUL, as places_render makes it; the receiver frees it */
    size_t json_bytes;
};

/* A provider. `self` is its own state; all calls come from the node's thread. */
struct places_provider {
    void *self;
    /* Begin to answer. The answer carries `ticket` and comes from `answer`, perhaps at the very
     * next call of it. deadline_ns is monotonic. The question is copied where it is needed. */
    void (*ask)(void *self, uint64_t ticket, const struct places_question *question,
        int64_t deadline_ns, struct instant now);
    /* The next answer that is ready, or false. */
    bool (*answer)(void *self, struct places_answer *out, struct instant now);
    /* The asker of `ticket` is gone: its answer is not wanted any more and will not come. */
    void (*cancel)(void *self, uint64_t ticket);
    /* When `answer` must be called though nothing else happened; a time that is past, 0 among them:
     * at once. NEVER_NS: no such time. */
    int64_t (*deadline)(const void *self);
    void (*destroy)(void *self);
    const char *name; /* as topology.conf has it */
};

/* An answer in legacy shape as PROTOCOL.md frames it: JSON with every run of two or more LFs
 * collapsed to one, trailing LFs removed, then two LFs. malloc'ed, or NULL when memory is out.
 *
 * results       a cJSON array, taken over (freed, whatever comes of it), or NULL for none
 * attribution   HTML for html_attributions, or NULL for none
 * message       error_message, or NULL for none; must not hold a key
 * bytes         its length */
MUST_USE char *places_render(struct cJSON *results, const char *attribution,
    enum places_status status, const char *message, size_t *bytes);

/* The same with any number of attributions: a cJSON array of strings, taken over as results is, or
 * NULL for none. */
MUST_USE char *places_render_attributed(struct cJSON *results, struct cJSON *attributions,
    enum places_status status, const char *message, size_t *bytes);

/* One result: name, place_id, types, vicinity, geometry.location. NULL: no memory.
 *
 * types   `types_count` words
 * All texts are UTF-8. */
MUST_USE struct cJSON *places_result(const char *name, const char *place_id,
    const char *const *types, unsigned types_count, const char *vicinity, double latitude,
    double longitude);

/* Great-circle distance in metres on a sphere of PLACES_EARTH_RADIUS_M, by the haversine formula;
 * degrees in. The same across the date line, and 0 between equal coordinates. */
double places_distance_m(
    double latitude_a, double longitude_a, double latitude_b, double longitude_b);

#endif
