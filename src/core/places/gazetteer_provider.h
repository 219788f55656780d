/* gazetteer_provider.h — the provider that needs no key and no network: populated places out of
 * GeoNames (CC BY 4.0), embedded in the program.
 *
 * Answers at once: nearest first by great-circle distance, equal distances in the data's order.
 * gazetteer/README.md tells where the data is from and how it is made. Called by node. */
#ifndef CORE_PLACES_GAZETTEER_PROVIDER_H
#define CORE_PLACES_GAZETTEER_PROVIDER_H

#include "core/places/places.h"

/* Begin. false: no memory. `out` is then untouched. destroy it through out->destroy.
 *
 * ask       queues. Past PLACES_QUESTIONS_MAX waiting questions the answer is OVER_QUERY_LIMIT; to
 *           a question out of bounds INVALID_REQUEST. The deadline does not matter: `answer` is
 *           ready at once. Allocates only when more than PLACES_QUESTIONS_MAX wait; where that
 *           fails the ticket alone is forgotten and gets no answer.
 * answer    searches and hands out, oldest question first. No memory: an UNKNOWN_ERROR answer; not
 *           even for that: false, the question keeps its place and `deadline` is 100 ms from then.
 * cancel    takes out every question with this ticket; that there is none is no mistake.
 * deadline  0 while a question waits, so whoever calls `answer` until false after asking, and at
 *           each deadline, misses none. */
MUST_USE bool places_gazetteer(struct places_provider *out);

/* How many places it knows. */
unsigned places_gazetteer_count(void);

#endif
