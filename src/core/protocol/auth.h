/* auth.h — the herd's secrets, and the line that proves that one knows them: AUTH.
 *
 * An AUTH is bound to one exchange (role, names, boots and nonces of both ends, and how often it
 * was said), so it can be neither replayed nor reflected. It holds a proof for each of the
 * speaker's secrets, and is right if one of them is of a secret of the hearer. Called by peering,
 * and by the program's `status`, which speaks as an observer. PROTOCOL.md, "AUTH". */
#ifndef CORE_PROTOCOL_AUTH_H
#define CORE_PROTOCOL_AUTH_H

#include "core/protocol/hello.h"

enum {
    AUTH_BYTES = 32,
    SECRET_BYTES_MIN = 16,
    SECRET_BYTES_MAX = 1024,
    SECRETS_MAX = 4,
    AUTH_LINE_BYTES = 5 + 2 * AUTH_BYTES + 1, /* of the first one, with one proof */
    AUTH_LINE_BYTES_MAX = 5 + 20 + SECRETS_MAX * (1 + 2 * AUTH_BYTES) + 1,
};

/* What a node proves itself with, and accepts; in the order of its file. None: links are proved by
 * nothing, or by TLS. Sets of secrets are written as bits: 1 << i is the secret number i. */
struct secrets {
    unsigned count;
    unsigned bytes[SECRETS_MAX];
    char text[SECRETS_MAX][SECRET_BYTES_MAX];
};

/* Add one of SECRET_BYTES_MIN to SECRET_BYTES_MAX bytes. One that is there already is not added
 * again. false: it has too few or too many bytes, or there are SECRETS_MAX. */
MUST_USE bool secrets_add(struct secrets *s, struct span secret);

/* Which of the secrets in `after` are those that `proven` means in `before`. */
unsigned secrets_kept(const struct secrets *before, const struct secrets *after, unsigned proven);

/* What an AUTH is bound to. */
struct auth_exchange {
    enum hello_role role; /* which end of the connection the speaker is */
    const struct hello *speaker; /* the hello that the speaker has sent */
    const struct hello *other; /* the hello that the speaker has received */
    uint64_t again; /* the number of an AUTH again; 0: the first one */
};

/* Write the line, with LF: a proof by each of `which`, of which there is at least one. */
void auth_put(
    struct buf *out, const struct secrets *secrets, unsigned which, const struct auth_exchange *x);

/* Which of `secrets` a line proves that its speaker knows, without its LF. 0: none, or it is no
 * AUTH of this exchange. Compared in constant time. */
MUST_USE unsigned auth_proves(
    struct span line, const struct secrets *secrets, const struct auth_exchange *x);

#endif
