/* skips.c — a core whose id watches skip what their reader refused. */
#include "core/live/watches.h"

void __real_watch_falls_behind(struct watches *ws, struct live_watch *w);
void __wrap_watch_falls_behind(struct watches *ws, struct live_watch *w);

void __wrap_watch_falls_behind(struct watches *ws, struct live_watch *w)
{
    if (w->kind != WATCH_ID)
        __real_watch_falls_behind(ws, w);
}
