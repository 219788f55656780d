/* ask.h — asks one node a question, on its peer port, as an observer (PROTOCOL.md, "Observers").
 *
 *   state    event                  next     does
 *   DIALS    connected              HELLO    sends HELLO
 *   HELLO    HELLO, no secret       ANSWER   sends the question
 *   HELLO    HELLO, a secret        AUTH     sends AUTH, if the node takes several proofs
 *   AUTH     AUTH, right            ANSWER   sends AUTH, if it has not, and the question
 *   ANSWER   a line of JSON         OVER     keeps it
 *   any      anything else, BYE     OVER     keeps the reason
 *
 * Where it `streams`, ANSWER leaves the connection, and what came behind the handshake, to
 * stream.h.
 *
 * If links use TLS (and not the secret as well), all of this goes through TLS, and the node's
 * certificate must have its name.
 * Nothing blocks, except to find a node that has a name in place of an address (reach.h); the
 * caller polls, and gives up when it has waited long enough. The clock is
 * needed only for the dates of certificates. Input is bounded and not trusted. Called by survey,
 * stream and `up`. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "core/protocol/auth.h"
#include "core/tls/tls.h"
#include "core/topology/topology.h"
#include <poll.h>

enum {
    ASK_LINE_BYTES_MAX = 1024, /* of HELLO, AUTH and BYE */
    ASK_ANSWER_BYTES_MAX = 256 << 10, /* 64 links and the metrics need a tenth of it */
    ASK_WHY_BYTES_MAX = 159,
};

enum ask_state { ASK_DIALS, ASK_HELLO, ASK_AUTH, ASK_ANSWER, ASK_OVER };

struct ask {
    enum ask_state state;
    char *answer; /* when OVER: the line of JSON, ends with NUL; NULL: none, see `why` */
    char why[ASK_WHY_BYTES_MAX + 1];

    const struct topology *topology;
    const struct topology_node *node;
    const struct secrets *secrets;
    bool streams; /* to be set after ask_begin */
    bool auth_said;
    struct tls *tls; /* NULL: links are plain */
    struct span question;
    int fd; /* -1 when OVER */
    struct hello mine, theirs;
    char theirs_text[ASK_LINE_BYTES_MAX]; /* what `theirs` points into */
    char out[ASK_LINE_BYTES_MAX];
    size_t out_len;
    char *in;
    size_t in_len, in_cap;
};

/* Start. topology, secrets (they may be none), tls (NULL: links are plain) and question (a line
 * without LF) outlive the ask. End it with ask_end. */
void ask_begin(struct ask *a, const struct topology *topology, unsigned node,
    const struct secrets *secrets, const struct tls_config *tls, struct span question);

/* What to poll for; poll(2) ignores the entry of an ask that is OVER. */
struct pollfd ask_poll(const struct ask *a);

/* Continue after poll has reported an event. */
void ask_step(struct ask *a);

/* Make it OVER, with `why` as the reason; does nothing if it is OVER already. */
void ask_give_up(struct ask *a, const char *why);

/* Close the connection and free the answer. */
void ask_end(struct ask *a);

#endif
