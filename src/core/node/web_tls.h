/* web_tls.h — the bytes of a connection of the HTTP port through TLS, if that port has it.
 *
 * Nobody is asked for a certificate. A flight of a handshake costs milliseconds, and anybody can
 * ask for one, so all wait in a queue: what has come in is held, nothing more is read, and one at
 * most goes on in a turn, out of the budget of processor time that strangers of the peer port have
 * (ADMISSION_OTHER, admission.h). Where both wait, they take turns. Called by web.c and node.c.
 * Written by web_tls.c alone. */
#ifndef CORE_NODE_WEB_TLS_H
#define CORE_NODE_WEB_TLS_H

#include "core/base/instant.h"
#include "core/node/outbox.h"
#include "core/tls/tls.h"

enum { WEB_TLS_HELD_BYTES_MAX = 16384 }; /* of one that waits: a ClientHello is far shorter */

struct node;
struct connection;

/* What a connection has for TLS. */
struct web_tls {
    bool sealed; /* its bytes go through TLS; else they are plain */
    struct connection *connection;
    struct tls *engine; /* NULL: nothing was computed yet */
    bool waits; /* it is in the queue; before: */
    struct web_tls *next;
    struct outbox held; /* input that came while it waited */
};

/* What all have. */
struct webs_tls {
    const struct tls_config *config; /* NULL: the port is plain */
    struct web_tls *first, *last; /* of the queue */
    bool shook; /* the flight that was computed last was of HTTP */
};

enum web_tls_input {
    WEB_TLS_PLAIN, /* here is plaintext */
    WEB_TLS_MORE, /* the input is used up */
    WEB_TLS_ENDED, /* TLS is over: web_tls_reason says why */
    WEB_TLS_STUCK, /* no memory for what TLS has to answer */
};

void webs_tls_begin(struct node *n, const struct tls_config *config);

/* Whether one of those that wait may go on, and from when on the first may. */
bool webs_tls_wait(const struct node *n, struct instant now);
int64_t webs_tls_ready_ns(const struct node *n);
/* Whether it is the turn of HTTP, although links wait as well; a link went on; whether the flight
 * that was computed last was of HTTP. */
bool webs_tls_go_first(const struct node *n);
void webs_tls_let_pass(struct node *n);
bool webs_tls_shook(const struct node *n);
/* Take the first out of the queue, so that its handshake goes on; NULL: none waits. */
struct connection *webs_tls_next(struct node *n);

/* Begin one that is all zero. */
void web_tls_open(struct node *n, struct web_tls *t, struct connection *c);
void web_tls_close(struct node *n, struct web_tls *t);

static inline bool web_tls_is(const struct web_tls *t)
{
    return t->sealed;
}

/* Whether it is plain, or its handshake is over. */
bool web_tls_is_open(const struct web_tls *t);

/* Keep input until the turn of its handshake has come. false: it is more than a handshake has, or
 * there is no memory. */
MUST_USE bool web_tls_hold(
    struct node *n, struct web_tls *t, struct span in, struct instant now);
/* Its turn has come. false: no memory. Then use what is held, piece by piece. */
MUST_USE bool web_tls_begin(struct node *n, struct web_tls *t, struct instant now);
struct span web_tls_held(const struct web_tls *t);
void web_tls_used(struct web_tls *t, struct span in);

/* Open what came from the network; *in is moved forward. After WEB_TLS_PLAIN call web_tls_heard,
 * and then this again, until it says something else. */
MUST_USE enum web_tls_input web_tls_read(
    struct node *n, struct web_tls *t, struct span *in, struct span *plain);
void web_tls_heard(struct node *n, struct web_tls *t, struct span plain);
const char *web_tls_reason(const struct web_tls *t);

/* Send all of `text`, sealed or plain. false: no memory. */
MUST_USE bool web_tls_say(struct node *n, struct web_tls *t, struct span text);
/* The connection is about to finish: send close_notify. */
void web_tls_finish(struct node *n, struct web_tls *t);

#endif
