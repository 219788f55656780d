/* test_endpoint.c — when a host is resolved, and in which order its addresses are dialled. */
#include "core/http/endpoint.h"
#include <criterion/criterion.h>
#include <stdio.h>

enum { PORT = 443 };

static struct instant at_ms(int64_t ms)
{
    return (struct instant){.mono_ns = ms * MS_NS, .real_ns = 1};
}

/* Addresses by name: "4a 6b" are an IPv4 address that ends in a and an IPv6 address that ends in
 * b. */
static unsigned addresses(const char *text, uint16_t port, struct address *out)
{
    unsigned count = 0;
    for (; *text; text += text[2] == ' ' ? 3 : 2) {
        struct address *a = &out[count++];
        *a = (struct address){.v6 = text[0] == '6', .port = port};
        a->ip[0] = a->v6 ? 0x20 : 192;
        a->ip[a->v6 ? 15 : 3] = (uint8_t)text[1];
    }
    return count;
}

static const char *text_of(const struct address *each, unsigned count)
{
    static char text[3 * ENDPOINT_ADDRESSES_MAX + 1];
    *text = '\0';
    for (unsigned i = 0; i < count; i++) {
        cr_assert_eq(each[i].port, PORT);
        sprintf(text + strlen(text), "%s%c%c", i ? " " : "", each[i].v6 ? '6' : '4',
            each[i].ip[each[i].v6 ? 15 : 3]);
    }
    return text;
}

static void resolved(struct endpoint *e, const char *text, uint32_t ttl_s, int64_t ms)
{
    struct address all[32];
    endpoint_resolved(e, all, addresses(text, 0, all), ttl_s, at_ms(ms));
}

/* -- resolving --------------------------------------------------------------------------------- */

enum event { BEGIN, RESOLVED, FAILED, TIME_PASSES };

/* What happens at a time, the verdict, and when the host is resolved next. */
struct step {
    int64_t at_ms;
    enum event event;
    unsigned ttl_s;
    enum endpoint_verdict verdict; /* of BEGIN */
    bool resolves; /* at once */
    int64_t deadline_ms; /* after that; -1: none */
};

static void follow(const struct step *steps, size_t count)
{
    struct endpoint e;
    struct endpoint_attempt a;
    endpoint_init(&e, PORT);
    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];
        struct instant now = at_ms(s->at_ms);
        if (s->event == BEGIN)
            cr_expect_eq(endpoint_begin(&e, &a, now), s->verdict, "step %zu", i);
        if (s->event == RESOLVED)
            resolved(&e, "4a", s->ttl_s, s->at_ms);
        if (s->event == FAILED)
            endpoint_resolve_failed(&e, "no such host", now);
        cr_expect_eq(endpoint_to_resolve(&e, now), s->resolves, "step %zu", i);
        cr_expect_not(endpoint_to_resolve(&e, now), "step %zu: once is enough", i);
        int64_t deadline_ns = s->deadline_ms < 0 ? NEVER_NS : s->deadline_ms * MS_NS;
        cr_expect_eq(endpoint_deadline(&e), deadline_ns, "step %zu", i);
    }
}

#define FOLLOW(...)                            \
    follow((const struct step[]){__VA_ARGS__}, \
        sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

Test(endpoint, a_host_that_nobody_wants_is_not_resolved)
{
    FOLLOW({0, TIME_PASSES, 0, 0, false, -1}, {1000000, TIME_PASSES, 0, 0, false, -1});
}

Test(endpoint, who_comes_first_waits_and_a_used_host_is_refreshed_at_four_fifths)
{
    FOLLOW({10, BEGIN, 0, ENDPOINT_WAIT, true, -1}, {15, BEGIN, 0, ENDPOINT_WAIT, false, -1},
        {20, RESOLVED, 100, 0, false, 80020}, {20, BEGIN, 0, ENDPOINT_BEGUN, false, 80020},
        {80019, TIME_PASSES, 0, 0, false, 80020}, {80020, TIME_PASSES, 0, 0, true, -1},
        {100019, BEGIN, 0, ENDPOINT_BEGUN, false, -1});
}

Test(endpoint, an_unused_host_is_not_refreshed_and_asked_for_again_when_wanted)
{
    FOLLOW({0, BEGIN, 0, ENDPOINT_WAIT, true, -1}, {0, RESOLVED, 100, 0, false, -1},
        {99999, TIME_PASSES, 0, 0, false, -1}, {99999, BEGIN, 0, ENDPOINT_BEGUN, true, -1},
        {100000, BEGIN, 0, ENDPOINT_WAIT, false, -1}, {100010, RESOLVED, 100, 0, false, 180010});
}

Test(endpoint, a_ttl_is_brought_into_bounds)
{
    static const struct {
        unsigned ttl_s;
        int64_t refresh_ms, expiry_ms;
    } rows[] = {
        {0, 24000, 30000},
        {29, 24000, 30000},
        {31, 24800, 31000},
        {300, 240000, 300000},
        {301, 240000, 300000},
        {UINT32_MAX, 240000, 300000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t refresh_ms = rows[i].refresh_ms, expiry_ms = rows[i].expiry_ms;
        FOLLOW({0, RESOLVED, rows[i].ttl_s, 0, false, -1},
            {1, BEGIN, 0, ENDPOINT_BEGUN, false, refresh_ms},
            {expiry_ms - 1, BEGIN, 0, ENDPOINT_BEGUN, true, -1});
        FOLLOW({0, RESOLVED, rows[i].ttl_s, 0, false, -1},
            {expiry_ms, BEGIN, 0, ENDPOINT_WAIT, true, -1});
    }
}

Test(endpoint, a_failure_is_remembered_for_5_s)
{
    FOLLOW({0, BEGIN, 0, ENDPOINT_WAIT, true, -1}, {100, FAILED, 0, 0, false, -1},
        {101, BEGIN, 0, ENDPOINT_FAILED, false, -1}, {5099, BEGIN, 0, ENDPOINT_FAILED, false, -1},
        {5100, BEGIN, 0, ENDPOINT_WAIT, true, -1}, {5200, RESOLVED, 60, 0, false, -1},
        {5200, BEGIN, 0, ENDPOINT_BEGUN, false, 53200});
}

Test(endpoint, somebody_who_waits_when_it_fails_is_told)
{
    FOLLOW({0, BEGIN, 0, ENDPOINT_WAIT, true, -1}, {1, BEGIN, 0, ENDPOINT_WAIT, false, -1},
        {3000, FAILED, 0, 0, false, 8000}, {3000, BEGIN, 0, ENDPOINT_FAILED, false, 8000},
        {8000, TIME_PASSES, 0, 0, true, -1});
}

Test(endpoint, stale_addresses_are_used_when_asking_fails_and_asked_for_when_used)
{
    FOLLOW({0, RESOLVED, 30, 0, false, -1}, {30000, BEGIN, 0, ENDPOINT_WAIT, true, -1},
        {33000, FAILED, 0, 0, false, -1}, {33000, BEGIN, 0, ENDPOINT_BEGUN, false, 38000},
        {38000, TIME_PASSES, 0, 0, true, -1}, {38001, BEGIN, 0, ENDPOINT_BEGUN, false, -1},
        {41000, FAILED, 0, 0, false, 46000}, {46000, TIME_PASSES, 0, 0, true, -1},
        {49000, FAILED, 0, 0, false, -1}, {90000000, BEGIN, 0, ENDPOINT_BEGUN, true, -1},
        {90000001, RESOLVED, 30, 0, false, -1}, {90040000, BEGIN, 0, ENDPOINT_WAIT, true, -1});
}

Test(endpoint, the_reason_of_a_failure_is_kept_within_bounds)
{
    char why[1000];
    memset(why, 'x', sizeof why);
    why[sizeof why - 1] = '\0';
    struct endpoint e;
    endpoint_init(&e, PORT);
    endpoint_resolve_failed(&e, "no such host", at_ms(0));
    cr_expect_str_eq(e.why, "no such host");
    endpoint_resolve_failed(&e, why, at_ms(0));
    cr_expect_eq(strlen(e.why), ENDPOINT_WHY_BYTES_MAX);
}

/* -- dialling ---------------------------------------------------------------------------------- */

static struct endpoint host;
static struct endpoint_attempt attempt;

static void knows(const char *text)
{
    endpoint_init(&host, PORT);
    resolved(&host, text, 300, 0);
}

static void begins(void)
{
    cr_assert_eq(endpoint_begin(&host, &attempt, at_ms(0)), ENDPOINT_BEGUN);
}

/* Let the dial to the named address win; all dials before it fail. */
static void connects_to(const char *name)
{
    unsigned racer;
    struct address to;
    int64_t until_ns;
    begins();
    while (endpoint_attempt_next(&attempt, at_ms(0), &racer, &to, &until_ns)) {
        if (strcmp(text_of(&to, 1), name) == 0) {
            endpoint_attempt_won(&host, &attempt, racer);
            return;
        }
        cr_assert_not(endpoint_attempt_failed(&attempt, racer));
    }
    cr_assert_fail("%s is not dialled", name);
}

Test(endpoint, families_take_turns_and_the_winner_comes_first)
{
    static const struct {
        const char *known, *wins, *spoilt, *then, *order;
    } rows[] = {
        {"4a", NULL, NULL, NULL, "4a"},
        {"4a 4b 6a 6b", NULL, NULL, NULL, "6a 4a 6b 4b"},
        {"4a 4b 4c 6a", NULL, NULL, NULL, "6a 4a 4b 4c"},
        {"6a 6b 6c 4a", NULL, NULL, NULL, "6a 4a 6b 6c"},
        {"4a 4b 4c 4d 4e 4f 4g 4h 4i", NULL, NULL, NULL, "4a 4b 4c 4d 4e 4f 4g 4h"},
        {"4a 4b 4c 4d 4e 4f 4g 4h 6a 6b 6c 6d 6e 6f 6g 6h", NULL, NULL, NULL,
            "6a 4a 6b 4b 6c 4c 6d 4d"},
        {"4a 4b 6a 6b", "4b", NULL, NULL, "4b 4a 6a 6b"},
        {"4a 4b 6a 6b", "6b", NULL, NULL, "6b 6a 4a 4b"},
        /* the host is resolved again: the winner stays first, or at least its family */
        {"4a 4b 6a 6b", "4b", NULL, "6b 6a 4a 4b", "4b 4a 6b 6a"},
        {"4a 4b 6a 6b", "4b", NULL, "6c 6d 4c 4d", "4c 6c 4d 6d"},
        /* it connects but is of no use: the other family comes first, and it comes last */
        {"4a 4b 6a 6b", "6a", "6a", NULL, "4a 4b 6b 6a"},
        {"4a 4b 6a 6b", "6a", "6a", "6a 6b 4a 4b", "4a 4b 6b 6a"},
        {"4a 4b 6a 6b", "4a", "6a", NULL, "4a 4b 6b 6a"},
        {"4a", "4a", "4a", NULL, "4a"},
        {"4a 4b", "4a", "4a", "4a 4b", "4b 4a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        knows(rows[i].known);
        if (rows[i].wins)
            connects_to(rows[i].wins);
        if (rows[i].spoilt) {
            struct address spoilt;
            addresses(rows[i].spoilt, PORT, &spoilt);
            endpoint_spoilt(&host, &spoilt);
        }
        if (rows[i].then)
            resolved(&host, rows[i].then, 300, 0);
        begins();
        cr_expect_str_eq(text_of(attempt.each, attempt.count), rows[i].order, "row %zu: %s", i,
            text_of(attempt.each, attempt.count));
    }
}

Test(endpoint, who_was_spoilt_and_wins_again_is_first_again)
{
    struct address spoilt;
    addresses("6a", PORT, &spoilt);
    knows("4a 6a");
    endpoint_spoilt(&host, &spoilt);
    connects_to("6a");
    resolved(&host, "4a 6a", 300, 0);
    begins();
    cr_expect_str_eq(text_of(attempt.each, attempt.count), "6a 4a");
}

/* The address that the attempt dials at `ms`; "": none. */
static const char *dials(int64_t ms, unsigned expected_racer)
{
    unsigned racer;
    struct address to;
    int64_t until_ns;
    if (!endpoint_attempt_next(&attempt, at_ms(ms), &racer, &to, &until_ns))
        return "";
    cr_expect_eq(racer, expected_racer);
    cr_expect_eq(until_ns, (ms + ENDPOINT_CONNECT_MS) * MS_NS);
    return text_of(&to, 1);
}

static void waits_until(int64_t ms)
{
    cr_expect_eq(endpoint_attempt_deadline(&attempt), ms < 0 ? NEVER_NS : ms * MS_NS);
}

Test(endpoint, the_second_family_joins_after_a_quarter_of_a_second)
{
    knows("6a 6b 4a");
    begins();
    waits_until(0);
    cr_expect_str_eq(dials(10, 0), "6a");
    waits_until(260);
    cr_expect_str_eq(dials(259, 1), "");
    cr_expect_str_eq(dials(260, 1), "4a");
    waits_until(-1); /* there are never more than two dials */
    cr_expect_str_eq(dials(100000, 0), "");
    endpoint_attempt_won(&host, &attempt, 1);
    cr_expect(attempt.racers[0].dialling, "to be cancelled");
    cr_expect_not(attempt.racers[1].dialling);
    waits_until(-1);
    begins();
    cr_expect_str_eq(dials(0, 0), "4a");
}

Test(endpoint, the_next_address_joins_when_a_dial_fails)
{
    knows("6a 4a 6b 4b");
    begins();
    cr_expect_str_eq(dials(1000, 0), "6a");
    cr_expect_not(endpoint_attempt_failed(&attempt, 0));
    cr_expect_str_eq(dials(1001, 0), "4a");
    cr_expect_str_eq(dials(1001, 1), "", "one failure lets in one");
    cr_expect_str_eq(dials(1251, 1), "6b");
    cr_expect_not(endpoint_attempt_failed(&attempt, 0));
    cr_expect_str_eq(dials(1252, 0), "4b");
    waits_until(-1);
    cr_expect_not(endpoint_attempt_failed(&attempt, 0), "6b is still under way");
    waits_until(-1);
    cr_expect(endpoint_attempt_failed(&attempt, 1));
    cr_expect_str_eq(dials(9999, 0), "");
}

Test(endpoint, an_attempt_keeps_its_addresses_when_the_name_is_resolved_anew)
{
    knows("6a 4a");
    begins();
    cr_expect_str_eq(dials(0, 0), "6a");
    resolved(&host, "6x 4x", 300, 0);
    cr_expect_str_eq(dials(250, 1), "4a");
    endpoint_attempt_won(&host, &attempt, 1);
    begins();
    cr_expect_str_eq(dials(0, 0), "4x", "the winner is gone, but its family is not");
}
