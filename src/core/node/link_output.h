/* link_output.h — where a link writes: the output of its connection, or TLS before it.
 *
 * Called by links.c, and by node.c for the budget. */
#ifndef CORE_NODE_LINK_OUTPUT_H
#define CORE_NODE_LINK_OUTPUT_H

#include <stddef.h>

struct link;
struct node;

/* Where the link may write `least` bytes or more; NULL: no memory, or TLS is not ready. */
char *link_room(struct node *n, struct link *l, size_t least, size_t *room);
/* The first `bytes` of that room are written. */
void link_wrote(struct node *n, struct link *l, size_t bytes);

/* What one link may come to hold, for the budget. */
size_t link_bytes_max(const struct node *n);

#endif
