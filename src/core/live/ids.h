/* ids.h — the ids of which anybody has to be told something: who watches them, and since when they
 * are gone.
 *
 * An id stands here while an id watch asks for it, or while it is noted (notes.h) for a watch that
 * is BEHIND; then it is also known when it left the store last. Called by watches, notes and
 * catch_up. */
#ifndef CORE_LIVE_IDS_H
#define CORE_LIVE_IDS_H

#include "core/live/table.h"
#include <stddef.h>

struct live_watch;

struct watched_id {
    uint64_t hash; /* store_hash */
    /* The store's last change number when the id left it; what was told of a change up to there is
     * gone, and what it comes back as has a change above. 0: it has not left. */
    uint64_t left;
    struct live_watch *watches; /* id watches */
    uint32_t notes; /* how often it is noted */
    uint8_t len;
    char text[];
};

struct ids {
    struct table table;
    size_t bytes; /* of those that stand in it */
    uint64_t notes; /* of all of them */
};

static inline struct span watched_id_text(const struct watched_id *id)
{
    return (struct span){id->text, id->len};
}

/* Of a short id, the text fits into the padding at the struct's end, which is written, too. */
static inline size_t watched_id_bytes(size_t id_bytes)
{
    size_t bytes = offsetof(struct watched_id, text) + id_bytes;
    return bytes > sizeof(struct watched_id) ? bytes : sizeof(struct watched_id);
}

/* NULL: it does not stand here. */
struct watched_id *ids_find(const struct ids *ids, struct span id, uint64_t hash);
/* The same, and add it if it does not. NULL: out of memory. */
struct watched_id *ids_need(struct ids *ids, struct span id, uint64_t hash);
/* Forget it if nobody needs it any more. */
void ids_release(struct ids *ids, struct watched_id *id);

#endif
