/* spare_links.c — see spare_links.h.
 *
 * Holds always: a node without spare links keeps nothing here, its node->spare_links is NULL;
 * counters only grow; nothing is allocated except at the start. */
#include "core/peering/spare_links.h"
#include "core/base/invariant.h"
#include <stdlib.h>

struct spare_links *spare_links_create(uint64_t stamps)
{
    struct spare_links *s = calloc(1, sizeof *s);
    if (s && recent_init(&s->recent, stamps))
        return s;
    free(s);
    return NULL;
}

void spare_links_destroy(struct spare_links *s)
{
    if (s)
        recent_deinit(&s->recent);
    free(s);
}

void peering_peer_up(struct peering_node *node, struct peer *peer)
{
    peer->up = true;
    node->topologies.changed = true;
}

void peering_peer_down(struct peering_node *node, struct peer *peer)
{
    node->topologies.changed = true;
    if (peer->up && peer->in_tree && node->spare_links)
        node->spare_links->tree_losses++;
    peer->up = false;
}

bool spare_links_tree_is_whole(const struct peering_node *node)
{
    if (node->topologies.differ)
        return false;
    for (unsigned i = 0; i < node->peers_count; i++)
        if (node->peers[i].in_tree && !node->peers[i].up)
            return false;
    return true;
}

/* A link of the tree moves while its last ACK is younger than PEERING_MOVES_MS. Until when it is
 * waited for, as it moves and has not confirmed `change`; 0: it is not. */
static int64_t moves_until_ns(const struct peer *peer, uint64_t change)
{
    bool waited_for = peer->up && peer->in_tree && peer->acked < change;
    return waited_for ? peer->acked_ns + PEERING_MOVES_MS * MS_NS : 0;
}

/* Up to which own change notices may count the time. A herd that is told more than it can take is
 * behind on the tree as well. If notices ran ahead of the tree, receivers would take them for news,
 * and their GRAFTs would double the load. */
static uint64_t confirmed(const struct peering_node *node, struct instant now)
{
    uint64_t change = store_change(node->store);
    for (unsigned i = 0; i < node->peers_count; i++)
        if (now.mono_ns < moves_until_ns(&node->peers[i], change))
            change = node->peers[i].acked;
    ASSERT(change <= store_change(node->store));
    return change;
}

void spare_links_note_age(const struct peering_node *node, struct instant now)
{
    ASSERT(node->spare_links);
    feed_age_note(&node->spare_links->feed_age, confirmed(node, now), now.mono_ns);
}

int64_t spare_links_wait_ns(const struct peering_node *node, uint64_t change)
{
    ASSERT(change <= store_change(node->store));
    int64_t wait_ns = 0;
    for (unsigned i = 0; i < node->peers_count; i++) {
        int64_t moves_ns = moves_until_ns(&node->peers[i], change);
        wait_ns = wait_ns < moves_ns ? moves_ns : wait_ns;
    }
    return wait_ns;
}
