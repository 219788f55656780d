/* again.c — a core that never asks for what it refused by its clock. */
#include "core/peering/refused.h"

bool __wrap_refused_ask_again(struct link_state *l, struct instant now);

bool __wrap_refused_ask_again(struct link_state *l, struct instant now)
{
    (void)l;
    (void)now;
    return false;
}
