/* durable.h — the node's journal: when it is written, and which replies wait for it.
 *
 * With journal.mode = always a reply promises that its stamp is on the disk. So what is written to
 * a client is held back until all changes that the store had then are durable: of each client two
 * marks, up to which byte of its output goes out at which change. Two are enough: what is written
 * while the first waits moves the second on. An answer that waits for places goes through its gate
 * as ever, and waits like the replies before it. One to NEAR shows stamps that may be newer than
 * what was written behind its gate: durable_fills.
 *
 *   a client    event                                        next
 *   FREE        turn ends; output, and changes not durable   first mark set
 *   first set   turn ends, with more output                  second mark set, or moved on
 *   set         its change is durable                        its bytes go out; then the second
 *
 * Nothing of this exists without journal.dir, and nothing is held in other modes. Called by node.c.
 * Written by durable.c alone. */
#ifndef CORE_NODE_DURABLE_H
#define CORE_NODE_DURABLE_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include "core/node/connection_list.h"
#include <stdbool.h>
#include <stdint.h>

enum { DURABLE_STOP_MS = 2000 }; /* for the last sync of a node that has stopped */

struct chunk;
struct connection;
struct journal;
struct node;
struct node_config;

struct durable {
    struct journal *journal; /* NULL: the node has none, and nothing else counts */
    bool holds; /* replies wait */
    struct held *each; /* by connection */
    uint32_t max; /* so many */
    uint64_t released; /* the change up to which replies were let go */
    uint32_t first; /* the first connection with marks; CONNECTION_NONE */
    int64_t stop_ns; /* when the journal was told to stop; 0: not yet */
    bool gave_up; /* nothing can be made durable that replies wait for: the node has to end */
};

/* false: no memory. Undone by durable_end either way. */
MUST_USE bool durable_begin(
    struct node *n, const struct node_config *config, struct instant now);
void durable_end(struct node *n);

/* There are connections up to this number from now on. false: no memory. */
MUST_USE bool durable_grow(struct node *n, uint32_t max);
/* journal { } is as in the topology from now on. */
void durable_take_limits(struct node *n, struct instant now);

/* At the end of a turn of a node with a journal, after all that puts stamps. */
void durable_turn(struct node *n, struct instant now);

/* Where replies wait: what of a client's output may be sent now. */
struct span durable_window(const struct node *n, const struct connection *c);

/* Likewise: this gate is about to be filled with what the store holds now. It waits, and so does
 * what stands behind it, as if all of that were new. */
void durable_fills(struct node *n, const struct connection *c, const struct chunk *gate);

/* Likewise: so many bytes of it were sent; and the client is gone. */
void durable_sent(struct node *n, const struct connection *c, size_t bytes);
void durable_forget(struct node *n, const struct connection *c);

/* The node stops: whether the journal is still to be waited for. */
bool durable_waits(const struct node *n);

/* When durable_turn is due although nothing happens. */
int64_t durable_deadline(const struct node *n);

#endif
