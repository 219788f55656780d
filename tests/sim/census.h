/* census.h — tracks which node holds which element: elements are added by clients and must reach
 * all nodes.
 *
 * An element is a client id that is sent once, so the elements of a herd form a set that only
 * grows, as Maelstrom's broadcast and Jepsen's set-full workloads require. The census looks at a
 * node's store after each of its turns, so it knows to the nanosecond when an element reached a
 * node. In addition it reads from time to time, as a client would, and judges by its reads as
 * Jepsen does (jepsen.checker, set-full): reads are numbered, and for each element the last read
 * that found it and the last that did not count.
 *
 *   stable      the last read of it found it
 *   lost        the last read did not, though it was known before: acknowledged, or read once
 *   never read  neither
 *   stale       stable, but missing from a read that began after it was known
 *
 * One client per node adds elements. Called by the workloads. */
#ifndef TESTS_SIM_CENSUS_H
#define TESTS_SIM_CENSUS_H

#include "sim/herd.h"

struct element {
    unsigned node; /* where it was added */
    int64_t first_ns; /* when some node held it; NEVER_NS: none yet, as for the two that follow */
    int64_t known_ns; /* when its client was acknowledged, or a read found it */
    int64_t everywhere_ns; /* when all that were running held it */
    unsigned holders; /* running nodes that hold it */
    bool orphaned; /* the last node that held it has died, and no other came to hold it since */
    unsigned known_read; /* the last read when it became known */
    unsigned present_read, absent_read; /* the last that found it, that did not; 0: none */
    int64_t absent_ns;
};

struct census {
    struct herd *herd;
    struct element *elements;
    unsigned count, most;
    unsigned char *holds; /* indexed by node, then element */
    unsigned *cursors; /* by node: on its store */
    struct queue *said; /* by node: the adds that are not acknowledged yet */
    unsigned running; /* nodes */
    unsigned reads;
};

enum outcome { OUTCOME_STABLE, OUTCOME_LOST, OUTCOME_NEVER_READ, OUTCOMES };

/* Start, with a running herd that has a client for each node and empty stores. At most `most`
 * elements. */
void census_begin(struct census *c, struct herd *h, unsigned most);
void census_end(struct census *c);

/* Let time pass. false: an invariant of the herd was violated. */
bool census_run_ns(struct census *c, int64_t ns);

/* A client adds an element at a node, which must be running. */
void census_add(struct census *c, unsigned node);

/* A running node dies; a node that is down starts. */
void census_kill(struct census *c, unsigned node, enum death how);
void census_start(struct census *c, unsigned node);

/* Read all that a running node holds; or the whole herd, which finds what every running node
 * holds. */
void census_read(struct census *c, unsigned node);
void census_read_all(struct census *c);

enum outcome census_outcome(const struct element *e);

/* How long after it was known reads still missed it; for a stable element. */
int64_t census_stable_ns(const struct element *e);

#endif
