/* places_provider.h — the provider that topology.conf asks for, ready to be given to a node.
 *
 * Called by the program's `node` and `places`. */
#ifndef FILES_PLACES_PROVIDER_H
#define FILES_PLACES_PROVIDER_H

#include "core/places/exchange.h"
#include "files/places_files.h"

struct places_provision {
    struct places_files files;
    struct places_provider provider; /* the node takes it over */
    struct exchange *exchange; /* NULL: of the gazetteer */
};

/* p must not move until places_provision_close, which comes after the provider's destroy.
 *
 * log  the node's; outlives the provider
 * false: the reason has been reported. */
MUST_USE bool places_provide(struct places_provision *p, const struct topology *t,
    const char *topology_path, struct log *log);
void places_provision_close(struct places_provision *p);

#endif
