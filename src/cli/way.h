/* way.h — the path of a client's newest stamp through the herd, derived from each node's answer
 * to TRACE.
 *
 * A node reports the stamp that it holds, the received list with which it arrived, and when it
 * arrived by the node's own clock. The origin's receive time is part of the stamp. Times are
 * converted to the origin's clock with the clock differences that neighbours have measured. Answers
 * are validated. Called by `trace`. */
#ifndef CLI_WAY_H
#define CLI_WAY_H

#include "core/protocol/stamp.h"
#include "core/topology/topology.h"
#include <cjson/cJSON.h>
#include <stdio.h>

/* What one node reports. */
struct sight {
    const char *why; /* not NULL: no answer, or an invalid one; all else is then 0 */
    bool known; /* it holds a stamp of this client */
    bool newest; /* it holds the newest stamp of all; only then is the rest set */
    bool late; /* taken_ns and delay_ns are upper bounds: it was too long ago */
    bool clock_known;
    unsigned hops; /* nodes that had the stamp before */
    int parent; /* the node that it came from; -1: a client, or no node of this herd */
    struct stamp stamp; /* points into json and the id */
    int64_t taken_ns; /* when it arrived, by the node's own clock */
    int64_t within_ns; /* it may have arrived up to so much later */
    int64_t clock_ns; /* how far its clock is ahead of the origin's; 0 if not known */
    int64_t delay_ns; /* from the origin's receive time to taken_ns, corrected by clock_ns */
    struct {
        bool known;
        int64_t ahead_ns; /* how far the neighbour's clock is ahead of the node's */
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

/* sights  zeroed, one per node; the caller's, like id. way_end frees what was read into them. */
void way_begin(struct way *w, const struct topology *t, struct span id, struct sight *sights);
void way_end(struct way *w);

/* Read a node's answer, as in struct ask; or NULL and `why`, which outlives the way. */
void way_read(struct way *w, unsigned node, const char *answer, const char *why);

/* After all answers were read: find the newest stamp, and each node's delay. */
void way_find(struct way *w);

/* -- showing ----------------------------------------------------------------------------------- */

/* Print a way on which a stamp was found, for people or as JSON. false: no memory. way_show.c */
MUST_USE bool way_table(FILE *out, const struct way *w);
MUST_USE bool way_json(FILE *out, const struct way *w);

#endif
