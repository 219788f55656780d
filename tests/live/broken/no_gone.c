/* no_gone.c — a core that does not tell that an id is gone. */
#include "core/live/watches.h"

bool __real_watch_tell(struct watches *ws, struct live_watch *w, enum live_news what,
    struct span id, const struct stamp *stamp);
bool __wrap_watch_tell(struct watches *ws, struct live_watch *w, enum live_news what,
    struct span id, const struct stamp *stamp);

bool __wrap_watch_tell(struct watches *ws, struct live_watch *w, enum live_news what,
    struct span id, const struct stamp *stamp)
{
    return what == LIVE_GONE || __real_watch_tell(ws, w, what, id, stamp);
}
