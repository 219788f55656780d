/* transfers.h — the dumps and loads of a node: who may, how many, for how long.
 *
 *   state    event                                        next     does
 *   none     DUMP or LOAD, of who may, and there is room  GOES ON  it is no stranger any more
 *   GOES ON  bytes, of a load                             GOES ON  load.c
 *   GOES ON  bytes, of a dump                             none     it is reset
 *   GOES ON  there is room for output                     GOES ON  dump.c, load.c
 *   GOES ON  all is said, or it ends with BYE             none     the connection finishes
 *   GOES ON  limits.stall without a byte                  none     a load: BYE; a dump: reset
 *   GOES ON  the connection ends                          none
 *
 * PROTOCOL.md, "Dumps and loads". Called by links.c, observers.c and node.c. Written by
 * transfers.c alone: `struct transfers` in struct node, and each link's `transfer`. */
#ifndef CORE_NODE_TRANSFERS_H
#define CORE_NODE_TRANSFERS_H

#include "core/node/dump.h"
#include "core/node/load.h"

enum {
    TRANSFERS_DUMPS_MAX = 4, /* each has a cursor of the store */
    TRANSFERS_LOADS_MAX = 1,
    TRANSFERS_MAX = TRANSFERS_DUMPS_MAX + TRANSFERS_LOADS_MAX,
    TRANSFERS_STAMPS = 256, /* of a dump in one turn, fewer than a link's: clients go first */
};

struct transfer {
    struct link *link;
    int64_t ends_ns; /* monotonic: it is reset then, as a load whose BYE finds no room */
    bool loads;
    union {
        struct dump dump;
        struct load load;
    };
    char room[]; /* of a load, for a split line */
};

struct transfers {
    struct transfer *each[TRANSFERS_MAX]; /* the first `count`, in no order */
    unsigned count, loads;
};

/* `l`, an observer that may, has said DUMP, or LOAD. NULL: it begins; or why the connection is to
 * end. */
MUST_USE const char *transfer_begin(struct node *n, struct link *l, bool loads);

/* Bytes have come in by a link with a transfer. */
void transfer_take(struct node *n, struct link *l, struct span in, struct instant now);

/* Write what is next into `out`, behind HELLO and AUTH. true: there is more to write. When all is
 * said, the connection finishes and the link has no transfer any more. */
MUST_USE bool transfer_put(struct node *n, struct link *l, struct buf *out, struct instant now);

/* The link is about to go. Nothing if it has no transfer. */
void transfer_close(struct node *n, struct link *l);

/* Once a turn, before links write, while there is one: end those on which nothing moves. */
void transfers_turn(struct node *n, struct instant now);
/* When transfers_turn has something to do even if nothing happens; NEVER_NS: never. */
int64_t transfers_deadline(const struct node *n);

#endif
