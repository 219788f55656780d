/* slots.h — the table of connections, and the lists that link its slots.
 *
 * A connection's slot in the table is its number everywhere: in ring tags and in the node. A slot
 * that was freed is reused under a new generation. Memory for all slots is reserved at the start,
 * but a page takes up memory only once a slot on it is used. The lists are links inside the table,
 * so that nothing is allocated while the node runs. Called by conn. */
#ifndef IO_SLOTS_H
#define IO_SLOTS_H

#include "core/base/instant.h"
#include "core/base/span.h"

enum { SLOT_NONE = 0xffffff }; /* all slots are below this */

enum conn_state { CONN_FREE, CONN_OPEN, CONN_DRAINING, CONN_DYING };

enum conn_list {
    CONN_TOUCHED, /* something happened; reconcile it before the turn ends */
    CONN_STARVED, /* waiting for receive buffers, first come first served */
    CONN_LINGERING, /* draining, in the order of their deadlines */
    CONN_CLOSING, /* dying, with nothing in flight: to be closed, the first of them first */
    CONN_LISTS
};

/* One connection. conn.c explains how the flags go together. */
struct conn {
    struct {
        uint32_t next, previous;
    } links[CONN_LISTS];
    int64_t drain_until_ns; /* monotonic; while DRAINING */
    int fd;
    uint32_t generation;
    uint16_t error; /* the errno that ended it; 0: no error */
    uint8_t sequence; /* of the receive; each new one increments it */
    uint8_t listed; /* bit l: it is on list l */
    uint8_t state;
    bool receiving : 1; /* a receive is in flight */
    bool cancelling : 1; /* ... and its cancellation was requested */
    bool sending : 1; /* a send is in flight */
    bool ended : 1; /* the other end sent FIN */
    bool kept : 1; /* its socket is set for one that watches */
};

_Static_assert(sizeof(struct conn) <= 56, "an idle connection must stay cheap");

struct slots {
    struct conn *each;
    uint32_t max;
    uint32_t reached; /* slots below this were used at least once */
    uint32_t used;
    uint32_t free; /* first free slot below `reached`; linked by links[CONN_TOUCHED].next */
    struct {
        uint32_t first, last;
    } lists[CONN_LISTS];
};

/* max: below SLOT_NONE. false: no memory. */
MUST_USE bool slots_init(struct slots *s, uint32_t max);
void slots_deinit(struct slots *s);
/* There are so many from now on, if that is more than before. No pointer into the table may be in
 * use. false: no memory. */
MUST_USE bool slots_grow(struct slots *s, uint32_t max);

/* Allocate a slot: its state is CONN_OPEN, its generation is new, all else is zero. SLOT_NONE: the
 * table is full. */
MUST_USE uint32_t slots_take(struct slots *s);

/* Free a slot in use, and remove it from all lists. */
void slots_give(struct slots *s, uint32_t slot);

/* The connection in `slot`; NULL: that generation of it is gone. */
struct conn *slots_find(const struct slots *s, uint32_t slot, uint32_t generation);

/* Append to a list; does nothing if it is on that list already. */
void slots_append(struct slots *s, enum conn_list list, uint32_t slot);

/* Does nothing if it is not on that list. */
void slots_remove(struct slots *s, enum conn_list list, uint32_t slot);

/* The first of a list, SLOT_NONE if it is empty; slots_pop also removes it. */
uint32_t slots_first(const struct slots *s, enum conn_list list);
MUST_USE uint32_t slots_pop(struct slots *s, enum conn_list list);

#endif
