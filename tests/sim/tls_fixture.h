/* tls_fixture.h — the certificates of a herd that exists in the simulator only: one CA, and one
 * certificate with the names of all five nodes of the shipped file. They are constants, so that a
 * seed always means the same bytes. */
#ifndef TESTS_SIM_TLS_FIXTURE_H
#define TESTS_SIM_TLS_FIXTURE_H

#include "core/tls/tls.h"

/* The same at every call. */
const struct tls_config *tls_fixture(void);

#endif
