/* test_outbox.c — unsent output: chunks, gates and windows. */
#include "core/node/outbox.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static struct pool chunks;

static void begin(void)
{
    pool_init(&chunks, OUTBOX_CHUNK_BYTES, 4);
}

static void end(void)
{
    pool_deinit(&chunks);
}

TestSuite(outbox, .init = begin, .fini = end);

static void says(struct outbox *o, const char *text)
{
    size_t n = strlen(text);
    char *room = outbox_room(o, &chunks, n);
    cr_assert_not_null(room);
    memcpy(room, text, n);
    outbox_wrote(o, n);
}

static void shows(const struct outbox *o, const char *expected)
{
    struct span window = outbox_window(o);
    cr_assert(span_equal(window, span_of(expected)), "window is \"%.*s\", not \"%s\"",
        (int)window.len, window.at, expected);
}

Test(outbox, holds_nothing_when_all_is_sent)
{
    struct outbox o = {0};
    shows(&o, "");
    says(&o, "one\n");
    says(&o, "two\n");
    shows(&o, "one\ntwo\n");
    cr_assert_eq(o.bytes, 8);
    cr_assert_eq(o.memory, OUTBOX_CHUNK_BYTES);
    outbox_sent(&o, &chunks, 5);
    shows(&o, "wo\n");
    outbox_sent(&o, &chunks, 3);
    cr_assert_null(o.head);
    cr_assert_eq(chunks.lent, 0);
}

Test(outbox, bytes_written_while_a_window_is_in_flight_stay_behind_it)
{
    struct outbox o = {0};
    says(&o, "first");
    const char *in_flight = outbox_window(&o).at;
    says(&o, "second");
    cr_assert_eq(outbox_window(&o).at, in_flight);
    outbox_sent(&o, &chunks, 5);
    shows(&o, "second");
    outbox_clear(&o, &chunks);
}

Test(outbox, a_reply_that_does_not_fit_the_rest_of_a_chunk_starts_a_new_one)
{
    struct outbox o = {0};
    size_t first = OUTBOX_CHUNK_BYTES - sizeof(struct chunk) - 10, n = 11;
    cr_assert_not_null(outbox_room(&o, &chunks, first));
    memset(o.tail->bytes, 'a', first);
    outbox_wrote(&o, first);
    char *room = outbox_room(&o, &chunks, n);
    memset(room, 'b', n);
    outbox_wrote(&o, n);
    cr_assert_eq(outbox_window(&o).len, first);
    outbox_sent(&o, &chunks, first);
    shows(&o, "bbbbbbbbbbb");
    outbox_sent(&o, &chunks, n);
    cr_assert_eq(o.bytes, 0);
}

Test(outbox, a_reply_longer_than_a_chunk_lies_in_one_piece)
{
    struct outbox o = {0};
    size_t n = 5 * OUTBOX_CHUNK_BYTES;
    memset(outbox_room(&o, &chunks, n), 'x', n);
    outbox_wrote(&o, n);
    cr_assert_eq(outbox_window(&o).len, n);
    cr_assert_eq(chunks.lent, 0, "a long one must not come from the pool");
    outbox_clear(&o, &chunks);
}

Test(outbox, what_is_behind_a_gate_waits_for_it)
{
    struct outbox o = {0};
    says(&o, "before ");
    struct chunk *first = outbox_gate(&o, &chunks, SPAN("AT 1 "));
    says(&o, "between ");
    struct chunk *second = outbox_gate(&o, &chunks, SPAN("AT 2 "));
    says(&o, "behind");
    shows(&o, "before ");
    cr_assert(outbox_fill(&o, &chunks, second, SPAN("second ")));
    outbox_sent(&o, &chunks, 7);
    shows(&o, "");
    cr_assert(outbox_fill(&o, &chunks, first, SPAN("first ")));
    static const char *const windows[] = {"AT 1 first ", "between AT 2 second ", "behind"};
    for (unsigned i = 0; i < 3; i++) {
        shows(&o, windows[i]);
        outbox_sent(&o, &chunks, strlen(windows[i]));
    }
    cr_assert_null(o.head);
    cr_assert_null(o.tail);
    cr_assert_eq(o.memory, 0);
}

Test(outbox, answers_that_come_one_after_the_other_are_one_send)
{
    struct outbox o = {0};
    struct chunk *gates[3];
    for (unsigned i = 0; i < 3; i++)
        gates[i] = outbox_gate(&o, &chunks, SPAN("AT "));
    for (unsigned i = 0; i < 3; i++)
        cr_assert(outbox_fill(&o, &chunks, gates[i], SPAN("answer ")));
    says(&o, "next");
    shows(&o, "AT answer AT answer AT answer next");
    cr_assert_eq(o.bytes, 34);
    cr_assert_eq(o.memory, OUTBOX_CHUNK_BYTES);
    outbox_sent(&o, &chunks, 34);
    cr_assert_null(o.head);
    cr_assert_null(o.tail);
    cr_assert_eq(o.memory, 0);
}

Test(outbox, answers_that_wait_for_a_gate_go_with_it)
{
    struct outbox o = {0};
    struct chunk *gates[4];
    for (unsigned i = 0; i < 4; i++)
        gates[i] = outbox_gate(&o, &chunks, (struct span){&"01234"[i], 1});
    cr_assert(outbox_fill(&o, &chunks, gates[2], SPAN("c")));
    cr_assert(outbox_fill(&o, &chunks, gates[1], SPAN("b")));
    cr_assert_eq(chunks.lent, 0, "what cannot be sent must not take large chunks");
    shows(&o, "");
    cr_assert(outbox_fill(&o, &chunks, gates[0], SPAN("a")));
    shows(&o, "0a1b2c");
    cr_assert(outbox_fill(&o, &chunks, gates[3], SPAN("d")));
    shows(&o, "0a1b2c3d");
    cr_assert_eq(o.bytes, 8);
    outbox_clear(&o, &chunks);
    cr_assert_eq(chunks.lent, 0);
}

Test(outbox, an_answer_joins_what_is_in_flight_and_stays_behind_it)
{
    struct outbox o = {0};
    says(&o, "first ");
    const char *in_flight = outbox_window(&o).at;
    struct chunk *gate = outbox_gate(&o, &chunks, SPAN("AT "));
    cr_assert(outbox_fill(&o, &chunks, gate, SPAN("answer")));
    cr_assert_eq(outbox_window(&o).at, in_flight);
    outbox_sent(&o, &chunks, 6);
    shows(&o, "AT answer");
    outbox_clear(&o, &chunks);
}

Test(outbox, an_answer_longer_than_a_chunk_lies_in_one_piece)
{
    struct outbox o = {0};
    static char answer[2 * OUTBOX_CHUNK_BYTES];
    memset(answer, 'x', sizeof answer);
    struct chunk *gate = outbox_gate(&o, &chunks, SPAN("AT "));
    struct chunk *next = outbox_gate(&o, &chunks, SPAN("AT "));
    cr_assert(outbox_fill(&o, &chunks, gate, (struct span){answer, sizeof answer}));
    cr_assert_eq(outbox_window(&o).len, 3 + sizeof answer);
    cr_assert_eq(chunks.lent, 0);
    cr_assert(outbox_fill(&o, &chunks, next, SPAN("short")));
    outbox_sent(&o, &chunks, 3 + sizeof answer);
    shows(&o, "AT short");
    outbox_clear(&o, &chunks);
}

Test(outbox, room_that_was_not_used_is_trimmed)
{
    struct outbox o = {0};
    size_t n;
    cr_assert_not_null(outbox_rest(&o, &chunks, 100, &n));
    cr_assert_geq(n, 100);
    outbox_wrote(&o, 0);
    outbox_trim(&o, &chunks);
    cr_assert_null(o.head);
    cr_assert_eq(chunks.lent, 0);
}

Test(outbox, clear_forgets_gates_too)
{
    struct outbox o = {0};
    says(&o, "a");
    cr_assert_not_null(outbox_gate(&o, &chunks, SPAN("b")));
    outbox_clear(&o, &chunks);
    cr_assert_eq(o.bytes, 0);
    cr_assert_null(o.head);
}
