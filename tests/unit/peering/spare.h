/* spare.h — Goloman with a link of the tree to Hands and a spare one to Wilkes, which understands
 * SEEN, PRUNE, GRAFT and EAGER unless a test says otherwise. */
#ifndef TESTS_UNIT_PEERING_SPARE_H
#define TESTS_UNIT_PEERING_SPARE_H

#include "unit/peering/goloman.h"

static inline void create_spare(void)
{
    create();
    g.node.spare_links = spare_links_create(1000);
    g.peers[HANDS].in_tree = true;
}

static inline void destroy_spare(void)
{
    spare_links_destroy(g.node.spare_links);
    destroy();
}

/* A link that has just become LINKED, its own HELLO said. `knows`: the peer says lazy=1. */
static inline void link_lazy_that_has(int peer, bool knows, const char *have)
{
    char hello[300], window[HELLO_LINE_BYTES_MAX];
    sprintf(hello,
        "HELLO stampede/1 herd=demo from=%s to=Goloman boot=%016x "
        "nonce=99999999999999999999999999999999 have=%s%s\n",
        peer == HANDS ? "Hands" : "Wilkes", 0xaau + (unsigned)peer, have, knows ? " lazy=1" : "");
    side_begin(&g, peer, ACCEPTED);
    cr_assert_eq(side_hears(&g, peer, hello), PEERING_UP, "%s", g.links[peer].reason);
    struct buf out = buf_over(window, sizeof window);
    (void)peering_pull(&g.links[peer], &out, 0, now);
    window[out.len - 1] = '\0';
    cr_assert_not_null(strstr(window, " lazy=1"), "%s", window);
    if (strchr(window, '\n'))
        cr_assert_not_null(strstr(window, "\nPRUNE "), "%s", window);
}

static inline void link_lazy(int peer, bool knows)
{
    link_lazy_that_has(peer, knows, "0000000000000000:0");
}

/* Both links are up, and this node has told the spare one to be lazy. */
static inline void link_both_lazy(void)
{
    link_lazy(HANDS, true);
    peering_peer_up(&g.node, &g.peers[HANDS]);
    link_lazy(WILKES, true);
    peering_peer_up(&g.node, &g.peers[WILKES]);
    (void)side_says(&g, HANDS);
    (void)side_says(&g, WILKES);
    cr_assert_eq(g.links[WILKES].lease.state, LEASE_LAZY);
    pass_ms(PEERING_LISTS_MS);
}

static inline const char *hash_of(const char *id)
{
    static char text[17];
    struct feed_item item;
    struct stamp_text room;
    struct span key = span_of(id);
    cr_assert(store_get(g.node.store, key, store_hash(g.node.store, key), &item, &room));
    sprintf(text, "%016llx", (unsigned long long)item.hash);
    return text;
}

#endif
