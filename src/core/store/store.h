/* store.h — the newest stamp of every client id, and the order in which they changed.
 *
 * One a node. It is the table that answers WHATSAT and, at the same time, the queue that links
 * read: each accepted change moves its stamp to the end of the feed and takes the next change
 * number. Holds always: change numbers grow along the feed; every id stands in it once; the digest
 * is the sum of stamp_hash() over all stamps. Called by node and peering.
 *
 * Memory: records of varying length in an arena of 4 MiB segments, addressed in units of 8 bytes by
 * 32 bits (32 GiB at most); position text packed two characters a byte, time text kept as the
 * number it spells. The index is a directory of 4 KiB tables that split one at a time, so no
 * single put ever rehashes more than one table. New memory is had from the kernel 64 KiB at a time
 * (pages.h), which a put waits for. */
#ifndef CORE_STORE_STORE_H
#define CORE_STORE_STORE_H

#include "core/protocol/stamp.h"
#include <stdint.h>

enum { STORE_CURSORS_MAX = 72 };

enum store_when_full {
    STORE_REFUSES, /* a new id is refused, known ids go on */
    /* The stamp that has not changed for longest makes room: for a client's always, for a peer's if
     * that was received later. Else ids that come and go would go round the herd for ever. */
    STORE_EVICTS,
};

struct store_config {
    uint64_t stamps_max; /* limits.stamps, 1 to 2^31 */
    enum store_when_full when_full;
    uint64_t seed[2]; /* of the index's hash; secret, from the driver's entropy */
};

enum store_verdict {
    STORE_NEW,     /* stored; it is now the feed's last */
    STORE_OLD,     /* the held stamp is newer or equal; nothing changed */
    STORE_FULL,    /* a new id at stamps_max that finds no room, or one origin too many (names.h);
                    * nothing changed */
    STORE_STARVED, /* memory could not be had, another time it may; nothing changed */
};

/* Room for the texts of one stamp that was read out of the store, which does not hold them as
 * such. */
struct stamp_text {
    char position[STAMPEDE_POSITION_BYTES_MAX];
    char time[STAMP_TIME_ROOM_BYTES];
};

/* What stands at a place of the feed. */
struct feed_item {
    struct stamp stamp; /* id and origin: views of the store, valid until its next put */
    uint64_t change;    /* its change number, from 1 */
    uint64_t hash;      /* stamp_hash() of the stamp */
    uint16_t route;     /* as it was put */
};

struct store;

/* NULL: no memory. The config is copied. */
struct store *store_create(const struct store_config *config);
void store_destroy(struct store *s);

/* The hash of an id under this store's seed: SipHash-1-3, so that ids chosen by a hostile client do
 * not collide. For the calls below. */
uint64_t store_hash(const struct store *s, struct span id);

/* For groups: first all store_prefetch_table, then all store_prefetch_record, then, with what that
 * returned, all store_prefetch_feed, which only puts are in need of; then the puts and gets. At a
 * million ids the store is bound by cache misses, and this lets them overlap. No effect else. */
void store_prefetch_table(const struct store *s, uint64_t hash);
uint32_t store_prefetch_record(const struct store *s, uint64_t hash);
void store_prefetch_feed(const struct store *s, uint32_t likely);

/* Put `in` if it is newer, in the total order of stamps, than the stamp held for its client id.
 *
 * in     borrowed for the call; bounds of its fields in stamp.h; in->time a text of in->time_ns, at
 *        most STAMPEDE_LINE_BYTES_MAX bytes
 * hash   store_hash(s, in->id)
 * route  the caller's word on how it came; given back by the feed
 *
 * See enum store_verdict. Never blocks; takes a 4 MiB segment from malloc now and then. */
MUST_USE enum store_verdict store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

/* The same for what a client says: put only if its *time* is later than that held. PROTOCOL.md,
 * "Replies": an equal time is answered with what is stored. */
MUST_USE enum store_verdict store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

/* The stamp held for `id`.
 *
 * out   its id and origin are views of the store, valid until its next put; position and time are
 *       views of `text`
 * false: no such id. */
MUST_USE bool store_get(const struct store *s, struct span id, uint64_t hash, struct feed_item *out,
    struct stamp_text *text);

uint64_t store_count(const struct store *s);
uint64_t store_digest(const struct store *s);
uint64_t store_change(const struct store *s);  /* the last change number; 0 at first */
uint64_t store_last_hash(const struct store *s); /* of the stamp that was put last; 0: none yet */
uint64_t store_bytes(const struct store *s);   /* memory held, all in */
uint64_t store_refused(const struct store *s); /* new ids refused since the start */
uint64_t store_evicted(const struct store *s);

/* -- cursors: who reads the feed --------------------------------------------------------------- */

/* A cursor stands behind the last item that it passed. Items that change move to the feed's end, so
 * a cursor meets each id at most once per change and skips none, however slow it is. */

/* A new cursor, before the feed's first item; 0 to STORE_CURSORS_MAX - 1. The caller keeps within
 * that number (an ASSERT). */
unsigned store_cursor_open(struct store *s);
void store_cursor_close(struct store *s, unsigned cursor);

/* Back before the feed's first item. */
void store_cursor_rewind(struct store *s, unsigned cursor);

/* To right behind the last item whose change number is <= `change`. Costs one step per item behind
 * it, which are those that the cursor is going to read. */
void store_cursor_seek(struct store *s, unsigned cursor, uint64_t change);

/* The next item, which the cursor does not pass yet. false: it is at the end. */
MUST_USE bool store_cursor_peek(const struct store *s, unsigned cursor, struct feed_item *out,
    struct stamp_text *text);

/* The same without the stamp, out->stamp, which takes longer to put together than the rest. */
MUST_USE bool store_cursor_glance(const struct store *s, unsigned cursor, struct feed_item *out);

/* Pass the item that peek shows; there must be one. */
void store_cursor_pass(struct store *s, unsigned cursor);

/* Up to which change number all has been passed: store_change() at the end of the feed. */
uint64_t store_cursor_change(const struct store *s, unsigned cursor);

#endif
