/* Commands without LF: what is taken after limits.partial of silence, and what waits for its LF. */
#include "unit/node/side.h"

#define KIWI "IAMAT kiwi +1+1 1699999999"
#define SAID "AT Goloman +1.000000000 kiwi +1+1 1699999999\n"

static void begin(void)
{
    side_begin();
    topology.limits.partial_ms = 1000;
}

TestSuite(input, .init = begin, .fini = side_end);

/* The reply to a KIWI that was taken `ms` later than it could have been. */
static const char *said_later(int64_t ms)
{
    static char text[128];
    snprintf(text, sizeof text, "AT Goloman +%d.%03d000000 kiwi +1+1 1699999999\n",
        (int)(1 + ms / 1000), (int)(ms % 1000));
    return text;
}

static void says_kiwi(void)
{
    side_start();
    joins(0);
    sends(0, KIWI);
    passes_ms(1000);
    hears(0, said_later(1000));
}

Test(input, a_command_without_lf_is_taken_after_silence)
{
    side_start();
    joins(0);
    sends(0, KIWI);
    cr_assert_eq(node_deadline(node), now.mono_ns + SECOND_NS);
    passes_ms(999);
    hears(0, "");
    passes_ms(1);
    hears(0, said_later(1000));
    sends(0, "WHATSAT kiwi 5 3");
    passes_ms(1000);
    slow_make_ready(&places, 0);
    turn();
    cr_assert(strstr(heard[0], "{}\n\n"));
    cr_assert_eq(wants[0], NODE_WANT_READ);
}

Test(input, bytes_that_come_in_one_go_are_one_line)
{
    side_start();
    joins(0);
    sends(0, "IAMAT kiwi +1");
    passes_ms(100);
    sends(0, "+1 1699999");
    passes_ms(100);
    sends(0, "999");
    passes_ms(999);
    hears(0, "");
    passes_ms(1);
    hears(0, said_later(1200));
}

Test(input, a_piece_and_later_the_rest_are_one_line)
{
    side_start();
    joins(0);
    sends(0, "IAMAT kiwi +1+1 16");
    passes_ms(500);
    sends(0, "99999999\n");
    hears(0, said_later(500));
    passes_ms(5000);
    hears(0, "");
}

Test(input, what_is_typed_waits_for_its_lf)
{
    side_start();
    joins(0);
    for (unsigned i = 0; i < sizeof KIWI - 1; i++) {
        sends_bytes(0, &KIWI[i], 1);
        passes_ms(i == 20 ? 101 : 100); /* one gap is enough */
    }
    passes_ms(20000);
    hears(0, "");
    sends(0, "\n");
    cr_assert(strncmp(heard[0], "AT Goloman ", 11) == 0);
    forgets(0);
    sends(0, KIWI); /* the next line is one of its own */
    passes_ms(1000);
    cr_assert(strncmp(heard[0], "AT Goloman ", 11) == 0);
}

Test(input, a_byte_a_second_waits_for_its_lf)
{
    side_start();
    joins(0);
    for (const char *at = KIWI; *at; at++) {
        hears(0, "");
        sends_bytes(0, at, 1);
        passes_ms(1000);
    }
    hears(0, "");
    sends(0, "\n");
    cr_assert(strncmp(heard[0], "AT Goloman ", 11) == 0);
}

Test(input, one_line_end_that_follows_is_swallowed)
{
    static const struct {
        const char *then, *reply;
    } cases[] = {{"\n", ""}, {"\r\n", ""}, {"\n\n", "? \n"}, {"\r\n\r\n", "? \n"},
        {"\nhello\n", "? hello\n"}, {"hello\n", "? hello\n"}, {"\rhello\n", "? \rhello\n"},
        {"\r\r\n", "? \r\n"}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned pieces = 0; pieces < 2; pieces++) {
            says_kiwi();
            passes_ms(2000);
            const char *then = cases[i].then;
            size_t first = pieces ? 1 : strlen(then);
            sends_bytes(0, then, first);
            if (pieces && then[1]) {
                passes_ms(700);
                sends(0, then + 1);
            }
            passes_ms(5000);
            hears(0, cases[i].reply);
            side_end();
            memset(heard, 0, sizeof heard);
            begin();
        }
    side_start();
}

Test(input, a_cr_at_the_end_is_none_of_the_command)
{
    side_start();
    joins(0);
    sends(0, KIWI "\r");
    passes_ms(1000);
    hears(0, said_later(1000));
    passes_ms(1000);
    sends(0, "\n");
    finishes(0);
    hears(0, "");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
}

Test(input, fin_takes_a_command_at_once_and_only_once)
{
    side_start();
    joins(0);
    sends(0, KIWI);
    finishes(0);
    hears(0, SAID);
    passes_ms(2000);
    hears(0, "");
    joins(1);
    sends(1, KIWI);
    passes_ms(1000);
    forgets(1);
    sends(1, "\r");
    finishes(1);
    hears(1, "");
}

Test(input, what_is_no_whole_command_waits_for_its_lf)
{
    static const char *const texts[] = {"hello", "IAMAT kiwi +1+1", "IAMAT kiwi +1+1 x", "WHATSAT",
        "WHATSAT kiwi 5", " ", "IAMAT kiwi +1+1 1 1"};
    side_start();
    joins(0);
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        char reply[64];
        snprintf(reply, sizeof reply, "? %s\n", texts[i]);
        sends(0, texts[i]);
        passes_ms(1000);
        cr_assert_gt(node_deadline(node), now.mono_ns + 2 * SECOND_NS, "%s", texts[i]);
        passes_ms(20000);
        hears(0, "");
        sends(0, "\n");
        hears(0, reply);
    }
}

Test(input, lines_before_it_are_taken_at_once)
{
    side_start();
    joins(0);
    sends(0, "one\n" KIWI);
    hears(0, "? one\n");
    passes_ms(50);
    sends(0, "\ntwo\nIAMAT plum +1+1 1699999999");
    hears(0, "AT Goloman +1.050000000 kiwi +1+1 1699999999\n? two\n");
    passes_ms(1000);
    hears(0, "AT Goloman +2.050000000 plum +1+1 1699999999\n");
}

Test(input, nothing_is_taken_without_lf_if_limits_partial_is_0)
{
    topology.limits.partial_ms = 0;
    side_start();
    joins(0);
    sends(0, KIWI);
    passes_ms(20000);
    hears(0, "");
    sends(0, "\n");
    hears(0, said_later(20000));
}

Test(input, clients_that_go_are_forgotten)
{
    side_start();
    for (uint32_t conn = 0; conn < 5; conn++) {
        joins(conn);
        sends(conn, KIWI);
    }
    hangs_up(2);
    hangs_up(0);
    hangs_up(4);
    joins(0);
    passes_ms(1000);
    hears(0, "");
    hears(1, said_later(1000));
    hears(3, said_later(1000));
    sends(1, "IAMAT kiwi +1+1 1");
    sends(3, "IAMAT kiwi +1+1 1");
}

/* Its last line is taken when it is read from again. */
Test(input, a_client_that_is_choked_is_not_silent)
{
    topology.limits.output_bytes = 16384;
    side_start();
    joins(0);
    deaf[0] = true;
    char *lines = malloc(40000);
    for (unsigned i = 0; i < 300; i++)
        snprintf(lines + i * 100, 101, "%099d\n", (int)i);
    strcpy(lines + 30000, KIWI);
    sends(0, lines);
    cr_assert_not(wants[0] & NODE_WANT_READ);
    passes_ms(3000);
    deaf[0] = false;
    send_out(0);
    turn();
    cr_assert_null(strstr(heard[0], "AT "));
    passes_ms(1000);
    cr_assert_not_null(strstr(heard[0], "AT Goloman"));
    free(lines);
}

Test(input, client_close_reply_closes_behind_it)
{
    topology.client_close = CLIENT_CLOSE_REPLY;
    side_start();
    joins(0);
    sends(0, KIWI);
    passes_ms(1000);
    hears(0, said_later(1000));
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
}
