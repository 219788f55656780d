/* random.c — see random.h: SHA-256 of a secret key and a counter.
 *
 * Some of these bytes are sent to peers (nonces), others must stay secret (TLS): none tells
 * anything about another. */
#include "core/node/random.h"
#include "core/base/invariant.h"
#include <bearssl.h>

void random_source_begin(struct random_source *r, const unsigned char key[RANDOM_KEY_BYTES])
{
    memcpy(r->key, key, RANDOM_KEY_BYTES);
    r->draws = 0;
}

void random_draw(struct random_source *r, unsigned char out[RANDOM_BYTES])
{
    _Static_assert((int)RANDOM_BYTES == br_sha256_SIZE, "one draw is one digest");
    br_sha256_context sha;
    br_sha256_init(&sha);
    br_sha256_update(&sha, r->key, sizeof r->key);
    r->draws++;
    ASSERT(r->draws != 0);
    br_sha256_update(&sha, &r->draws, sizeof r->draws);
    br_sha256_out(&sha, out);
}
