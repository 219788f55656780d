/* provider.h — a places provider that answers in virtual time, in any order, and says what it was
 * asked: so a client can tell whether it got the answer to its own question. */
#ifndef TESTS_SIM_PROVIDER_H
#define TESTS_SIM_PROVIDER_H

#include "core/places/places.h"
#include "sim/network.h"

enum { PROVIDER_ANSWER_BYTES_MAX = 256 };

/* `slowest_ns` is how long an answer takes at most; some take until the deadline and then fail. */
MUST_USE struct places_provider provider_open(struct network *network, int64_t slowest_ns);

/* What is answered to a question, its two LFs included; ends with NUL. */
size_t provider_text(char text[PROVIDER_ANSWER_BYTES_MAX], const struct places_question *question);

/* What is answered when the time is over. */
#define PROVIDER_FAILURE "{\"results\": [], \"status\": \"UNKNOWN_ERROR\"}\n\n"

#endif
