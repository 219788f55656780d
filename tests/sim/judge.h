/* judge.h — knows everything that was ever said to the herd, and what each node may hold of it.
 *
 * Its order of stamps is written down anew here, from PROTOCOL.md, so that a mistake in the core's
 * is no mistake of both. What it watches at every step:
 *
 *   - a node holds only what some client said, with the skew of the node that it was said to, by
 *     the clock that this node had, and never from further ahead than limits.future
 *   - what a node holds of one id never goes back in the total order, and no id goes, while it
 *     lives; no store holds more than limits.stamps
 *   - what a node told a client, it holds, or something newer
 *   - what is said at the end of a run is of all nodes that live: they agree (judge_agreed). So
 *     nothing that a client was told is lost while one node that has it lives
 *   - no end ever calls the other's lines wrong: no BYE but those that a bad network explains
 *
 * The first violation is kept; the run should then end. */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include "core/protocol/command.h"
#include "core/protocol/stamp.h"
#include "core/store/store.h"
#include "sim/network.h"

enum { JUDGE_VERDICT_BYTES_MAX = 1000, JUDGE_TIME_BYTES_MAX = 39 };

/* Clocks of nodes show this plus virtual time plus an error of their own. */
#define EPOCH_NS (INT64_C(1700000000) * SECOND_NS)

/* One IAMAT as it was said to one node. */
struct issue {
    unsigned node;
    int64_t said_ns; /* virtual */
    int64_t time_ns;
    int before; /* the last one before it whose time has the same hash; -1: none */
    char position[STAMPEDE_POSITION_BYTES_MAX + 1], time[JUDGE_TIME_BYTES_MAX + 1];
};

struct judge {
    struct network *network;
    unsigned nodes_count;
    const struct topology *topology;
    int64_t *clock_ahead_ns; /* by node; the herd's to set at the start, then see below */
    struct past_clock *past_clocks;
    unsigned past_clocks_count;
    bool forgetful; /* stores are full: stamps may go */
    struct subject *subjects; /* client ids */
    unsigned subjects_count;
    unsigned *places; /* of subjects, by the hash of their ids, from 1; 0: free */
    unsigned places_room; /* a power of two, at least twice subjects_count */
    uint64_t *held_count; /* ids that a node was seen to hold */
    uint64_t said; /* IAMATs, by all clients */
    uint64_t accepted; /* own stamps that clients were told */
    bool violated;
    char verdict[JUDGE_VERDICT_BYTES_MAX];
};

void judge_init(struct judge *j, struct network *network, const struct topology *topology);
void judge_deinit(struct judge *j);

/* The law is broken. printf-like. */
void judge_violated(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The node's clock is set. */
void judge_sets_clock(struct judge *j, unsigned node, int64_t ahead_ns);

/* Whether a node that was told this time of a client at `said_ns` may by now have found it further
 * ahead than limits.future. */
bool judge_finds_future(const struct judge *j, unsigned node, int64_t said_ns, int64_t time_ns);

/* A client says an IAMAT to a node. */
void judge_said(struct judge *j, unsigned node, const struct command *iamat);

/* The node told an AT line about the client of `asked`. same_life: it has not restarted since.
 * true: out is what the line says, its views are of the line. */
bool judge_told(struct judge *j, unsigned node, bool same_life, const struct command *asked,
    struct span line, struct stamp *out);

/* What a node has taken since the judge last looked, by a cursor of the judge's own. */
void judge_looks(struct judge *j, unsigned node, struct store *store, unsigned cursor);

/* The node's store holds, id by id, what the judge saw it take. */
void judge_inspects(struct judge *j, unsigned node, const struct store *store);

/* The node has lost its store. */
void judge_forgets(struct judge *j, unsigned node);

/* A BYE was said on a link. starved: an allocation of the node has failed. */
void judge_hears_bye(struct judge *j, unsigned from, unsigned to, struct span reason, bool starved);

/* Whether all nodes hold the same of every id, as last looked at; if not, `why` names one. Nodes
 * that are down (down[i]) do not count. */
bool judge_agreed(const struct judge *j, const bool *down, char why[JUDGE_VERDICT_BYTES_MAX]);

/* What a node holds of an id, as last looked at; NULL: nothing. Valid until more is said. */
const struct issue *judge_held(const struct judge *j, unsigned node, const char *id);

#endif
