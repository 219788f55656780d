/* places_gazetteer.h — the provider that needs no key and no network: populated places out of
 * GeoNames (CC BY 4.0), embedded in the program.
 *
 * Answers at once: nearest first by great-circle distance, equal distances in the data's order.
 * notes: gazetteer/README.md tells where the data is from and how it is made. Called by node. */
#ifndef CORE_PLACES_GAZETTEER_H
#define CORE_PLACES_GAZETTEER_H

#include "core/places.h"

/* Begin. false: no memory. `out` is then untouched. destroy it through out->destroy. */
MUST_USE bool places_gazetteer(struct places_provider *out);

/* How many places it knows. */
unsigned places_gazetteer_count(void);

#endif
