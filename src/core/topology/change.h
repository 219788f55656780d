/* change.h — what of a topology.conf may change while a node runs by it.
 *
 * Nearly everything may. What may not is what the node's whole life rests on: the herd and its own
 * name; and what is settled once, when the process starts: whether it is in a sandbox, what links
 * are proved by, and whom it asks for places. Called by the code that reloads. */
#ifndef CORE_TOPOLOGY_CHANGE_H
#define CORE_TOPOLOGY_CHANGE_H

#include "core/base/buf.h"
#include "core/topology/topology.h"

enum { TOPOLOGY_CHANGE_BYTES_MAX = 4096 }; /* of all that topology_change_faults says */

/* What keeps node `self` from going on by `next` in place of `now` without a restart: a sentence a
 * line, with LF. Nothing is written if nothing does.
 *
 * stamps  how many it holds */
void topology_change_faults(const struct topology *now, const struct topology *next,
    struct span self, uint64_t stamps, struct buf *out);

#endif
