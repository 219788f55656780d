/* topology_text.h — makes a topology.conf fit for libconfuse.
 *
 * libconfuse 3.3 miscounts lines at comments (3 for one of "#"), takes ${NAME} out of the
 * environment, lets a forgotten quote swallow the rest of the file, skips bytes it has no use for
 * and prints others on standard output. So before it sees the text: comments become blanks,
 * variables literal text, and what it would swallow a fault. Lines stay what they were. */
#ifndef FILES_TOPOLOGY_TEXT_H
#define FILES_TOPOLOGY_TEXT_H

#include "core/topology/topology.h"

/* raw       the file; borrowed
 * faults    go to `d`; where there is no use in going on, *out is cut there and so is the draft
 * *out      malloc'ed, the caller's; *len bytes. NULL: no memory */
void topology_text_prepare(struct span raw, struct topology_draft *d, char **out, size_t *len);

#endif
