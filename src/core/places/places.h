/* places.h — what is near a position: questions, answers in legacy shape, and their providers.
 *
 * A provider is asked, and its answer is fetched later: the gazetteer's at once, Google's after a
 * conversation with the service. So the node never waits. Each question has a ticket. There is
 * always an answer: a failure, if nothing better has come when the question's deadline passes.
 * PROTOCOL.md, "Replies". Called by node. */
#ifndef CORE_PLACES_PLACES_H
#define CORE_PLACES_PLACES_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "core/protocol/position.h"
#include <stdint.h>

struct cJSON;

enum {
    PLACES_ANSWER_BYTES_MAX = 1 << 20,
    PLACES_QUESTIONS_MAX = 1024, /* waiting in one node; any more get OVER_QUERY_LIMIT */
};

struct places_question {
    struct position centre;
    uint64_t radius_um; /* micrometres */
    unsigned count; /* how many results at most; 0 to STAMPEDE_COUNT_MAX */
    uint64_t asker; /* whose it is: askers take turns. It is no part of what is asked */
};

/* The status words of the legacy interface. */
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
    char *json; /* from malloc, ends with NUL, as places_render makes it; the receiver frees it */
    size_t json_bytes;
};

/* A provider. `self` is its state. All calls come from the node's thread. */
struct places_provider {
    void *self;
    /* Ask a question. Its answer will have the same `ticket` and is fetched with `answer`, perhaps
     * by the next call. deadline_ns is monotonic. The question is copied. */
    void (*ask)(void *self, uint64_t ticket, const struct places_question *question,
        int64_t deadline_ns, struct instant now);
    /* Fetch the next answer that is ready. false: none is. */
    bool (*answer)(void *self, struct places_answer *out, struct instant now);
    /* The client that asked is gone: there will be no answer with this ticket. */
    void (*cancel)(void *self, uint64_t ticket);
    /* The time at which `answer` must be called even if nothing else happens. A time in the past,
     * such as 0, means at once; NEVER_NS: there is no such time. */
    int64_t (*deadline)(const void *self);
    void (*destroy)(void *self);
    const char *name; /* as in topology.conf */
};

/* Make an answer in legacy shape, framed as PROTOCOL.md says: JSON in which each run of LFs is
 * collapsed to one and trailing LFs are removed, then two LFs. The result is from malloc; NULL: out
 * of memory.
 *
 * results       a cJSON array or NULL for none; freed in any case
 * attribution   HTML for html_attributions, or NULL for none
 * message       error_message, or NULL for none; must not hold a key
 * bytes         receives the length */
MUST_USE char *places_render(struct cJSON *results, const char *attribution,
    enum places_status status, const char *message, size_t *bytes);

/* The same with any number of attributions: a cJSON array of strings or NULL for none, freed in any
 * case. */
MUST_USE char *places_render_attributed(struct cJSON *results, struct cJSON *attributions,
    enum places_status status, const char *message, size_t *bytes);

/* Make one result: name, place_id, types, vicinity, geometry.location. All texts are UTF-8.
 * NULL: out of memory.
 *
 * types   `types_count` words */
MUST_USE struct cJSON *places_result(const char *name, const char *place_id,
    const char *const *types, unsigned types_count, const char *vicinity, double latitude,
    double longitude);

#endif
