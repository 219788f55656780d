/* recent.c — see recent.h.
 *
 * Open addressing, never more than half full. The hash itself says where to begin: stamp_hash is
 * mixed well. Somebody who makes stamps that crowd one place makes its search longer, so a search
 * gives up after RECENT_PROBES, and forgets. To turn the tables costs one clearing of 2 MiB at the
 * most, every 131,072 stamps. */
#include "core/recent.h"
#include <stdlib.h>
#include <string.h>

enum {
    RECENT_PROBES = 64,
    PAGE_PLACES = 4096 / sizeof(uint64_t), /* in the smallest page that there is */
};

/* Hashes fall anywhere, so nearly each of the first would wait for a page: have them all now. */
static void touch(uint64_t *table, uint64_t places)
{
    for (uint64_t i = 0; i < places; i += PAGE_PLACES)
        ((volatile uint64_t *)table)[i] = 0;
}

bool recent_init(struct recent *r, uint64_t count)
{
    uint64_t room = RECENT_MIN;
    while (room < count && room < RECENT_MAX)
        room *= 2;
    *r = (struct recent){.mask = 2 * room - 1};
    r->newer = calloc(2 * room, sizeof *r->newer);
    r->older = calloc(2 * room, sizeof *r->older);
    if (!r->newer || !r->older) {
        recent_deinit(r);
        return false;
    }
    touch(r->newer, 2 * room);
    touch(r->older, 2 * room);
    return true;
}

void recent_deinit(struct recent *r)
{
    free(r->newer);
    free(r->older);
}

/* An empty place holds 0, so nothing is remembered under that. */
static uint64_t kept(uint64_t hash)
{
    return hash ? hash : 1;
}

/* Its place, or the empty one where it belongs; NULL: too crowded. */
static uint64_t *place_in(const struct recent *r, uint64_t *table, uint64_t hash)
{
    for (uint64_t i = 0; i < RECENT_PROBES; i++) {
        uint64_t *place = &table[(hash + i) & r->mask];
        if (!*place || *place == hash)
            return place;
    }
    return NULL;
}

static bool table_has(const struct recent *r, uint64_t *table, uint64_t hash)
{
    const uint64_t *place = place_in(r, table, hash);
    return place && *place;
}

bool recent_has(const struct recent *r, uint64_t hash)
{
    hash = kept(hash);
    return table_has(r, r->newer, hash) || table_has(r, r->older, hash);
}

bool recent_note(struct recent *r, uint64_t hash)
{
    bool had = recent_has(r, hash);
    if (had && table_has(r, r->newer, kept(hash)))
        return false;
    if (r->count > r->mask / 2) {
        uint64_t *spent = r->older;
        r->older = r->newer;
        r->newer = spent;
        memset(spent, 0, (r->mask + 1) * sizeof *spent);
        r->count = 0;
    }
    uint64_t *place = place_in(r, r->newer, kept(hash));
    if (place) {
        *place = kept(hash);
        r->count++;
    }
    return !had;
}
