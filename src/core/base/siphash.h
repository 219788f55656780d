/* siphash.h — SipHash-1-3, a keyed hash for tables.
 *
 * Somebody who does not know the key cannot choose ids that collide. Aumasson and Bernstein,
 * "SipHash: a fast short-input PRF", 2012, with one round per word and three at the end, as Rust
 * and Python use it for their tables. Called by store. */
#ifndef CORE_BASE_SIPHASH_H
#define CORE_BASE_SIPHASH_H

#include "core/base/span.h"
#include <stdint.h>

uint64_t siphash13(const uint64_t key[2], struct span bytes);

#endif
