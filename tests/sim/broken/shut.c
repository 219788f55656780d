/* shut.c — UNDRAIN does not open the client port again. */
#include "core/node/private.h"

bool __real_drain_undo(struct node *n, const char *from, struct instant now);
bool __wrap_drain_undo(struct node *n, const char *from, struct instant now);

bool __wrap_drain_undo(struct node *n, const char *from, struct instant now)
{
    struct drain before = n->drain;
    bool undone = __real_drain_undo(n, from, now);
    n->drain = before;
    n->drain.stops_ns = NEVER_NS;
    return undone;
}
