/* report.h — what a node answered to STATUS, checked; and the table that people read.
 *
 * The answer comes over the network from what may be another version or no node at all: every field
 * is looked at before it is believed, and nothing of its text reaches the terminal. Called by
 * `status` and `up`. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "core/topology.h"
#include <cjson/cJSON.h>
#include <stdio.h>

struct report {
    const char
        *why; /* not NULL: the node is down, or is not what it should be; the rest is then 0 */
    uint64_t uptime_ms;
    uint64_t clients;
    uint64_t stamps;
    uint64_t lag; /* changes that its slowest link has not yet had confirmed */
    double updates_per_s;
    char digest[17]; /* 16 hexadecimal digits */
    bool partial; /* it is or was at limits.stamps: its digest may rightly differ */
    unsigned links_up;
    bool linked[TOPOLOGY_NEIGHBOURS_MAX]; /* in the order of the node's neighbours */
};

/* Read the answer of a node.
 *
 * answer  as ask.h has it, or NULL with `why`, which outlives the report
 * json    NULL, or where to leave the answer parsed: cJSON_Delete it. NULL then: it was no JSON */
void report_read(struct report *r, const struct topology *t, unsigned node, const char *answer,
    const char *why, cJSON **json);

/* One row a node, and a word on whether the digests agree.
 * nodes  places in the topology; reports  as many, in the same order */
void report_table(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count);

/* Its links as `2/3, not Hands`. */
void report_links(FILE *out, const struct topology *t, unsigned node, const struct report *r);

/* A time span in its two largest units: 12s, 3m07s, 5h20m, 2d04h. Room for REPORT_SPAN_BYTES. */
enum { REPORT_SPAN_BYTES = 32 };
void report_span(uint64_t ms, char *out);

#endif
