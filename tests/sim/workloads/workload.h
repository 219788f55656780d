/* workload.h — what the workloads share: herds at rest to begin with, what is counted, figures.
 *
 * A workload is a herd of a plan, run for some time, and the figures that come of it; whatever
 * breaks its bounds is told as "violated: ...". The same seed gives the same figures. */
#ifndef TESTS_SIM_WORKLOADS_WORKLOAD_H
#define TESTS_SIM_WORKLOADS_WORKLOAD_H

#include "sim/census.h"

struct workload_options {
    uint64_t first, last; /* seeds */
    unsigned nodes; /* 0: each workload's own */
    int shape; /* -1: each workload's own */
    unsigned delay_ms; /* from node to node; 0: each workload's own */
    unsigned warm_s; /* how long updates come before they count */
    unsigned seconds; /* of operations; 0: each workload's own */
    unsigned updates; /* that count; 0: each workload's own */
};

/* Each is one command of sim_workloads. false: a bound was broken, and that was said. */
MUST_USE bool workload_broadcast(const struct workload_options *o);
MUST_USE bool workload_set(const struct workload_options *o);
MUST_USE bool workload_accidents(const struct workload_options *o);
MUST_USE bool workload_table(const struct workload_options *o);

/* -- herds ------------------------------------------------------------------------------------- */

struct workload_plan {
    enum shape shape;
    unsigned nodes, children; /* see struct shape_plan */
    uint64_t seed;
    int64_t delay_ns, jitter_ns; /* of each way between nodes */
    unsigned elements; /* at most */
};

/* A herd whose links are up and have come to rest. false: they do not, and that was said. */
MUST_USE bool workload_begin(const struct workload_plan *plan, struct herd *h, struct census *c);
void workload_end(struct herd *h, struct census *c);

/* Begins with "violated: "; false always. */
bool workload_violated(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether the herd's judge has nothing to say; what it has is said. */
MUST_USE bool workload_lawful(const struct herd *h);

/* -- what was sent ----------------------------------------------------------------------------- */

/* By all nodes to all others since the beginning. */
struct workload_sent {
    uint64_t stamps; /* AT lines */
    uint64_t notices; /* hashes of stamps in SEEN lines */
    uint64_t lines; /* of all other kinds: MARK, ACK, SEEN, PING, PONG, PRUNE, GRAFT, EAGER ... */
    uint64_t sends; /* what was handed to a kernel in one piece, with one line in it or many */
};
struct workload_sent workload_sent(const struct herd *h);
struct workload_sent workload_since(const struct herd *h, struct workload_sent before);

/* -- times ------------------------------------------------------------------------------------- */

/* In order, from shortest to longest once sorted. */
struct workload_times {
    int64_t *each_ns;
    size_t count, room;
};
void workload_time(struct workload_times *t, int64_t ns);
void workload_times_sort(struct workload_times *t);
void workload_times_free(struct workload_times *t);

/* In milliseconds, of times that are sorted: the one below which `part` (0 to 1) of all lie, as
 * Jepsen takes it; 0: there is none. */
double workload_quantile_ms(const struct workload_times *t, double part);

#endif
