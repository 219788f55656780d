/* Received lists: which are valid, whom they name, and what happens when there are too many. */
#include "core/peering/route.h"
#include <criterion/criterion.h>
#include <stdio.h>

enum { HANDS, HOLIDAY, WILKES, PEERS };

static const struct span peers[PEERS] = {
    {"Hands", 5},
    {"Holiday", 7},
    {"Wilkes", 6},
};

static struct route_table *t;

static void create(void)
{
    t = route_table_create(peers, PEERS);
    cr_assert_not_null(t);
}

static void destroy(void)
{
    route_table_destroy(t);
}

TestSuite(route, .init = create, .fini = destroy);

static uint16_t number(const char *names, unsigned sender)
{
    uint16_t route = UINT16_MAX;
    cr_assert(route_number(t, span_of(names), sender, &route), "%s", names);
    return route;
}

static void names_are(uint16_t route, const char *names)
{
    cr_expect(span_equal(route_names(t, route), span_of(names)), "%.*s is not %s",
        (int)route_names(t, route).len, route_names(t, route).at, names);
}

Test(route, local_is_empty_and_names_nobody)
{
    names_are(ROUTE_LOCAL, "");
    cr_expect_eq(route_sender(t, ROUTE_LOCAL), -1);
    for (unsigned i = 0; i < PEERS; i++)
        cr_expect_not(route_has(t, ROUTE_LOCAL, i));
}

Test(route, names_sender_and_neighbours_on_it)
{
    static const struct {
        const char *names;
        unsigned sender;
        bool has[PEERS];
    } rows[] = {
        {"Hands", HANDS, {true, false, false}},
        {"Wilkes", WILKES, {false, false, true}},
        {"Welsh Holiday", HOLIDAY, {false, true, false}},
        {"Wilkes Welsh Holiday", HOLIDAY, {false, true, true}},
        {"Holiday Wilkes Hands", HANDS, {true, true, true}},
        {"Hand Holidays Wilke Hands", HANDS, {true, false, false}},
        {"Hands Hands", HANDS, {true, false, false}},
        {"Goloman Hands", HANDS, {true, false, false}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t route = number(rows[i].names, rows[i].sender);
        names_are(route, rows[i].names);
        cr_expect_eq(route_sender(t, route), (int)rows[i].sender, "%s", rows[i].names);
        uint16_t none;
        for (unsigned k = 0; k < PEERS; k++)
            cr_expect_eq(route_number(t, span_of(rows[i].names), k, &none), k == rows[i].sender);
        for (unsigned k = 0; k < PEERS; k++)
            cr_expect_eq(route_has(t, route, k), rows[i].has[k], "%s, %u", rows[i].names, k);
    }
}

Test(route, one_list_has_one_number)
{
    uint16_t a = number("Welsh Holiday", HOLIDAY), b = number("Hands", HANDS);
    uint16_t c = number("Wilkes Holiday", HOLIDAY);
    cr_expect_neq(a, b);
    cr_expect_neq(a, c);
    cr_expect_neq(a, ROUTE_LOCAL);
    cr_expect_eq(number("Welsh Holiday", HOLIDAY), a);
    cr_expect_eq(number("Hands", HANDS), b);
    cr_expect_eq(number("Wilkes Holiday", HOLIDAY), c);
}

Test(route, what_is_no_list)
{
    static const struct {
        const char *names;
        unsigned sender;
    } rows[] = {
        {"", HANDS},
        {" ", HANDS},
        {" Hands", HANDS},
        {"Hands ", HANDS},
        {"Welsh  Hands", HANDS},
        {"Welsh\tHands", HANDS},
        {"-", HANDS},
        {"- Hands", HANDS},
        {"We/sh Hands", HANDS},
        {"W\xc3\xa9lsh Hands", HANDS},
        {"Hands", WILKES},
        {"Hands Wilkes", HANDS},
        {"hands", HANDS},
        {"Hand", HANDS},
        {"Handsy", HANDS},
        {"a23456789012345678901234567890123456789012345678901234567890abcd Hands", HANDS},
    };
    uint16_t route;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int twice = 0; twice < 2; twice++)
            cr_expect_not(
                route_number(t, span_of(rows[i].names), rows[i].sender, &route), "%zu", i);
    cr_expect_not(route_number(t, (struct span){"We\0lsh Hands", 12}, HANDS, &route));
}

/* "n<from> n<from+1> ... Hands", `count` names with Hands. */
static const char *long_list(int from, int count)
{
    static char text[8192];
    int at = 0;
    for (int i = 0; i < count - 1; i++)
        at += sprintf(text + at, "n%d ", from + i);
    sprintf(text + at, "Hands");
    return text;
}

Test(route, a_long_list_keeps_its_last_names)
{
    uint16_t full = number(long_list(0, ROUTE_NAMES_MAX), HANDS);
    names_are(full, long_list(0, ROUTE_NAMES_MAX));
    uint16_t cut = number(long_list(100, ROUTE_NAMES_MAX + 1), HANDS);
    names_are(cut, long_list(101, ROUTE_NAMES_MAX));
    cr_expect_eq(number(long_list(90, ROUTE_NAMES_MAX + 11), HANDS), cut);
}

Test(route, a_full_table_falls_back_on_the_sender)
{
    char names[64];
    uint16_t first = number("x0 Wilkes", WILKES);
    for (int i = 1; i < ROUTES_MAX - 1 - PEERS - ROUTES_RESERVED; i++) {
        sprintf(names, "x%d Wilkes", i);
        names_are(number(names, WILKES), names);
    }
    for (int i = 0; i < 2; i++) {
        names_are(number("one too many Wilkes", WILKES), "Wilkes");
        names_are(number("Wilkes Hands", HANDS), "Hands");
    }
    cr_expect_eq(number("x0 Wilkes", WILKES), first);
    uint16_t route;
    cr_expect_not(route_number(t, span_of("Wilkes Hands"), WILKES, &route));
}

Test(route, full_texts_fall_back_as_well)
{
    char name[64] = "", list[8192];
    memset(name, 'y', 63);
    int kept = 0;
    for (int i = 0; i < 200; i++) {
        int at = 0;
        for (int k = 0; k < ROUTE_NAMES_MAX - 2; k++)
            at += sprintf(list + at, "%s ", name);
        sprintf(list + at, "z%d Hands", i);
        uint16_t route = number(list, HANDS);
        cr_expect_eq(route_sender(t, route), HANDS);
        kept += route_names(t, route).len > 5;
    }
    size_t bytes = 62 * 64 + 8;
    cr_expect_geq(kept, (int)((ROUTE_TEXT_BYTES_MAX - ROUTES_RESERVED * 64) / (bytes + 8)));
    cr_expect_leq(kept, (int)(ROUTE_TEXT_BYTES_MAX / bytes));
}

Test(route, sixty_four_neighbours)
{
    static char texts[ROUTE_PEERS_MAX][8];
    struct span many[ROUTE_PEERS_MAX];
    for (int i = 0; i < ROUTE_PEERS_MAX; i++) {
        sprintf(texts[i], "p%d", i);
        many[i] = span_of(texts[i]);
    }
    struct route_table *big = route_table_create(many, ROUTE_PEERS_MAX);
    uint16_t route;
    cr_assert(route_number(big, span_of("p0 p31 p32 p63"), 63, &route));
    for (unsigned i = 0; i < ROUTE_PEERS_MAX; i++)
        cr_expect_eq(route_has(big, route, i), i == 0 || i == 31 || i == 32 || i == 63, "%u", i);
    route_table_destroy(big);
}

Test(route, other_neighbours_have_the_numbers)
{
    enum { NEW = 3 };
    uint16_t from_hands = number("Hands", HANDS), both = number("Hands Wilkes", WILKES);
    uint16_t welsh = number("Welsh Holiday", HOLIDAY);
    const struct span others[] = {SPAN("Welsh"), SPAN("Holiday"), SPAN("Wilkes"), SPAN("Hands")};
    cr_assert(route_table_take_peers(t, others, 4));
    names_are(from_hands, "Hands");
    cr_expect_eq(route_sender(t, from_hands), NEW, "Hands has another number");
    cr_expect(route_has(t, both, NEW) && !route_has(t, both, HANDS));
    cr_expect_eq(route_sender(t, both), WILKES);
    cr_expect(route_has(t, welsh, 0), "Welsh is a neighbour now");
    cr_expect_eq(number("Hands", NEW), from_hands);
    cr_expect_eq(number("Hands Wilkes", WILKES), both);
    names_are(number("Welsh", 0), "Welsh");
    const struct span fewer[] = {SPAN(""), SPAN("Holiday"), SPAN("Wilkes"), SPAN("")};
    cr_assert(route_table_take_peers(t, fewer, 4));
    names_are(from_hands, "Hands");
    cr_expect_eq(route_sender(t, from_hands), -1, "it is no neighbour");
    for (unsigned i = 0; i < 4; i++)
        cr_expect_eq(route_has(t, both, i), i == WILKES);
}

Test(route, room_for_neighbours_to_come_is_kept_but_not_for_ever)
{
    char name[32];
    struct span one[] = {SPAN("Hands"), SPAN("Holiday"), SPAN("Wilkes")};
    for (int i = 0; i < 2 * ROUTES_MAX; i++) {
        snprintf(name, sizeof name, "n%d Hands", i);
        (void)number(name, HANDS);
    }
    int taken = 0;
    for (bool fits = true; fits && taken <= ROUTES_RESERVED; taken += fits) {
        snprintf(name, sizeof name, "new%d", taken);
        one[0] = span_of(name);
        fits = route_table_take_peers(t, one, PEERS);
        if (fits)
            names_are(number(name, HANDS), name);
    }
    cr_expect_eq(taken, ROUTES_RESERVED, "%d", taken);
    cr_expect_eq(route_sender(t, number("Holiday", HOLIDAY)), HOLIDAY);
}
