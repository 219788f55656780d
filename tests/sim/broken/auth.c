/* auth.c — a core that accepts every AUTH. */
#include "core/protocol/hello.h"

bool __wrap_auth_valid(struct span line, struct span secret, enum hello_role role,
    const struct hello *theirs, const struct hello *ours);

bool __wrap_auth_valid(struct span line, struct span secret, enum hello_role role,
    const struct hello *theirs, const struct hello *ours)
{
    (void)line;
    (void)secret;
    (void)role;
    (void)theirs;
    (void)ours;
    return true;
}
