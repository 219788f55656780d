/* observers.h — what a node tells an observer: its state, or what it knows of one stamp; and what
 * it obeys.
 *
 * An observer is a peer connection that only asks. PROTOCOL.md, "Observers". Called by links.c. */
#ifndef CORE_NODE_OBSERVERS_H
#define CORE_NODE_OBSERVERS_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include <stdbool.h>

struct link;
struct node;

/* Do what `l` has asked, if that is an order. NULL: it was done, and is to be answered, like any
 * other question, unless `l` has a transfer from now on; or why the connection is to end: it may
 * not ask, or not order. */
MUST_USE const char *observer_obey(struct node *n, struct link *l, struct instant now);
/* Answer what `l` has asked, behind what it is still to be sent, and finish its connection. Without
 * memory for the answer the connection is aborted.
 * true: it was told the state. */
MUST_USE bool observer_answer(struct node *n, struct link *l, struct instant now);

#endif
