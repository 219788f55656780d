/* random.h — bytes that nobody can guess, for a core that has no entropy of its own.
 *
 * Called by links, tls and places. Written by random.c alone. */
#ifndef CORE_NODE_RANDOM_H
#define CORE_NODE_RANDOM_H

#include <stdint.h>

enum {
    RANDOM_KEY_BYTES = 16, /* 128 bits, as everything that is made with it needs */
    RANDOM_BYTES = 32, /* what random_draw gives at a time */
};

struct random_source {
    unsigned char key[RANDOM_KEY_BYTES];
    uint64_t draws; /* made so far: no two have the same number */
};

/* key: from entropy, used for nothing else. */
void random_source_begin(struct random_source *r, const unsigned char key[RANDOM_KEY_BYTES]);
/* Fresh bytes. */
void random_draw(struct random_source *r, unsigned char out[RANDOM_BYTES]);

#endif
