/* links.h — the node's peer connections: links, the dials that make them, and their ends.
 *
 * Called by node.c. Written by links.c alone: `struct links` in struct node, and each link but for
 * its `tls`, which is tls.c's, its `stranger`, which is strangers.c's, and its `transfer`. */
#ifndef CORE_NODE_LINKS_H
#define CORE_NODE_LINKS_H

#include "core/node/admission.h"
#include "core/node/connection.h"
#include "core/node/edges.h"
#include "core/node/node.h"
#include "core/node/parting.h"
#include "core/node/strangers.h"
#include "core/node/tls.h"
#include "core/peering/neighbours.h"

enum {
    LINK_OUTPUT_BYTES = 65536, /* a link pulls while less is unsent */
    LINK_ROOM_BYTES = 1024, /* it gets at least; most lines are far shorter */
    LINK_STAMPS = 1024, /* stamps a link pulls in one turn: clients are never starved */
    LINK_CHUNK_BYTES = 65536, /* in place of OUTBOX_CHUNK_BYTES: goes out in one send */
    LINKS_SPARE_CHUNKS = 16, /* 1 MiB */
};

struct link {
    struct peering peering;
    struct link_tls tls;
    struct connection *connection;
    struct link *next, *previous; /* in links.first */
    struct stranger stranger; /* accepted, and has not proved which neighbour it is */
    struct neighbour *dialled; /* whom we dialled; NULL when accepted */
    enum admission_rank rank;
    struct address other; /* the other end's */
    bool up; /* was LINKED once */
    bool settled; /* the neighbours were told of its end */
    struct parting parting;
    struct transfer *transfer; /* an observer's dump or load; written by transfers.c */
    bool given_up; /* this node stops, and did not wait for it any longer */
    int64_t pull_at_ns; /* when it has more to say unasked; 0: its budget was used up */
    char from[ADDRESS_TEXT_BYTES_MAX + 1]; /* the other end's address; ends with NUL */
    char room[]; /* for a split line */
};

struct links {
    struct link *first; /* the newest */
    struct peer *peers; /* of edges.h, by number */
    struct neighbour *neighbour_of; /* likewise */
    bool parting; /* on some link */
    struct neighbours neighbours;
    struct peering_node peering;
};

/* false: no memory. Undone by links_end either way. */
MUST_USE bool links_begin(
    struct node *n, const struct node_config *config, uint64_t jitter, struct instant now);
/* All links must be closed. The store must still be there. */
void links_end(struct node *n);
/* The node has another topology, n->topology, and this is the plan of its edges. */
void links_take_topology(struct node *n, struct edges_plan *plan, struct instant now);

/* Begin a link on `c`. There are strangers_max strangers at most: for one more, the oldest goes,
 * one of ADMISSION_OTHER if there is one. If the newcomer were refused, 64 silent connections could
 * lock the neighbours out.
 *
 * dial  the neighbour that was dialled, by its number; -1: it was accepted
 * other  the other end's address
 * false: no memory. */
MUST_USE bool link_open(struct node *n, struct connection *c, int dial, const struct address *other,
    struct instant now);
/* The next neighbour to dial, whose dial is then under way; NULL: none. */
const struct neighbour *links_to_dial(struct node *n);
/* A dial made no connection; `why` for the operator. */
void link_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now);
/* Bytes have come in. */
void link_take(struct node *n, struct connection *c, struct span in, struct instant now);
/* The connection is gone or going; `why` for the operator. */
void link_drop(struct node *n, struct connection *c, const char *why, struct instant now);
/* Free the link of a connection that is closed. */
void link_close(struct node *n, struct connection *c);

/* The node has these secrets from now on; PROTOCOL.md, "AUTH". */
void links_take_secrets(struct node *n, const struct secrets *secrets, struct instant now);

/* Who asks for the state may want to know, by the next answer, whether this node is level with its
 * neighbours: peering_watch, for all. */
void links_watch(struct node *n, struct instant now);

/* Go on with the handshake of TLS whose turn it is. false: there is none. */
MUST_USE bool links_shake(struct node *n, struct instant now);
/* This turn begins late: what comes in by links until links_turn may have waited. */
void links_slept(struct node *n);
/* Run timers, then let each link write what is due. */
void links_turn(struct node *n, struct instant now);
int64_t links_deadline(const struct node *n);
/* The node stops: every link is told, and asked to confirm; handshakes and observers end. */
void links_stop(struct node *n, struct instant now);
/* The node stops and waits no longer: all links say BYE. */
void links_bye(struct node *n, struct instant now);

/* Whether it is linked to a peer, and is not ending. */
static inline bool link_is_live(const struct link *l)
{
    const struct connection *c = l->connection;
    return l->peering.state == PEERING_LINKED && l->peering.peer && !c->finishing && !c->aborted;
}

#endif
