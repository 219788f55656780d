/* hello.h — the two lines that open a link: HELLO and AUTH.
 *
 * PROTOCOL.md, "HELLO". HELLO says who, to whom and how far; AUTH proves that the speaker knows
 * the herd's secret, bound to this very exchange (both roles, names, boots and nonces), so that it
 * can be neither replayed nor reflected. Called by peering, and by the program's `status`, which
 * speaks as an observer: its name is "-", it is on no edge, and it may only ask. */
#ifndef CORE_PROTOCOL_HELLO_H
#define CORE_PROTOCOL_HELLO_H

#include "core/base/buf.h"
#include "stampede/protocol.h"
#include <stdint.h>

#define HELLO_VERSION "stampede/1"
#define HELLO_OBSERVER "-"
#define HELLO_AUTH "hmac-sha256"

enum {
    NONCE_BYTES = 16,
    AUTH_BYTES = 32,
    HERD_NAME_BYTES_MAX = 63,
    SECRET_BYTES_MIN = 16,
    HELLO_FIELDS_MAX = 32,      /* of a line, those of later versions included */
    HELLO_LINE_BYTES_MAX = 384, /* of our own, with LF */
    AUTH_LINE_BYTES = 5 + 2 * AUTH_BYTES + 1,
};

struct hello {
    struct span herd;
    struct span from;
    struct span to;
    uint64_t boot; /* of `from`; never 0. A number per process start, from entropy */
    unsigned char nonce[NONCE_BYTES];
    bool auth;          /* `auth=hmac-sha256`: AUTH will follow, and is wanted */
    uint64_t have_boot; /* 0: nothing had from `to` yet */
    uint64_t have_change;
    bool lazy; /* `lazy=1`: the speaker understands PRUNE and GRAFT */
};

enum hello_role { HELLO_DIALLED, HELLO_ACCEPTED };

/* The line, with LF: at most HELLO_LINE_BYTES_MAX bytes. */
void hello_put(struct buf *out, const struct hello *h);

/* Understand a line without its LF. Unknown key=value fields are skipped; names are valid ones, and
 * only `from` and `to` may be "-". The views are of the line. NULL when well; else what is wrong
 * with it, for BYE and the log: a constant of a few words. */
MUST_USE const char *hello_parse(struct span line, struct hello *out);

/* Exactly 16 lower-case hexadecimal digits, as boots and digests are written. false: not that. */
MUST_USE bool hello_hex64(struct span text, uint64_t *value);

/* `AUTH <hex256>` with LF, AUTH_LINE_BYTES: HMAC-SHA256 under `secret` over the speaker's role and
 * both hellos.
 *
 * role     which end of the connection the speaker is
 * speaker  the hello of the end that says it
 * other    the hello of the end that it is said to */
void auth_put(struct buf *out, struct span secret, enum hello_role role,
    const struct hello *speaker, const struct hello *other);

/* Whether `line` is what auth_put writes for the same arguments. Compared in constant time. */
MUST_USE bool auth_valid(struct span line, struct span secret, enum hello_role role,
    const struct hello *speaker, const struct hello *other);

#endif
