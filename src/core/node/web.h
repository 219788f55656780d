/* web.h — the connections of the node's HTTP port: requests in, pages out, one after another.
 *
 *   a connection  event                       next
 *   SHAKES        TLS is open                 WAITS; only with TLS, see web_tls.h
 *   SHAKES        10 s; TLS fails             aborted; finished
 *   WAITS         bytes                       ASKS
 *   ASKS          a request is complete       ANSWERS; what follows it is held
 *   ASKS          10 s                        aborted
 *   ANSWERS       the answer is sent          WAITS, or ASKS with what is held; or finished
 *   ANSWERS       10 s without progress       aborted
 *   WAITS         75 s; FIN                   aborted; finished
 *
 * There are webs_max of node_config at most; for one more, the one that has waited longest for the
 * other end goes. So whoever opens many, or says little, takes from nobody but his like. Called by
 * node.c. Written by web.c alone. */
#ifndef CORE_NODE_WEB_H
#define CORE_NODE_WEB_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include "core/node/node.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    WEB_WAIT_MS = 75000, /* for the next request on a connection */
    WEB_REQUEST_MS = 10000, /* for a request to be complete, and for its answer to be taken */
    WEB_PAGE_BYTES_MAX = 262144, /* metrics with 64 links have some 80 KB, a status less */
};

struct connection;
struct web_connection;

struct webs {
    const struct secrets *tokens; /* as in node_config */
    struct web_connection *each[NODE_WEBS_MAX];
    unsigned count, max;
    int64_t due_ns; /* monotonic: nothing times out before; NEVER_NS: nothing does */
    char *page; /* where pages are made; NULL: none was yet */
};

void webs_begin(struct node *n, const struct node_config *config);
/* All connections must be closed. */
void webs_end(struct node *n);

/* A connection was accepted. false: no memory. */
MUST_USE bool web_open(struct node *n, struct connection *c, struct instant now);
/* It is closed. */
void web_close(struct node *n, struct connection *c);

/* Bytes have come in. */
void web_take(struct node *n, struct connection *c, struct span in, struct instant now);
/* Go on with the handshake of TLS that has waited longest. Call it if webs_tls_wait says so.
 * false: there is none. */
MUST_USE bool webs_shake(struct node *n, struct instant now);
/* Some of its output was sent. */
void web_sent(struct node *n, struct connection *c, struct instant now);
/* The other end has sent FIN. */
void web_ended(struct node *n, struct connection *c, struct instant now);

/* Abort those whose time is over. Call at or after webs.due_ns. */
void webs_turn(struct node *n, struct instant now);
/* The node stops: those that wait are finished, and no answer leaves its connection open. */
void webs_stop(struct node *n, struct instant now);

#endif
