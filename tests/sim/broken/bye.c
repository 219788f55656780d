/* bye.c — a core that says BYE before the ACK: a node that stops takes every link for
 * confirmed. */
#include "core/node/private.h"

bool __wrap_peering_confirmed(const struct peering *p);
uint64_t __wrap_links_confirmed(const struct node *n);

bool __wrap_peering_confirmed(const struct peering *p)
{
    (void)p;
    return true;
}

uint64_t __wrap_links_confirmed(const struct node *n)
{
    return store_change(n->store);
}
