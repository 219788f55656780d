/* report.h — what a node answered to STATUS, checked; and the tables that people read.
 *
 * The answer comes over the network from what may be another version or no node at all: every field
 * is looked at before it is believed, and no byte of its text that is not printable reaches the
 * terminal. Reading is report.c's, showing report_table.c's. Called by `status` and `up`. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "core/topology/topology.h"
#include <cjson/cJSON.h>
#include <stdio.h>

enum { REPORT_ERROR_BYTES_MAX = 79, REPORT_HEX_DIGITS = 16 };

/* One of a node's links, as that node sees it. */
struct report_link {
    bool up;
    bool diverged; /* digests stay unequal, so all is being sent again */
    bool clock_known; /* the neighbour's clock was compared with this node's */
    bool clock_off; /* they differ by more than they should */
    int64_t clock_us; /* the neighbour's is ahead by so much */
    uint64_t since_ms; /* up or down for so long */
    uint64_t tries; /* dials since it went down */
    uint64_t lag; /* stamps that the neighbour has not confirmed */
    uint64_t lag_ms; /* the age of the oldest of them */
    uint64_t round_trip_us;
    uint64_t sent, got, got_new; /* stamps */
    uint64_t divergences; /* alarms so far */
    char error[REPORT_ERROR_BYTES_MAX + 1]; /* why it is or was last down; printable */
};

struct report {
    const char
        *why; /* not NULL: the node is down, or is not what it should be; the rest is then 0 */
    uint64_t uptime_ms;
    uint64_t clients;
    uint64_t stamps;
    uint64_t lag; /* the longest of the links that are up, */
    uint64_t lag_ms; /* and the oldest */
    double updates_per_s;
    char boot[REPORT_HEX_DIGITS + 1];
    char digest[REPORT_HEX_DIGITS + 1];
    bool partial; /* it has refused, evicted or lost stamps: its digest may rightly differ */
    bool clock_known; /* compared with a neighbour's at least; then */
    int64_t clock_us; /* how far it is ahead of them, in the middle */
    bool places_down; /* the places service keeps failing and is left alone; why, printable: */
    char places_error[REPORT_ERROR_BYTES_MAX + 1];
    unsigned links_up;
    struct report_link links[TOPOLOGY_NEIGHBOURS_MAX]; /* in the order of the node's neighbours */
};

/* Read the answer of a node.
 *
 * answer  as ask.h has it, or NULL with `why`, which outlives the report
 * json    NULL, or where to leave the answer parsed: cJSON_Delete it. NULL then: it was no JSON */
void report_read(struct report *r, const struct topology *t, unsigned node, const char *answer,
    const char *why, cJSON **json);

/* -- showing ----------------------------------------------------------------------------------- */

/* One row a node, and a word on whether the digests agree.
 * nodes  places in the topology; reports  as many, in the same order */
void report_table(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count);

/* Below that: a line for each link that is down though both its ends are up, for each alarm of
 * digests and each clock that is off, and one for a places service that is down. Nothing when all
 * is well. Arguments as for report_table. */
void report_troubles(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count);

/* One row for each of a node's links. */
void report_links_table(FILE *out, const struct topology *t, unsigned node, const struct report *r);

/* Its links as `2/3, not Hands`. */
void report_links(FILE *out, const struct topology *t, unsigned node, const struct report *r);

/* A time span in its two largest units: 12s, 3m07s, 5h20m, 2d04h. Room for REPORT_SPAN_BYTES. */
enum { REPORT_SPAN_BYTES = 32 };
void report_span(uint64_t ms, char *out);

#endif
