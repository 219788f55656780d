/* operators.c — a core to which an operator's certificate is as good as a node's. */
#include "core/tls/tls.h"

bool __wrap_tls_names_fit(const struct tls_names *n, struct span pattern);

bool __wrap_tls_names_fit(const struct tls_names *n, struct span pattern)
{
    (void)n;
    (void)pattern;
    return false;
}
