/* gazetteer_provider.h — the provider that needs neither a key nor a network: it finds populated
 * places of GeoNames (CC BY 4.0) in a table that is embedded in the program.
 *
 * It answers at once: nearest places first by great-circle distance, equally near ones in the
 * table's order. gazetteer/README.md tells where the data comes from. Called by node. */
#ifndef CORE_PLACES_GAZETTEER_PROVIDER_H
#define CORE_PLACES_GAZETTEER_PROVIDER_H

#include "core/places/places.h"

/* Make the provider; out->destroy ends it. false: out of memory; `out` is then unchanged.
 *
 * ask       queues the question. If PLACES_QUESTIONS_MAX wait already, its answer will be
 *           OVER_QUERY_LIMIT; if it is out of bounds, INVALID_REQUEST. The deadline is ignored,
 *           because the answer is ready at once. It allocates only when more than
 *           PLACES_QUESTIONS_MAX wait; if that fails, the ticket gets no answer.
 * answer    searches, and returns the answer to the oldest question. Out of memory: the answer is
 *           UNKNOWN_ERROR. If there is no memory for that either: false; the question stays the
 *           first in the queue, and `deadline` is 100 ms later.
 * cancel    removes all questions with this ticket, of which there may be none.
 * deadline  0 while a question waits. So a caller that calls `answer` until false after each `ask`
 *           and at each deadline gets all answers. */
MUST_USE bool places_gazetteer(struct places_provider *out);

/* How many places the table has. */
unsigned places_gazetteer_count(void);

#endif
