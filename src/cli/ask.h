/* ask.h — asks one node something: a conversation on its peer port, as an observer
 * (core/hello.h).
 *
 *   state    event                  next     does
 *   DIALS    connected              HELLO    sends HELLO
 *   HELLO    HELLO, no secret       ANSWER   sends the question
 *   HELLO    HELLO, a secret        AUTH     sends AUTH
 *   AUTH     AUTH, right            ANSWER   sends the question
 *   ANSWER   a line of JSON         OVER     keeps it
 *   any      anything else, BYE     OVER     remembers why
 *
 * Where links are TLS, all of it goes through TLS, and the node's certificate must be for its name.
 * Nothing blocks, and only the dates of certificates need a clock: the caller polls, and gives up
 * when it has waited enough. What comes in is bounded and not trusted. Used by `status`, `trace`
 * and `up`. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "core/protocol/hello.h"
#include "core/tls/tls.h"
#include "core/topology/topology.h"
#include <poll.h>

enum {
    ASK_LINE_BYTES_MAX = 1024, /* HELLO, AUTH, BYE */
    ASK_ANSWER_BYTES_MAX = 256 << 10, /* 64 links and the metrics take a tenth of it */
    ASK_WHY_BYTES_MAX = 159,
};

enum ask_state { ASK_DIALS, ASK_HELLO, ASK_AUTH, ASK_ANSWER, ASK_OVER };

struct ask {
    enum ask_state state;
    char *answer; /* when OVER: the line of JSON, ends with NUL; NULL: none, `why` says why */
    char why[ASK_WHY_BYTES_MAX + 1];

    const struct topology *topology;
    const struct topology_node *node;
    struct span secret;
    struct tls *tls; /* NULL: links are plain */
    struct span question;
    int fd; /* -1 when OVER */
    struct hello mine, theirs;
    char theirs_text[ASK_LINE_BYTES_MAX]; /* what `theirs` views */
    char out[ASK_LINE_BYTES_MAX];
    size_t out_len;
    char *in;
    size_t in_len, in_cap;
};

/* Begin. topology, secret (empty: none), tls (NULL: links are plain) and question (a line without
 * LF) outlive the ask. End with ask_end. */
void ask_begin(struct ask *a, const struct topology *topology, unsigned node, struct span secret,
    const struct tls_config *tls, struct span question);

/* What to poll for; an ask that is OVER gives one that poll(2) skips. */
struct pollfd ask_poll(const struct ask *a);

/* Go on, after poll has shown something. */
void ask_step(struct ask *a);

/* Make it OVER, for `why`; nothing when it is OVER already. */
void ask_give_up(struct ask *a, const char *why);

/* Let go of connection and answer. */
void ask_end(struct ask *a);

#endif
