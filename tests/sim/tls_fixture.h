/* tls_fixture.h — certificates of simulated herds: one CA, and one certificate with the names of
 * the five nodes of the shipped file. They are constants, so that a seed always gives the same
 * bytes. */
#ifndef TESTS_SIM_TLS_FIXTURE_H
#define TESTS_SIM_TLS_FIXTURE_H

#include "core/tls/tls.h"

/* The same configuration at every call. */
const struct tls_config *tls_fixture(void);

#endif
