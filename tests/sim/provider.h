/* provider.h — a places provider that answers in virtual time, in any order, and repeats the
 * question in its answer, so that a client can tell whether it got the answer to its own. */
#ifndef TESTS_SIM_PROVIDER_H
#define TESTS_SIM_PROVIDER_H

#include "core/places/places.h"
#include "sim/network.h"

enum { PROVIDER_ANSWER_BYTES_MAX = 256 };

/* `slowest_ns` is the longest time an answer takes; some wait until the deadline and then fail. */
MUST_USE struct places_provider provider_open(struct network *network, int64_t slowest_ns);

/* The answer to a question, including its two LFs; ends with NUL. */
size_t provider_text(char text[PROVIDER_ANSWER_BYTES_MAX], const struct places_question *question);

/* The answer after the time-out. */
#define PROVIDER_FAILURE "{\"results\": [], \"status\": \"UNKNOWN_ERROR\"}\n\n"

#endif
