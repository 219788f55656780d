/* run.h — one run of the campaign: what its seed decided, and the parts of it, in their order.
 *
 * All dice are the network's, so that a seed always gives the same run. Written by the files below;
 * called by campaign.c. */
#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H

#include "core/peering/peer.h"
#include "sim/herd.h"

enum {
    FLOOD_LINES = 3000, /* whose replies are far larger than that */
    TWIN_EACH = 8, /* in so many seeds one, a node may have a twin: */
};

struct options {
    uint64_t first, last;
    unsigned seconds; /* of trouble; 0: the seed decides, 15 to 40 */
    unsigned nodes; /* 0: the seed decides */
    int shape; /* -1: the seed decides */
    int service; /* its temper; -1: the seed decides */
    bool verbose, keeps_on, reloads, drains, remembers, names, journals;
};

/* What the seed decided. */
struct run {
    struct herd herd;
    struct herd_plan plan;
    uint64_t seed;
    int64_t trouble_ns;
    bool calm; /* no accidents */
    bool together; /* all nodes start at once */
    bool restarted; /* some node did, so an alarm is possible */
    unsigned secrets_step; /* of herd_secrets: what nodes have, or are told to have */
    unsigned secrets_lag; /* a bit for each host that is to be told */
    int64_t secrets_gap_ns; /* 0: they stay as they are */
    int64_t step_ns; /* when the next step may begin */
    int64_t drain_gap_ns; /* 0: no node is drained */
    int64_t reload_gap_ns; /* 0: topology.conf stays as it is */
    unsigned versions[FILE_NODES_MAX]; /* of it, by node; the newest is: */
    unsigned version;
    unsigned stubborn; /* a bit for each host that does not reload before all is healed */
    int leaver; /* the node that is to be removed, and was told to stop; -1: none */
    bool remembers; /* most nodes keep what they hold */
    bool journals; /* ... by a journal on a disk */
    bool jumpy; /* clocks jump by days: then most of what is said there is of the future */
    unsigned ids;
    unsigned burst; /* lines sent at once, at most */
    int64_t say_gap_ns, fault_gap_ns;
    int64_t slowest_hop_ns; /* round trip of the slowest path */
    int64_t settled_ns; /* how long it took all to agree once it was quiet */
};

extern struct run run; /* of the present seed */
extern struct options options;

static inline uint64_t draw(uint64_t below)
{
    return network_draw(&run.herd.network, below);
}

static inline bool once_in(unsigned in)
{
    return network_once_in(&run.herd.network, in);
}

/* A random number between 0 and twice `mean`. */
static inline int64_t about(int64_t mean)
{
    return (int64_t)draw(2 * (uint64_t)mean + 1);
}

/* -- scene.c ----------------------------------------------------------------------------------- */

/* What the seed decides before there is a herd; and what it decides of the herd, once it is
 * there. */
void scene_plan(uint64_t seed);
void scene_set(void);

/* All nodes start. false: violated, as below. */
bool scene_start(void);

/* All paths are new: so long at most. */
void scene_set_paths(int64_t most_ns);

/* -- trouble.c --------------------------------------------------------------------------------- */

/* What clients and operators do, and what goes wrong, for the time of trouble. */
void trouble_begin(void); /* before the herd starts */
bool trouble_run(void);

/* Nobody drains any more, and all go by the newest topology.conf: the latter once all is healed. */
void trouble_end_drains(void);
void trouble_end_files(void);

/* -- ending.c ---------------------------------------------------------------------------------- */

/* All is healed: all nodes come to hold the same, all clients are answered, and then nothing is
 * sent any more. */
bool end_settle(void);
bool end_all_are_answered(void);
bool end_stay_quiet(void);

/* What all of it has cost: judge_violated if that is too much. */
void end_check_costs(void);

/* All die at once, and start: what was promised is there. Nothing where there are no journals. */
bool end_die_and_start(void);

#endif
