/* returns.c — a core that forgets of an id that was noted that it was gone meanwhile. */
#include "core/live/events.h"

void __real_event_leave(struct watches *ws, uint32_t slot, struct span id);
void __wrap_event_leave(struct watches *ws, uint32_t slot, struct span id);

void __wrap_event_leave(struct watches *ws, uint32_t slot, struct span id)
{
    __real_event_leave(ws, slot, id);
    struct watched_id *known = ids_find(&ws->ids, id, store_hash(ws->store, id));
    if (known)
        known->left = 0;
}
