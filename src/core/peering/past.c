/* past.c — see past.h.
 *
 * Holds always: what a peer confirmed to this node's former processes is not beyond the store's
 * last change; a boot stands among the former ones once, and the present one never. Called by
 * link_state and peering; past_recall and past_note by node. */
#include "core/peering/past.h"
#include "core/base/invariant.h"
#include "core/peering/peer.h"
#include "core/protocol/hello.h"

_Static_assert((int)PAST_PEERS_MAX == (int)PEERING_PEERS_MAX, "all neighbours fit");

/* -- what is left ------------------------------------------------------------------------------ */

struct had past_had(const struct peering_node *node, const struct peer *peer)
{
    uint64_t known = peer->had.boot == peer->boot ? peer->had.change : 0;
    ASSERT(!peer->have_change || peer->boot);
    if (peer->have_change <= known)
        return peer->had;
    return (struct had){.boot = peer->boot, .change = peer->have_change, .by = node->boot};
}

static void note_peer(
    const struct peering_node *node, const struct peer *peer, struct past_peer *out)
{
    *out = (struct past_peer){.had = past_had(node, peer), .confirmed = peer->confirmed};
    ASSERT(peer->name.len && peer->name.len < sizeof out->name);
    ASSERT(out->confirmed.change <= store_change(node->store));
    memcpy(out->name, peer->name.at, peer->name.len);
}

void past_note(const struct peering_node *node, bool partial, struct past *out)
{
    unsigned forgotten = node->former_count == PAST_BOOTS_MAX;
    unsigned kept = node->former_count - forgotten;
    ASSERT(node->former_count <= PAST_BOOTS_MAX && node->peers_count <= PAST_PEERS_MAX);
    *out = (struct past){.boots_count = kept + 1, .partial = partial};
    memcpy(out->boots, node->former + forgotten, kept * sizeof *out->boots);
    out->boots[kept] = node->boot;
    for (unsigned i = 0; i < node->peers_count; i++)
        if (!node->peers[i].gone)
            note_peer(node, &node->peers[i], &out->peers[out->peers_count++]);
}

/* -- what is recalled -------------------------------------------------------------------------- */

static struct peer *find(const struct peering_node *node, const struct past_peer *past)
{
    for (unsigned i = 0; i < node->peers_count; i++)
        if (span_equal(node->peers[i].name, span_of(past->name)))
            return &node->peers[i];
    return NULL;
}

static bool is_whole(const struct had *had)
{
    return had->change && had->boot && had->by;
}

void past_recall(struct peering_node *node, const struct past *past, bool lacks)
{
    if (!past)
        return;
    ASSERT(past->boots_count <= PAST_BOOTS_MAX && past->peers_count <= PAST_PEERS_MAX);
    node->former_count = past->boots_count;
    memcpy(node->former, past->boots, sizeof node->former);
    node->was_partial = past->partial;
    for (unsigned i = 0; i < past->peers_count; i++) {
        const struct past_peer *was = &past->peers[i];
        struct peer *peer = find(node, was);
        if (!peer)
            continue;
        ASSERT(!peer->up && !peer->have_change);
        peer->boot = is_whole(&was->had) ? was->had.boot : 0;
        if (is_whole(&was->had) && !(past->partial && lacks)) {
            peer->had = was->had;
            peer->have_change = was->had.change;
        }
        if (is_whole(&was->confirmed) && was->confirmed.change <= store_change(node->store))
            peer->confirmed = peer->confirmed_before = was->confirmed;
    }
}

/* -1: it is none of the former processes that are known. */
static int number_of(const struct peering_node *node, uint64_t boot)
{
    for (unsigned i = 0; i < node->former_count; i++)
        if (node->former[i] == boot)
            return (int)i;
    return -1;
}

/* What a process of the peer has confirmed counts for what the same process says to have of that
 * process of this node, or of a later one. If it is older than all that are known, all are
 * later. */
bool past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change)
{
    const struct had *confirmed = &peer->confirmed_before;
    uint64_t said = theirs->have_change, by = theirs->have_by ? theirs->have_by : theirs->boot;
    *change = said;
    if (theirs->have_boot == node->boot)
        return said <= store_change(node->store);
    int of = number_of(node, theirs->have_boot);
    if (of < 0 || of < number_of(node, confirmed->boot))
        return false;
    if (*change > confirmed->change)
        *change = confirmed->change;
    return *change > 0 && by == confirmed->by;
}
