/* auth.c — a core that accepts every AUTH. */
#include "core/protocol/auth.h"

unsigned __wrap_auth_proves(
    struct span line, const struct secrets *secrets, const struct auth_exchange *x);

unsigned __wrap_auth_proves(
    struct span line, const struct secrets *secrets, const struct auth_exchange *x)
{
    (void)line;
    (void)x;
    return (1u << secrets->count) - 1;
}
