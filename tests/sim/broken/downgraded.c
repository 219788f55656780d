/* downgraded.c — a core that takes plain connections although all are to be TLS. */
#include "core/node/private.h"

bool __real_link_tls_open(struct node *n, struct link *l, struct instant now);
bool __wrap_link_tls_open(struct node *n, struct link *l, struct instant now);
void __wrap_link_tls_decide(const struct node *n, struct link *l, struct span in);

bool __wrap_link_tls_open(struct node *n, struct link *l, struct instant now)
{
    l->tls.undecided = n->tls.config && !l->dialled;
    return l->tls.undecided || __real_link_tls_open(n, l, now);
}

void __wrap_link_tls_decide(const struct node *n, struct link *l, struct span in)
{
    (void)n;
    (void)in;
    l->tls.undecided = false;
}
