/* episode.c — see episode.h. Holds always: the counter never falls, and an episode that is on has
 * had an event. */
#include "core/base/episode.h"
#include "core/base/invariant.h"

enum episode_change episode_look(struct episode *e, uint64_t counter, struct instant now)
{
    ASSERT(counter >= e->seen && e->seen >= e->before);
    bool begins = counter > e->seen && !e->on;
    if (begins) {
        e->on = true;
        e->before = e->seen;
        e->began_ns = now.mono_ns;
    }
    if (counter > e->seen) {
        e->seen = counter;
        e->last_ns = now.mono_ns;
        return begins ? EPISODE_BEGINS : EPISODE_NOTHING;
    }
    if (now.mono_ns < episode_deadline(e))
        return EPISODE_NOTHING;
    e->on = false;
    return EPISODE_OVER;
}

bool episode_end(struct episode *e)
{
    bool was_on = e->on;
    e->on = false;
    return was_on;
}

uint64_t episode_events(const struct episode *e)
{
    ASSERT(e->seen > e->before || !e->on);
    return e->seen - e->before;
}

int64_t episode_lasted_ms(const struct episode *e)
{
    ASSERT(e->last_ns >= e->began_ns);
    return (e->last_ns - e->began_ns) / MS_NS;
}

int64_t episode_deadline(const struct episode *e)
{
    return e->on ? e->last_ns + EPISODE_QUIET_MS * MS_NS : NEVER_NS;
}
