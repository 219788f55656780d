/* census.h — who holds what: elements that clients add at nodes, and how they come to all others.
 *
 * An element is a client id that is said once, so the elements of a herd are a set that only grows:
 * what Maelstrom's broadcast and Jepsen's set-full ask of a system. The census sees each store
 * after each turn of its node, so it knows to the nanosecond when an element came to whom; beside
 * that it reads, as a client would now and then, and judges by its reads as Jepsen does
 * (jepsen.checker, set-full): reads have numbers, and of an element counts the last one that found
 * it and the last one that did not.
 *
 *   stable      the last read of it found it
 *   lost        the last read did not, though it was known by then: told as stored, or read before
 *   never read  neither
 *   stale       stable, and missing from a read that began when it was known
 *
 * One client a node says the adds. Called by workloads. */
#ifndef TESTS_SIM_CENSUS_H
#define TESTS_SIM_CENSUS_H

#include "sim/herd.h"

struct element {
    unsigned node; /* where it was added */
    int64_t first_ns; /* when some node held it; NEVER_NS: none yet, as for the two that follow */
    int64_t known_ns; /* when its client was told, or a read found it */
    int64_t everywhere_ns; /* when all that were running held it */
    unsigned holders; /* running nodes that hold it */
    bool orphaned; /* the last node that held it has died, and no other came to hold it since */
    unsigned known_read; /* the last read when it came to be known */
    unsigned present_read, absent_read; /* the last that found it, that did not; 0: none */
    int64_t absent_ns;
};

struct census {
    struct herd *herd;
    struct element *elements;
    unsigned count, most;
    unsigned char *holds; /* by node, then by element */
    unsigned *cursors; /* by node: on its store */
    struct queue *said; /* by node: what its client waits for */
    unsigned running; /* nodes */
    unsigned reads;
};

enum outcome { OUTCOME_STABLE, OUTCOME_LOST, OUTCOME_NEVER_READ, OUTCOMES };

/* Of a herd that runs, with a client for each node and nothing in its stores. At most `most`
 * elements. */
void census_begin(struct census *c, struct herd *h, unsigned most);
void census_end(struct census *c);

/* Let time pass. false: the law was broken. */
bool census_run_ns(struct census *c, int64_t ns);

/* A client says a new element to a node. The node must be running. */
void census_add(struct census *c, unsigned node);

/* A running node dies; one that is down starts. */
void census_kill(struct census *c, unsigned node, enum death how);
void census_start(struct census *c, unsigned node);

/* A read of all that a running node holds; and of the whole herd, which finds what is at every node
 * that is running. */
void census_read(struct census *c, unsigned node);
void census_read_all(struct census *c);

enum outcome census_outcome(const struct element *e);

/* From when it was known until reads no longer missed it; of a stable element. */
int64_t census_stable_ns(const struct element *e);

#endif
