/* names.h — the names of origin nodes, each kept once.
 *
 * A record holds a 16-bit number in place of its origin's name. A herd has few nodes, so nothing is
 * ever forgotten; a peer that makes names up ends at NAMES_MAX. Called by store. */
#ifndef CORE_STORE_NAMES_H
#define CORE_STORE_NAMES_H

#include "core/base/word.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum { NAMES_MAX = 4096 /* a record has 12 bits for it */, NAMES_SLOTS = 2 * NAMES_MAX };

struct name {
    uint8_t len;
    char text[STAMPEDE_NODE_NAME_BYTES_MAX];
};

struct names {
    uint64_t seed[2];
    struct name *each; /* NAMES_MAX */
    uint16_t *slots; /* NAMES_SLOTS; a number + 1, or 0 */
    uint16_t count;
    uint16_t last; /* the one asked for last: mostly the next one too */
};

/* false: no memory. */
MUST_USE bool names_init(struct names *n, const uint64_t seed[2]);
void names_deinit(struct names *n);

/* Valid as long as the table. */
static inline struct span names_text(const struct names *n, uint16_t number)
{
    return (struct span){n->each[number].text, n->each[number].len};
}

/* names_number of any name. */
MUST_USE bool names_find(struct names *n, struct span name, uint16_t *number);

/* The number of a name of 1 to STAMPEDE_NODE_NAME_BYTES_MAX bytes; a new one is added.
 * false: it is new and there are NAMES_MAX. */
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
