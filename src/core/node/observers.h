/* observers.h — what a node tells an observer: its state, or what it knows of one stamp.
 *
 * An observer is a peer connection that only asks. PROTOCOL.md, "Observers". Called by links.c. */
#ifndef CORE_NODE_OBSERVERS_H
#define CORE_NODE_OBSERVERS_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include <stdbool.h>

struct link;
struct node;

/* Answer what `l` has asked, behind what it is still to be sent, and finish its connection. Without
 * memory for the answer the connection is aborted.
 * true: it has asked for the state. */
MUST_USE bool observer_answer(struct node *n, struct link *l, struct instant now);

#endif
