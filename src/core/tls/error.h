/* error.h — BearSSL's error numbers in words. Called by tls.c and identity.c. */
#ifndef CORE_TLS_ERROR_H
#define CORE_TLS_ERROR_H

#include "core/tls/tls.h"

/* A sentence without a full stop for what br_ssl_engine_last_error returned; "" when TLS was closed
 * as agreed.
 *
 * who  what the sentence calls the other end: "the server" */
void tls_error_text(int error, const char *who, char out[TLS_REASON_BYTES_MAX + 1]);

#endif
