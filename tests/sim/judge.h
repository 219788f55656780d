/* judge.h — knows everything that was ever sent to the herd, and what each node may hold of it.
 *
 * It has its own implementation of the order of stamps, from PROTOCOL.md, "Total order", so that a
 * mistake in the core's is not repeated. It checks at every step:
 *
 *   - a node holds only what some client sent, with the skew of the node that received it, by that
 *     node's clock at the time, and nothing further ahead than limits.future; of other nodes
 *     nothing that was received later than its own clock has shown, limits.future and twice
 *     limits.clock
 *   - while a node runs, its stamp of an id is never replaced by an older one and no id disappears;
 *     no store has more than limits.stamps
 *   - if a node acknowledged a stamp to a client, it holds that one or a newer one
 *   - at the end of a run all running nodes agree (judge_agreed). So nothing that was acknowledged
 *     is lost while one node that has it runs. What a node received when its clock was too far
 *     ahead for others to take it even now is left out
 *   - no node refuses or ends a link for want of an edge that its file has
 *   - no end of a link finds an error in the other's lines: there is no BYE except those that a bad
 *     network explains
 *
 * The first violation is kept; the run should then end. */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include "core/protocol/command.h"
#include "core/protocol/stamp.h"
#include "core/store/store.h"
#include "sim/file.h"
#include "sim/network.h"

enum { JUDGE_VERDICT_BYTES_MAX = 1000, JUDGE_TIME_BYTES_MAX = 39 };

/* A node's clock shows this plus virtual time plus an error of its own. */
#define EPOCH_NS (INT64_C(1700000000) * SECOND_NS)

/* One IAMAT as it was sent to one node. */
struct issue {
    unsigned node;
    int64_t said_ns; /* virtual */
    bool poison; /* nobody said it; the node made it up */
    int64_t time_ns;
    int before; /* the previous one whose time has the same hash; -1: none */
    char position[STAMPEDE_POSITION_BYTES_MAX + 1], time[JUDGE_TIME_BYTES_MAX + 1];
};

struct judge {
    struct network *network;
    unsigned nodes_count;
    const struct topology *topology;
    unsigned twin_of; /* whose name the host behind the topology's nodes has */
    int64_t *clock_ahead_ns; /* by node; set by the herd at the start, later by judge_sets_clock */
    struct past_clock *past_clocks;
    unsigned past_clocks_count;
    struct process *processes; /* all that were started */
    unsigned processes_count;
    bool late; /* a link may end because AUTH was not said again in time */
    bool parts; /* ... or because its ends prove themselves by something else */
    bool has_file[FILE_NODES_MAX]; /* it has reloaded; then, by its file: */
    bool edges[FILE_NODES_MAX][FILE_NODES_MAX];
    int64_t edges_ns[FILE_NODES_MAX][FILE_NODES_MAX]; /* virtual; when that last changed */
    bool forgetful; /* stores are full, so stamps may disappear */
    struct subject *subjects; /* client ids */
    unsigned subjects_count;
    unsigned *places; /* hash table of subjects, by id: index + 1; 0: free */
    unsigned places_room; /* a power of two, at least twice subjects_count */
    uint64_t *held_count; /* ids that a node was seen to hold */
    bool *lazy; /* directions of links, see judge_lazy */
    uint64_t said; /* IAMATs, by all clients */
    uint64_t accepted; /* stamps of a node's own clients that were acknowledged */
    bool violated;
    char verdict[JUDGE_VERDICT_BYTES_MAX];
};

void judge_init(struct judge *j, struct network *network, const struct topology *topology);
void judge_deinit(struct judge *j);

/* Report a violation; like printf. */
void judge_violated(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether notices go from `from` to `to`: PRUNE was said there, and EAGER not since. Written by who
 * listens in. */
static inline bool *judge_lazy(const struct judge *j, unsigned from, unsigned to)
{
    return &j->lazy[(size_t)from * j->nodes_count + to];
}

/* A node's clock was set. */
void judge_sets_clock(struct judge *j, unsigned node, int64_t ahead_ns);

/* Whether a node that was sent this time at `said_ns` may by now consider it further ahead than
 * limits.future. */
bool judge_finds_future(const struct judge *j, unsigned node, int64_t said_ns, int64_t time_ns);

/* A node goes by another topology.conf. */
void judge_takes_file(struct judge *j, unsigned node, const struct file_plan *plan);
/* Whether the one that it goes by gives it an edge to that one. */
bool judge_has_edge(const struct judge *j, unsigned node, unsigned other);

/* A client sent an IAMAT to a node. */
void judge_said(struct judge *j, unsigned node, const struct command *iamat);

/* A node with ill will stores a stamp as its own that no client has said, with the skew 0. Only it
 * may hold it. */
void judge_poisoned(struct judge *j, unsigned node, const struct command *iamat);

/* The node replied with an AT line about the client of `asked`. same_life: it has not restarted
 * since. true: `out` is the stamp in the line and points into the line. */
bool judge_told(struct judge *j, unsigned node, bool same_life, const struct command *asked,
    struct span line, struct stamp *out);

/* Check what a node has stored since the last look, with a cursor of the judge's own. */
void judge_looks(struct judge *j, unsigned node, struct store *store, unsigned cursor);

/* Compare the node's store with what the judge saw, id by id. */
void judge_inspects(struct judge *j, unsigned node, const struct store *store);

/* The node has lost its store. */
void judge_forgets(struct judge *j, unsigned node);

/* A node is about to end: killed, or told to stop and with stamps that it knows to be
 * unconfirmed. */
void judge_dies(struct judge *j, unsigned node);

/* A node is about to end that was told to stop, and whose stamps are all confirmed: each must be
 * held by another one. */
void judge_leaves(struct judge *j, unsigned node);

/* A process has started. */
void judge_starts(struct judge *j, unsigned node, uint64_t boot);

/* A process was told to leave, because the one with the boot `stays` does stay: it must be of the
 * same name, and must not have been told to leave for the sake of this one, even by way of others.
 * So whoever is told, one is left, unless it ends by accident or is stopped. */
void judge_yields(struct judge *j, unsigned node, uint64_t boot, uint64_t stays);

/* A BYE was sent on a link. starved: an allocation of the node has failed. */
void judge_hears_bye(struct judge *j, unsigned from, unsigned to, struct span reason, bool starved);

/* Whether all nodes held the same stamp of every id when last looked at; if not, `why` names one.
 * Nodes that are down (down[i]) do not count, nor do ids of which one that runs holds a stamp that
 * others may refuse, as of a wrong clock; `left_out` is set if there are any. */
bool judge_agreed(
    const struct judge *j, const bool *down, bool *left_out, char why[JUDGE_VERDICT_BYTES_MAX]);

/* What a node held of an id when last looked at; NULL: nothing. Valid until the next IAMAT. */
const struct issue *judge_held(const struct judge *j, unsigned node, const char *id);

#endif
