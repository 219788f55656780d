/* leaked.c — a core that takes a neighbour for proved by what it once proved itself with. */
#include "core/peering/proof.h"

const char *__real_proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now);
const char *__wrap_proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now);
unsigned __wrap_secrets_kept(
    const struct secrets *before, const struct secrets *after, unsigned proven);

const char *__wrap_proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now)
{
    unsigned proven = p->proven;
    const char *wrong = __real_proof_heard_again(p, secrets, line, x, now);
    p->proven |= proven;
    p->until_ns = NEVER_NS;
    return wrong;
}

unsigned __wrap_secrets_kept(
    const struct secrets *before, const struct secrets *after, unsigned proven)
{
    (void)before;
    (void)proven;
    return (1u << after->count) - 1;
}
