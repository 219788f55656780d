/* node_sealed.h — for fuzz_node: the other end of a link that goes over TLS, with the certificate
 * of tests/sim, which is right for Hands and wrong for Ant. Called by the driver. */
#ifndef TESTS_FUZZ_NODE_SEALED_H
#define TESTS_FUZZ_NODE_SEALED_H

#include "fuzz/node_driver.h"

/* From now on this end of a link that has just been opened speaks TLS. */
void sealed_begin(unsigned slot);
void sealed_end(unsigned slot);
bool sealed_is(unsigned slot);

/* What it says to the node, as plaintext; what is too much, or too early, is not said. */
void sealed_says(unsigned slot, struct span plain);
/* What the node says to it; the plaintext goes to node_judge.h. */
void sealed_hears(unsigned slot, struct span bytes);
/* Bytes for the node; empty: none. Stay until the next call for this slot. */
struct span sealed_output(unsigned slot);

#endif
