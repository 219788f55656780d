/* names.c — see names.h. A hash table with linear probing, which holds indices into an array of
 * names. It has twice as many slots as there can be names, so a search always meets a free slot.
 * The array is allocated in full, but only the pages in use cost memory. */
#include "core/store/names.h"
#include "core/base/invariant.h"
#include "core/base/siphash.h"
#include <stdlib.h>

bool names_init(struct names *n, const uint64_t seed[2])
{
    *n = (struct names){.seed = {seed[0], seed[1]}};
    n->each = calloc(NAMES_MAX, sizeof *n->each);
    n->slots = calloc(NAMES_SLOTS, sizeof *n->slots);
    if (n->each && n->slots)
        return true;
    names_deinit(n);
    return false;
}

void names_deinit(struct names *n)
{
    free(n->each);
    free(n->slots);
}

bool names_find(struct names *n, struct span name, uint16_t *number)
{
    ASSERT(name.len >= 1 && name.len <= STAMPEDE_NODE_NAME_BYTES_MAX);
    uint16_t *slot = &n->slots[siphash13(n->seed, name) % NAMES_SLOTS];
    while (*slot && !span_equal(names_text(n, (uint16_t)(*slot - 1)), name))
        if (++slot == n->slots + NAMES_SLOTS)
            slot = n->slots;
    if (!*slot) {
        if (n->closed || n->count == NAMES_MAX)
            return false;
        struct name *new = &n->each[n->count];
        new->len = (uint8_t)name.len;
        memcpy(new->text, name.at, name.len);
        *slot = ++n->count;
    }
    *number = n->last = (uint16_t)(*slot - 1);
    ASSERT(*number < n->count && n->count <= NAMES_MAX);
    return true;
}

bool names_know(struct names *n, struct span name)
{
    uint16_t number;
    n->closed = false;
    bool known = names_find(n, name, &number);
    n->closed = true;
    return known;
}
