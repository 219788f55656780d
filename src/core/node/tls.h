/* tls.h — the bytes of a link through TLS: opened on their way in, sealed on their way out.
 *
 * Called by links.c, which asks for plaintext and hands plaintext in. Written by tls.c alone:
 * `struct links_tls` in struct node, and `struct link_tls` in each link. */
#ifndef CORE_NODE_TLS_H
#define CORE_NODE_TLS_H

#include "core/base/instant.h"
#include "core/node/outbox.h"

struct node;
struct link;
struct tls;
struct tls_config;

/* What a link has for TLS. */
struct link_tls {
    struct tls *engine; /* NULL: its bytes are plain */
    bool undecided; /* accepted, and its first byte is to say whether it is TLS */
    uint64_t ticket; /* its number in the queue of handshakes that wait; 0: it does not wait */
    struct outbox held; /* input that came while it waited */
};

/* What the links of a node share for TLS. */
struct links_tls {
    const struct tls_config *config; /* NULL: links are plain */
    bool also_secret; /* they may be either; PROTOCOL.md, "Peer port" */
    uint64_t tickets; /* handed out so far */
    unsigned waiting; /* links in the queue */
    int64_t next_ns; /* then one of them may go on, at the soonest; 0: at once */
    bool computed; /* a handshake was computed in this turn */
};

enum link_tls_input {
    LINK_TLS_PLAIN, /* here is plaintext */
    LINK_TLS_MORE, /* the input is used up */
    LINK_TLS_ENDED, /* TLS is over: link_tls_reason says why */
    LINK_TLS_STUCK, /* the answers that TLS has to give find no room */
};

void links_tls_begin(struct node *n, const struct tls_config *config);

/* Begin TLS on a link, if it uses it: that is known later of an accepted one that may be plain.
 * false: no memory. */
MUST_USE bool link_tls_open(struct node *n, struct link *l, struct instant now);
/* The first bytes of an undecided link have come. false: no memory for TLS. */
MUST_USE bool link_tls_decide(struct node *n, struct link *l, struct span in, struct instant now);
/* Leave the queue and forget what is held. */
void link_tls_forget(struct node *n, struct link *l);
void link_tls_close(struct node *n, struct link *l);

/* -- input ------------------------------------------------------------------------------------- */

/* Whether input of `l` may be opened now; a handshake claims the turn. false: it is part of a
 * handshake, and another one was computed in this turn or waits, or admission.h says not now. */
MUST_USE bool link_tls_claim(struct node *n, const struct link *l, struct instant now);
/* Keep its input until its turn comes. NULL, or why the link must end. */
MUST_USE const char *link_tls_hold(
    struct node *n, struct link *l, struct span in, struct instant now);
/* Of the links of the first rank that may go on now, the one whose handshake has waited longest.
 * Its input is in tls.held; call link_tls_forget when that is used. NULL: none. To be called once a
 * turn. */
struct link *links_tls_next(struct node *n, struct instant now);

/* Open what came from the network; *in is moved forward. After LINK_TLS_PLAIN call link_tls_heard,
 * and then this again, until it says something else. */
MUST_USE enum link_tls_input link_tls_read(
    struct node *n, struct link *l, struct span *in, struct span *plain, struct instant now);
/* All of `plain` was used. */
void link_tls_heard(struct link *l, struct span plain);
/* Why TLS is over; "" when the other end closed it as agreed. */
const char *link_tls_reason(const struct link *l);

/* -- output ------------------------------------------------------------------------------------ */

/* Where plaintext may be written, at least PEERING_LINE_BYTES_MAX bytes; NULL: not now. Call
 * link_tls_wrote then. */
char *link_tls_room(struct node *n, struct link *l, size_t *room);
void link_tls_wrote(struct node *n, struct link *l, size_t bytes);
/* Write all of `text`. false: there is no room for it. */
MUST_USE bool link_tls_say(struct node *n, struct link *l, struct span text);
/* The link is finishing: send close_notify. */
void link_tls_finish(struct node *n, struct link *l);

#endif
