/* store.c — see store.h. How an id leads to its stamp:
 *
 *     id - id_index -> record number - arena -> record: feed links, change, stamp - names -> origin
 *
 * A put first obtains all that it may need (room in the index, memory, the origin's number) and
 * only then changes the store, so that a put that fails has changed nothing.
 *
 * Holds always: count is the number of records in the feed and at most stamps_max; an empty feed
 * has the digest 0. */
#include "core/store/store.h"
#include "core/store/arena.h"
#include "core/store/feed.h"
#include "core/store/id_index.h"
#include "core/base/invariant.h"
#include "core/store/names.h"
#include <stdlib.h>

_Static_assert((int)STORE_CURSORS_MAX == (int)FEED_CURSORS_MAX, "a store's cursors are its feed's");
_Static_assert((int)STORE_ORIGINS_MAX == (int)NAMES_MAX, "a store's origins are its names");
_Static_assert((int)STORE_ORIGINS_RESTORED_MAX < (int)STORE_ORIGINS_MAX, "others are known, too");
_Static_assert((int)STORE_SLOT_GAP <= (int)RECORD_UNITS_MIN, "a slot is a record's number");
_Static_assert(NAMES_MAX <= 1 << 12, "a record has 12 bits for its origin's number");

struct store {
    uint64_t stamps_max;
    enum store_when_full when_full;
    uint64_t count;
    uint64_t digest;
    uint64_t refused;
    uint64_t evicted;
    struct names origins;
    struct id_index index;
    struct feed feed;
    struct arena arena;
    unsigned origins_restored; /* that nobody knew */
    struct store_watcher watcher; /* all 0: nobody */
};

struct store *store_create(const struct store_config *config)
{
    ASSERT(config->stamps_max >= 1 && config->stamps_max <= UINT64_C(1) << 31);
    struct store *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    *s = (struct store){.stamps_max = config->stamps_max, .when_full = config->when_full};
    feed_init(&s->feed, &s->arena);
    if (!arena_init(&s->arena, config->stamps_max))
        goto no_arena;
    if (!id_index_init(&s->index, &s->arena, config->seed, config->stamps_max))
        goto no_index;
    if (!names_init(&s->origins, config->seed))
        goto no_names;
    return s;

no_names:
    id_index_deinit(&s->index);
no_index:
    arena_deinit(&s->arena);
no_arena:
    free(s);
    return NULL;
}

void store_destroy(struct store *s)
{
    if (!s)
        return;
    names_deinit(&s->origins);
    id_index_deinit(&s->index);
    arena_deinit(&s->arena);
    free(s);
}

bool store_take_limits(struct store *s, uint64_t stamps_max, enum store_when_full when_full)
{
    ASSERT(stamps_max >= 1 && stamps_max <= UINT64_C(1) << 31 && stamps_max >= s->count);
    if (!arena_grow(&s->arena, stamps_max) || !id_index_grow(&s->index, stamps_max))
        return false;
    s->stamps_max = stamps_max;
    s->when_full = when_full;
    return true;
}

void store_know_origin(struct store *s, struct span name)
{
    bool known = names_know(&s->origins, name);
    ASSERT(known);
}

uint64_t store_hash(const struct store *s, struct span id)
{
    return id_index_hash(&s->index, id);
}

void store_prefetch_table(const struct store *s, uint64_t hash)
{
    id_index_prefetch(&s->index, hash);
}

uint32_t store_prefetch_record(const struct store *s, uint64_t hash)
{
    uint32_t at = id_index_likely(&s->index, hash);
    if (at)
        arena_prefetch(&s->arena, at);
    return at != 0;
}

void store_prefetch_feed(const struct store *s, uint32_t likely)
{
    if (likely)
        feed_prefetch(&s->feed, likely);
}

static void stamp_read(
    const struct store *s, const struct record *r, struct stamp *out, struct stamp_text *text)
{
    record_read(r, out, text->position, text->time);
    out->origin = names_text(&s->origins, r->origin);
}

static void item_glance(const struct record *r, uint32_t at, struct feed_item *out)
{
    out->slot = at;
    out->change = r->change;
    out->hash = r->hash;
    out->route = r->route;
}

static void item_read(
    const struct store *s, uint32_t at, struct feed_item *out, struct stamp_text *text)
{
    const struct record *r = arena_record(&s->arena, at);
    stamp_read(s, r, &out->stamp, text);
    item_glance(r, at, out);
}

bool store_knows_origin(struct store *s, struct span name)
{
    uint16_t number;
    ASSERT(s->origins.closed);
    return names_number(&s->origins, name, &number);
}

unsigned store_origins(const struct store *s)
{
    return s->origins.count;
}

/* -- put and get ------------------------------------------------------------------------------- */

static inline void drop(struct store *s, uint32_t at)
{
    const struct record *r = arena_record(&s->arena, at);
    if (s->watcher.leaves)
        s->watcher.leaves(s->watcher.self, at, record_id(r));
    s->digest -= r->hash;
    id_index_remove(&s->index, id_index_hash(&s->index, record_id(r)), at);
    feed_remove(&s->feed, at);
    arena_free(&s->arena, at);
    s->count--;
}

/* Remove the stamp that has been unchanged for longest: the feed's first. */
static void evict(struct store *s)
{
    ASSERT(s->when_full == STORE_EVICTS && s->count == s->stamps_max);
    drop(s, s->feed.first);
    s->evicted++;
}

/* Two rules depend on whether a stamp comes from a client or from a peer.
 *
 * At the time that is already held, a client's stamp repeats what is known and changes nothing; a
 * peer's may be a different stamp of that time, and the total order decides, so that all nodes keep
 * the same one.
 *
 * In a full store that evicts, a client's stamp always finds room. A peer's finds room only if it
 * was received later than the stamp that would be evicted for it. Otherwise a stamp that one node
 * evicted would come back from a neighbour and push out another, as fast as the links can carry
 * them. */
enum says { CLIENT_SAYS, PEER_SAYS };

static int64_t received_ns(int64_t time_ns, int64_t skew_ns)
{
    return time_ns + skew_ns;
}

static bool finds_room(const struct store *s, const struct stamp *in, enum says who)
{
    if (s->count < s->stamps_max)
        return true;
    if (s->when_full == STORE_REFUSES || who == CLIENT_SAYS)
        return s->when_full == STORE_EVICTS;
    const struct record *goes = arena_record(&s->arena, s->feed.first);
    int64_t in_ns = received_ns(in->time_ns, in->skew_ns);
    int64_t goes_ns = received_ns(goes->time_ns, goes->skew_ns);
    return in_ns != goes_ns ? in_ns > goes_ns : span_compare(in->id, record_id(goes)) > 0;
}

static enum store_verdict put_new(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route, enum says who)
{
    uint16_t origin;
    if (!names_number(&s->origins, in->origin, &origin))
        return STORE_UNKNOWN;
    if (!finds_room(s, in, who)) {
        s->refused++;
        return STORE_FULL;
    }
    if (!id_index_reserve(&s->index, hash))
        return STORE_STARVED;
    uint32_t at = arena_alloc(&s->arena, record_units(in->id.len, in->position.len));
    if (!at)
        return STORE_STARVED;
    struct record *r = arena_record(&s->arena, at);
    record_name(r, in->id);
    record_write(r, in, stamp_hash(in), origin, route);
    if (s->count >= s->stamps_max)
        evict(s);
    id_index_insert(&s->index, hash, at);
    feed_append(&s->feed, at);
    s->digest += r->hash;
    s->count++;
    return STORE_NEW;
}

static bool is_newer(
    const struct store *s, const struct stamp *in, const struct record *held, enum says who)
{
    if (in->time_ns != held->time_ns || who == CLIENT_SAYS)
        return in->time_ns > held->time_ns;
    struct stamp stamp;
    struct stamp_text text;
    stamp_read(s, held, &stamp, &text);
    return stamp_compare(in, &stamp) > 0;
}

static enum store_verdict put_known(struct store *s, const struct stamp *in, uint64_t hash,
    uint16_t route, uint32_t at, enum says who)
{
    struct record *held = arena_record(&s->arena, at);
    if (!is_newer(s, in, held, who))
        return STORE_OLD;
    uint16_t origin;
    if (!names_number(&s->origins, in->origin, &origin))
        return STORE_UNKNOWN;
    uint32_t to = at;
    uint32_t units = record_units(in->id.len, in->position.len);
    if (units != record_units(held->id_len, held->position_len)) {
        to = arena_alloc(&s->arena, units);
        if (!to)
            return STORE_STARVED;
    }
    struct record *r = arena_record(&s->arena, to);
    if (to != at)
        record_name(r, in->id);
    s->digest -= held->hash;
    record_write(r, in, stamp_hash(in), origin, route);
    feed_remove(&s->feed, at);
    if (to != at) {
        if (s->watcher.moves)
            s->watcher.moves(s->watcher.self, at, to);
        id_index_move(&s->index, hash, at, to);
        arena_free(&s->arena, at);
    }
    feed_append(&s->feed, to);
    s->digest += r->hash;
    return STORE_NEW;
}

static inline enum store_verdict put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route, enum says who)
{
    uint32_t at = id_index_find(&s->index, in->id, hash);
    return at ? put_known(s, in, hash, route, at, who) : put_new(s, in, hash, route, who);
}

enum store_verdict store_put(struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    return put(s, in, hash, route, PEER_SAYS);
}

enum store_verdict store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    return put(s, in, hash, route, CLIENT_SAYS);
}

/* -- what a former process held ---------------------------------------------------------------- */

static bool restore_origin(struct store *s, struct span name, uint16_t *number)
{
    bool closed = s->origins.closed;
    s->origins.closed = true;
    bool known = names_number(&s->origins, name, number);
    if (!known && s->origins_restored < STORE_ORIGINS_RESTORED_MAX) {
        s->origins.closed = false;
        known = names_number(&s->origins, name, number);
        s->origins_restored += known;
    }
    s->origins.closed = closed;
    return known;
}

enum store_verdict store_restore(
    struct store *s, const struct stamp *in, uint64_t hash, uint64_t change, uint16_t route)
{
    uint16_t origin;
    ASSERT(change > s->feed.change);
    feed_skip(&s->feed, change - 1);
    enum store_verdict verdict = STORE_UNKNOWN;
    if (restore_origin(s, in->origin, &origin)) {
        uint32_t at = id_index_find(&s->index, in->id, hash);
        if (at)
            drop(s, at);
        verdict = put_new(s, in, hash, route, CLIENT_SAYS);
    }
    if (verdict != STORE_NEW)
        feed_skip(&s->feed, change);
    ASSERT(s->feed.change == change && s->count <= s->stamps_max);
    return verdict;
}

void store_restored(struct store *s, uint64_t change)
{
    feed_skip(&s->feed, change);
}

bool store_get(const struct store *s, struct span id, uint64_t hash, struct feed_item *out,
    struct stamp_text *text)
{
    uint32_t at = id_index_find(&s->index, id, hash);
    if (at)
        item_read(s, at, out, text);
    return at != 0;
}

void store_read(
    const struct store *s, uint32_t slot, struct feed_item *out, struct stamp_text *text)
{
    ASSERT(slot && !arena_record(&s->arena, slot)->is_free);
    item_read(s, slot, out, text);
}

void store_prefetch_slot(const struct store *s, uint32_t slot)
{
    arena_prefetch(&s->arena, slot);
}

void store_watch(struct store *s, const struct store_watcher *watcher)
{
    s->watcher = watcher ? *watcher : (struct store_watcher){0};
}

/* -- figures ----------------------------------------------------------------------------------- */

uint64_t store_count(const struct store *s)
{
    ASSERT(s->count <= s->stamps_max);
    return s->count;
}

uint64_t store_digest(const struct store *s)
{
    ASSERT((s->count == 0) == (s->feed.first == 0));
    ASSERT(s->count > 0 || s->digest == 0);
    return s->digest;
}

uint64_t store_change(const struct store *s)
{
    return s->feed.change;
}

uint64_t store_last_hash(const struct store *s)
{
    return s->feed.last ? arena_record(&s->arena, s->feed.last)->hash : 0;
}

uint64_t store_bytes(const struct store *s)
{
    return sizeof *s + arena_bytes(&s->arena) + id_index_bytes(&s->index) +
           names_bytes(&s->origins);
}

uint64_t store_refused(const struct store *s)
{
    return s->refused;
}

uint64_t store_evicted(const struct store *s)
{
    return s->evicted;
}

/* -- cursors ----------------------------------------------------------------------------------- */

unsigned store_cursor_open(struct store *s)
{
    return feed_open(&s->feed);
}

void store_cursor_close(struct store *s, unsigned cursor)
{
    feed_close(&s->feed, cursor);
}

void store_cursor_rewind(struct store *s, unsigned cursor)
{
    feed_rewind(&s->feed, cursor);
}

void store_cursor_seek(struct store *s, unsigned cursor, uint64_t change)
{
    feed_seek(&s->feed, cursor, change);
}

bool store_cursor_go_back(struct store *s, unsigned cursor, uint64_t change, unsigned steps)
{
    return feed_go_back(&s->feed, cursor, change, steps);
}

/* The record that the cursor passes next; 0: it is at the end. */
static uint32_t next_record(const struct store *s, unsigned cursor)
{
    uint32_t at = feed_next(&s->feed, cursor);
    if (at) /* the one behind it loads while the caller works on this one */
        arena_prefetch(&s->arena, arena_record(&s->arena, at)->next);
    return at;
}

bool store_cursor_peek(
    const struct store *s, unsigned cursor, struct feed_item *out, struct stamp_text *text)
{
    uint32_t at = next_record(s, cursor);
    if (at)
        item_read(s, at, out, text);
    return at != 0;
}

bool store_cursor_glance(const struct store *s, unsigned cursor, struct feed_item *out)
{
    uint32_t at = next_record(s, cursor);
    if (at)
        item_glance(arena_record(&s->arena, at), at, out);
    return at != 0;
}

void store_cursor_pass(struct store *s, unsigned cursor)
{
    feed_pass(&s->feed, cursor);
}

uint64_t store_cursor_change(const struct store *s, unsigned cursor)
{
    return feed_passed(&s->feed, cursor);
}
