/* twin.h — two processes of one node's name: which of them stays, and how the other one learns
 * it.
 *
 * A node that is linked to one of two twins, and meets the other, tells the later one with TWIN.
 * The order is by what the processes themselves say in HELLO, so all nodes judge alike, and the
 * earliest of several never loses. A twin of this node is noticed by its stamps. PROTOCOL.md,
 * "Twins". Called by arrivals, peering and out; twin_is_earlier by node as well. */
#ifndef CORE_PEERING_TWIN_H
#define CORE_PEERING_TWIN_H

#include "core/base/buf.h"
#include "core/peering/peer.h"

enum {
    TWIN_ADDRESS_BYTES_MAX = 63,
    TWIN_LINE_BYTES_MAX = 5 + 16 + 1 + 20 + 1 + TWIN_ADDRESS_BYTES_MAX + 1,
};

/* One of the processes. */
struct twin {
    uint64_t boot;
    uint64_t started; /* ns since 1970, as it says; 0: it does not */
    char address[TWIN_ADDRESS_BYTES_MAX + 1]; /* of its connection; printable; ends with NUL */
};

/* Whether `a` stays when both live. They have different boots. */
bool twin_is_earlier(const struct twin *a, const struct twin *b);

/* Write TWIN whole, or nothing and false. */
MUST_USE bool twin_put(struct buf *out, const struct twin *stays);

/* `TWIN <boot> <nanoseconds> <address>` came to `node`, as four words. NULL: it is valid, and names
 * an earlier process than this one. Otherwise what is wrong with it. */
MUST_USE const char *twin_parse(
    const struct span *words, const struct peering_node *node, struct twin *out);

/* Whether a stamp of a peer that was new to this node carries its name, and a receive time since
 * its start: this process took no such stamp. false, too, when it could have evicted it. */
static inline bool twin_said(const struct peering_node *node, const struct stamp *stamp)
{
    struct span name = node->name, origin = stamp->origin;
    return origin.len == name.len && origin.at[name.len - 1] == name.at[name.len - 1] &&
           memcmp(origin.at, name.at, name.len) == 0 && !store_evicted(node->store) &&
           (uint64_t)stamp->time_ns + (uint64_t)stamp->skew_ns >= node->started;
}

/* Stamps have come by a rival, for which `stand_in` stands: the peer that is linked is to get them
 * though their lists and their source are of its name. Unless another link of the rival's own
 * process has come up in this turn: that one has them. */
void twin_told(const struct peering_node *node, const struct peer *stand_in);

#endif
