/* rates.c — see rates.h. */
#include "cli/rates.h"
#include <string.h>

/* What it counts as errors: what clients were refused, and clients that were dropped. */
static const char *const errors[] = {"lines_invalid", "lines_too_long", "stamps_refused_full",
    "stamps_refused_address", "stamps_refused_memory", "stamps_refused_future", "clients_refused",
    "clients_refused_address", "clients_dropped_stalled", "clients_dropped_unread",
    "clients_dropped_memory"};

#define WHOLE_MAX 9007199254740992.0

static uint64_t whole(const cJSON *item)
{
    bool well = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= WHOLE_MAX;
    return well ? (uint64_t)item->valuedouble : 0;
}

static uint64_t count_of(const cJSON *of, const char *key)
{
    return whole(cJSON_GetObjectItemCaseSensitive(of, key));
}

/* Pairs of the upper bound of a bucket, in ns, and its count. */
static void read_took(struct histogram *h, const cJSON *pairs)
{
    const cJSON *pair;
    cJSON_ArrayForEach(pair, pairs)
    {
        uint64_t upper_ns = whole(cJSON_GetArrayItem(pair, 0));
        h->counts[histogram_bucket(upper_ns)] += whole(cJSON_GetArrayItem(pair, 1));
    }
}

void rates_read(struct rates_counts *out, const struct report *r, const cJSON *json)
{
    *out = (struct rates_counts){.known = !r->why};
    if (r->why)
        return;
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(json, "metrics");
    memcpy(out->boot, r->boot, sizeof out->boot);
    out->uptime_ms = r->uptime_ms;
    out->iamats = count_of(metrics, "lines_iamat");
    out->whatsats = count_of(metrics, "lines_whatsat");
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        out->errors += count_of(metrics, errors[i]);
    out->memory_bytes = count_of(json, "memory_bytes");
    read_took(&out->took, cJSON_GetObjectItemCaseSensitive(json, "iamat_took"));
}

/* What only grows; an answer in which it does not is odd. */
static uint64_t grown(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

struct rates rates_between(const struct rates_counts *before, const struct rates_counts *after)
{
    struct rates r = {0};
    struct histogram took = {0};
    if (!before->known || !after->known || strcmp(before->boot, after->boot) != 0 ||
        after->uptime_ms <= before->uptime_ms)
        return r;
    double seconds = (double)(after->uptime_ms - before->uptime_ms) / 1000;
    r.known = true;
    r.iamats = (double)grown(before->iamats, after->iamats) / seconds;
    r.whatsats = (double)grown(before->whatsats, after->whatsats) / seconds;
    r.errors = (double)grown(before->errors, after->errors) / seconds;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        took.counts[i] = grown(before->took.counts[i], after->took.counts[i]);
    r.timed = histogram_total(&took) > 0;
    r.p50_us = (double)histogram_quantile(&took, 500) / 1000;
    r.p99_us = (double)histogram_quantile(&took, 990) / 1000;
    return r;
}
