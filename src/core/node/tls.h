/* tls.h — the bytes of a link through TLS: opened on their way in, sealed on their way out.
 *
 * Called by links.c, which asks for plaintext and hands plaintext in. Written by tls.c alone:
 * `struct links_tls` in struct node, and `struct link_tls` in each link. */
#ifndef CORE_NODE_TLS_H
#define CORE_NODE_TLS_H

#include "core/base/instant.h"
#include "core/node/admission.h"
#include "core/node/outbox.h"

struct node;
struct link;
struct tls;
struct tls_config;

/* What a link has for TLS. */
struct link_tls {
    bool sealed; /* its bytes go through: */
    struct tls *engine; /* NULL: they are plain, or it was accepted and nothing was computed yet */
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
    enum admission_rank shaken; /* whose handshake was computed last */
};

enum link_tls_input {
    LINK_TLS_PLAIN, /* here is plaintext */
    LINK_TLS_MORE, /* the input is used up */
    LINK_TLS_ENDED, /* TLS is over: link_tls_reason says why */
    LINK_TLS_STUCK, /* the answers that TLS has to give find no room */
};

void links_tls_begin(struct node *n, const struct tls_config *config);

/* Begin TLS on a link, if it uses it: that is known later of an accepted one that may be plain.
 * One that was dialled gets its engine at once, and speaks first; one that was accepted when its
 * handshake is computed for the first time (tens of KB, which anybody could ask for).
 * false: no memory. */
MUST_USE bool link_tls_open(struct node *n, struct link *l, struct instant now);
/* The first bytes of an undecided link have come. */
void link_tls_decide(const struct node *n, struct link *l, struct span in);
/* Leave the queue and forget what is held. */
void link_tls_forget(struct node *n, struct link *l);
void link_tls_close(struct node *n, struct link *l);

/* -- input ------------------------------------------------------------------------------------- */

/* Whether the handshake is over, so that input may be opened at once. Input before that is held. */
bool link_tls_is_open(const struct link *l);
/* Keep its input until its turn comes. NULL, or why the link must end. */
MUST_USE const char *link_tls_hold(
    struct node *n, struct link *l, struct span in, struct instant now);
/* Whether one of those that wait may go on now, as far as is known without looking at each. */
static inline bool links_tls_wait(const struct links_tls *t, struct instant now)
{
    return t->waiting && now.mono_ns >= t->next_ns;
}
/* Of the links of the first rank that may go on now, the one whose handshake has waited longest.
 * Its input is in tls.held; call link_tls_forget when that is used. NULL: none. To be called once a
 * turn. */
struct link *links_tls_next(struct node *n, struct instant now);
/* It is about to be computed, and has an engine from now on. false: no memory. */
MUST_USE bool link_tls_begin(struct node *n, struct link *l, struct instant now);

/* Open what came from the network; *in is moved forward. After LINK_TLS_PLAIN call link_tls_heard,
 * and then this again, until it says something else. */
MUST_USE enum link_tls_input link_tls_read(
    struct node *n, struct link *l, struct span *in, struct span *plain);
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
