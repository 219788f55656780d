/* test_questions.c — 1,024 WHATSATs may wait at a node: who has the most makes room, never
 * whoever has few. PROTOCOL.md, "To WHATSAT". */
#include "unit/node/side.h"

TestSuite(questions, .init = side_begin, .fini = side_end);

enum { EACH = 60, LAST = 17, ALL = PLACES_QUESTIONS_MAX };

static const char refused[] = "too many questions wait for an answer at this node";

static void asks(uint32_t conn, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sends(conn, "WHATSAT kiwi 1 1\n");
}

/* Connections 1 to 17 ask 1,024 questions, the last of them 64; from this address. */
static void fills(const char *host)
{
    char text[64];
    topology.limits.connections = 64;
    topology.limits.connections_per_address = 64;
    side_start();
    joins(0);
    sends(0, "IAMAT kiwi +1+1 1\n");
    forgets(0);
    snprintf(text, sizeof text, "%s:4711", host);
    cr_assert_null(address_parse(span_of(text), &caller));
    for (uint32_t i = 1; i <= LAST; i++) {
        joins(i);
        asks(i, i < LAST ? EACH : ALL - (LAST - 1) * EACH);
    }
    cr_assert_eq(places.waiting_count, ALL);
}

/* It has heard one answer of that kind, which is that to its last question. */
static bool is_refused(uint32_t conn)
{
    bool is = strstr(heard[conn], refused);
    forgets(conn);
    return is;
}

static void answers_all(void)
{
    while (places.waiting_count)
        slow_make_ready(&places, 0);
    turn();
}

Test(questions, the_client_with_the_most_makes_room)
{
    fills("127.0.0.1");
    asks(0, 1);
    cr_expect_eq(heard_len[0], 0, "it waits");
    cr_expect_eq(places.cancelled, 1);
    cr_expect_eq(places.waiting_count, ALL);
    answers_all();
    cr_expect(!is_refused(0));
    for (uint32_t i = 1; i <= LAST; i++)
        cr_expect_eq(is_refused(i), i == LAST, "%u", i);
}

Test(questions, who_has_the_most_is_refused)
{
    fills("127.0.0.1");
    asks(1, 2);
    cr_expect_eq(places.cancelled, 2, "the last client had 64, and has 62 as this one");
    asks(1, 1);
    cr_expect_eq(places.cancelled, 2);
    answers_all();
    cr_expect(is_refused(1));
}

Test(questions, all_of_an_address_count)
{
    fills("192.0.2.1");
    cr_assert_null(address_parse(SPAN("192.0.2.2:4711"), &caller));
    joins(20);
    asks(20, 60); /* no connection has more */
    cr_expect_eq(places.cancelled, 60);
    cr_expect_eq(heard_len[20], 0);
    cr_assert_null(address_parse(SPAN("192.0.2.1:4711"), &caller));
    joins(21);
    sends(21, "WHATSAT kiwi 1 1\nIAMAT kiwi +1+1 1\n");
    cr_assert_not_null(strstr(heard[21], "\n\n"));
    cr_expect_str_eq(
        strstr(heard[21], "\n\n"), "\n\nAT Goloman +1699999999.000000000 kiwi +1+1 1\n");
    cr_expect(is_refused(21));
    cr_expect_eq(wants[21], NODE_WANT_READ);
    hangs_up(20);
    cr_expect_eq(places.waiting_count, ALL - 60);
    answers_all();
    for (uint32_t i = 1; i <= LAST; i++)
        hangs_up(i);
}
