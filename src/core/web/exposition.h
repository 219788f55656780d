/* exposition.h — writes metrics in Prometheus' text format, version 0.0.4.
 *
 * A family is written once, its head before its samples. Seconds and bytes are the units of names.
 * What is written needs no escaping but for a label's value. Called by node. */
#ifndef CORE_WEB_EXPOSITION_H
#define CORE_WEB_EXPOSITION_H

#include "core/base/buf.h"
#include "core/base/histogram.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_kind { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

/* Begin a family. `help` is one sentence without line end or backslash. */
void exposition_family(
    struct buf *out, const char *name, enum exposition_kind kind, const char *help);

/* One sample, with a label where `label` is not NULL. A double would not hold every counter. */
void exposition_count(
    struct buf *out, const char *name, const char *label, struct span value, uint64_t count);
/* The same, of a time or a difference, in seconds. */
void exposition_seconds(
    struct buf *out, const char *name, const char *label, struct span value, int64_t ns);

/* A family of one counter or gauge without labels. */
void exposition_single(
    struct buf *out, const char *name, enum exposition_kind kind, const char *help, uint64_t count);

/* A histogram's family, with a bucket for each doubling from 2^first ns to 2^last ns. */
void exposition_histogram(struct buf *out, const char *name, const char *help,
    const struct histogram *h, unsigned first, unsigned last);

#endif
