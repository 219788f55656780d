/* store.h — the newest stamp of every client id, and the order in which they changed.
 *
 * There is one per node. It is the table that answers WHATSAT and also the queue that links read:
 * each accepted change moves its stamp to the end of the feed and gives it the next change number,
 * so no link needs a queue of its own. Holds always: change numbers grow along the feed; every id
 * stands in it once; the digest is the sum of stamp_hash() over all stamps. Called by node and
 * peering. This is the room's only door, and therefore long.
 *
 * Memory: records of varying length lie in an arena of 4 MiB segments and are addressed by 32-bit
 * numbers in units of 8 bytes (32 GiB at most). A position's text is packed two characters to a
 * byte; a time's text is kept as the number that it spells. The index is a directory of 4 KiB
 * tables that split one at a time, so a put rehashes one table at most. Memory is faulted in
 * 64 KiB at a time, inside the put that needs it (pages.h). */
#ifndef CORE_STORE_STORE_H
#define CORE_STORE_STORE_H

#include "core/protocol/stamp.h"
#include <stdint.h>

enum {
    /* Of 64 neighbours, 2 of the journal, 4 dumps, 1 of live queries, 8 watches of everything; the
     * rest is spare. */
    STORE_CURSORS_MAX = 96,
    STORE_ORIGINS_MAX = 4096,
    STORE_ORIGINS_RESTORED_MAX = 2048, /* of these, that store_restore may add */
    STORE_SLOT_GAP = 7, /* the slots of two stamps differ by this at least */
};

enum store_when_full {
    STORE_REFUSES, /* a new id is refused; known ids are still updated */
    /* The stamp that has been unchanged for longest is removed to make room: always for a client's
     * stamp, for a peer's only if that one was received later. Without this condition two full
     * nodes would evict each other's stamps and send them back for ever. */
    STORE_EVICTS,
};

struct store_config {
    uint64_t stamps_max; /* limits.stamps, 1 to 2^31 */
    enum store_when_full when_full;
    uint64_t seed[2]; /* key of the index's hash; secret, from the driver's entropy */
};

enum store_verdict {
    STORE_NEW,     /* stored; it is now the feed's last */
    STORE_OLD,     /* the held stamp is newer or equal; nothing changed */
    STORE_FULL,    /* a new id while the store holds stamps_max, and nothing may be evicted for it;
                    * nothing changed */
    STORE_UNKNOWN, /* the store does not know its origin, and it is newer; nothing changed */
    STORE_STARVED, /* out of memory, which may pass; nothing changed */
};

/* Memory for the texts of a stamp that is read from the store: it keeps them packed, so they have
 * to be written out somewhere. */
struct stamp_text {
    char position[STAMPEDE_POSITION_BYTES_MAX];
    char time[STAMP_TIME_ROOM_BYTES];
};

/* A stamp as the feed has it. */
struct feed_item {
    struct stamp stamp; /* id and origin: views of the store, valid until its next put */
    uint64_t change;    /* its change number, from 1 */
    uint64_t hash;      /* stamp_hash() of the stamp */
    uint16_t route;     /* what the caller of the put said about where it came from */
    uint32_t slot;      /* where it lies, never 0; see store_watch */
};

struct store;

/* NULL: out of memory. The config is copied. */
struct store *store_create(const struct store_config *config);
void store_destroy(struct store *s); /* NULL is allowed */

/* Hold as many from now on, at least as many as are held.
 *
 * false: out of memory; nothing changed. */
MUST_USE bool store_take_limits(
    struct store *s, uint64_t stamps_max, enum store_when_full when_full);

/* `name` is an origin of stamps that the store takes: 1 to STAMPEDE_NODE_NAME_BYTES_MAX bytes, and
 * at most STORE_ORIGINS_MAX different ones (an ASSERT). From the first call on it takes no others;
 * before that, the first STORE_ORIGINS_MAX that come. */
void store_know_origin(struct store *s, struct span name);

/* Whether it takes stamps of this origin, once store_know_origin was called; and how many it takes
 * stamps of. */
bool store_knows_origin(struct store *s, struct span name);
unsigned store_origins(const struct store *s);

/* The hash of an id under this store's seed, which the calls below take. It is SipHash-1-3, so that
 * a hostile client cannot choose ids that collide. */
uint64_t store_hash(const struct store *s, struct span id);

/* Bring what a put or get will read into the cache. With a million ids the store is bound by cache
 * misses, and these calls let the misses of a group of commands overlap: call the first for all
 * commands of the group, then the second for all, then the third, with what the second returned
 * (needed only before puts), then put and get. They have no other effect. */
void store_prefetch_table(const struct store *s, uint64_t hash);
uint32_t store_prefetch_record(const struct store *s, uint64_t hash);
void store_prefetch_feed(const struct store *s, uint32_t likely);

/* Put `in` if it is newer, in the total order of stamps, than the stamp held for its client id.
 *
 * in     borrowed for the call; its fields keep the bounds of stamp.h, and in->time is a text of
 *        in->time_ns of at most STAMPEDE_LINE_BYTES_MAX bytes
 * hash   store_hash(s, in->id)
 * route  where it came from, in the caller's terms; the feed gives it back
 *
 * The results are those of enum store_verdict. Never blocks; calls malloc for a new segment or a
 * new block of tables now and then. */
MUST_USE enum store_verdict store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

/* The same for a client's own stamp, which is put only if its *time* is later than the time held:
 * an equal time is answered with the stamp that is stored (PROTOCOL.md, "Replies"). */
MUST_USE enum store_verdict store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

/* Put a stamp that a former process held at change number `change`, which is above all that were
 * given so far (an ASSERT: check what a file says). The later change wins, whatever the order of
 * the stamps: an id may have been evicted and have come back with an older one. A full store that
 * evicts makes room for it, so that what is held at the end are the last stamps_max that changed.
 * For groups, prefetch as before store_put. Whatever it returns, the feed goes on behind `change`.
 *
 * in, hash, route   as for store_put; its origin need not be known, and is from now on
 *
 * STORE_NEW      stored
 * STORE_FULL     more ids than stamps_max, and STORE_REFUSES
 * STORE_UNKNOWN  more than STORE_ORIGINS_RESTORED_MAX origins that nobody knew
 * STORE_STARVED  out of memory; what was held of this id is gone */
MUST_USE enum store_verdict store_restore(
    struct store *s, const struct stamp *in, uint64_t hash, uint64_t change, uint16_t route);

/* All of them are restored, and the last change of the former process was `change`, whose stamp may
 * be gone: the feed goes on behind it. Not below what was restored (an ASSERT). */
void store_restored(struct store *s, uint64_t change);

/* The stamp held for `id`.
 *
 * out   id and origin of its stamp are views of the store, valid until its next put; position and
 *       time are views of `text`
 *
 * false: the store does not know the id; nothing is written. */
MUST_USE bool store_get(const struct store *s, struct span id, uint64_t hash, struct feed_item *out,
    struct stamp_text *text);

/* The stamp in `slot`, which one has. As store_get. */
void store_read(
    const struct store *s, uint32_t slot, struct feed_item *out, struct stamp_text *text);

/* Bring what store_read will read into the cache. */
void store_prefetch_slot(const struct store *s, uint32_t slot);

/* Who keeps slots is told before they mean something else. A stamp that is replaced by a newer one
 * keeps its slot, or moves. Nothing may be put meanwhile. */
struct store_watcher {
    void *self;
    void (*moves)(void *self, uint32_t from, uint32_t to);
    void (*leaves)(void *self, uint32_t slot, struct span id); /* the id is not held any more */
};

/* Tell `watcher` from now on; NULL: nobody. It is copied. */
void store_watch(struct store *s, const struct store_watcher *watcher);

uint64_t store_count(const struct store *s);
uint64_t store_digest(const struct store *s);
uint64_t store_change(const struct store *s);  /* the last change number; 0 at first */
uint64_t store_last_hash(const struct store *s); /* stamp_hash() of the feed's last; 0: empty */
uint64_t store_bytes(const struct store *s);   /* all memory that it holds */
uint64_t store_refused(const struct store *s); /* new ids refused since the start */
uint64_t store_evicted(const struct store *s); /* stamps evicted since the start */

/* -- cursors: who reads the feed --------------------------------------------------------------- */

/* A cursor stands behind the last item that it passed. A stamp that changes moves to the feed's
 * end, so a cursor reads each change of an id at most once, skips no id, and a slow one reads only
 * the newest stamp of each (conflation). */

/* Open a cursor before the feed's first item. Returns its number, 0 to STORE_CURSORS_MAX - 1. No
 * more than STORE_CURSORS_MAX may be open at once (an ASSERT). */
unsigned store_cursor_open(struct store *s);
void store_cursor_close(struct store *s, unsigned cursor);

/* Move it back before the feed's first item. */
void store_cursor_rewind(struct store *s, unsigned cursor);

/* Move it right behind the last item whose change number is <= `change`. Searches from the feed's
 * end, so it costs one step for each item that the cursor will then read. */
void store_cursor_seek(struct store *s, unsigned cursor, uint64_t change);

/* Move it back towards `change`, by `steps` items at most, each of which costs a cache miss; the
 * feed's head is reached in one. Stays where it is if it is not past `change`.
 * false: it is still past it. Call this again before anything is read. */
MUST_USE bool store_cursor_go_back(
    struct store *s, unsigned cursor, uint64_t change, unsigned steps);

/* Read the next item; the cursor does not move. false: it is at the end. */
MUST_USE bool store_cursor_peek(const struct store *s, unsigned cursor, struct feed_item *out,
    struct stamp_text *text);

/* The same, but out->stamp is not set: unpacking it takes longer than all the rest. */
MUST_USE bool store_cursor_glance(const struct store *s, unsigned cursor, struct feed_item *out);

/* Move past the item that store_cursor_peek reads; there must be one. */
void store_cursor_pass(struct store *s, unsigned cursor);

/* The change number up to which the cursor has passed everything; store_change() at the end. */
uint64_t store_cursor_change(const struct store *s, unsigned cursor);

#endif
