/* unread.h — the unread output of all clients together: limits.output_total.
 *
 * Each client may have limits.output unread, so many can take more memory than the machine has.
 * Above the total those with the most are reset, since it is them who took it: whoever reads has
 * next to nothing. Called by node.c once a turn. PROTOCOL.md, "Connections". */
#ifndef CORE_NODE_UNREAD_H
#define CORE_NODE_UNREAD_H

#include "core/base/instant.h"

struct node;

enum { UNREAD_SPARE = 8 }; /* a part of this of the total is free after a reset */

/* The output of all clients takes more memory than limits.output_total: reset those with the most
 * of it, unless enough are about to be closed. */
void unread_relieve(struct node *n, struct instant now);

#endif
