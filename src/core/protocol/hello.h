/* hello.h — the line that opens a link: HELLO.
 *
 * HELLO tells who speaks, to whom, and which of the other's stamps the speaker has already. With a
 * secret, AUTH follows it (auth.h). Called by peering, and by the program's `status`, which speaks
 * as an observer: its name is "-", it is not in the topology, and it may only ask. PROTOCOL.md,
 * "HELLO". */
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
    HERD_NAME_BYTES_MAX = 63,
    HELLO_FIELDS_MAX = 32, /* of a line, unknown fields of later versions included */
    HELLO_LINE_BYTES_MAX = 478, /* of a line that hello_put writes, with LF */
};

struct hello {
    struct span herd;
    struct span from;
    struct span to;
    uint64_t boot; /* of `from`: a random number, drawn at each start of a process; never 0 */
    unsigned char nonce[NONCE_BYTES];
    bool auth; /* `auth=hmac-sha256`: the speaker will send AUTH and requires it */
    uint64_t have_boot; /* the boot of `to` whose changes the speaker has; 0: it has none */
    uint64_t have_change; /* up to which change number it has them */
    uint64_t have_by; /* the boot of the speaker's former process that had them; 0: this one has */
    bool lazy; /* `lazy=1`: the speaker understands PRUNE and GRAFT */
    bool stop; /* `stop=1`: the speaker understands STOPPING */
    uint64_t started; /* when its process began, since 1970; it understands TWIN. 0: not said */
    bool tls; /* `tls=1`: the speaker takes TLS as well, and this connection is plain */
    bool secrets; /* `secrets=1`: the speaker understands several proofs, and AUTH again */
    uint64_t topology; /* the hash of its topology.conf; it understands TOPOLOGY. 0: not said */
};

enum hello_role { HELLO_DIALLED, HELLO_ACCEPTED };

/* Write the line, with LF: at most HELLO_LINE_BYTES_MAX bytes. */
void hello_put(struct buf *out, const struct hello *h);

/* Parse a line, without its LF. Unknown key=value fields are skipped; names are checked, and only
 * `from` and `to` may be "-". The spans are views of the line.
 *
 * NULL: it is valid. Otherwise what is wrong with it, in a few constant words, for BYE and the log;
 * *out is then undefined. */
MUST_USE const char *hello_parse(struct span line, struct hello *out);

/* Parse exactly 16 lower-case hexadecimal digits, as boots and digests are written.
 * false: it is something else. */
MUST_USE bool hello_hex64(struct span text, uint64_t *value);

#endif
