/* unseen.c — a core whose links have more to say, and no deadline for it. */
#include "core/node/links.h"

int64_t __real_links_deadline(const struct node *n);
int64_t __wrap_links_deadline(const struct node *n);

int64_t __wrap_links_deadline(const struct node *n)
{
    int64_t deadline_ns = __real_links_deadline(n);
    return deadline_ns ? deadline_ns : NEVER_NS;
}
