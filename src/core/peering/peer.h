/* peer.h — a neighbour as its links know it, what they share, and the times and bounds of all
 * links.
 *
 * A link comes and goes (peering.h); what it has learnt of the other end stays here: how far the
 * two had come, clocks, counters. Created by node; written by the files of this room; read by
 * neighbours and node. */
#ifndef CORE_PEERING_PEER_H
#define CORE_PEERING_PEER_H

#include "core/base/instant.h"
#include "core/peering/clock_gauge.h"
#include "core/peering/past.h"
#include "core/peering/route.h"
#include "core/peering/topologies.h"
#include "core/protocol/auth.h"
#include "core/store/store.h"

enum {
    PEERING_HANDSHAKE_MS = 2000,
    PEERING_PING_MS = 3000,
    PEERING_PING_BUSY_MS = 30000, /* between two PINGs of a link that is never silent: digests */
    PEERING_DEAD_MS = 10000,
    PEERING_ACK_DELAY_MS = 20, /* of a delayed ACK, and of a MARK without stamps before it */
    PEERING_LISTS_MS = 10000, /* how long received lists do not count after a peer restarted */
    PEERING_RESEND_FIRST_MS = 10000, /* between two full sends for unequal digests; doubles */
    PEERING_RESEND_LAST_MS = 3600000,
    PEERING_PEERS_MAX = ROUTE_PEERS_MAX, /* neighbours of one node */
    PEERING_REASON_BYTES_MAX = 200,
    PEERING_LINE_BYTES_MAX = 16384, /* an AT of the longest client line and the longest list */
    PEERING_GROUP = 64, /* stamps that are prefetched together */
    PEERING_BEHIND_FIRST_MS = 150, /* notices run at least so far behind the feed's end, and */
    PEERING_BEHIND_SPREAD_MS = 250, /* up to so much more, by link: one that helps is enough */
    PEERING_BEHIND_LAST_MS = 800, /* where GRAFTs follow each other; without the tree's way */
    PEERING_BEHIND_MS_MAX = 1000, /* that a peer may ask for */
    PEERING_MOVES_MS = 100, /* a link whose last ACK is younger moves: what it lacks will come */
    PEERING_LEASE_FIRST_MS = 2000, /* a spare link stays eager for so long; doubles, to */
    PEERING_LEASE_LAST_MS = 512000,
    PEERING_BACK_STEPS = 65536, /* items gone back in the feed in one turn; each a cache miss */
    PEERING_LEASE_STAMPS = 4096, /* after so many stamps a lease is judged, again and again */
    PEERING_SEEN_MAX = 32, /* hashes in one SEEN */
};

/* A neighbour: what outlives a link to it. Zeroed but for name, tree, number and cursor at the
 * start. */
struct peer {
    struct span name; /* of name_text, unless it is a stand-in (rival.h) */
    char name_text[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    bool in_tree; /* its link is in the tree (tree.h): stamps travel by it; else it is spare */
    unsigned tree_hops; /* links of the tree between it and this node */
    bool gone; /* it is no neighbour any more: its link ends, and no other begins */
    uint64_t topology; /* the hash of its topology, of the link that is up; 0: it does not say */
    int64_t two_ns; /* monotonic; when two topologies were about, by what it said last; 0: never */
    bool up; /* linked, as peering_peer_up and peering_peer_down said */
    unsigned number; /* its index among the neighbours; route.h */
    unsigned cursor; /* its reader of the feed */
    uint64_t boot; /* of the peer, when it was last linked; 0: never yet */
    uint64_t have_change; /* the highest MARK that came from that boot */
    uint64_t acked; /* the highest own change that that boot has confirmed */
    int64_t acked_ns; /* monotonic; when that last grew */
    uint64_t full_until; /* own change: stamps up to it go out whatever their list and source */
    uint64_t lists_after; /* own change: lists count for stamps after it only */
    int64_t lists_from_ns; /* monotonic; before it lists do not count at all */
    bool listed; /* stamps were passed over by their lists since digests were last equal */
    uint64_t made_up; /* full sends because of that */
    uint64_t stamps; /* from its last PING, as these: */
    uint64_t digest;
    bool partial; /* it has refused or evicted stamps: its digest says nothing */
    struct clock_gauge clock;
    unsigned unequal; /* digests that differed in a row while both ends were caught up */
    int64_t resend_not_before_ns; /* monotonic */
    int64_t resend_pause_ms; /* the last one; 0: none since digests agreed */
    uint64_t divergences; /* alarms since the start */
    bool agreed; /* digests of this boot have been equal; when they last were: */
    int64_t agreed_ns; /* monotonic */
    uint64_t sent_stamps; /* AT lines sent to it */
    uint64_t sent_notices; /* hashes in SEEN lines sent to it */
    uint64_t got_notices; /* hashes in SEEN lines that came from it */
    uint64_t grafts; /* stamps that it noticed and that did not come another way in time */
    uint64_t got_stamps; /* AT lines that came from it, and of these: */
    uint64_t new_stamps; /* stored */
    uint64_t lost_stamps; /* newer than what is held, but there was no room */
    uint64_t future_stamps; /* refused: from further ahead than future_ns */
    uint64_t ahead_stamps; /* refused: received later than by any right clock, the last one by: */
    char ahead_origin[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    uint64_t unknown_stamps; /* refused: of an origin that the store does not know, last of: */
    char unknown_origin[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    uint64_t twin_stamps; /* stored: this node's own, of its life, that it never took; twin.h */
    int64_t again_not_before_ns; /* monotonic; when what was refused may be asked for again */
    int64_t again_pause_ms; /* the last one; 0: none since a link to it was complete */
    int64_t again_clock_ns; /* how far this node's clock was ahead of its monotonic one then */
    uint64_t settled_stamps; /* peer_refused(), and all that the store had evicted, when */
    uint64_t settled_evictions; /* digests last agreed: nothing of that is missing any more */
    bool news; /* see peer_news */
    bool settled; /* digests have agreed since this process began */
    struct had had; /* of an earlier boot, or by a former process of this node: see past_had */
    struct had confirmed; /* the last own change that it confirmed, whichever process to which; */
    struct had confirmed_before; /* the same, when this process began */
};

/* Whether, since the last call, something happened that an operator may have to hear of: the peer's
 * clock was read, digests were compared, or a stamp of it was refused, or is of a twin. */
static inline bool peer_news(struct peer *peer)
{
    bool news = peer->news;
    peer->news = false;
    return news;
}

/* Stamps of a peer that were refused for any reason. */
static inline uint64_t peer_refused(const struct peer *peer)
{
    return peer->lost_stamps + peer->future_stamps + peer->ahead_stamps + peer->unknown_stamps;
}

struct histogram;
struct spare_links;

/* What all links of one node share. Outlives them. */
struct peering_node {
    struct span herd;
    struct span name;
    struct secrets secrets;
    struct span operators; /* tls.operators; empty: none */
    bool also_secret; /* a link is proved by TLS or by secret; else by all that there is */
    uint64_t boot;
    uint64_t started; /* ns since 1970, when this process began; not 0 */
    uint64_t future_ns; /* limits.future: what stamp_is_of_future refuses */
    int64_t ahead_ns; /* how far a receive time may be ahead of this node's clock; refused.h */
    struct topologies topologies;
    const struct span *herd_names; /* of all nodes, which need not be neighbours; */
    unsigned herd_names_count; /* 0: not known */
    struct peer *peers;
    unsigned peers_count;
    struct store *store;
    struct route_table *routes;
    struct spare_links *spare_links; /* NULL: no link is spare, and all are eager for good */
    struct histogram *ages; /* of stamps when they are stored; NULL: nobody wants to know */
    bool stopping; /* this node stops: all goes as stamps, and ACKs and MARKs do not wait */
    bool late; /* this turn began late: what came in may have waited */
    uint64_t stop_change; /* then: the own change up to which peers are to confirm */
    uint64_t former[PAST_BOOTS_MAX]; /* boots of former processes of this node, the last one last */
    unsigned former_count;
    bool was_partial; /* the last one was, and had not agreed with all peers since */
};

#endif
