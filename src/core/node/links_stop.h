/* links_stop.h — what a node that stops waits for on its links: questions, which change nothing.
 *
 * PROTOCOL.md, "Stopping". Called by stop.c and links.c. */
#ifndef CORE_NODE_LINKS_STOP_H
#define CORE_NODE_LINKS_STOP_H

#include "core/base/instant.h"
#include <stdbool.h>
#include <stdint.h>

enum { LINKS_STOP_MS = 1000 }; /* a link is waited for while bytes move so often */

struct link;
struct node;

/* Until when a node that stops has to wait for its links; 0: not any longer. */
int64_t links_stop_wait_ns(const struct node *n, struct instant now);

/* Whether, if `l` is of the tree, another link of the tree is waited for that has not been heard
 * out. */
bool links_stop_hear_others(const struct node *n, const struct link *l, struct instant now);

/* The own change up to which some peer that goes on has confirmed all; 0: none. Two nodes that
 * stop at once confirm each other's stamps, and both are gone then; so a peer that has not answered
 * since this node was told to stop does not count: it may stop as well. */
uint64_t links_confirmed(const struct node *n);

#endif
