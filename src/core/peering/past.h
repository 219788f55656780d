/* past.h — what a node knows of its former processes, and what it leaves to the next one.
 *
 * A node that keeps what it holds beyond its end goes on where it was: it starts with its stamps,
 * with their change numbers, and with what is here. It draws a new boot at each start all the same.
 * What one process has had of another one's feed is a triple, `struct had`; the two ends of a link
 * keep the same one, each from its side. PROTOCOL.md, "Processes that remember", has the rules and
 * what would be lost without them. Called by link_state and peering; past_recall and past_note by
 * node. */
#ifndef CORE_PEERING_PAST_H
#define CORE_PEERING_PAST_H

#include "core/base/span.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum {
    PAST_BOOTS_MAX = 16, /* former processes that are known; of more, the last */
    PAST_PEERS_MAX = 64,
};

/* Process `by` has had all of the feed of process `boot`, another node's, up to `change`.
 * change 0: nothing, and the others say nothing. */
struct had {
    uint64_t boot, change, by;
};

struct past_peer {
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    struct had had; /* of its feed */
    struct had confirmed; /* of this node's */
};

/* It is true of one instant, and of the stamps that the store held at that instant, or later. To be
 * kept with stamps of before that is worse than to keep nothing. */
struct past {
    uint64_t boots[PAST_BOOTS_MAX]; /* of former processes, the last one last; none is 0 */
    unsigned boots_count;
    bool partial; /* PROTOCOL.md, "PING and PONG" */
    struct past_peer peers[PAST_PEERS_MAX]; /* of names that need not be neighbours any more */
    unsigned peers_count;
};

struct hello;
struct peer;
struct peering_node;

/* What the next process is to know, as of this instant. partial: peering_partial(). */
void past_note(const struct peering_node *node, bool partial, struct past *out);

/* The node has just begun, with the stamps that a former process held; none of its peers has been
 * linked. What is beyond these stamps, of names that are no neighbours, or makes no sense is left
 * out.
 *
 * past   NULL: nothing is known
 * lacks  what the former process may have refused may be taken now, as there is room for it: if it
 *        was partial, peers send everything */
void past_recall(struct peering_node *node, const struct past *past, bool lacks);

/* What this node has had of the peer's feed: what HELLO says. */
struct had past_had(const struct peering_node *node, const struct peer *peer);

/* Whether the feed is read on behind what the peer says to have, and not from its head. If it is,
 * *change is where: below what the peer says, if that is of a former process of this node. */
MUST_USE bool past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);

#endif
