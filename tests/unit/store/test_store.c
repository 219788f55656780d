/* test_store.c — the store does what store.h says.
 *
 * First single rules, as tables and short stories. Then random operations on a store and on a
 * model, which is a plain array; a cursor of the model is a change number, and its next item is the
 * one with the lowest change above it. Last, every allocation fails in turn. */
#include "core/store/store.h"
#include "unit/failing_memory.h"
#include "unit/random.h"
#include <criterion/criterion.h>

static struct store *store_of(uint64_t stamps_max, enum store_when_full when_full)
{
    struct store_config config = {stamps_max, when_full, {0x1122334455667788, 0x99aabbccddeeff00}};
    struct store *s = store_create(&config);
    cr_assert(s);
    return s;
}

static struct stamp stamp_of(
    const char *id, const char *position, const char *time, int64_t time_ns)
{
    return (struct stamp){
        span_of(id), span_of(position), span_of(time), SPAN("Goloman"), time_ns, 5};
}

static enum store_verdict put(struct store *s, struct stamp in, uint16_t route)
{
    return store_put(s, &in, store_hash(s, in.id), route);
}

static enum store_verdict put_id(struct store *s, const char *id, int64_t seconds)
{
    char time[32];
    snprintf(time, sizeof time, "%lld", (long long)seconds);
    return put(s, stamp_of(id, "+0+0", time, seconds * SECOND_NS), 0);
}

static bool holds(const struct store *s, const char *id)
{
    struct feed_item item;
    struct stamp_text text;
    return store_get(s, span_of(id), store_hash(s, span_of(id)), &item, &text);
}

static void expect_stamp(const struct stamp *got, const struct stamp *wanted)
{
    cr_assert(span_equal(got->id, wanted->id));
    cr_assert(span_equal(got->position, wanted->position));
    cr_assert(span_equal(got->time, wanted->time));
    cr_assert(span_equal(got->origin, wanted->origin));
    cr_assert_eq(got->time_ns, wanted->time_ns);
    cr_assert_eq(got->skew_ns, wanted->skew_ns);
}

/* The ids that a cursor reads until its end, with spaces between them. */
static const char *read_all(struct store *s, unsigned cursor)
{
    static char ids[256];
    size_t len = 0;
    struct feed_item item;
    struct stamp_text text;
    while (store_cursor_peek(s, cursor, &item, &text)) {
        len += (size_t)snprintf(ids + len, sizeof ids - len, "%s%.*s", len ? " " : "",
            (int)item.stamp.id.len, item.stamp.id.at);
        store_cursor_pass(s, cursor);
    }
    ids[len] = '\0';
    return ids;
}

/* -- single rules ------------------------------------------------------------------------------ */

Test(store, other_limits_hold_from_now_on)
{
    enum { MANY = 50000 };
    struct store *s = store_of(2, STORE_REFUSES);
    char id[16];
    cr_assert_eq(put_id(s, "a", 1), STORE_NEW);
    cr_assert_eq(put_id(s, "b", 1), STORE_NEW);
    cr_assert_eq(put_id(s, "c", 1), STORE_FULL);
    cr_assert(store_take_limits(s, MANY, STORE_REFUSES));
    for (unsigned i = 0; i < MANY - 2; i++) {
        snprintf(id, sizeof id, "%u", i);
        cr_assert_eq(put_id(s, id, 1), STORE_NEW, "%u", i);
    }
    cr_assert_eq(put_id(s, "c", 1), STORE_FULL);
    cr_assert(holds(s, "a") && holds(s, "0") && holds(s, id));
    cr_assert(store_take_limits(s, MANY, STORE_EVICTS));
    cr_assert_eq(put_id(s, "c", 1), STORE_NEW);
    cr_assert(!holds(s, "a") && holds(s, "b") && store_count(s) == MANY);
    store_destroy(s);
}

Test(store, empty)
{
    struct store *s = store_of(1000000, STORE_REFUSES);
    struct feed_item item;
    struct stamp_text text;
    cr_expect_eq(store_count(s), 0);
    cr_expect_eq(store_digest(s), 0);
    cr_expect_eq(store_change(s), 0);
    cr_expect_lt(store_bytes(s), 1 << 20);
    cr_expect_not(holds(s, "kiwi"));
    unsigned cursor = store_cursor_open(s);
    cr_expect_not(store_cursor_peek(s, cursor, &item, &text));
    cr_expect_eq(store_cursor_change(s, cursor), 0);
    store_destroy(s);
    store_destroy(NULL);
}

Test(store, what_is_put_is_got)
{
    struct store *s = store_of(10, STORE_REFUSES);
    struct stamp in = stamp_of(
        "kiwi.cs.ucla.edu", "+34.068930-118.445127", "1520023934.918963998", 1520023934918963998);
    in.skew_ns = -263873386;
    cr_expect_eq(put(s, in, 77), STORE_NEW);
    struct feed_item item;
    struct stamp_text text;
    cr_assert(store_get(s, in.id, store_hash(s, in.id), &item, &text));
    expect_stamp(&item.stamp, &in);
    cr_expect_eq(item.change, 1);
    cr_expect_eq(item.route, 77);
    cr_expect_eq(store_digest(s), stamp_hash(&in));
    cr_expect_eq(store_count(s), 1);
    cr_expect_not(holds(s, "kiwi.cs.ucla.ed"));
    store_destroy(s);
}

Test(store, extreme_numbers)
{
    struct store *s = store_of(10, STORE_REFUSES);
    struct stamp in =
        stamp_of("a", "-90.000000000000000+180.000000000000000", "9223372036.854775807", INT64_MAX);
    in.skew_ns = INT64_MIN + 1;
    cr_expect_eq(put(s, in, UINT16_MAX), STORE_NEW);
    struct feed_item item;
    struct stamp_text text;
    cr_assert(store_get(s, in.id, store_hash(s, in.id), &item, &text));
    expect_stamp(&item.stamp, &in);
    cr_expect_eq(item.route, UINT16_MAX);
    store_destroy(s);
}

/* PROTOCOL.md, "Total order". Each is newer than the one above it. */
Test(store, order_of_stamps)
{
    static const struct {
        int64_t time_ns, skew_ns;
        const char *origin, *position, *time;
    } ascending[] = {
        {1500000000, 9, "Welsh", "+9+9", "1.5"},
        {1500000001, 0, "Goloman", "+1+1", "1.500000001"},
        {1500000001, -1, "Hands", "+1+1", "1.500000001"},
        {1500000001, 0, "Hands", "+1+1", "1.500000001"},
        {1500000001, 0, "Hands", "+1+2", "01.500000001"},
        {1500000001, 0, "Hands", "+1+2", "1.500000001"},
    };
    enum { STAMPS = sizeof ascending / sizeof *ascending };
    struct stamp each[STAMPS];
    for (int i = 0; i < STAMPS; i++) {
        each[i] = stamp_of("kiwi", ascending[i].position, ascending[i].time, ascending[i].time_ns);
        each[i].skew_ns = ascending[i].skew_ns;
        each[i].origin = span_of(ascending[i].origin);
    }
    for (int held = 0; held < STAMPS; held++) {
        for (int in = 0; in < STAMPS; in++) {
            struct store *s = store_of(10, STORE_REFUSES);
            cr_assert_eq(put(s, each[held], 0), STORE_NEW);
            cr_expect_eq(
                put(s, each[in], 0), in > held ? STORE_NEW : STORE_OLD, "%d over %d", in, held);
            const struct stamp *newer = in > held ? &each[in] : &each[held];
            struct feed_item item;
            struct stamp_text text;
            cr_assert(store_get(s, SPAN("kiwi"), store_hash(s, SPAN("kiwi")), &item, &text));
            expect_stamp(&item.stamp, newer);
            cr_expect_eq(store_digest(s), stamp_hash(newer));
            cr_expect_eq(store_change(s), in > held ? 2 : 1);
            cr_expect_eq(store_count(s), 1);
            store_destroy(s);
        }
    }
}

Test(store, later_puts_go_by_time_alone)
{
    struct store *s = store_of(10, STORE_REFUSES);
    struct stamp first = stamp_of("kiwi", "+1+1", "7", 7 * SECOND_NS);
    struct stamp equal = stamp_of("kiwi", "+2+2", "7.0", 7 * SECOND_NS);
    struct stamp later = stamp_of("kiwi", "+1+1", "7.000000001", 7 * SECOND_NS + 1);
    uint64_t hash = store_hash(s, first.id);
    cr_assert_eq(store_put_later(s, &first, hash, 0), STORE_NEW);
    cr_expect_gt(stamp_compare(&equal, &first), 0, "or the next line shows nothing");
    cr_expect_eq(store_put_later(s, &equal, hash, 0), STORE_OLD);
    cr_expect_eq(store_put_later(s, &later, hash, 0), STORE_NEW);
    cr_expect_eq(store_put_later(s, &first, hash, 0), STORE_OLD);
    struct feed_item item;
    struct stamp_text text;
    cr_assert(store_get(s, first.id, hash, &item, &text));
    expect_stamp(&item.stamp, &later);
    store_destroy(s);
}

Test(store, ids_of_every_length)
{
    struct store *s = store_of(1000, STORE_REFUSES);
    char id[STAMPEDE_CLIENT_ID_BYTES_MAX];
    memset(id, 'k', sizeof id);
    for (int round = 0; round < 2; round++) {
        for (size_t len = 1; len <= sizeof id; len++) {
            struct stamp in = stamp_of("", "+1.5-2.5", round ? "4" : "3", (3 + round) * SECOND_NS);
            in.id = (struct span){id, len};
            cr_assert_eq(put(s, in, 0), STORE_NEW);
        }
    }
    cr_expect_eq(store_count(s), sizeof id);
    for (size_t len = 1; len <= sizeof id; len++) {
        struct feed_item item;
        struct stamp_text text;
        struct span key = {id, len};
        cr_assert(store_get(s, key, store_hash(s, key), &item, &text));
        cr_assert(span_equal(item.stamp.id, key));
        cr_assert(span_equal(item.stamp.time, SPAN("4")));
    }
    store_destroy(s);
}

Test(store, ids_of_any_bytes)
{
    static const char *const ids[] = {"\xc3\xa9", "\xff\xfe\x80", "?", "AT", "+", "a\\b\"c"};
    struct store *s = store_of(10, STORE_REFUSES);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        cr_expect_eq(put_id(s, ids[i], 1), STORE_NEW);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        cr_expect(holds(s, ids[i]), "%s", ids[i]);
    store_destroy(s);
}

Test(store, times_as_long_as_a_line)
{
    static const size_t lengths[] = {1, 19, 20, 21, 1024, 8191, 8192, 20, 1};
    struct store *s = store_of(10, STORE_REFUSES);
    static char time[STAMPEDE_LINE_BYTES_MAX];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(time, '0', sizeof time);
        time[lengths[i] - 1] = (char)('1' + i);
        struct stamp in = stamp_of("kiwi", "+34.06-118.44", "", (int64_t)(1 + i) * SECOND_NS);
        in.time = (struct span){time, lengths[i]};
        cr_assert_eq(put(s, in, 0), STORE_NEW);
        struct feed_item item;
        struct stamp_text text;
        cr_assert(store_get(s, in.id, store_hash(s, in.id), &item, &text));
        expect_stamp(&item.stamp, &in);
        cr_assert_eq(store_digest(s), stamp_hash(&in));
    }
    store_destroy(s);
}

Test(store, full_refuses_new_ids_only)
{
    struct store *s = store_of(3, STORE_REFUSES);
    cr_expect_eq(put_id(s, "a", 1), STORE_NEW);
    cr_expect_eq(put_id(s, "b", 1), STORE_NEW);
    cr_expect_eq(put_id(s, "c", 1), STORE_NEW);
    uint64_t digest = store_digest(s);
    cr_expect_eq(put_id(s, "d", 1), STORE_FULL);
    cr_expect_eq(put_id(s, "d", 2), STORE_FULL);
    cr_expect_eq(put_id(s, "a", 1), STORE_OLD);
    cr_expect_eq(store_digest(s), digest);
    cr_expect_eq(store_change(s), 3);
    cr_expect_eq(put_id(s, "a", 2), STORE_NEW);
    cr_expect_eq(store_refused(s), 2);
    cr_expect_eq(store_evicted(s), 0);
    cr_expect_eq(store_count(s), 3);
    cr_expect_not(holds(s, "d"));
    store_destroy(s);
}

Test(store, full_evicts_what_has_not_changed_for_longest)
{
    struct store *s = store_of(3, STORE_EVICTS);
    unsigned cursor = store_cursor_open(s);
    put_id(s, "a", 1);
    put_id(s, "b", 1);
    put_id(s, "c", 1);
    put_id(s, "a", 2);
    cr_expect_eq(put_id(s, "d", 1), STORE_NEW);
    cr_expect_not(holds(s, "b"));
    cr_expect_eq(store_count(s), 3);
    cr_expect_eq(store_evicted(s), 1);
    cr_expect_eq(store_refused(s), 0);
    cr_expect_str_eq(read_all(s, cursor), "c a d");
    store_destroy(s);
}

Test(store, a_peers_stamp_evicts_only_what_was_received_before_it)
{
    struct store *s = store_of(2, STORE_EVICTS);
    put_id(s, "a", 5);
    put_id(s, "b", 9);
    cr_expect_eq(put_id(s, "c", 4), STORE_FULL);
    cr_expect_eq(put_id(s, "A", 5), STORE_FULL);
    cr_expect_eq(store_refused(s), 2);
    cr_expect_eq(put_id(s, "c", 7), STORE_NEW);
    cr_expect_eq(put_id(s, "a", 5), STORE_FULL, "it does not come back");
    struct stamp in = stamp_of("d", "+1+1", "1", SECOND_NS);
    cr_expect_eq(store_put_later(s, &in, store_hash(s, in.id), 0), STORE_NEW, "a client's does");
    cr_expect_not(holds(s, "b"));
    store_destroy(s);
}

Test(store, a_store_of_one_evicts_it_from_under_its_cursor)
{
    struct store *s = store_of(1, STORE_EVICTS);
    unsigned cursor = store_cursor_open(s);
    put_id(s, "a", 1);
    cr_expect_str_eq(read_all(s, cursor), "a");
    put_id(s, "b", 1);
    cr_expect_eq(store_cursor_change(s, cursor), 1);
    cr_expect_str_eq(read_all(s, cursor), "b");
    cr_expect_eq(store_cursor_change(s, cursor), 2);
    cr_expect_eq(store_count(s), 1);
    store_destroy(s);
}

Test(store, origins_are_bounded)
{
    struct store *s = store_of(10000, STORE_REFUSES);
    char id[32], origin[32];
    int accepted = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "client-%d", i);
        snprintf(origin, sizeof origin, "node-%d", i);
        struct stamp in = stamp_of(id, "+0+0", "1", SECOND_NS);
        in.origin = span_of(origin);
        uint64_t digest = store_digest(s);
        enum store_verdict verdict = put(s, in, 0);
        cr_assert_eq(verdict, accepted < 4096 ? STORE_NEW : STORE_UNKNOWN);
        accepted += verdict == STORE_NEW;
        if (verdict != STORE_NEW)
            cr_assert_eq(store_digest(s), digest);
        cr_assert_eq(holds(s, id), verdict == STORE_NEW);
    }
    cr_expect_eq(put_id(s, "client-1", 2), STORE_UNKNOWN); /* its origin is one too many */
    cr_expect_eq(store_count(s), 4096);
    store_destroy(s);
}

/* From the first name that it is told, it takes stamps of known origins only. */
Test(store, a_stamp_of_an_unknown_origin_is_refused_if_it_would_be_stored)
{
    struct store *s = store_of(2, STORE_REFUSES);
    struct stamp in = stamp_of("kiwi", "+0+0", "5", 5 * SECOND_NS);
    in.origin = SPAN("Hands");
    store_know_origin(s, SPAN("Goloman"));
    cr_expect_eq(put(s, in, 0), STORE_UNKNOWN);
    cr_expect_not(holds(s, "kiwi"));
    cr_expect_eq(store_change(s), 0);
    cr_expect_eq(put_id(s, "kiwi", 4), STORE_NEW);
    uint64_t digest = store_digest(s);
    cr_expect_eq(put(s, in, 0), STORE_UNKNOWN, "of a known id");
    cr_expect_eq(store_digest(s), digest);
    in.time = SPAN("3");
    in.time_ns = 3 * SECOND_NS;
    cr_expect_eq(put(s, in, 0), STORE_OLD, "it would not be stored anyway");
    in = stamp_of("plum", "+0+0", "5", 5 * SECOND_NS);
    in.origin = SPAN("Hands");
    cr_expect_eq(put_id(s, "fig", 1), STORE_NEW);
    cr_expect_eq(put(s, in, 0), STORE_UNKNOWN, "and not for lack of room");
    cr_expect_eq(store_refused(s), 0);
    store_know_origin(s, SPAN("Hands"));
    store_know_origin(s, SPAN("Hands"));
    in = stamp_of("kiwi", "+0+0", "5", 5 * SECOND_NS);
    in.origin = SPAN("Hands");
    cr_expect_eq(put(s, in, 0), STORE_NEW, "it may be told more later");
    store_destroy(s);
}

Test(store, fits_the_promised_room)
{
    enum { STAMPS = 100000 };
    struct store *s = store_of(STAMPS, STORE_REFUSES);
    char id[21];
    struct stamp in =
        stamp_of("", "+34.068930-118.445127", "1520023934.918963998", 1520023934918963998);
    for (int i = 0; i < STAMPS; i++) {
        snprintf(id, sizeof id, "client-%013d", i);
        in.id = span_of(id);
        cr_assert_eq(put(s, in, 0), STORE_NEW);
    }
    cr_expect_leq(store_bytes(s) / STAMPS, 98);
    store_destroy(s);
}

Test(store, what_is_replaced_or_evicted_makes_room)
{
    static const char *const positions[] = {"+1-2", "+34.068930000000000-118.445127000000000"};
    struct store *s = store_of(10, STORE_EVICTS);
    char id[32], time[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(id, sizeof id, "client-%d", i % 2 ? i : 0);
        snprintf(time, sizeof time, "%d", i);
        struct stamp in = stamp_of(id, positions[i / 2 % 2], time, i * SECOND_NS);
        cr_assert_eq(put(s, in, 0), STORE_NEW);
    }
    cr_expect_lt(store_bytes(s), 1 << 20);
    store_destroy(s);
}

Test(store, the_largest_is_small_when_empty)
{
    struct store *s = store_of(UINT64_C(1) << 31, STORE_REFUSES);
    cr_expect_lt(store_bytes(s), 1 << 20);
    cr_expect_eq(put_id(s, "a", 1), STORE_NEW);
    cr_expect_lt(store_bytes(s), 1 << 20);
    store_destroy(s);
}

/* -- cursors ----------------------------------------------------------------------------------- */

Test(store, an_item_that_changes_under_a_cursor_is_met_again_and_nothing_else)
{
    struct store *s = store_of(10, STORE_REFUSES);
    unsigned cursor = store_cursor_open(s);
    struct feed_item item;
    struct stamp_text text;
    put_id(s, "a", 1);
    put_id(s, "b", 1);
    put_id(s, "c", 1);
    store_cursor_pass(s, cursor);
    store_cursor_pass(s, cursor);
    cr_expect_eq(store_cursor_change(s, cursor), 2);
    put_id(s, "b", 2); /* the record on which the cursor stands is moved */
    cr_expect_eq(store_cursor_change(s, cursor), 2, "what it passed it has passed");
    put_id(s, "a", 2); /* so is the one to which the cursor stepped back */
    cr_expect_eq(store_cursor_change(s, cursor), 2);
    cr_assert(store_cursor_peek(s, cursor, &item, &text));
    cr_expect(span_equal(item.stamp.id, SPAN("c")));
    cr_expect_str_eq(read_all(s, cursor), "c b a");
    cr_expect_eq(store_cursor_change(s, cursor), 5);
    cr_expect_str_eq(read_all(s, cursor), "");
    put_id(s, "a", 3);
    cr_expect_eq(store_cursor_change(s, cursor), 5);
    cr_expect_str_eq(read_all(s, cursor), "a");
    store_destroy(s);
}

/* A cursor that seek has put on a record, which it has not passed, steps back from it as well. */
Test(store, all_that_lies_behind_a_cursor_changes)
{
    struct store *s = store_of(10, STORE_REFUSES);
    unsigned cursor = store_cursor_open(s);
    put_id(s, "a", 1);
    put_id(s, "b", 1);
    put_id(s, "c", 1);
    put_id(s, "d", 1);
    store_cursor_seek(s, cursor, 3);
    put_id(s, "c", 2);
    put_id(s, "b", 2);
    put_id(s, "a", 2);
    cr_expect_eq(store_cursor_change(s, cursor), 3);
    cr_expect_str_eq(read_all(s, cursor), "d c b a");
    store_destroy(s);
}

Test(store, many_changes_of_one_id_are_read_as_one)
{
    struct store *s = store_of(10, STORE_REFUSES);
    unsigned slow = store_cursor_open(s);
    for (int i = 1; i <= 100; i++) {
        put_id(s, "a", i);
        put_id(s, "b", i);
    }
    cr_expect_str_eq(read_all(s, slow), "a b");
    cr_expect_eq(store_cursor_change(s, slow), 200);
    store_destroy(s);
}

Test(store, seek_and_rewind)
{
    struct store *s = store_of(10, STORE_REFUSES);
    static const struct {
        uint64_t change;
        const char *reads;
        uint64_t passed;
    } cases[] = {
        {0, "b d a c", 0},
        {1, "b d a c", 1}, /* a has moved: no item has change 1 */
        {2, "d a c", 2},
        {3, "d a c", 3},
        {4, "a c", 4},
        {5, "c", 5},
        {6, "", 6},
        {7, "", 6},
        {UINT64_MAX, "", 6},
    };
    put_id(s, "a", 1);
    put_id(s, "b", 1);
    put_id(s, "c", 1);
    put_id(s, "d", 1);
    put_id(s, "a", 2);
    put_id(s, "c", 2);
    unsigned cursor = store_cursor_open(s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        store_cursor_seek(s, cursor, cases[i].change);
        cr_expect_eq(store_cursor_change(s, cursor), cases[i].passed, "seek %llu",
            (unsigned long long)cases[i].change);
        cr_expect_str_eq(read_all(s, cursor), cases[i].reads);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) { /* the same, a step at a time */
        store_cursor_seek(s, cursor, UINT64_MAX);
        uint64_t before = store_cursor_change(s, cursor);
        while (!store_cursor_go_back(s, cursor, cases[i].change, 1)) {
            cr_expect_lt(store_cursor_change(s, cursor), before);
            before = store_cursor_change(s, cursor);
        }
        cr_expect_eq(store_cursor_change(s, cursor), cases[i].passed);
        cr_expect_str_eq(read_all(s, cursor), cases[i].reads);
    }
    store_cursor_seek(s, cursor, 6);
    cr_expect_not(store_cursor_go_back(s, cursor, 4, 1), "6 and 5 are behind it");
    cr_expect(store_cursor_go_back(s, cursor, 4, 1));
    cr_expect(store_cursor_go_back(s, cursor, 5, 1), "it never goes on");
    cr_expect_str_eq(read_all(s, cursor), "a c");
    put_id(s, "b", 2);
    cr_expect_eq(store_cursor_change(s, cursor), 6, "what is yet to come was not passed by a seek");
    cr_expect_str_eq(read_all(s, cursor), "b");
    store_cursor_rewind(s, cursor);
    cr_expect_eq(store_cursor_change(s, cursor), 0);
    cr_expect_str_eq(read_all(s, cursor), "d a c b");
    store_destroy(s);
}

Test(store, as_many_cursors_as_promised_and_closed_ones_again)
{
    struct store *s = store_of(10, STORE_REFUSES);
    unsigned cursors[STORE_CURSORS_MAX];
    for (int i = 0; i < STORE_CURSORS_MAX; i++) {
        cursors[i] = store_cursor_open(s);
        cr_assert_lt(cursors[i], STORE_CURSORS_MAX);
    }
    put_id(s, "a", 1);
    put_id(s, "b", 1);
    for (int i = 0; i < STORE_CURSORS_MAX; i++)
        cr_expect_str_eq(read_all(s, cursors[i]), "a b");
    put_id(s, "b", 2);
    store_cursor_close(s, cursors[40]);
    unsigned again = store_cursor_open(s);
    cr_expect_eq(again, cursors[40]);
    cr_expect_str_eq(read_all(s, again), "a b", "a reopened cursor begins anew");
    for (int i = 0; i < STORE_CURSORS_MAX; i++)
        cr_expect_str_eq(read_all(s, cursors[i]), i == 40 ? "" : "b");
    store_destroy(s);
}

/* -- against a model --------------------------------------------------------------------------- */

enum { MODEL_IDS = 300, MODEL_CURSORS = 6, TEXT_MAX = 300 };

struct model_stamp {
    bool held;
    uint64_t change;
    uint16_t route;
    struct stamp stamp;
    char id[STAMPEDE_CLIENT_ID_BYTES_MAX];
    char position[STAMPEDE_POSITION_BYTES_MAX];
    char time[TEXT_MAX];
};

struct model {
    struct store *store;
    struct random random;
    uint64_t stamps_max;
    enum store_when_full when_full;
    struct model_stamp each[MODEL_IDS];
    uint64_t count, change, refused, evicted;
    struct {
        bool open;
        unsigned cursor;
        uint64_t passed;
    } cursors[MODEL_CURSORS];
};

static uint32_t below(struct model *m, uint32_t n)
{
    return random_below(&m->random, n);
}

/* The held stamp with the lowest change above `change`; NULL: none. */
static struct model_stamp *model_next(struct model *m, uint64_t change)
{
    struct model_stamp *best = NULL;
    for (int i = 0; i < MODEL_IDS; i++)
        if (m->each[i].held && m->each[i].change > change &&
            (!best || m->each[i].change < best->change))
            best = &m->each[i];
    return best;
}

static void model_begin(struct model *m, uint64_t stamps_max, enum store_when_full when_full)
{
    *m = (struct model){.stamps_max = stamps_max, .when_full = when_full};
    m->random = random_begin();
    m->store = store_of(stamps_max, when_full);
    for (size_t i = 0; i < MODEL_IDS; i++) {
        struct model_stamp *ms = &m->each[i];
        size_t len = i < 255 ? i + 1 : 2 + i % 50;
        memset(ms->id, 'x', len);
        memcpy(
            ms->id, &(uint16_t){(uint16_t)(0x4141 + i % 255 + (i / 255 << 8))}, len < 2 ? len : 2);
        ms->stamp.id = (struct span){ms->id, len};
    }
}

/* One of a few times, in one of its many spellings. */
static size_t random_time(struct model *m, char *out, int64_t *time_ns)
{
    uint32_t tenths = below(m, 40);
    uint32_t zeros = below(m, 20) ? below(m, 3) : below(m, TEXT_MAX - 20);
    *time_ns = (int64_t)tenths * 100000000;
    memset(out, '0', zeros);
    int len = snprintf(out + zeros, TEXT_MAX - zeros, "%u.%u", tenths / 10, tenths % 10);
    size_t trailing = below(m, 9);
    memset(out + zeros + len, '0', trailing);
    return zeros + (size_t)len + trailing;
}

static void random_stamp(struct model *m, struct model_stamp *out)
{
    static const char *const origins[] = {"Goloman", "Hands", "Holiday", "W"};
    out->stamp.time = (struct span){out->time, random_time(m, out->time, &out->stamp.time_ns)};
    out->stamp.position.at = out->position;
    out->stamp.position.len =
        (size_t)snprintf(out->position, sizeof out->position, "%+.*f%+.*f", (int)below(m, 15),
            (double)below(m, 900) / 10 - 45, (int)below(m, 15), (double)below(m, 3000) / 10 - 150);
    out->stamp.origin = span_of(origins[below(m, 4)]);
    out->stamp.skew_ns = (int64_t)below(m, 3) - 1;
    out->route = (uint16_t)below(m, 65536);
}

/* Received later, or at the same time with a larger id. */
static bool later(const struct stamp *a, const struct stamp *b)
{
    int64_t a_ns = a->time_ns + a->skew_ns, b_ns = b->time_ns + b->skew_ns;
    return a_ns != b_ns ? a_ns > b_ns : span_compare(a->id, b->id) > 0;
}

static void model_put(struct model *m)
{
    struct model_stamp in;
    struct model_stamp *held = &m->each[below(m, MODEL_IDS)];
    random_stamp(m, &in);
    in.stamp.id = held->stamp.id;

    enum store_verdict expected = STORE_NEW;
    if (held->held && stamp_compare(&in.stamp, &held->stamp) <= 0) {
        expected = STORE_OLD;
    } else if (!held->held && m->count == m->stamps_max) {
        if (m->when_full == STORE_REFUSES || !later(&in.stamp, &model_next(m, 0)->stamp)) {
            expected = STORE_FULL;
            m->refused++;
        } else {
            model_next(m, 0)->held = false;
            m->count--;
            m->evicted++;
        }
    }
    uint64_t hash = store_hash(m->store, in.stamp.id);
    cr_assert_eq(store_put(m->store, &in.stamp, hash, in.route), expected);
    if (expected != STORE_NEW)
        return;
    m->count += !held->held;
    held->held = true;
    held->change = ++m->change;
    held->route = in.route;
    memcpy(held->position, in.position, sizeof in.position);
    memcpy(held->time, in.time, sizeof in.time);
    held->stamp = in.stamp;
    held->stamp.position.at = held->position;
    held->stamp.time.at = held->time;
}

static void expect_item(const struct feed_item *item, const struct model_stamp *wanted)
{
    expect_stamp(&item->stamp, &wanted->stamp);
    cr_assert_eq(item->change, wanted->change);
    cr_assert_eq(item->route, wanted->route);
}

static void model_get(struct model *m)
{
    const struct model_stamp *wanted = &m->each[below(m, MODEL_IDS)];
    struct feed_item item;
    struct stamp_text text;
    uint64_t hash = store_hash(m->store, wanted->stamp.id);
    store_prefetch_table(m->store, hash);
    store_prefetch_feed(m->store, store_prefetch_record(m->store, hash));
    cr_assert_eq(store_get(m->store, wanted->stamp.id, hash, &item, &text), wanted->held);
    if (wanted->held)
        expect_item(&item, wanted);
}

static void model_read(struct model *m, int i, uint32_t items)
{
    struct feed_item item;
    struct stamp_text text;
    while (items--) {
        const struct model_stamp *wanted = model_next(m, m->cursors[i].passed);
        struct feed_item glanced;
        bool more = store_cursor_peek(m->store, m->cursors[i].cursor, &item, &text);
        cr_assert_eq(store_cursor_glance(m->store, m->cursors[i].cursor, &glanced), more);
        cr_assert(!more || (glanced.change == item.change && glanced.hash == item.hash &&
                               glanced.route == item.route));
        cr_assert_eq(more, wanted != NULL);
        if (!more)
            return;
        expect_item(&item, wanted);
        store_cursor_pass(m->store, m->cursors[i].cursor);
        m->cursors[i].passed = wanted->change;
    }
}

static void model_cursor(struct model *m)
{
    int i = (int)below(m, MODEL_CURSORS);
    if (!m->cursors[i].open) {
        m->cursors[i].cursor = store_cursor_open(m->store);
        m->cursors[i].open = true;
        m->cursors[i].passed = 0;
        return;
    }
    unsigned cursor = m->cursors[i].cursor;
    switch (below(m, 40)) {
    case 0:
        store_cursor_close(m->store, cursor);
        m->cursors[i].open = false;
        return;
    case 1:
        store_cursor_rewind(m->store, cursor);
        m->cursors[i].passed = 0;
        break;
    case 2:
    case 3: {
        uint64_t change = below(m, (uint32_t)m->change + 3);
        store_cursor_seek(m->store, cursor, change);
        m->cursors[i].passed = change < m->change ? change : m->change;
        break;
    }
    default: /* each cursor has its own speed: 1, 2, 4 … items */
        model_read(m, i, 1u << i);
    }
    uint64_t passed = model_next(m, m->cursors[i].passed) ? m->cursors[i].passed : m->change;
    cr_assert_eq(store_cursor_change(m->store, cursor), passed);
}

static void expect_whole(struct model *m)
{
    uint64_t digest = 0;
    unsigned cursor = store_cursor_open(m->store);
    struct feed_item item;
    struct stamp_text text;
    for (uint64_t change = 0; store_cursor_peek(m->store, cursor, &item, &text);) {
        const struct model_stamp *wanted = model_next(m, change);
        cr_assert(wanted);
        expect_item(&item, wanted);
        digest += stamp_hash(&wanted->stamp);
        change = wanted->change;
        store_cursor_pass(m->store, cursor);
    }
    cr_assert_eq(store_cursor_change(m->store, cursor), m->change);
    store_cursor_close(m->store, cursor);
    cr_assert_eq(store_digest(m->store), digest);
    cr_assert_eq(store_count(m->store), m->count);
    cr_assert_eq(store_change(m->store), m->change);
    cr_assert_eq(store_refused(m->store), m->refused);
    cr_assert_eq(store_evicted(m->store), m->evicted);
}

Test(store, like_the_model)
{
    static const struct {
        uint64_t stamps_max;
        enum store_when_full when_full;
    } cases[] = {
        {MODEL_IDS, STORE_REFUSES},
        {MODEL_IDS / 2, STORE_REFUSES},
        {MODEL_IDS / 2, STORE_EVICTS},
        {7, STORE_EVICTS},
        {1, STORE_EVICTS},
    };
    static struct model m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model_begin(&m, cases[i].stamps_max, cases[i].when_full);
        for (int step = 0; step < 12000; step++) {
            uint32_t what = below(&m, 8);
            if (what < 5)
                model_put(&m);
            else if (what == 5)
                model_get(&m);
            else
                model_cursor(&m);
            if (step % 1000 == 0)
                expect_whole(&m);
        }
        expect_whole(&m);
        store_destroy(m.store);
    }
}

/* -- memory that fails ------------------------------------------------------------------------- */

/* Records of 256 bytes, which then grow to 272: one segment holds all of the former size, but not
 * all of the latter. */
enum { STARVING_IDS = 16000 };

/* Put new ids, then larger stamps of them. A put that starves must have changed nothing, and must
 * succeed when it is repeated. Returns how many starved. */
static int put_many(struct store *s)
{
    static const char *const positions[] = {"+1-2", "+34.068930000000000-118.445127000000000"};
    char id[201], time[32];
    memset(id, 'k', sizeof id);
    int starved = 0;
    for (int i = 0; i < 2 * STARVING_IDS; i++) {
        snprintf(id + 190, 11, "%010d", i % STARVING_IDS);
        snprintf(time, sizeof time, "%d", i);
        struct stamp in = stamp_of(id, positions[i / STARVING_IDS], time, i * SECOND_NS);
        uint64_t count = store_count(s), digest = store_digest(s), change = store_change(s);
        struct feed_item before, after;
        struct stamp_text text, text_after;
        uint64_t hash = store_hash(s, in.id);
        bool held = store_get(s, in.id, hash, &before, &text);
        if (store_put(s, &in, hash, 0) == STORE_NEW)
            continue;
        starved++;
        cr_assert_eq(store_count(s), count);
        cr_assert_eq(store_digest(s), digest);
        cr_assert_eq(store_change(s), change);
        cr_assert_eq(store_get(s, in.id, hash, &after, &text_after), held);
        if (held)
            expect_stamp(&after.stamp, &before.stamp);
        cr_assert_eq(store_put(s, &in, hash, 0), STORE_NEW);
    }
    return starved;
}

Test(store, memory_fails_at_every_turn)
{
    struct store_config config = {STARVING_IDS, STORE_REFUSES, {1, 2}};
    int held_before = heap.blocks_held;
    int created = 0, starved = 0;
    uint64_t digest = 0;
    for (int n = 1;; n++) {
        memory_fails(n, false);
        struct store *s = store_create(&config);
        if (s) {
            created++;
            starved += put_many(s);
            cr_assert_eq(store_count(s), STARVING_IDS);
            cr_assert(!digest || store_digest(s) == digest);
            digest = store_digest(s);
            store_destroy(s);
        }
        cr_assert_eq(heap.blocks_held, held_before, "lost when allocation %d failed", n);
        if (memory_recovers() < n)
            break;
    }
    cr_expect_eq(starved, 2, "once a new id's put, once a known one's");
    cr_expect_eq(created, starved + 1, "each failure met one put, the last run none");
}
