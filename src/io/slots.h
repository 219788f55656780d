/* slots.h — the table of connections, and the lists that run through it.
 *
 * A connection's place in the table is its number everywhere: in ring tags, in the node. A place
 * that becomes free goes to the next comer under a new generation. The table has room for all from
 * the start, but its memory is touched place by place: the kernel gives a page when one is first
 * written. Lists are links inside the table, so that nothing is allocated while the node runs. */
#ifndef IO_SLOTS_H
#define IO_SLOTS_H

#include "core/base/instant.h"
#include "core/base/span.h"

enum { SLOT_NONE = 0xffffff }; /* the table's numbers are below this */

enum conn_state { CONN_FREE, CONN_OPEN, CONN_DRAINING, CONN_DYING };

enum conn_list {
    CONN_TOUCHED, /* to be looked at before the turn ends */
    CONN_STARVED, /* wait for receive buffers, in the order in which they ran dry */
    CONN_LINGERING, /* drain, in the order of their deadlines */
    CONN_LISTS
};

/* One connection. What the flags mean together: conn.c. */
struct conn {
    struct {
        uint32_t next, previous;
    } links[CONN_LISTS];
    int64_t drain_until_ns; /* monotonic; while DRAINING */
    int fd;
    uint32_t generation;
    uint16_t error; /* errno of what ended it; 0: nothing did */
    uint8_t sequence; /* of the receive; grows with each one */
    uint8_t listed; /* bit l: it is on list l */
    uint8_t state;
    bool receiving : 1; /* a receive is with the kernel */
    bool cancelling : 1; /* ... and has been asked to stop */
    bool sending : 1; /* a send is with the kernel */
    bool ended : 1; /* the other end has finished sending */
};

_Static_assert(sizeof(struct conn) <= 48, "an idle connection is meant to be cheap");

struct slots {
    struct conn *each;
    uint32_t max;
    uint32_t reached; /* places below this were used at least once */
    uint32_t used;
    uint32_t free; /* the first of the free ones below `reached`, linked by CONN_TOUCHED's next */
    struct {
        uint32_t first, last;
    } lists[CONN_LISTS];
};

/* max: below SLOT_NONE. false: no memory. */
MUST_USE bool slots_init(struct slots *s, uint32_t max);
void slots_deinit(struct slots *s);

/* A free place as CONN_OPEN with all else zero but its generation, which is a new one; SLOT_NONE
 * when all are taken. */
MUST_USE uint32_t slots_take(struct slots *s);

/* Takes it off all lists too. */
void slots_give(struct slots *s, uint32_t slot);

/* The connection that a number and a generation mean; NULL: it is gone. */
struct conn *slots_find(const struct slots *s, uint32_t slot, uint32_t generation);

/* At the end of a list; nothing when it is on it already. */
void slots_append(struct slots *s, enum conn_list list, uint32_t slot);

/* Nothing when it is not on it. */
void slots_remove(struct slots *s, enum conn_list list, uint32_t slot);

/* The first of a list, SLOT_NONE when there is none; slots_pop takes it off. */
uint32_t slots_first(const struct slots *s, enum conn_list list);
MUST_USE uint32_t slots_pop(struct slots *s, enum conn_list list);

#endif
