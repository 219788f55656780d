/* workload.h — what the workloads share: herds that start at rest, counts, figures.
 *
 * A workload runs a herd for some time and computes figures. A bound that is exceeded is printed as
 * "violated: ...". The same seed gives the same figures. */
#ifndef TESTS_SIM_WORKLOADS_WORKLOAD_H
#define TESTS_SIM_WORKLOADS_WORKLOAD_H

#include "sim/census.h"

struct workload_options {
    uint64_t first, last; /* seeds */
    unsigned nodes; /* 0: each workload's own */
    int shape; /* -1: each workload's own */
    unsigned delay_ms; /* from node to node; 0: each workload's own */
    unsigned warm_s; /* updates before this time are not counted */
    unsigned seconds; /* of operations; 0: each workload's own */
    unsigned updates; /* how many to count; 0: each workload's own */
};

/* Each is one command of sim_workloads. false: a bound was exceeded, which was printed. */
MUST_USE bool workload_broadcast(const struct workload_options *o);
MUST_USE bool workload_set(const struct workload_options *o);
MUST_USE bool workload_accidents(const struct workload_options *o);
MUST_USE bool workload_table(const struct workload_options *o);

/* -- herds ------------------------------------------------------------------------------------- */

struct workload_plan {
    enum shape shape;
    unsigned nodes, children; /* see struct shape_plan */
    uint64_t seed;
    int64_t delay_ns, jitter_ns; /* of each path between nodes */
    unsigned elements; /* at most */
};

/* Start a herd and wait until its links are up and at rest. false: they do not get there, which was
 * printed. */
MUST_USE bool workload_begin(const struct workload_plan *plan, struct herd *h, struct census *c);
void workload_end(struct herd *h, struct census *c);

/* Print "violated: " and the rest. Always false. */
bool workload_violated(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether the herd's judge found no violation; one that it found is printed. */
MUST_USE bool workload_lawful(const struct herd *h);

/* -- what was sent ----------------------------------------------------------------------------- */

/* Sent by all nodes to all others since the beginning. */
struct workload_sent {
    uint64_t stamps; /* AT lines */
    uint64_t notices; /* hashes of stamps in SEEN lines */
    uint64_t lines; /* all other lines: MARK, ACK, SEEN, PING, PONG, PRUNE, GRAFT, EAGER ... */
    uint64_t sends; /* what was handed to a kernel in one piece, with one line in it or many */
};
struct workload_sent workload_sent(const struct herd *h);
struct workload_sent workload_since(const struct herd *h, struct workload_sent before);

/* -- times ------------------------------------------------------------------------------------- */

/* In order from shortest to longest, once sorted. */
struct workload_times {
    int64_t *each_ns;
    size_t count, room;
};
void workload_time(struct workload_times *t, int64_t ns);
void workload_times_sort(struct workload_times *t);
void workload_times_free(struct workload_times *t);

/* In milliseconds, of sorted times: the value below which `part` (0 to 1) of all lie, computed as
 * Jepsen does; 0: no times. */
double workload_quantile_ms(const struct workload_times *t, double part);

#endif
