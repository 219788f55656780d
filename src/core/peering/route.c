/* route.c — see route.h.
 *
 * All texts lie one behind the other in one block, which is allocated once. A list is found by the
 * hash of its text in an open-addressed index with twice as many slots as there can be lists.
 * Nothing is ever removed: a full table still serves the lists it has, and of a list that finds no
 * room only the sender is remembered. Which neighbours a list names is worked out once, when the
 * list is new, and again when the neighbours are others.
 *
 * Holds always: each neighbour's name alone is a list that is kept, so that a full table can fall
 * back on it, and room for those of neighbours to come is kept free; the index has a free slot, so
 * that every search ends. */
#include "core/peering/route.h"
#include "core/base/invariant.h"
#include "core/protocol/stamp.h"
#include <stdlib.h>

enum {
    INDEX_SLOTS = 2 * ROUTES_MAX,
    NO_SENDER = 0xff,
};

_Static_assert((int)NO_SENDER >= (int)ROUTE_PEERS_MAX, "it is nobody's number");

struct route {
    uint64_t peers; /* bit i: names neighbour i */
    uint32_t hash;
    uint32_t text; /* offset in texts */
    uint16_t text_bytes;
    uint8_t sender;
};

struct route_table {
    unsigned peers_count;
    uint32_t routes_count; /* the next number */
    uint32_t texts_bytes;
    uint16_t alone[ROUTE_PEERS_MAX]; /* each neighbour's list of its name alone */
    uint16_t last[ROUTE_PEERS_MAX]; /* each neighbour's last one, which it mostly sends again */
    uint16_t index[INDEX_SLOTS]; /* numbers; 0: free */
    struct route routes[ROUTES_MAX];
    char texts[ROUTE_TEXT_BYTES_MAX];
};

/* FNV-1a will do: lists come only from proven neighbours, and a search is bounded by the table. */
static uint32_t hash_of(struct span names)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < names.len; i++)
        hash = (hash ^ (unsigned char)names.at[i]) * 16777619u;
    return hash;
}

/* Cuts the first name off `rest`, and the space behind it. */
static struct span name_cut(struct span *rest)
{
    const char *space = memchr(rest->at, ' ', rest->len);
    struct span name = {rest->at, space ? (size_t)(space - rest->at) : rest->len};
    *rest = span_from(*rest, name.len + (space != NULL));
    return name;
}

static uint64_t peers_named(const struct route_table *t, struct span names)
{
    uint64_t peers = 0;
    while (names.len) {
        struct span name = name_cut(&names);
        for (unsigned i = 0; i < t->peers_count; i++)
            if (t->alone[i] && span_equal(name, route_names(t, t->alone[i])))
                peers |= UINT64_C(1) << i;
    }
    return peers;
}

/* The number of a list that is kept, or 0 and the slot where it would be. */
static uint16_t find(const struct route_table *t, struct span names, uint32_t hash, uint32_t *slot)
{
    for (*slot = hash % INDEX_SLOTS; t->index[*slot]; *slot = (*slot + 1) % INDEX_SLOTS) {
        uint16_t route = t->index[*slot];
        if (t->routes[route].hash == hash && span_equal(route_names(t, route), names))
            return route;
    }
    return 0;
}

static bool has_room_for(const struct route_table *t, unsigned lists, size_t bytes)
{
    return t->routes_count + lists <= ROUTES_MAX && bytes <= ROUTE_TEXT_BYTES_MAX - t->texts_bytes;
}

static bool has_room(const struct route_table *t, struct span names)
{
    return has_room_for(
        t, 1 + ROUTES_RESERVED, names.len + (size_t)ROUTES_RESERVED * STAMPEDE_NODE_NAME_BYTES_MAX);
}

static uint16_t keep(
    struct route_table *t, struct span names, uint32_t hash, uint32_t slot, unsigned sender)
{
    ASSERT(has_room_for(t, 1, names.len) && t->index[slot] == 0);
    uint16_t route = (uint16_t)t->routes_count++;
    memcpy(t->texts + t->texts_bytes, names.at, names.len);
    t->routes[route] = (struct route){
        .hash = hash,
        .text = t->texts_bytes,
        .text_bytes = (uint16_t)names.len,
        .sender = (uint8_t)sender,
    };
    t->texts_bytes += (uint32_t)names.len;
    t->index[slot] = route;
    ASSERT(t->routes_count <= ROUTES_MAX && t->texts_bytes <= ROUTE_TEXT_BYTES_MAX);
    return route;
}

struct route_table *route_table_create(const struct span *peers, unsigned count)
{
    struct route_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->routes_count = 1; /* past ROUTE_LOCAL */
    bool fits = route_table_take_peers(t, peers, count);
    ASSERT(fits);
    return t;
}

/* How many of these have no list yet. */
static unsigned count_new(const struct route_table *t, const struct span *peers, unsigned count)
{
    unsigned found = 0;
    uint32_t slot;
    for (unsigned i = 0; i < count; i++)
        found += peers[i].len && !find(t, peers[i], hash_of(peers[i]), &slot);
    return found;
}

/* Whose list this is, and whom it names. */
static void look_up_peers(struct route_table *t, struct route *route, struct span names)
{
    struct span rest = names, sender = names;
    while (rest.len)
        sender = name_cut(&rest);
    route->peers = peers_named(t, names);
    route->sender = NO_SENDER;
    for (unsigned i = 0; i < t->peers_count; i++)
        if (t->alone[i] && span_equal(sender, route_names(t, t->alone[i])))
            route->sender = (uint8_t)i;
}

bool route_table_take_peers(struct route_table *t, const struct span *peers, unsigned count)
{
    ASSERT(count <= ROUTE_PEERS_MAX && count >= t->peers_count);
    unsigned unknown = count_new(t, peers, count);
    if (!has_room_for(t, unknown, (size_t)unknown * STAMPEDE_NODE_NAME_BYTES_MAX))
        return false;
    t->peers_count = count;
    for (unsigned i = 0; i < count; i++) {
        uint32_t hash = hash_of(peers[i]), slot;
        ASSERT(!peers[i].len || stamp_node_name_valid(peers[i]));
        uint16_t before = t->alone[i];
        t->alone[i] = peers[i].len ? find(t, peers[i], hash, &slot) : 0;
        if (peers[i].len && !t->alone[i])
            t->alone[i] = keep(t, peers[i], hash, slot, i);
        if (t->alone[i] != before)
            t->last[i] = t->alone[i];
    }
    for (unsigned r = 1; r < t->routes_count; r++)
        look_up_peers(t, &t->routes[r], route_names(t, (uint16_t)r));
    return true;
}

void route_table_destroy(struct route_table *t)
{
    free(t);
}

/* Whether every name is a valid one, and the last is `sender`. Cuts *names to its last
 * ROUTE_NAMES_MAX. */
static bool list_valid(struct span *names, struct span sender)
{
    if (!names->len || names->at[names->len - 1] == ' ')
        return false;
    struct span rest = *names, name = {0};
    unsigned count = 0;
    for (; rest.len; count++) {
        name = name_cut(&rest);
        if (!stamp_node_name_valid(name))
            return false;
    }
    for (; count > ROUTE_NAMES_MAX; count--)
        name_cut(names);
    return span_equal(name, sender);
}

bool route_number(struct route_table *t, struct span names, unsigned sender, uint16_t *route)
{
    ASSERT(sender < t->peers_count && t->alone[sender]);
    uint16_t alone = t->alone[sender];
    *route = t->last[sender];
    if (span_equal(route_names(t, *route), names))
        return true;
    if (!list_valid(&names, route_names(t, alone)))
        return false;
    uint32_t hash = hash_of(names), slot;
    *route = find(t, names, hash, &slot);
    if (!*route && !has_room(t, names)) {
        *route = alone;
    } else if (!*route) {
        *route = keep(t, names, hash, slot, sender);
        t->routes[*route].peers = peers_named(t, names);
    }
    ASSERT(t->routes[*route].sender == sender);
    t->last[sender] = *route;
    return true;
}

struct span route_names(const struct route_table *t, uint16_t route)
{
    ASSERT(route < t->routes_count);
    return (struct span){t->texts + t->routes[route].text, t->routes[route].text_bytes};
}

bool route_has(const struct route_table *t, uint16_t route, unsigned peer)
{
    ASSERT(route < t->routes_count && peer < t->peers_count);
    return t->routes[route].peers >> peer & 1;
}

int route_sender(const struct route_table *t, uint16_t route)
{
    ASSERT(route < t->routes_count);
    bool known = route != ROUTE_LOCAL && t->routes[route].sender != NO_SENDER;
    return known ? t->routes[route].sender : -1;
}
