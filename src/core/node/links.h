/* links.h — the node's peer connections: what node.c and tls.c use of links.c, and
 * what of tls.c it uses. */
#ifndef CORE_NODE_LINKS_H
#define CORE_NODE_LINKS_H

#include "core/peering/neighbours.h"
#include "core/node/outbox.h"

enum {
    NODE_LINK_OUTPUT_BYTES = 65536, /* a link pulls while less is unsent */
    NODE_LINK_ROOM_BYTES = 1024, /* it gets at least; most lines are far shorter */
    NODE_LINK_STAMPS = 1024, /* stamps a link pulls in one turn: clients are never starved */
    NODE_LINK_CHUNK_BYTES = 65536, /* in place of OUTBOX_CHUNK_BYTES: goes out in one send */
    NODE_LINK_SPARE_CHUNKS = 16, /* 1 MiB */
    NODE_STRANGERS_MAX = 64, /* peer connections that have not shown which neighbour they are */
};

struct node;
struct connection;
struct tls;

struct link {
    struct peering peering;
    struct tls *tls; /* NULL: its bytes are plain */
    struct connection *connection;
    struct link *next; /* in node.links */
    struct neighbour *dialled; /* whom we dialled; NULL when accepted */
    bool stranger; /* accepted, and has not shown which neighbour it is */
    bool up; /* was LINKED once */
    bool settled; /* the neighbours were told of its end */
    uint64_t waits; /* its place among those whose handshake waits to go on; 0: it does not wait */
    struct outbox held; /* what came in meanwhile */
    int64_t pull_at_ns; /* when it has more to say unasked; 0: its budget was used up */
    char from[64]; /* the other end's address; ends with NUL */
    char room[]; /* for a split line */
};

/* -- links.c ------------------------------------------------------------------------------ */

/* Begin a link. Of strangers there are NODE_STRANGERS_MAX at most: for one more, the oldest goes.
 * Were the newcomer refused instead, whoever holds so many connections that say nothing would keep
 * the neighbours out. false: no memory. */
MUST_USE bool link_open(struct node *n, struct connection *c, struct neighbour *dialled,
    struct span from, struct instant now);
/* Bytes of the peer protocol have come in. */
void link_hear(struct node *n, struct link *l, struct span in, struct instant now);
/* End it for `why`: told, BYE due, closing. */
void link_end(struct node *n, struct link *l, const char *why, struct instant now);
/* Whatever has come in by its connection. */
void link_take(struct node *n, struct connection *c, struct span in, struct instant now);
/* The connection is gone or going; `why` for the operator. */
void link_drop(struct node *n, struct connection *c, const char *why, struct instant now);
/* Free the link of a connection that is closed. */
void link_close(struct node *n, struct connection *c);
/* Timers, then what each link has to say. */
void links_turn(struct node *n, struct instant now);
int64_t links_deadline(const struct node *n);
void links_stop(struct node *n, struct instant now);
/* A dial of `who` made no link; said in the log now and then. */
void link_failed(struct node *n, struct neighbour *who, const char *why, struct instant now);

/* -- tls.c: for links whose `tls` is set -------------------------------------------------- */

/* false: no memory. */
MUST_USE bool link_tls_open(struct node *n, struct link *l, struct instant now);
/* Take in what came from the network, and hear what it says. */
void link_tls_take(struct node *n, struct link *l, struct span in, struct instant now);
/* Go on with the handshake that has waited longest, unless one has computed in this turn. */
void links_tls_turn(struct node *n, struct instant now);
/* It does not wait any more; what is held is forgotten. */
void link_tls_forget(struct node *n, struct link *l);
/* Let it write what is due, as far as there is room; how many bytes it was, of plaintext. */
size_t link_tls_pull(struct node *n, struct link *l, struct instant now);
/* Say `text` whole. false: it found no room. */
MUST_USE bool link_tls_say(struct node *n, struct link *l, struct span text);
/* It is finishing: close_notify, once all is said. */
void link_tls_finish(struct node *n, struct link *l);

#endif
