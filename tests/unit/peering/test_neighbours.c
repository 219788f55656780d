/* When to dial, and which of two links stays: both ends are asked, in every order of events. */
#include "core/peering/neighbours.h"
#include <criterion/criterion.h>

enum { BOOT = 77 };

static struct peer goloman = {.name = {"Goloman", 7}};
static struct peer hands = {.name = {"Hands", 5}};
static struct peer wilkes = {.name = {"Wilkes", 6}};

static struct instant at_ms(int64_t ms)
{
    return (struct instant){.mono_ns = ms * MS_NS, .real_ns = 1};
}

/* One end of one edge. */
struct end {
    struct neighbour who;
    struct neighbours all;
};

static void begin(struct end *e, const char *self, struct peer *peer, int64_t ms)
{
    *e = (struct end){.who.peer = peer, .all = {.self = span_of(self), .count = 1, .jitter = 1}};
    e->all.each = &e->who;
    neighbours_begin(&e->all, at_ms(ms));
}

static bool dials(struct end *e, int64_t ms)
{
    return neighbours_to_dial(&e->all, at_ms(ms)) == &e->who;
}

static int linked(struct end *e, int link, bool by_us, uint64_t boot, int64_t ms)
{
    return neighbour_linked(&e->all, &e->who, link, by_us, boot, at_ms(ms));
}

static bool lost(struct end *e, int link, const char *error, int64_t ms)
{
    return neighbour_lost(&e->all, &e->who, link, error, at_ms(ms));
}

static bool failed(struct end *e, const char *error, int64_t ms)
{
    return neighbour_dial_failed(&e->all, &e->who, false, error, at_ms(ms));
}

Test(neighbours, the_first_dial_of_all_comes_at_once)
{
    struct neighbour each[] = {{.peer = &goloman}, {.peer = &hands}};
    struct neighbours n = {.self = SPAN("Wilkes"), .each = each, .count = 2};
    neighbours_begin(&n, at_ms(5));
    cr_expect_eq(neighbours_deadline(&n), 5 * MS_NS);
    cr_expect_null(neighbours_to_dial(&n, at_ms(4)));
    cr_expect_eq(neighbours_to_dial(&n, at_ms(5)), &each[0]);
    cr_expect_eq(neighbours_to_dial(&n, at_ms(5)), &each[1]);
    cr_expect_null(neighbours_to_dial(&n, at_ms(1000000)));
    cr_expect_eq(neighbours_deadline(&n), NEVER_NS);
    cr_expect(each[0].dialling && each[1].dialling);
}

/* Half to all of 0.1 s doubling to 5 s, and not always the same. */
Test(neighbours, back_off_doubles_with_jitter)
{
    static const int64_t pauses_ms[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    int64_t first_pauses[8];
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct end e;
        begin(&e, "Goloman", &hands, 0);
        e.all.jitter = seed;
        int64_t now_ns = 0;
        for (size_t i = 0; i < sizeof pauses_ms / sizeof pauses_ms[0]; i++) {
            struct instant now = {.mono_ns = now_ns};
            cr_assert_eq(neighbours_to_dial(&e.all, now), &e.who);
            cr_expect_not(neighbour_dial_failed(&e.all, &e.who, false, "connection refused", now));
            int64_t pause_ns = neighbours_deadline(&e.all) - now_ns;
            cr_expect_geq(pause_ns, pauses_ms[i] * MS_NS / 2);
            cr_expect_leq(pause_ns, pauses_ms[i] * MS_NS);
            if (i == 0)
                first_pauses[seed] = pause_ns;
            cr_expect_null(
                neighbours_to_dial(&e.all, (struct instant){.mono_ns = now_ns + pause_ns - 1}));
            now_ns += pause_ns;
        }
        cr_expect_eq(e.who.tries, sizeof pauses_ms / sizeof pauses_ms[0]);
        cr_expect_str_eq(e.who.last_error, "connection refused");
        cr_expect_eq(e.who.down_since_ns, 0);
    }
    for (int i = 1; i < 8; i++)
        cr_expect_neq(first_pauses[i], first_pauses[0]);
}

Test(neighbours, a_dial_goes_by_tls_once_the_other_end_says_so)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_expect_not(e.who.by_tls);
    cr_assert(dials(&e, 0));
    neighbour_dials_tls(&e.who, at_ms(3));
    cr_expect(e.who.by_tls);
    cr_expect_eq(neighbours_deadline(&e.all), 3 * MS_NS, "at once");
    cr_assert(dials(&e, 3));
    cr_expect_eq(linked(&e, 3, false, BOOT, 10), NEIGHBOUR_NO_LINK);
    neighbour_dials_tls(&e.who, at_ms(11));
    cr_expect_eq(neighbours_deadline(&e.all), NEVER_NS, "it has linked by itself");
}

Test(neighbours, handshakes_that_fail_are_followed_by_one_of_the_other_kind)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    cr_expect_not(failed(&e, "connection refused", 0));
    cr_expect_not(e.who.by_tls, "nobody was met");
    for (int i = 0; i < 6; i++) {
        cr_assert(dials(&e, 5000 * (i + 1)));
        cr_expect_not(neighbour_dial_failed(&e.all, &e.who, true, "x", at_ms(5000 * (i + 1))));
        cr_expect_eq(e.who.by_tls, i % 3 != 2, "twice by TLS, once plain");
    }
}

Test(neighbours, a_linked_peer_is_not_dialled)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    cr_expect_not(failed(&e, "refused", 0));
    cr_expect_eq(linked(&e, 3, false, BOOT, 10), NEIGHBOUR_NO_LINK);
    cr_expect(e.who.up);
    cr_expect_eq(neighbours_deadline(&e.all), NEVER_NS);
    cr_expect_not(dials(&e, 1000000));
}

Test(neighbours, a_loss_is_told_once_and_dialled_soon)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    cr_expect_eq(linked(&e, 3, true, BOOT, 10), NEIGHBOUR_NO_LINK);
    cr_expect_not(lost(&e, 4, "another", 6000), "a link that does not count");
    cr_expect_eq(e.who.linked, 3);
    cr_expect(lost(&e, 3, "no byte for 10 s", 6000));
    cr_expect_eq(e.who.down_since_ns, 6000 * MS_NS);
    cr_expect_eq(e.who.tries, 0);
    cr_expect_str_eq(e.who.last_error, "no byte for 10 s");
    cr_expect_not(lost(&e, 3, "again", 6000));
    int64_t pause_ns = neighbours_deadline(&e.all) - 6000 * MS_NS;
    cr_expect(pause_ns >= 50 * MS_NS && pause_ns <= 100 * MS_NS);
    cr_assert(dials(&e, 6100));
    cr_expect_not(failed(&e, "refused", 6100), "it was down already");
    cr_expect_eq(e.who.down_since_ns, 6000 * MS_NS);
}

/* The other end takes the link and drops it at once, again and again: the pause keeps growing. */
Test(neighbours, a_peer_that_drops_at_once_is_not_dialled_in_a_busy_loop)
{
    for (int reaches_linked = 0; reaches_linked < 2; reaches_linked++) {
        struct end e;
        begin(&e, "Goloman", &hands, 0);
        int64_t now_ms = 0;
        for (int i = 0; i < 20; i++) {
            cr_assert(dials(&e, now_ms));
            if (reaches_linked) {
                cr_expect_eq(linked(&e, i, true, BOOT, now_ms), NEIGHBOUR_NO_LINK);
                cr_expect(lost(&e, i, "reset", now_ms + NEIGHBOUR_STEADY_MS - 4999));
            } else {
                failed(&e, "reset", now_ms);
            }
            now_ms = neighbours_deadline(&e.all) / MS_NS + 1;
        }
        cr_expect_gt(now_ms, 20000, "%d", reaches_linked);
    }
}

Test(neighbours, only_a_steady_link_resets_the_back_off)
{
    static const struct {
        int64_t up_ms, pause_max_ms;
    } rows[] = {{NEIGHBOUR_STEADY_MS - 1, 5000}, {NEIGHBOUR_STEADY_MS, 100}};
    for (size_t i = 0; i < 2; i++) {
        struct end e;
        begin(&e, "Goloman", &hands, 0);
        for (int k = 0; k < 10; k++) {
            cr_assert(dials(&e, k * 5000));
            failed(&e, "refused", k * 5000);
        }
        cr_expect_eq(linked(&e, 1, false, BOOT, 60000), NEIGHBOUR_NO_LINK);
        cr_expect(lost(&e, 1, "reset", 60000 + rows[i].up_ms));
        int64_t pause_ns = neighbours_deadline(&e.all) - (60000 + rows[i].up_ms) * MS_NS;
        cr_expect_leq(pause_ns, rows[i].pause_max_ms * MS_NS);
        cr_expect_geq(pause_ns, rows[i].pause_max_ms * MS_NS / 2);
    }
}

/* What a peer that stood still finds when it goes on: the dials of its neighbours, long given
 * up. */
Test(neighbours, links_that_the_peer_dialled_and_lost_do_not_lengthen_the_pause)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    cr_expect_eq(linked(&e, 1, true, BOOT, 1), NEIGHBOUR_NO_LINK);
    cr_expect(lost(&e, 1, "no byte for 10 s", 60000));
    for (int link = 2; link < 12; link++) {
        cr_expect_eq(linked(&e, link, false, BOOT, 60000), NEIGHBOUR_NO_LINK);
        cr_expect(lost(&e, link, "no handshake within 2 s", 60000));
    }
    cr_expect_leq(neighbours_deadline(&e.all), (60000 + 2 * NEIGHBOUR_DIAL_FIRST_MS) * MS_NS);
}

Test(neighbours, a_hanging_dial_beside_a_link_fails_in_silence)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    cr_expect_eq(linked(&e, 3, false, BOOT, 10), NEIGHBOUR_NO_LINK);
    cr_expect_not(failed(&e, "no handshake within 2 s", 2000));
    cr_expect_str_eq(e.who.last_error, "");
    cr_expect_eq(neighbours_deadline(&e.all), NEVER_NS);
    cr_expect_eq(e.who.linked, 3);
}

Test(neighbours, a_link_lost_while_dialling_leaves_the_dial_alone)
{
    struct end e;
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    cr_expect_eq(linked(&e, 3, false, BOOT, 10), NEIGHBOUR_NO_LINK);
    cr_expect(lost(&e, 3, "reset", 20));
    cr_expect_eq(neighbours_deadline(&e.all), NEVER_NS);
    cr_expect_not(failed(&e, "refused", 30));
    cr_expect_neq(neighbours_deadline(&e.all), NEVER_NS);
}

/* -- two links --------------------------------------------------------------------------------- */

Test(neighbours, which_of_two_links_stays)
{
    static const struct {
        const char *self;
        bool first_by_us, second_by_us;
        uint64_t second_boot;
        int goes; /* 1 or 2 */
    } rows[] = {
        {"Goloman", true, false, BOOT, 2},
        {"Goloman", false, true, BOOT, 1},
        {"Wilkes", true, false, BOOT, 1},
        {"Wilkes", false, true, BOOT, 2},
        {"Goloman", true, true, BOOT, 1},
        {"Goloman", false, false, BOOT, 1},
        {"Wilkes", true, true, BOOT, 1},
        {"Wilkes", false, false, BOOT, 1},
        {"Goloman", true, false, BOOT + 1, 1},
        {"Wilkes", false, true, BOOT + 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct end e;
        begin(&e, rows[i].self, &hands, 0);
        cr_assert(dials(&e, 0));
        cr_expect_eq(linked(&e, 1, rows[i].first_by_us, BOOT, 10), NEIGHBOUR_NO_LINK);
        int goes = linked(&e, 2, rows[i].second_by_us, rows[i].second_boot, 20);
        cr_expect_eq(goes, rows[i].goes, "row %zu", i);
        cr_expect_not(lost(&e, goes, PEERING_DUPLICATE, 30), "row %zu", i);
        cr_expect_not(lost(&e, goes, "reset", 30), "row %zu", i);
        cr_expect_eq(e.who.linked, 3 - goes, "row %zu", i);
        cr_expect(e.who.up);
        cr_expect_eq(neighbours_deadline(&e.all), NEVER_NS, "no redial, row %zu", i);
        cr_expect(lost(&e, 3 - goes, "reset", 40), "row %zu", i);
    }
}

/* Goloman and Wilkes dial each other at the same time. Each end sees the links A (dialled by
 * Goloman) and B come up, and hears the other's BYE for B, in any order that TCP allows: the BYE
 * comes after the other end saw both; B may then not have come up here yet, and never will. */
enum { LINK_A = 1, LINK_B = 2 };
enum { UP_A, UP_B, BYE_B };

struct step {
    bool at_goloman;
    int what; /* UP_A, UP_B or BYE_B */
};

static int steps_done;

/* Whatever the order: A is linked at both ends, no loss was reported, nobody dials again. */
static void play(const struct step *steps, int count)
{
    struct end g, w;
    begin(&g, "Goloman", &wilkes, 0);
    begin(&w, "Wilkes", &goloman, 0);
    cr_assert(dials(&g, 0) && dials(&w, 0));
    for (int i = 0; i < count; i++) {
        struct end *e = steps[i].at_goloman ? &g : &w;
        bool a = steps[i].what == UP_A;
        bool was_up_b = false;
        for (int k = 0; k < i; k++)
            was_up_b |= steps[k].at_goloman == steps[i].at_goloman && steps[k].what == UP_B;
        if (steps[i].what == BYE_B && was_up_b) {
            cr_expect_not(lost(e, LINK_B, PEERING_DUPLICATE, 1));
        } else if (steps[i].what == BYE_B) {
            cr_expect_not(e == &w && failed(e, PEERING_DUPLICATE, 1));
        } else {
            int goes = linked(e, a ? LINK_A : LINK_B, a == steps[i].at_goloman, BOOT, 1);
            cr_expect_neq(goes, LINK_A);
        }
    }
    struct end *ends[] = {&g, &w};
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(ends[i]->who.linked, LINK_A);
        cr_expect(ends[i]->who.up);
        cr_expect_not(ends[i]->who.dialling);
        cr_expect_eq(neighbours_deadline(&ends[i]->all), NEVER_NS);
    }
    steps_done++;
}

/* All orders of {UP_A, UP_B, BYE_B} at each end, merged in every way, where allowed. */
static void extend(struct step *steps, int count, bool done[2][3])
{
    bool any = false;
    for (int g = 0; g < 2; g++)
        for (int what = UP_A; what <= BYE_B; what++) {
            if (done[g][what])
                continue;
            bool other_ended_b = done[!g][UP_A] && done[!g][UP_B];
            if ((what == BYE_B && !other_ended_b) || (what == UP_B && done[g][BYE_B]))
                continue;
            any = true;
            done[g][what] = true;
            steps[count] = (struct step){.at_goloman = g == 1, .what = what};
            extend(steps, count + 1, done);
            done[g][what] = false;
        }
    if (!any)
        play(steps, count);
}

Test(neighbours, both_ends_dial_at_once_in_every_order)
{
    struct step steps[6];
    bool done[2][3] = {{false}};
    extend(steps, 0, done);
    cr_expect_gt(steps_done, 50);
}

/* The other end ended B as a duplicate, but A never comes up here. */
Test(neighbours, a_survivor_that_fails_is_a_loss_after_all)
{
    struct end w;
    begin(&w, "Wilkes", &goloman, 0);
    cr_assert(dials(&w, 0));
    cr_expect_eq(linked(&w, LINK_B, true, BOOT, 1), NEIGHBOUR_NO_LINK);
    cr_expect_not(lost(&w, LINK_B, PEERING_DUPLICATE, 2));
    cr_expect(w.who.up);
    cr_expect_leq(neighbours_deadline(&w.all), 102 * MS_NS);
    cr_assert(dials(&w, 102));
    cr_expect(failed(&w, "refused", 103));
    cr_expect_not(w.who.up);
    cr_expect_eq(w.who.down_since_ns, 103 * MS_NS);
}

/* The peer crashed without a word and dials from a new boot: the link to the old one leads
 * nowhere. */
Test(neighbours, a_new_boot_takes_over_whoever_dialled)
{
    struct end g;
    begin(&g, "Goloman", &wilkes, 0);
    cr_assert(dials(&g, 0));
    cr_expect_eq(linked(&g, LINK_A, true, BOOT, 1), NEIGHBOUR_NO_LINK);
    cr_expect_eq(linked(&g, LINK_B, false, BOOT + 1, 5000), LINK_A);
    cr_expect_eq(g.who.linked, LINK_B);
    cr_expect_not(lost(&g, LINK_A, "no byte for 10 s", 5000));
}

Test(neighbours, an_endless_error_is_cut)
{
    struct end e;
    char error[400];
    memset(error, 'e', sizeof error - 1);
    error[sizeof error - 1] = '\0';
    begin(&e, "Goloman", &hands, 0);
    cr_assert(dials(&e, 0));
    failed(&e, error, 0);
    cr_expect_eq(strlen(e.who.last_error), (size_t)NEIGHBOUR_ERROR_BYTES_MAX);
}
