/* certified.h — what the other end's certificate is good for: it is a node's or an operator's.
 *
 * PROTOCOL.md, "Peer port" and "Observers". Called by peering.c, out.c and node. */
#ifndef CORE_PEERING_CERTIFIED_H
#define CORE_PEERING_CERTIFIED_H

#include "core/base/buf.h"

struct peering;
struct tls_names;

/* Whether it is an operator's by now: a reload may take that away. */
bool certified_operator(const struct peering *p);

/* Why the other end, whose HELLO says that it is the node `from`, is not proved to be that: a
 * reason for BYE into `out`. Nothing is written if it is, or if there is no TLS. */
void certified_faults(const struct peering *p, struct span from, struct buf *out);

/* Whether the node demands AUTH on this link, whatever the other end says. From HELLO on. */
bool certified_proves_too_little(const struct peering *p);

#endif
