/* way.h — the way that a client's newest stamp took through the herd, put together from what each
 * node says to TRACE.
 *
 * A node tells the stamp that it holds, the received list by which it came and when, by its own
 * clock, that was. The origin's receive time is in the stamp itself. Clocks are brought to the
 * origin's by what neighbours found out about each other's. Nothing that comes in is trusted.
 * Called by `trace`. */
#ifndef CLI_WAY_H
#define CLI_WAY_H

#include "core/protocol/stamp.h"
#include "core/topology/topology.h"
#include <cjson/cJSON.h>

/* What one node says. */
struct sight {
    const char *why; /* not NULL: no answer, or none that is one; the rest is then 0 */
    bool known; /* it holds a stamp of this id */
    bool newest; /* the newest of those that any node holds; what follows is then set */
    bool late; /* too long ago: taken in before taken_ns, and delay_ns is at most so much */
    bool clock_known;
    unsigned hops; /* nodes that had seen it before */
    int parent; /* the node that it came from; -1: a client, or none of this herd's */
    struct stamp stamp; /* views of json and of the id */
    int64_t taken_ns; /* by the node's own clock */
    int64_t within_ns; /* or up to so much later */
    int64_t clock_ns; /* its clock is ahead of the origin's; 0 when not known */
    int64_t delay_ns; /* from the origin's receive time to taken_ns, clocks taken into account */
    struct {
        bool known;
        int64_t ahead_ns; /* the neighbour's clock of ours */
    } clocks[TOPOLOGY_NEIGHBOURS_MAX];
    cJSON *json;
};

struct way {
    const struct topology *topology;
    struct span id;
    struct sight *sights; /* one for each node of the topology */
    const struct stamp *newest; /* NULL: no node knows the id */
    unsigned holders; /* nodes that hold it */
};

/* sights  zeroed, as many as there are nodes; the caller's, as id. way_end lets go of what is
 * read. */
void way_begin(struct way *w, const struct topology *t, struct span id, struct sight *sights);
void way_end(struct way *w);

/* Take in a node's answer: as ask.h has it, or NULL with `why`, which outlives the way. */
void way_read(struct way *w, unsigned node, const char *answer, const char *why);

/* All are read: which stamp is it, and when did it come where? */
void way_find(struct way *w);

#endif
