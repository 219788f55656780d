/* first_only.c — a core that proves itself with the first of its secrets only. */
#include "core/peering/proof.h"

unsigned __wrap_proof_which(
    const struct proof *p, const struct secrets *secrets, const struct hello *theirs, bool waited);

unsigned __wrap_proof_which(
    const struct proof *p, const struct secrets *secrets, const struct hello *theirs, bool waited)
{
    (void)waited;
    (void)p;
    (void)secrets;
    (void)theirs;
    return 1;
}
