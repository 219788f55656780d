/* hello.h — the two lines that open a link: HELLO and AUTH.
 *
 * PROTOCOL.md, "Peer port". HELLO says who, to whom and how far; AUTH proves that the speaker knows
 * the herd's secret, bound to this very exchange (both roles, names, boots and nonces), so that it
 * can be neither replayed nor reflected. Called by peering, and by the program's `status`, which
 * speaks as an observer: its name is "-", it is on no edge, and it may only ask. */
#ifndef CORE_HELLO_H
#define CORE_HELLO_H

#include "core/buf.h"
#include "stampede/protocol.h"
#include <stdint.h>

#define HELLO_VERSION "stampede/1"
#define HELLO_OBSERVER "-"

enum { NONCE_BYTES = 16, AUTH_BYTES = 32, HERD_NAME_BYTES_MAX = 63, SECRET_BYTES_MIN = 16 };

struct hello {
    struct span herd;
    struct span from;
    struct span to;
    uint64_t boot; /* of `from`; never 0. A number per process start, from entropy */
    unsigned char nonce[NONCE_BYTES];
    uint64_t have_boot; /* 0: nothing had from `to` yet */
    uint64_t have_change;
};

enum hello_role { HELLO_DIALLED, HELLO_ACCEPTED };

/* The line, with LF. */
void hello_put(struct buf *out, const struct hello *h);

/* Understand a line without its LF. Unknown key=value fields are skipped. The views are of the line.
 * NULL when well; else what is wrong with it, for BYE and the log: a constant of a few words. */
MUST_USE const char *hello_parse(struct span line, struct hello *out);

/* `AUTH <hex256>` with LF: HMAC-SHA256 under `secret` over the speaker's role and both hellos.
 *
 * role  which end of the connection the speaker is
 * mine  the speaker's hello, theirs the other's */
void auth_put(struct buf *out, struct span secret, enum hello_role role, const struct hello *mine,
    const struct hello *theirs);

/* Whether `line` is the AUTH that the other end must send: role, mine and theirs are the *other*
 * end's. Compared in constant time. */
MUST_USE bool auth_valid(struct span line, struct span secret, enum hello_role role,
    const struct hello *mine, const struct hello *theirs);

#endif
