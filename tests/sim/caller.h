/* caller.h — the part of a host that looks up names and dials for its node; and lets it ask the
 * places service: the provider, and what may be told to those who asked.
 *
 * In a herd without a service it is provider.h's, which answers without connections. Called by
 * host and client. */
#ifndef TESTS_SIM_CALLER_H
#define TESTS_SIM_CALLER_H

#include "core/node/node.h"
#include "sim/service.h"

struct caller {
    struct service *service; /* NULL: none; set by the herd */
    struct exchange *exchange; /* of the present life */
    int64_t resolved_ns[NODE_LOOKUPS_MAX]; /* virtual: when a lookup ends; NEVER_NS: none */
    unsigned looked_up[NODE_LOOKUPS_MAX]; /* the node whose name it is; not of places */
    uint64_t failed; /* allocations of the node that had failed at its last turn */
    uint64_t refused; /* WHATSATs that the node had refused then, as too many waited at it */
    int64_t slept_ns; /* for so long it had slept then */
    int64_t crowded_ns; /* virtual: when as many questions waited as may; -1: not in this life */
    int64_t overslept_ns; /* virtual: what was said until then may be too late; -1: nothing */
};

/* Set the provider in `config`, for a new life. Counted as the node's memory. */
void caller_begins(struct host *h, struct node_config *config);

/* Before node_turn: whether a question waits beyond its time, what a stop of the process excuses,
 * and a lookup that ended. */
void caller_hears(struct host *h, struct instant now);

/* After node_turn: what excuses failures. */
void caller_looks(struct host *h);

/* The host has no slot for a connection that the node has dialled. */
void caller_lacks_room(struct host *h);

/* The party at the other end of a dial that the node wants. */
unsigned caller_dials(struct host *h, const struct dial_order *dial);

/* Cancel dials that the node wants no longer. */
void caller_cancels(struct host *h);
/* Begin to look up names that it wants, and be woken when they are known. */
void caller_wants(struct host *h);
void caller_wakes(struct host *h);

/* Whether the node is to learn only after its turn that a connection is reset, as it does from
 * io/conn. */
bool caller_learns_late(struct host *h);

/* Whether the node has noticed all that the service did to it, and asks nothing for the second
 * time. Then it can mend what the service does to one more connection. */
bool caller_is_calm(const struct host *h);

/* The memory that it may take, in bytes. */
size_t caller_bytes(const struct host *h);

/* Whether `json` is what may be said to a question: its own answer, or a failure that has a reason.
 * said_ns: virtual, when the client said the question. */
bool caller_may_say(const struct host *h, const struct places_question *question, struct span json,
    int64_t said_ns);

#endif
