/* rates.h — what a node has done between two of its answers to STATUS.
 *
 * STATUS has counters since the start, and how often an IAMAT took how long; both only grow, so
 * their differences are those of the time between. Answers are not trusted. Called by `top`. */
#ifndef CLI_RATES_H
#define CLI_RATES_H

#include "cli/report.h"
#include "core/base/histogram.h"

/* What one answer says. */
struct rates_counts {
    bool known; /* false: nothing is, as of a node that is down */
    char boot[REPORT_HEX_DIGITS + 1];
    uint64_t uptime_ms, iamats, whatsats, errors, clients_accepted, memory_bytes;
    struct histogram took; /* of IAMATs; counts only */
};

struct rates {
    bool known; /* false: there are no two answers of one process */
    double iamats, whatsats, errors; /* a second */
    bool timed; /* there were IAMATs, of which: */
    double p50_us, p99_us; /* half, and 99 of 100, took at most so long */
};

/* json  an object, as of report_read; r: its report */
void rates_read(struct rates_counts *out, const struct report *r, const cJSON *json);

struct rates rates_between(const struct rates_counts *before, const struct rates_counts *after);

#endif
