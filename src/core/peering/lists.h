/* lists.h — whether received lists count for a peer.
 *
 * A list names nodes, not their processes: it may name a peer that has restarted since. Lists do
 * not count for a while after a peer's new boot; what comes later still is found by digests. So
 * they must not count where digests show nothing, because this node or the peer is partial.
 * PROTOCOL.md, "AT". Called by peering. */
#ifndef CORE_PEERING_LISTS_H
#define CORE_PEERING_LISTS_H

#include "core/peering/link_state.h"

/* A PING other than `behind` came in by the link. May begin a full send.
 *
 * equal  whether its count and digest are this node's own */
void lists_compared(struct link_state *l, bool equal, struct instant now);

#endif
