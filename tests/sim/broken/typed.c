/* typed.c — a core that takes what is typed slowly for a whole line. */
#include "core/node/private.h"

bool __real_input_comes(struct node *n, struct connection *c, struct span *in, struct instant now);
bool __wrap_input_comes(struct node *n, struct connection *c, struct span *in, struct instant now);

bool __wrap_input_comes(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    c->client.input.came_ns = now.mono_ns; /* as if there had been no gap */
    return __real_input_comes(n, c, in, now);
}
