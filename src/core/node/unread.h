/* unread.h — the unread output of all clients together: limits.output_total.
 *
 * Each client may have limits.output unread, so many can take more memory than the machine has.
 * Above the total those with the most are reset, since it is them who took it: whoever reads has
 * next to nothing. So many are reset in a turn, since looking for them takes time, and each is a
 * line of the log; the next turn goes on. Called by node.c. Written by unread.c alone.
 * PROTOCOL.md, "Connections". */
#ifndef CORE_NODE_UNREAD_H
#define CORE_NODE_UNREAD_H

#include "core/base/instant.h"
#include "core/base/span.h"

struct node;

enum {
    UNREAD_SPARE = 8, /* a part of this of the total is free when room was made */
    UNREAD_RESETS_MAX = 32, /* clients in a turn */
};

struct unread {
    uint64_t most_bytes; /* the total; less while room is being made */
};

void unread_begin(struct node *n);

/* The output of all clients takes more memory than most_bytes: reset those with the most of it,
 * unless enough are about to be closed. Whether the next turn has to go on with it. */
MUST_USE bool unread_relieve(struct node *n);

#endif
