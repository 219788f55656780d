/* random.h — for tests: random numbers that can be repeated.
 *
 * Each run takes a new seed and prints it; STAMPEDE_TEST_SEED=<seed> repeats a run. */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include "files/entropy.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct random {
    uint64_t state;
};

/* SplitMix64, by Steele, Lea and Flood. */
static inline uint64_t random_next(struct random *r)
{
    uint64_t x = r->state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* 0 to below - 1 */
static inline uint32_t random_below(struct random *r, uint32_t below)
{
    return (uint32_t)(random_next(r) % below);
}

static inline struct random random_begin(void)
{
    struct random r;
    const char *wanted = getenv("STAMPEDE_TEST_SEED");
    if (wanted)
        r.state = strtoull(wanted, NULL, 0);
    else
        entropy_fill(&r.state, sizeof r.state);
    fprintf(stderr, "STAMPEDE_TEST_SEED=%#llx\n", (unsigned long long)r.state);
    return r;
}

#endif
