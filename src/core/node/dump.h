/* dump.h — all stamps of the node, written to an observer: one pass of a cursor through the feed.
 *
 *   state   event                            next    does
 *   NEW     there is room                    SAYS    DUMPING
 *   SAYS    there is room, and more to say   SAYS    AT
 *   SAYS    the feed's end                   OVER    DUMPED
 *   SAYS    too much was said                OVER    BYE: it would go on for ever
 *
 * The cursor is all that a slow reader costs. Whoever has read up to DUMPED has, in the last line
 * of each id, what the node held at that moment. PROTOCOL.md, "Dumps and loads". Called by
 * transfers.c and written by dump.c alone. */
#ifndef CORE_NODE_DUMP_H
#define CORE_NODE_DUMP_H

#include "core/base/buf.h"

enum {
    DUMP_LINES_A_STAMP = 16, /* that was held at the beginning; and as many more: */
    DUMP_LINES_MORE = 65536,
};

struct node;

enum dump_state { DUMP_NEW, DUMP_SAYS, DUMP_OVER };

struct dump {
    enum dump_state state;
    bool whole; /* OVER: DUMPED was said */
    unsigned cursor; /* of the store; open until dump_end */
    uint64_t lines; /* AT lines said, and the sum of the hashes of their stamps: */
    uint64_t sum;
    uint64_t lines_max;
};

void dump_begin(struct dump *d, struct node *n);
void dump_end(struct dump *d, struct node *n);

/* Write what is next into `out`, as far as whole lines fit; `stamps_max` stamps at most.
 * true: there is more to write. */
MUST_USE bool dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max);

#endif
