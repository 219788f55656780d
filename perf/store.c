/* store.c — measures the store: memory per stamp, the longest put while it grows, operations a
 * second.
 *
 *     build/release/perf/store [STAMPS]
 *
 * Ids have 20 bytes, positions 21, times 20. They are produced in batches outside the timed parts;
 * hashing the id is timed. Updates and lookups visit all ids in an order that is neither the
 * index's nor that of the memory. Rates use the processor time of this thread, which never waits.
 * Single puts use the clock; those during which the scheduler took the processor away are counted
 * separately, because other processes say nothing about the store (although they share its
 * caches). */
#include "core/store/store.h"
#include "core/base/invariant.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 4096,
    GROUP = 64,
    ID_BYTES = 20,
    TIME_BYTES = 20,
    POSITION_BYTES = 21,
    SLOW_NS = 20000,
    HISTOGRAM_STEP_NS = 10,
    HISTOGRAM_STEPS = 1000000,
};

static void on_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, what);
    abort();
}

static struct batch {
    struct stamp stamps[BATCH];
    char ids[BATCH][ID_BYTES];
    char times[BATCH][TIME_BYTES];
    char positions[BATCH][POSITION_BYTES];
} batch;

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void put_digits(char *end, uint64_t value, int digits)
{
    while (digits--) {
        *--end = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Write stamps number `first` to first + count - 1 of a walk over all ids. Each round has another
 * order and newer stamps. */
static void batch_fill(uint64_t first, uint64_t count, uint64_t stamps, uint64_t round)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id = round ? (first + i) * 2654435761 % stamps : first + i;
        int64_t time_ns = INT64_C(1520023934918963998) + (int64_t)(round * stamps + first + i);
        struct stamp *s = &batch.stamps[i];
        memcpy(batch.ids[i], "client-", 7);
        put_digits(batch.ids[i] + ID_BYTES, id, 13);
        put_digits(batch.times[i] + TIME_BYTES, (uint64_t)time_ns % 1000000000, 9);
        batch.times[i][10] = '.';
        put_digits(batch.times[i] + 10, (uint64_t)time_ns / 1000000000, 10);
        memcpy(batch.positions[i], "+34.068930-118.445127", POSITION_BYTES);
        put_digits(batch.positions[i] + 10, id * 7 + round, 6);
        *s = (struct stamp){
            .id = {batch.ids[i], ID_BYTES},
            .position = {batch.positions[i], POSITION_BYTES},
            .time = {batch.times[i], TIME_BYTES},
            .origin = SPAN("Goloman"),
            .time_ns = time_ns,
            .skew_ns = 263873386,
        };
    }
}

static struct store *create(uint64_t stamps)
{
    struct store_config config = {stamps, STORE_REFUSES, {0x5eed, 0xf00d}};
    struct store *s = store_create(&config);
    ASSERT(s);
    return s;
}

static uint64_t resident_bytes(void)
{
    unsigned long long size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%llu %llu", &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static long switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw + usage.ru_nvcsw;
}

/* -- growing ----------------------------------------------------------------------------------- */

static uint32_t histogram[HISTOGRAM_STEPS];

static double percentile_us(uint64_t puts, double fraction)
{
    uint64_t seen = 0;
    for (int step = 0; step < HISTOGRAM_STEPS; step++)
        if ((seen += histogram[step]) >= (uint64_t)((double)puts * fraction))
            return (double)step * HISTOGRAM_STEP_NS / 1e3;
    return HISTOGRAM_STEPS * HISTOGRAM_STEP_NS / 1e3;
}

static void measure_growth(uint64_t stamps)
{
    memset(histogram, 1, sizeof histogram); /* its page faults come before measuring */
    memset(histogram, 0, sizeof histogram);
    batch_fill(0, BATCH, stamps, 0);
    uint64_t resident_before = resident_bytes();
    struct store *s = create(stamps);
    uint64_t interrupted = 0, timed = 0, resident_empty = resident_bytes() - resident_before;
    int64_t longest = 0;
    for (uint64_t first = 0; first < stamps; first += BATCH) {
        uint64_t count = stamps - first < BATCH ? stamps - first : BATCH;
        batch_fill(first, count, stamps, 0);
        long switched = switches();
        for (uint64_t i = 0; i < count; i++) {
            int64_t begun = now_ns(CLOCK_MONOTONIC);
            const struct stamp *in = &batch.stamps[i];
            ASSERT(store_put(s, in, store_hash(s, in->id), 0) == STORE_NEW);
            int64_t took = now_ns(CLOCK_MONOTONIC) - begun;
            if (took > SLOW_NS && switches() != switched) {
                switched = switches();
                interrupted++;
                continue;
            }
            longest = took > longest ? took : longest;
            int64_t step = took / HISTOGRAM_STEP_NS;
            histogram[step < HISTOGRAM_STEPS ? step : HISTOGRAM_STEPS - 1]++;
            timed++;
        }
    }
    printf("empty store        %10.0f KiB resident\n", (double)resident_empty / 1024);
    printf("memory             %10.1f bytes a stamp by store_bytes\n",
        (double)store_bytes(s) / (double)stamps);
    printf("                   %10.1f bytes a stamp resident\n",
        (double)(resident_bytes() - resident_before) / (double)stamps);
    printf(
        "a new id's put     %10.2f us in the middle, %.2f at p99, %.2f at p99.9, %.2f at p99.99\n",
        percentile_us(timed, 0.5), percentile_us(timed, 0.99), percentile_us(timed, 0.999),
        percentile_us(timed, 0.9999));
    printf("                   %10.1f us the longest (%llu more were interrupted)\n",
        (double)longest / 1e3, (unsigned long long)interrupted);
    store_destroy(s);
}

/* -- rates ------------------------------------------------------------------------------------- */

enum how { SINGLY, GROUPED };

static void put_group(struct store *s, const struct stamp *in, uint64_t count, enum how how)
{
    uint64_t hashes[GROUP];
    uint32_t likely[GROUP];
    for (uint64_t i = 0; i < count; i++)
        hashes[i] = store_hash(s, in[i].id);
    if (how == GROUPED) {
        for (uint64_t i = 0; i < count; i++)
            store_prefetch_table(s, hashes[i]);
        for (uint64_t i = 0; i < count; i++)
            likely[i] = store_prefetch_record(s, hashes[i]);
        for (uint64_t i = 0; i < count; i++)
            store_prefetch_feed(s, likely[i]);
    }
    for (uint64_t i = 0; i < count; i++)
        ASSERT(store_put(s, &in[i], hashes[i], 0) == STORE_NEW);
}

static void get_group(struct store *s, const struct stamp *in, uint64_t count, enum how how)
{
    uint64_t hashes[GROUP];
    struct feed_item item;
    static struct stamp_text text;
    for (uint64_t i = 0; i < count; i++)
        hashes[i] = store_hash(s, in[i].id);
    if (how == GROUPED) {
        for (uint64_t i = 0; i < count; i++)
            store_prefetch_table(s, hashes[i]);
        for (uint64_t i = 0; i < count; i++)
            store_prefetch_record(s, hashes[i]);
    }
    for (uint64_t i = 0; i < count; i++)
        ASSERT(store_get(s, in[i].id, hashes[i], &item, &text));
}

/* Operations a second in one walk over all ids. */
static double rate(struct store *s, uint64_t stamps, uint64_t round, enum how how,
    void (*operate)(struct store *, const struct stamp *, uint64_t, enum how))
{
    int64_t took = 0;
    for (uint64_t first = 0; first < stamps; first += BATCH) {
        uint64_t count = stamps - first < BATCH ? stamps - first : BATCH;
        batch_fill(first, count, stamps, round);
        int64_t begun = now_ns(CLOCK_THREAD_CPUTIME_ID);
        for (uint64_t i = 0; i < count; i += GROUP)
            operate(s, &batch.stamps[i], count - i < GROUP ? count - i : GROUP, how);
        took += now_ns(CLOCK_THREAD_CPUTIME_ID) - begun;
    }
    return (double)stamps * 1e9 / (double)took;
}

static double rate_of_reading(struct store *s, uint64_t stamps)
{
    static struct stamp_text text;
    struct feed_item item;
    unsigned cursor = store_cursor_open(s);
    int64_t begun = now_ns(CLOCK_THREAD_CPUTIME_ID);
    while (store_cursor_peek(s, cursor, &item, &text))
        store_cursor_pass(s, cursor);
    double result = (double)stamps * 1e9 / (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - begun);
    store_cursor_close(s, cursor);
    return result;
}

int main(int argc, char **argv)
{
    invariant_hook = on_broken;
    uint64_t stamps = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    if (argc > 2 || stamps < 1 || stamps > 100000000) {
        fprintf(stderr, "usage: store [STAMPS]   (1 to 100000000)\n");
        return 2;
    }
    printf("stamps             %10llu\n", (unsigned long long)stamps);
    measure_growth(stamps);

    struct store *s = create(stamps);
    double new_singly = rate(s, stamps, 0, SINGLY, put_group);
    store_destroy(s);
    s = create(stamps);
    double new_grouped = rate(s, stamps, 0, GROUPED, put_group);
    double reading_in_order = rate_of_reading(s, stamps);

    printf("million a second      singly   in groups of %d\n", GROUP);
    printf("  new ids          %10.2f   %10.2f\n", new_singly / 1e6, new_grouped / 1e6);
    double singly = rate(s, stamps, 1, SINGLY, put_group);
    printf("  updates          %10.2f   %10.2f\n", singly / 1e6,
        rate(s, stamps, 2, GROUPED, put_group) / 1e6);
    singly = rate(s, stamps, 3, SINGLY, get_group);
    printf("  gets             %10.2f   %10.2f\n", singly / 1e6,
        rate(s, stamps, 4, GROUPED, get_group) / 1e6);
    printf("feed, read         %10.2f   million a second as it was filled, %.2f after updates\n",
        reading_in_order / 1e6, rate_of_reading(s, stamps) / 1e6);
    store_destroy(s);
    return 0;
}
