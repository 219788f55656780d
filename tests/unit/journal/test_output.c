/* test_output.c — one file that is written: its orders, and what is believed of it. */
#include "core/journal/output.h"
#include <criterion/criterion.h>

enum { BYTES = WRITER_BUFFER_BYTES_MIN };

static const struct instant now = {1000, 1000};
static unsigned char memory[2][BYTES];
static struct output out;
static struct journal_order order;

static void setup(void)
{
    out = (struct output){
        .file = JOURNAL_LOG, .buffers = {memory[0], memory[1]}, .buffer_bytes = BYTES};
}

TestSuite(output, .init = setup);

static void is_ordered(enum journal_act act)
{
    cr_assert(output_order(&out, &order));
    cr_expect_eq(order.act, act, "%d", (int)order.act);
    struct journal_order more;
    cr_expect_not(output_order(&out, &more), "one order at a time");
}

static void is_done(size_t bytes)
{
    output_done(&out,
        &(struct journal_answer){.file = JOURNAL_LOG, .outcome = JOURNAL_DONE, .bytes = bytes});
}

static void has_failed(enum journal_outcome outcome)
{
    output_done(&out,
        &(struct journal_answer){.file = JOURNAL_LOG, .outcome = outcome, .why = "it has failed"});
}

static void begin(void)
{
    struct file_header h = {.kind = FILE_LOG, .seq = 7, .salt = 3, .boot = 4, .change_before = 10};
    file_name_put(&h.herd, SPAN("a-herd"));
    file_name_put(&h.node, SPAN("Hands"));
    output_begin(&out, "log-0000000000000007", &h, 10);
}

static void open_file(void)
{
    begin();
    is_ordered(JOURNAL_CREATE);
    is_done(0);
    is_ordered(JOURNAL_WRITE);
    is_done(FILE_HEADER_BYTES);
    is_ordered(JOURNAL_SYNC);
    is_done(0);
}

static void put(uint64_t change)
{
    struct feed_item item = {.stamp = {.id = SPAN("kiwi"),
                                 .position = SPAN("+34-118"),
                                 .time = SPAN("100.5"),
                                 .origin = SPAN("Hands"),
                                 .time_ns = 100500000000},
        .change = change};
    cr_assert(output_put(&out, &item, now));
}

static void write_all(uint32_t flags, uint64_t change, bool durable, bool syncs)
{
    output_write(
        &out, &(struct writer_last){.flags = flags}, change, out.end.whole, durable, syncs, now);
}

Test(output, a_file_is_there_when_its_header_is_synced)
{
    begin();
    is_ordered(JOURNAL_CREATE);
    cr_expect_str_eq(order.name, "log-0000000000000007");
    is_done(0);
    is_ordered(JOURNAL_WRITE);
    cr_expect_eq(order.offset, 0);
    cr_expect_eq(order.bytes.len, FILE_HEADER_BYTES);
    is_done(1000);
    is_ordered(JOURNAL_WRITE); /* the rest of the same bytes */
    cr_expect_eq(order.offset, 1000);
    cr_expect_eq(order.bytes.len, FILE_HEADER_BYTES - 1000);
    is_done(FILE_HEADER_BYTES - 1000);
    cr_expect_eq(out.synced.bytes, 0);
    is_ordered(JOURNAL_SYNC);
    is_done(0);
    cr_expect_eq(out.step, OUTPUT_IDLE);
    cr_expect_eq(out.synced.bytes, FILE_HEADER_BYTES);
    cr_expect_eq(out.synced.change, 10);
}

Test(output, what_is_written_is_durable_when_it_is_synced)
{
    open_file();
    put(11);
    write_all(0, 11, false, false);
    is_ordered(JOURNAL_WRITE);
    cr_expect_not(order.durable);
    is_done(order.bytes.len);
    cr_expect_eq(out.written.change, 11);
    cr_expect_eq(out.synced.change, 10);
    output_sync(&out);
    is_ordered(JOURNAL_SYNC);
    is_done(0);
    cr_expect_eq(out.synced.change, 11);
    cr_expect_eq(out.synced.bytes, out.written.bytes);
}

Test(output, a_durable_write_needs_no_sync_and_the_next_one_begins_on_a_page)
{
    open_file();
    put(11);
    write_all(BLOCK_END, 11, true, false);
    put(12); /* while the first is written */
    is_ordered(JOURNAL_WRITE);
    cr_expect(order.durable);
    cr_expect_not(out.synced.ends);
    is_done(order.bytes.len);
    cr_expect_eq(out.synced.change, 11);
    cr_expect(out.synced.ends);
    write_all(0, 12, false, false);
    is_ordered(JOURNAL_WRITE);
    cr_expect_eq(order.offset, FILE_HEADER_BYTES + SYNC_ALIGN_BYTES);
    cr_expect_neq(order.bytes.at[0], 0, "no zeros before it: their page is durable");
}

Test(output, without_a_sync_blocks_follow_each_other)
{
    open_file();
    put(11);
    write_all(0, 11, false, false);
    is_ordered(JOURNAL_WRITE);
    uint64_t end = order.offset + order.bytes.len;
    is_done(order.bytes.len);
    put(12);
    write_all(0, 12, false, true);
    is_ordered(JOURNAL_WRITE);
    cr_expect_eq(order.offset, end);
    is_done(order.bytes.len);
    is_ordered(JOURNAL_SYNC);
    is_done(0);
    cr_expect_eq(out.synced.change, 12);
}

Test(output, without_room_the_same_bytes_go_to_the_same_place_later)
{
    open_file();
    put(11);
    write_all(0, 11, false, false);
    is_ordered(JOURNAL_WRITE);
    struct journal_order first = order;
    is_done(8);
    is_ordered(JOURNAL_WRITE);
    has_failed(JOURNAL_NO_ROOM);
    cr_expect(out.no_room);
    cr_expect_not(output_order(&out, &order));
    output_again(&out);
    is_ordered(JOURNAL_WRITE);
    cr_expect_eq(order.offset, first.offset + 8);
    cr_expect_eq(order.bytes.at, first.bytes.at + 8);
    is_done(order.bytes.len);
    cr_expect_eq(out.step, OUTPUT_IDLE);
}

Test(output, a_sync_that_fails_is_never_tried_again)
{
    static const enum journal_outcome outcomes[] = {JOURNAL_FAILED, JOURNAL_NO_ROOM};
    for (unsigned i = 0; i < 2; i++) {
        setup();
        open_file();
        put(11);
        write_all(0, 11, false, true);
        is_ordered(JOURNAL_WRITE);
        is_done(order.bytes.len);
        is_ordered(JOURNAL_SYNC);
        has_failed(outcomes[i]);
        cr_expect_eq(out.step, OUTPUT_FAILED);
        cr_expect_not(output_order(&out, &order));
        cr_expect_eq(out.synced.change, 10);
        cr_expect_str_eq(out.why, "it has failed");
    }
}

Test(output, nor_is_one_of_the_folder)
{
    open_file();
    output_ask(&out, JOURNAL_SYNC_FOLDER, "", "");
    is_ordered(JOURNAL_SYNC_FOLDER);
    has_failed(JOURNAL_NO_ROOM);
    cr_expect_eq(out.step, OUTPUT_FAILED);
    cr_expect_not(out.no_room);
}

Test(output, what_has_failed_can_only_be_closed)
{
    open_file();
    put(11);
    write_all(0, 11, false, false);
    is_ordered(JOURNAL_WRITE);
    has_failed(JOURNAL_FAILED);
    output_close(&out);
    is_ordered(JOURNAL_CLOSE);
    has_failed(JOURNAL_FAILED); /* it is closed whatever is said */
    cr_expect_eq(out.step, OUTPUT_CLOSED);
    cr_expect_not(out.is_open);
    begin(); /* and the next one can be begun */
    is_ordered(JOURNAL_CREATE);
}

Test(output, a_file_that_was_not_created_needs_no_close)
{
    begin();
    is_ordered(JOURNAL_CREATE);
    has_failed(JOURNAL_FAILED);
    output_close(&out);
    cr_expect_eq(out.step, OUTPUT_CLOSED);
}

Test(output, nothing_is_written_of_an_empty_span_without_flags)
{
    open_file();
    write_all(0, 10, false, false);
    cr_expect_eq(out.step, OUTPUT_IDLE);
    write_all(BLOCK_END, 10, false, false);
    is_ordered(JOURNAL_WRITE);
    cr_expect_eq(order.bytes.len, SYNC_ALIGN_BYTES); /* the END, and zeros */
}

Test(output, whole_and_ends_become_durable_like_the_rest)
{
    open_file();
    put(15); /* 11 to 14 were replaced by what is behind */
    output_write(&out, &(struct writer_last){0}, 15, 10, false, true, now);
    is_ordered(JOURNAL_WRITE);
    is_done(order.bytes.len);
    is_ordered(JOURNAL_SYNC);
    is_done(0);
    cr_expect_eq(out.synced.change, 15);
    cr_expect_eq(out.synced.whole, 10);
    cr_expect_not(out.synced.ends);
    put(16);
    output_write(&out, &(struct writer_last){.flags = BLOCK_END}, 16, 16, true, false, now);
    is_ordered(JOURNAL_WRITE);
    cr_expect_eq(out.synced.whole, 10);
    is_done(order.bytes.len);
    cr_expect_eq(out.synced.whole, 16);
    cr_expect(out.synced.ends);
}
