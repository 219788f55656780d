/* node_judge.h — for fuzz_node: what must hold of all that the node says.
 *
 * Clients: replies are whole and in the order of the lines, one for each; an AT reply is of the id
 * that the line names, and not newer than what the store holds. Links: whole lines of the peer
 * protocol, HELLO first, nothing behind BYE; AT is not newer than what the store holds, MARK not
 * beyond its last change, and ACK not of stamps that it lacks. Whatever breaks this is an ASSERT.
 * Called by the driver, and told of stamps by the tape. */
#ifndef TESTS_FUZZ_NODE_JUDGE_H
#define TESTS_FUZZ_NODE_JUDGE_H

#include "core/protocol/hello.h"
#include "fuzz/node_driver.h"

void judge_opens(unsigned slot);
/* The node is told these bytes, or FIN. */
void judge_says(unsigned slot, struct span bytes);
void judge_ended(unsigned slot);
/* The node takes what the client has said without an LF as a line: limits.partial has passed. */
void judge_taken(unsigned slot);
bool judge_has_taken(unsigned slot);
void judge_hears(unsigned slot, struct span bytes);
/* orderly: the node wanted it, and all is sent. */
void judge_closes(unsigned slot, bool orderly);
/* Every line of the client has its reply. */
void judge_settled(unsigned slot);

/* A peer is about to say a stamp, and that all before are said. */
void judge_peer_stamp(unsigned slot, struct span id, int64_t time_ns);
void judge_peer_mark(unsigned slot, uint64_t change);

/* What was last heard on a link. */
struct heard {
    bool hello_came;
    struct hello hello;
    uint64_t mark;
    int64_t ping_ns;
};
const struct heard *judge_heard(unsigned slot);

#endif
