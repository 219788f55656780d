/* slots.c — see slots.h. Free slots form a stack, so that a table that was once full and is now
 * nearly empty works on few pages; slots that were never used are taken last. calloc maps a table
 * of any size without touching its pages. Holds always: `used` slots are not CONN_FREE; a free slot
 * is on no list; bit l of `listed` is set exactly for the slots of list l. */
#include "io/slots.h"
#include "core/base/invariant.h"
#include "io/ring.h"
#include <stdlib.h>
#include <string.h>

_Static_assert(SLOT_NONE == (int)RING_SLOT_MAX, "a slot must fit into a tag");

bool slots_init(struct slots *s, uint32_t max)
{
    ASSERT(max < SLOT_NONE);
    *s = (struct slots){.max = max, .free = SLOT_NONE};
    for (unsigned l = 0; l < CONN_LISTS; l++)
        s->lists[l].first = s->lists[l].last = SLOT_NONE;
    s->each = calloc(max, sizeof *s->each);
    return s->each != NULL;
}

bool slots_grow(struct slots *s, uint32_t max)
{
    ASSERT(max < SLOT_NONE && s->reached <= s->max);
    if (max <= s->max)
        return true;
    struct conn *each = calloc(max, sizeof *each);
    if (!each)
        return false;
    memcpy(each, s->each, s->reached * sizeof *each);
    free(s->each);
    s->each = each;
    s->max = max;
    return true;
}

void slots_deinit(struct slots *s)
{
    free(s->each);
}

uint32_t slots_take(struct slots *s)
{
    uint32_t slot = s->free;
    ASSERT(s->used <= s->reached && s->reached <= s->max);
    if (slot != SLOT_NONE)
        s->free = s->each[slot].links[CONN_TOUCHED].next;
    else if (s->reached < s->max)
        slot = s->reached++;
    else
        return SLOT_NONE;
    s->used++;
    struct conn *conn = &s->each[slot];
    ASSERT(conn->state == CONN_FREE && !conn->listed);
    *conn = (struct conn){
        .state = CONN_OPEN, .fd = -1, .generation = (conn->generation + 1) & RING_SLOT_MAX};
    return slot;
}

void slots_give(struct slots *s, uint32_t slot)
{
    ASSERT(slot < s->reached && s->used > 0);
    struct conn *conn = &s->each[slot];
    ASSERT(conn->state != CONN_FREE);
    for (unsigned l = 0; l < CONN_LISTS; l++)
        slots_remove(s, l, slot);
    ASSERT(!conn->listed);
    conn->state = CONN_FREE;
    conn->links[CONN_TOUCHED].next = s->free;
    s->free = slot;
    s->used--;
}

struct conn *slots_find(const struct slots *s, uint32_t slot, uint32_t generation)
{
    if (slot >= s->reached)
        return NULL;
    struct conn *conn = &s->each[slot];
    return conn->state != CONN_FREE && conn->generation == generation ? conn : NULL;
}

void slots_append(struct slots *s, enum conn_list list, uint32_t slot)
{
    ASSERT(slot < s->reached);
    struct conn *conn = &s->each[slot];
    ASSERT(conn->state != CONN_FREE);
    if (conn->listed & 1U << list)
        return;
    conn->listed |= (uint8_t)(1U << list);
    uint32_t last = s->lists[list].last;
    ASSERT(last == SLOT_NONE || s->each[last].links[list].next == SLOT_NONE);
    conn->links[list].previous = last;
    conn->links[list].next = SLOT_NONE;
    if (last == SLOT_NONE)
        s->lists[list].first = slot;
    else
        s->each[last].links[list].next = slot;
    s->lists[list].last = slot;
}

void slots_remove(struct slots *s, enum conn_list list, uint32_t slot)
{
    struct conn *conn = &s->each[slot];
    if (!(conn->listed & 1U << list))
        return;
    conn->listed &= (uint8_t) ~(1U << list);
    uint32_t next = conn->links[list].next, previous = conn->links[list].previous;
    ASSERT((previous == SLOT_NONE ? s->lists[list].first : s->each[previous].links[list].next) ==
           slot);
    ASSERT((next == SLOT_NONE ? s->lists[list].last : s->each[next].links[list].previous) == slot);
    if (previous == SLOT_NONE)
        s->lists[list].first = next;
    else
        s->each[previous].links[list].next = next;
    if (next == SLOT_NONE)
        s->lists[list].last = previous;
    else
        s->each[next].links[list].previous = previous;
}

uint32_t slots_first(const struct slots *s, enum conn_list list)
{
    return s->lists[list].first;
}

uint32_t slots_pop(struct slots *s, enum conn_list list)
{
    uint32_t slot = s->lists[list].first;
    if (slot != SLOT_NONE)
        slots_remove(s, list, slot);
    return slot;
}
