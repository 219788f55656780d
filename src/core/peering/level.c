/* level.c — see level.h.
 *
 * Holds always: a mark is booked when the store has come to just its change, so marks are booked in
 * the order of their numbers; one that is said again is booked again. Called by peering and
 * out. */
#include "core/peering/level.h"
#include "core/base/invariant.h"

void level_watch(struct level *l, struct instant now)
{
    ASSERT(now.mono_ns + LEVEL_WATCH_MS * MS_NS >= l->watched_until_ns);
    l->watched_until_ns = now.mono_ns + LEVEL_WATCH_MS * MS_NS;
}

void level_put(struct level *l, const struct store *store, uint64_t before)
{
    ASSERT(l->watched_until_ns);
    l->from_peer += store_digest(store) - before;
}

void level_mark(struct level *l, const struct store *store, uint64_t change)
{
    ASSERT(l->watched_until_ns && l->next < LEVEL_MARKS);
    ASSERT(change && change == store_change(store));
    ASSERT(l->marks[(l->next + LEVEL_MARKS - 1) % LEVEL_MARKS].change <= change);
    l->marks[l->next] =
        (struct level_mark){.change = change, .digest = store_digest(store) - l->from_peer};
    l->next = (l->next + 1) % LEVEL_MARKS;
}

bool level_agrees(const struct level *l, const struct store *store, const struct peer *peer,
    uint64_t stamps, uint64_t digest, bool behind)
{
    ASSERT(peer->acked <= store_change(store));
    if (stamps == store_count(store) && digest == store_digest(store))
        return true;
    for (unsigned back = 1; !behind && peer->acked && back <= LEVEL_MARKS; back++) {
        const struct level_mark *mark = &l->marks[(l->next + LEVEL_MARKS - back) % LEVEL_MARKS];
        if (mark->change == peer->acked)
            return digest == mark->digest + l->from_peer;
    }
    return false;
}
