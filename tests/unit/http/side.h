/* side.h — for the tests of https and of the exchange: servers, and whom the client trusts. */
#ifndef TESTS_UNIT_HTTP_SIDE_H
#define TESTS_UNIT_HTTP_SIDE_H

#include "unit/http/server.h"
#include "unit/tls/side.h"

static struct tls_trust *side_trust;
static struct tls_identity *side_identity;
static struct tls_config side_config; /* of the client */

static inline void https_side_begin(void)
{
    make_certificates("localhost");
    side_trust = trust_of("ca");
    side_identity = identity_of("localhost");
    side_config = (struct tls_config){.trust = side_trust};
    servers_begin(side_identity);
}

static inline void https_side_end(void)
{
    tls_trust_destroy(side_trust);
    tls_identity_destroy(side_identity);
    remove_certificates();
}

#endif
