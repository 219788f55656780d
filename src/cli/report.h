/* report.h — a node's answer to STATUS, validated, and the tables that show it.
 *
 * The answer comes over the network, perhaps from another version or from something that is no
 * node. Every field is validated, and no unprintable byte of its text reaches the terminal.
 * report.c reads, report_table.c shows, health.c judges. Called by `status`, `top`, `up` and
 * `wait`. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "core/topology/topology.h"
#include <cjson/cJSON.h>
#include <stdio.h>

enum { REPORT_ERROR_BYTES_MAX = 79, REPORT_HEX_DIGITS = 16, REPORT_VERSION_BYTES_MAX = 15 };

#define REPORT_NO_CHANGE UINT64_MAX /* no mark comes up to it */

/* One of a node's links, as that node sees it. */
struct report_link {
    bool up;
    bool diverged; /* digests stay different, so everything is being sent again */
    uint64_t unequal; /* digests in a row that differed while both ends had everything */
    bool full_send; /* the node is sending everything to the neighbour */
    bool peer_partial; /* the neighbour says that it is partial */
    bool incomplete; /* the node has refused stamps of the neighbour, and will ask for them again */
    bool agreed; /* their digests have agreed before; so long ago: */
    uint64_t agreed_ms;
    bool in_tree; /* stamps travel by it; if not, it is spare */
    bool marked; /* the next three are known, which older nodes do not say: */
    char peer_boot[REPORT_HEX_DIGITS + 1]; /* of the process that the neighbour last was */
    uint64_t acked; /* the node's change up to which that one has confirmed */
    uint64_t have; /* the neighbour's change up to which the node has everything */
    bool clock_known; /* the neighbour's clock was compared with the node's */
    bool clock_off; /* the clocks differ by more than they should */
    int64_t clock_us; /* how far the neighbour's clock is ahead */
    uint64_t since_ms; /* how long it has been up or down */
    uint64_t tries; /* attempts to connect since it went down */
    uint64_t lag; /* stamps that the neighbour has not acknowledged */
    uint64_t lag_ms; /* the age of the oldest of them */
    uint64_t round_trip_us;
    uint64_t sent, got, got_new; /* stamps */
    uint64_t divergences; /* alarms so far */
    char unknown_origin[STAMPEDE_NODE_NAME_BYTES_MAX + 1]; /* whose, if for that; printable */
    char error[REPORT_ERROR_BYTES_MAX + 1]; /* why it is down, or was last; printable */
    uint64_t error_ms; /* so long ago */
};

struct report {
    const char *why; /* not NULL: the node is down or its answer invalid; all else is then 0 */
    uint64_t uptime_ms;
    uint64_t clients;
    bool drain_known; /* it says whether it drains, which older nodes do not: */
    bool draining;
    uint64_t drain_closes_ms, drain_stops_ms; /* if so: until its client port closes; it stops */
    uint64_t stamps;
    uint64_t stamps_max; /* 0: not said */
    uint64_t change; /* its last; REPORT_NO_CHANGE: not said */
    uint64_t lag; /* the largest of the links of the tree that are up: spare ones lag by design */
    uint64_t lag_ms; /* ... and the age of the oldest stamp */
    double updates_per_s;
    char version[REPORT_VERSION_BYTES_MAX + 1]; /* printable; "-": not said */
    bool certified; /* it has a certificate, which ends at: */
    int64_t certificate_ends_s; /* since 1970 */
    bool http_certified; /* the same of its HTTP port */
    int64_t http_certificate_ends_s;
    char boot[REPORT_HEX_DIGITS + 1];
    char digest[REPORT_HEX_DIGITS + 1];
    char topology[REPORT_HEX_DIGITS + 1]; /* the hash of the one that it goes by; "": not said */
    bool partial; /* it refused, evicted or lost stamps: its digest may differ */
    bool clock_wrong; /* its clock is further off from most others than limits.clock */
    bool clock_known; /* at least one neighbour has compared clocks with it */
    int64_t clock_us; /* how far its clock is ahead of its neighbours': the median */
    bool journal_failing; /* its journal does not keep stamps; why, and for how long: */
    uint64_t journal_failing_ms;
    char journal_error[REPORT_ERROR_BYTES_MAX + 1];
    bool journal_damaged; /* it was, when the node started */
    bool places_down; /* the places service keeps failing, so it is not asked for a while; why: */
    uint64_t places_budget; /* how often the service may be asked; 0: as often as one likes */
    uint64_t places_asked, places_left; /* so far; of the budget, now */
    char places_error[REPORT_ERROR_BYTES_MAX + 1];
    unsigned links_up;
    struct report_link links[TOPOLOGY_NEIGHBOURS_MAX]; /* in the order of the node's neighbours */
};

/* Read a node's answer.
 *
 * answer  as in struct ask; or NULL and `why`, which outlives the report
 * json    NULL, or where to store the parsed answer, which cJSON_Delete frees; NULL is stored if
 *         it is no JSON */
void report_read(struct report *r, const struct topology *t, unsigned node, const char *answer,
    const char *why, cJSON **json);

/* -- showing ----------------------------------------------------------------------------------- */

/* Print one row per node, and whether the digests agree; lines of the table have 80 columns at
 * most.
 * nodes    indices into the topology
 * reports  as many, in the same order */
void report_table(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count);

/* Print one row for each of a node's links, and their last errors. */
void report_links_table(FILE *out, const struct topology *t, unsigned node, const struct report *r);

/* Print its links as `2/3, not Hands`. */
void report_links(FILE *out, const struct topology *t, unsigned node, const struct report *r);

/* A duration in its two largest units: 12s, 3m07s, 5h20m, 2d04h. `out` has room for
 * REPORT_SPAN_BYTES. */
enum { REPORT_SPAN_BYTES = 32 };
void report_span(uint64_t ms, char *out);

/* A duration that is usually short: 0, 87ms, 4.2s, then as above. Returns `out`. */
const char *report_short_span(uint64_t ms, char *out);

#endif
