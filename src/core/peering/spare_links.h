/* spare_links.h — what the links of one node know of each other, where some of them are spare.
 *
 * When all is well, stamps travel along a spanning tree of the topology (topology/tree.h); a link
 * that is not in it is spare. Each direction of a spare link is eager, when it sends stamps, or
 * lazy, when it sends hashes of stamps some time later. Its receiver decides (lease.h), its sender
 * obeys (notices.h). Both need to know what the node's other links have brought, how far the tree
 * has got, and whether it is whole: that is here. One per node; none where no link is spare.
 *
 * Called by lease, notices, arrivals and out; created, and told of links that come and go, by
 * node. */
#ifndef CORE_PEERING_SPARE_LINKS_H
#define CORE_PEERING_SPARE_LINKS_H

#include "core/peering/feed_age.h"
#include "core/peering/peer.h"
#include "core/peering/recent.h"

struct spare_links {
    struct recent recent; /* stamps that came in, stored or not, and those of own clients */
    struct feed_age feed_age; /* of the store's feed, as far as the tree has confirmed it */
    uint64_t tree_losses; /* links of the tree that went down */
    uint64_t tree_repeats; /* stamps that the tree brought after another link had */
};

/* stamps: how many the store holds at most. NULL: no memory. */
struct spare_links *spare_links_create(uint64_t stamps);
void spare_links_destroy(struct spare_links *s);

/* A neighbour has a link that stays, or has none any more. */
void peering_peer_up(struct peering_node *node, struct peer *peer);
void peering_peer_down(struct peering_node *node, struct peer *peer);

/* Whether every link of the tree that this node is an end of is up, and all nodes have the same
 * tree, as far as this one knows. */
bool spare_links_tree_is_whole(const struct peering_node *node);

/* An item of the feed was sent or noticed by a link, or did not need to be. Before that, no other
 * node can know of an own client's stamp. */
static inline void spare_links_passed(const struct peering_node *node, const struct feed_item *item)
{
    if (node->spare_links && item->route == ROUTE_LOCAL)
        (void)recent_note(&node->spare_links->recent, item->hash);
}

/* Sample how far the feed is at this time; called in every pull of a node with spare links. */
void spare_links_note_age(const struct peering_node *node, struct instant now);

/* Until when notices of own change `change` wait for the tree to confirm it; 0: they do not. */
int64_t spare_links_wait_ns(const struct peering_node *node, uint64_t change);

#endif
