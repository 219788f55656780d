/* random.c — bytes that nobody can guess, for a core that has no entropy of its own: SHA-256
 * of a secret key out of config.seed and a counter.
 *
 * Parts of some are told to peers (nonces), others must stay unknown (TLS): none says anything
 * about another. Called by node_links and node_tls. */
#include "core/node/private.h"
#include <bearssl.h>

void node_random(struct node *n, unsigned char out[NODE_RANDOM_BYTES])
{
    _Static_assert((int)NODE_RANDOM_BYTES == br_sha256_SIZE, "it is one digest");
    br_sha256_context sha;
    br_sha256_init(&sha);
    br_sha256_update(&sha, n->random_key, sizeof n->random_key);
    n->randoms++;
    br_sha256_update(&sha, &n->randoms, sizeof n->randoms);
    br_sha256_out(&sha, out);
}
