/* error.h — BearSSL's error numbers in words. Called by tls. */
#ifndef CORE_TLS_ERROR_H
#define CORE_TLS_ERROR_H

#include "core/tls/tls.h"

/* A sentence without a full stop for what br_ssl_engine_last_error gave; "" for an agreed end.
 *
 * who  the other end, as the sentence is to call it: "the server" */
void tls_error_text(int error, const char *who, char out[TLS_REASON_BYTES_MAX + 1]);

#endif
