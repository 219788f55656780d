/* names.h — the names of origin nodes, each kept once.
 *
 * A record holds a number of 12 bits instead of its origin's name. A herd has few nodes, so no name
 * is ever forgotten. Once names_know was called, only it adds names, and a peer that invents some
 * adds none. Called by store. */
#ifndef CORE_STORE_NAMES_H
#define CORE_STORE_NAMES_H

#include "core/base/word.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum { NAMES_MAX = 4096 /* as 12 bits can number */, NAMES_SLOTS = 2 * NAMES_MAX };

struct name {
    uint8_t len;
    char text[STAMPEDE_NODE_NAME_BYTES_MAX];
};

struct names {
    uint64_t seed[2];
    struct name *each; /* NAMES_MAX */
    uint16_t *slots; /* NAMES_SLOTS of them; a name's number + 1, or 0 for a free slot */
    uint16_t count;
    bool closed; /* no name is added by a search */
    uint16_t last; /* the number returned last: most likely the next one, too */
};

/* false: out of memory. */
MUST_USE bool names_init(struct names *n, const uint64_t seed[2]);
void names_deinit(struct names *n);

/* The view is valid as long as the table. */
static inline struct span names_text(const struct names *n, uint16_t number)
{
    return (struct span){n->each[number].text, n->each[number].len};
}

/* The search behind names_number, for a name that is not the last one again. */
MUST_USE bool names_find(struct names *n, struct span name, uint16_t *number);

/* Add a name of 1 to STAMPEDE_NODE_NAME_BYTES_MAX bytes, and from now on no others by a search.
 * false: there are NAMES_MAX already. */
MUST_USE bool names_know(struct names *n, struct span name);

/* The number of a name of 1 to STAMPEDE_NODE_NAME_BYTES_MAX bytes. Before names_know, a new name is
 * added. false: the name is new, and after names_know, or there are NAMES_MAX already. */
MUST_USE static inline bool names_number(struct names *n, struct span name, uint16_t *number)
{
    *number = n->last;
    return word_equal(names_text(n, n->last), name) || names_find(n, name, number);
}

static inline uint64_t names_bytes(const struct names *n)
{
    return n->count * sizeof *n->each + NAMES_SLOTS * sizeof *n->slots;
}

#endif
