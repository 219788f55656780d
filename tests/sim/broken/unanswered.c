/* unanswered.c — a core that does not say AUTH again when it is asked to. */
#include "core/peering/proof.h"

const char *__real_proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now);
const char *__wrap_proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now);

const char *__wrap_proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now)
{
    uint64_t due = p->due;
    const char *wrong = __real_proof_heard_again(p, secrets, line, x, now);
    p->due = due;
    return wrong;
}
