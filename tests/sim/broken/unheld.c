/* unheld.c — a core that with journal.mode = always gives replies before the disk has them. */
#include "core/node/private.h"

bool __real_durable_begin(struct node *n, const struct node_config *config, struct instant now);
bool __wrap_durable_begin(struct node *n, const struct node_config *config, struct instant now);

bool __wrap_durable_begin(struct node *n, const struct node_config *config, struct instant now)
{
    bool well = __real_durable_begin(n, config, now);
    n->durable.holds = false;
    return well;
}
