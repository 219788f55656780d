/* private.h — the node's inside, shared by its files, and weighed by tests/sim. From the top
 * floor down:
 *
 *   node.c             life, what the driver tells and asks, the turn
 *   clients.c     client connections: lines, groups of commands, replies, places
 *   links.c       peer connections: links, dials, what goes wrong with them
 *   tls.c         the bytes of a link through TLS
 *   places.c      connections to the places service
 *   random.c      bytes that nobody can guess
 *   status.c      the state as JSON, and what it knows of one stamp
 *   alarms.c      what it notices about its herd, and tells the log
 *   connection.c  the table of connections, and what can happen to each */
#ifndef CORE_NODE_PRIVATE_H
#define CORE_NODE_PRIVATE_H

#include "core/node/history.h"
#include "core/base/log.h"
#include "core/node/node.h"
#include "core/node/clients.h"
#include "core/node/connection.h"
#include "core/node/links.h"

enum {
    NODE_STATUS_BYTES_MAX = 131072, /* an answer to an observer, with 64 links */
    NODE_STAMP_BYTES = 128, /* all in, for an id of 20 bytes; for the budget only */
    NODE_SAID_MAX = 32, /* distinct refusals that are remembered as said */
    NODE_SAID_PAUSE_MS = 120000, /* between two more, once there were so many */
    NODE_STOP_MS = 200, /* for the last bytes when the node is told to stop */
    NODE_RANDOM_BYTES = 32, /* what node_random gives at a time */
};

struct rate {
    int64_t at_ns;
    uint64_t count;
    double per_s;
};

struct node {
    const struct topology *topology;
    struct topology_node *self;
    struct span name;
    uint32_t connections_max;
    uint32_t clients, strangers;
    struct connection **blocks; /* NODE_TABLE_BLOCK connections each, allocated when first used */
    uint32_t touched_first;
    uint32_t resuming_first, resuming_last;
    struct watch idle, stalled;
    struct pool chunks, rooms;
    struct pool link_chunks; /* for output of links, as `chunks` for all other */
    struct store *store;
    struct route_table *routes;
    struct spare_links *spare_links; /* NULL: no spare link */
    struct peer *peers;
    struct neighbour *neighbour_of; /* by the peer's number */
    struct neighbours neighbours;
    struct peering_node peering;
    struct link *links;
    const struct tls_config *tls; /* NULL: links are plain */
    struct {
        uint64_t next; /* the next place, from 1 */
        unsigned waiting; /* links whose handshake waits to go on */
        bool computed; /* a handshake went on in this turn */
    } shakes;
    unsigned char random_key[16]; /* of 128 bits, as all that is made with it needs */
    uint64_t randoms; /* made so far */
    struct places_provider places;
    struct exchange *exchange; /* of `places`; NULL: it has no connections */
    struct connection *channels[EXCHANGE_CHANNELS]; /* by the exchange's numbers */
    struct question questions[PLACES_QUESTIONS_MAX];
    uint32_t questions_free; /* head of the free places; PLACES_QUESTIONS_MAX: none */
    struct group_entry group[NODE_GROUP];
    unsigned group_count, group_questions;
    struct stamp_text text; /* of the stamp that is being answered */
    struct metrics metrics;
    struct rate updates;
    struct history history; /* when the store came to which change */
    struct log *log;
    uint64_t said[NODE_SAID_MAX]; /* hashes of reasons why links were refused */
    unsigned said_count;
    int64_t said_next_ns;
    struct {
        bool connections, strangers, stamps, memory;
    } logged; /* limits that were reached, each once */
    struct {
        uint64_t diverged, future; /* bit i: peer number i */
    } told;
    bool stopping;
    struct instant now; /* of the last turn */
    int64_t started_ns;
    int64_t stop_at_ns;
};

/* -- connections, for the many times a turn that one is looked up or touched ------------------- */

/* A connection by its number, in use or not; NULL: its block was never used. */
static inline struct connection *node_connection(const struct node *n, uint32_t number)
{
    struct connection *block = n->blocks[number / NODE_TABLE_BLOCK];
    return block ? &block[number % NODE_TABLE_BLOCK] : NULL;
}

/* `c`'s wants may have changed. */
static inline void node_touch(struct node *n, struct connection *c)
{
    if (c->touched)
        return;
    c->touched = true;
    c->next_touched = n->touched_first;
    n->touched_first = c->number;
}

/* -- random.c ----------------------------------------------------------------------------- */

/* Fresh bytes that nobody can guess. */
void node_random(struct node *n, unsigned char out[NODE_RANDOM_BYTES]);

/* -- places.c ----------------------------------------------------------------------------- */

/* What node_dialled and so on say, of the exchange's connections. */
MUST_USE bool places_dialled(struct node *n, uint32_t number, unsigned racer, struct instant now);
void places_take(struct node *n, struct connection *c, struct span in, struct instant now);
void places_ended(struct node *n, struct connection *c, struct instant now);
void places_closed(struct node *n, struct connection *c, const char *why, struct instant now);
void places_turn(struct node *n, struct instant now);
void places_stop(struct node *n, struct instant now);
MUST_USE bool places_dial(struct node *n, struct dial_order *out);

/* -- status.c ----------------------------------------------------------------------------- */

/* Changes of the store a second, over the last second or, when no turn came, longer. */
double node_updates_per_s(const struct node *n, struct instant now);
/* Answer an observer that asks TRACE: what this node knows of one client id, as one line of JSON,
 * without LF. */
void node_trace(const struct node *n, struct span id, struct buf *out, struct instant now);

/* -- alarms.c ----------------------------------------------------------------------------- */

/* Note when changes were made, and see whether peers' clocks, digests and stamps are as they should
 * be: what is not is told once when it begins, and once when it is over. */
void alarms_turn(struct node *n, struct instant now);
/* Whether this peer's digest has stayed unequal, so that everything is sent again. */
bool alarm_diverged(const struct peer *peer);

#endif
