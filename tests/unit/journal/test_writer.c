/* test_writer.c — spans: where blocks begin and end, what they say, and what room is kept. */
#include "unit/journal/sample.h"
#include <criterion/criterion.h>
#include <signal.h>

static struct sample s;
static const struct writer_last plain;

static struct block_header header_at(struct span bytes, size_t at, uint64_t offset)
{
    struct block_header h = {0};
    uint32_t crc;
    cr_assert_leq(at + BLOCK_HEADER_BYTES, bytes.len);
    cr_assert(
        block_header_parse((const unsigned char *)bytes.at + at, offset + at, s.w.salt, &h, &crc));
    return h;
}

static void put(unsigned items)
{
    struct sample_text text;
    for (; items; items--) {
        struct feed_item item = sample_item(s.w.change + 1, &text);
        cr_assert(writer_put(&s.w, &item));
    }
}

static bool zeros(struct span bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (bytes.at[i])
            return false;
    return true;
}

Test(writer, a_span_of_nothing_has_no_bytes)
{
    sample_begin(&s, FILE_LOG, 1, 0);
    sample_span(&s, 1, 0, true);
    uint64_t end = s.w.end, blocks_end = s.w.blocks_end;
    uint32_t crc = s.w.crc;
    writer_begin(&s.w, s.synced);
    cr_expect_eq(writer_end(&s.w, &plain).len, 0);
    writer_begin(&s.w, s.synced);
    cr_expect_eq(writer_end(&s.w, &(struct writer_last){.flags = BLOCK_PARTIAL}).len, 0);
    cr_expect_eq(s.w.end, end);
    cr_expect_eq(s.w.blocks_end, blocks_end);
    cr_expect_eq(s.w.crc, crc);
    sample_end(&s);
}

Test(writer, each_span_has_pages_of_its_own)
{
    sample_begin(&s, FILE_LOG, 1, 100);
    uint64_t blocks_end = FILE_HEADER_BYTES;
    for (unsigned i = 0; i < 50; i++) {
        uint64_t before = s.w.end;
        writer_begin(&s.w, FILE_HEADER_BYTES);
        put(1 + i * i);
        struct span span = writer_end(&s.w, &plain);
        struct block_header h = header_at(span, 0, before);
        cr_expect_eq(s.w.offset, before);
        cr_expect_eq(span.len % SYNC_ALIGN_BYTES, 0);
        cr_expect_eq(s.w.end, before + span.len);
        cr_expect_eq(h.zeros, before - blocks_end);
        cr_expect_lt(s.w.end - s.w.blocks_end, (uint64_t)SYNC_ALIGN_BYTES);
        cr_expect(zeros(span, s.w.blocks_end - before, span.len));
        blocks_end = s.w.blocks_end;
    }
    sample_end(&s);
}

/* The buffer is as the last span left it: what was in it is not told as zeros. */
Test(writer, the_rest_of_a_page_is_zeros_whatever_was_there)
{
    sample_begin(&s, FILE_LOG, 1, 0);
    memset(s.buffer, 0xa5, WRITER_BUFFER_BYTES);
    for (unsigned items = 1; items < 9; items++) {
        sample_span(&s, items, BLOCK_END, true);
        struct told told = sample_scan_log(&s.header, s.bytes, s.room);
        cr_assert_eq(told.result.verdict, SCAN_CLEAN);
        cr_assert_eq(told.stamps, s.w.change);
        cr_assert_eq(told.wrong, 0);
    }
    sample_end(&s);
}

Test(writer, a_block_says_what_it_is)
{
    sample_begin(&s, FILE_LOG, 1, 100);
    writer_begin(&s.w, FILE_HEADER_BYTES);
    put(3);
    struct span span = writer_end(&s.w, &plain);
    struct block_header h = header_at(span, 0, FILE_HEADER_BYTES);
    cr_expect_eq(h.change, 103);
    cr_expect_eq(h.synced, FILE_HEADER_BYTES);
    cr_expect_eq(h.offset, FILE_HEADER_BYTES);
    cr_expect_eq(h.flags, 0);
    cr_expect_eq(h.digest, 0);
    cr_expect_eq(h.count, 0);
    cr_expect_eq(h.clock_ns, 0);
    cr_expect_eq(s.w.blocks_end, FILE_HEADER_BYTES + block_bytes(h.payload_bytes));

    uint64_t end = s.w.end, synced = s.w.blocks_end;
    writer_begin(&s.w, synced);
    put(1);
    span = writer_end(&s.w, &(struct writer_last){.flags = BLOCK_PARTIAL, .digest = 9, .count = 9});
    h = header_at(span, 0, end);
    cr_expect_eq(h.change, 104);
    cr_expect_eq(h.synced, synced);
    cr_expect_eq(h.flags, BLOCK_PARTIAL);
    cr_expect_eq(h.digest, 0);
    cr_expect_eq(h.count, 0);
    sample_end(&s);
}

/* What becomes durable while a span is filled is said by its blocks that are not full yet. */
Test(writer, a_sync_while_a_span_is_open)
{
    sample_begin(&s, FILE_LOG, 1, 0);
    sample_span(&s, 10, 0, false);
    uint64_t at = s.w.end, known = s.w.blocks_end;
    writer_begin(&s.w, FILE_HEADER_BYTES);
    put(2000);
    writer_synced(&s.w, known);
    put(1000);
    struct span span = writer_end(&s.w, &plain);
    uint64_t offset = 0;
    unsigned blocks = 0, early = 0;
    while (offset < s.w.blocks_end - at) {
        struct block_header h = header_at(span, offset, at);
        if (h.synced == FILE_HEADER_BYTES)
            cr_expect_eq(early++, blocks, "a block forgets what the one before it said");
        else
            cr_expect_eq(h.synced, known);
        blocks++;
        offset += block_bytes(h.payload_bytes);
    }
    cr_expect_gt(early, 0);
    cr_expect_gt(blocks, early);
    sample_end(&s);
}

Test(writer, an_end_without_items_has_a_block)
{
    sample_begin(&s, FILE_LOG, 1, 100);
    writer_begin(&s.w, FILE_HEADER_BYTES);
    struct writer_last last = {BLOCK_END | BLOCK_PARTIAL, 0xabc, 123456789, 77};
    struct span span = writer_end(&s.w, &last);
    struct block_header h = header_at(span, 0, FILE_HEADER_BYTES);
    cr_expect_eq(span.len, SYNC_ALIGN_BYTES);
    cr_expect_eq(h.payload_bytes, 0);
    cr_expect_eq(h.flags, BLOCK_END | BLOCK_PARTIAL);
    cr_expect_eq(h.change, 100);
    cr_expect_eq(h.digest, 0xabc);
    cr_expect_eq(h.clock_ns, 123456789);
    cr_expect_eq(h.count, 77);
    sample_end(&s);
}

Test(writer, only_the_last_block_has_the_flags)
{
    sample_begin(&s, FILE_LOG, 1, 0);
    sample_span(&s, 5000, BLOCK_END, false);
    cr_assert_gt(s.blocks, 5);
    uint64_t change = 0;
    for (unsigned i = 0; i < s.blocks; i++) {
        struct block_header h = header_at((struct span){(char *)s.bytes, s.len}, s.block[i].at, 0);
        cr_expect_eq(h.flags, i + 1 == s.blocks ? BLOCK_END : 0);
        cr_expect_leq(h.payload_bytes, BLOCK_PAYLOAD_BYTES_MAX);
        cr_expect_gt(h.change, change);
        change = h.change;
        if (i + 1 < s.blocks) { /* no block is left half empty */
            cr_expect_gt(h.payload_bytes, BLOCK_PAYLOAD_BYTES_MAX - STAMP_RECORD_BYTES_MAX);
            cr_expect_eq(s.block[i + 1].at, s.block[i].end);
        }
    }
    cr_expect_eq(change, 5000);
    sample_end(&s);
}

Test(writer, a_seal_has_the_sums_of_the_file)
{
    struct sample_text text;
    uint64_t digest = 0;
    for (uint64_t change = 1; change <= 5; change++)
        digest += sample_item(change, &text).hash;
    sample_begin(&s, FILE_BASE, 1, 0);
    sample_span(&s, 3, 0, false);
    sample_span(&s, 2, 0, false);
    writer_begin(&s.w, s.synced);
    uint64_t end = s.w.end;
    struct span span = writer_end(&s.w, &(struct writer_last){BLOCK_SEAL, 1, 2, 3});
    struct block_header h = header_at(span, 0, end);
    cr_expect_eq(h.flags, BLOCK_SEAL);
    cr_expect_eq(h.digest, digest);
    cr_expect_eq(h.count, 5);
    cr_expect_eq(h.clock_ns, 2);
    sample_append(&s, span);
    struct told told = sample_scan_log(&s.header, s.bytes, s.len);
    cr_expect_eq(told.result.verdict, SCAN_CLEAN);
    cr_expect(told.result.sealed);
    sample_end(&s);
}

/* However far the last block was filled, all haves stand in the block that has BLOCK_END. */
Test(writer, haves_are_in_the_block_of_the_end)
{
    char name[STAMPEDE_NODE_NAME_BYTES_MAX];
    memset(name, 'n', sizeof name);
    for (unsigned items = 0; items < 1000; items += items < 700 ? 97 : 1) {
        sample_begin(&s, FILE_LOG, 1, 0);
        writer_begin(&s.w, s.synced);
        put(items);
        for (unsigned i = 0; i < WRITER_HAVES_MAX; i++)
            writer_have(&s.w, &(struct have){{name, sizeof name}, {1, i, 0}, {0}});
        sample_append(&s, writer_end(&s.w, &(struct writer_last){.flags = BLOCK_END}));
        const struct sample_block *last = &s.block[s.blocks - 1];
        cr_expect_geq(
            last->end - last->at, BLOCK_HEADER_BYTES + WRITER_HAVES_MAX * HAVE_RECORD_BYTES_MAX);
        struct told told = sample_scan_log(&s.header, s.bytes, s.len);
        cr_expect_eq(told.result.verdict, SCAN_CLEAN);
        cr_expect_eq(told.stamps, items);
        cr_expect_eq(told.haves, WRITER_HAVES_MAX);
        cr_expect_eq(told.whole_ends, 1);
        sample_end(&s);
    }
}

/* Fill a buffer of exactly its size, by records of every length: with all haves, an END and zeros
 * to the page's end nothing is written behind it (which AddressSanitizer sees). Two buffers take
 * turns, and neither is written to while the other is filled. */
Test(writer, a_buffer_that_is_full_has_room_for_the_end)
{
    char name[STAMPEDE_NODE_NAME_BYTES_MAX];
    memset(name, 'n', sizeof name);
    for (unsigned before = 0; before < 60; before++) {
        size_t bytes = before % 2 ? WRITER_BUFFER_BYTES_MIN : WRITER_BUFFER_BYTES_MIN * 8;
        unsigned char *buffer[2] = {malloc(bytes), malloc(bytes)};
        uint32_t untouched = 0;
        struct writer w;
        struct sample_text text;
        writer_init(&w, buffer[0], bytes, 1, before);
        for (unsigned spans = 0; spans < 9; spans++) {
            writer_prepare(&w, buffer[spans % 2]);
            writer_begin(&w, FILE_HEADER_BYTES);
            struct feed_item item = sample_item(w.change + 1, &text);
            cr_assert(writer_put(&w, &item));
            do
                item = sample_item(w.change + 1, &text);
            while (writer_put(&w, &item));
            for (unsigned i = 0; i < WRITER_HAVES_MAX; i++)
                writer_have(&w, &(struct have){{name, sizeof name}, {1, i, 0}, {2, i, 3}});
            struct span span = writer_end(&w, &(struct writer_last){.flags = BLOCK_END});
            cr_assert_eq(span.at, (const char *)buffer[spans % 2]);
            cr_assert_leq(span.len, bytes);
            cr_assert_gt(span.len, bytes - WRITER_KEPT_BYTES - STAMP_RECORD_BYTES_MAX);
            if (spans)
                cr_assert_eq(checksum(buffer[(spans + 1) % 2], bytes), untouched);
            untouched = checksum(buffer[spans % 2], bytes);
        }
        free(buffer[0]);
        free(buffer[1]);
    }
}

Test(writer, what_does_not_fit_changes_nothing)
{
    struct sample_text text;
    sample_begin(&s, FILE_LOG, 1, 0);
    writer_begin(&s.w, s.synced);
    struct feed_item item;
    do
        item = sample_item(s.w.change + 1, &text);
    while (writer_put(&s.w, &item));
    struct writer before = s.w;
    cr_expect_not(writer_put(&s.w, &item));
    cr_expect_eq(s.w.change, before.change);
    cr_expect_eq(s.w.digest, before.digest);
    cr_expect_eq(s.w.count, before.count);
    cr_expect_eq(s.w.len, before.len);
    sample_append(&s, writer_end(&s.w, &plain));
    writer_begin(&s.w, s.synced); /* it is the next span's */
    cr_assert(writer_put(&s.w, &item));
    sample_append(&s, writer_end(&s.w, &plain));
    struct told told = sample_scan_log(&s.header, s.bytes, s.len);
    cr_expect_eq(told.result.verdict, SCAN_CLEAN);
    cr_expect_eq(told.stamps, item.change);
    cr_expect_eq(told.wrong, 0);
    sample_end(&s);
}

/* -- what a caller must not do ----------------------------------------------------------------- */

static void begin_open(void)
{
    sample_begin(&s, FILE_LOG, 1, 10);
    writer_begin(&s.w, s.synced);
}

Test(writer, changes_ascend, .signal = SIGABRT)
{
    struct sample_text text;
    begin_open();
    struct feed_item item = sample_item(10, &text);
    cr_expect(writer_put(&s.w, &item));
}

Test(writer, no_item_is_behind_a_have, .signal = SIGABRT)
{
    begin_open();
    writer_have(&s.w, &(struct have){.peer = SPAN("Hands"), .had = {1, 1, 0}});
    put(1);
}

Test(writer, haves_are_of_an_end, .signal = SIGABRT)
{
    begin_open();
    writer_have(&s.w, &(struct have){.peer = SPAN("Hands"), .had = {1, 1, 0}});
    (void)!writer_end(&s.w, &plain).len;
}

Test(writer, nothing_is_durable_that_was_not_written, .signal = SIGABRT)
{
    sample_begin(&s, FILE_LOG, 1, 10);
    sample_span(&s, 1, 0, false);
    writer_begin(&s.w, s.w.end + 1);
}

Test(writer, what_was_durable_is_so_later, .signal = SIGABRT)
{
    sample_begin(&s, FILE_LOG, 1, 10);
    sample_span(&s, 1, 0, true);
    sample_span(&s, 1, 0, true);
    writer_begin(&s.w, FILE_HEADER_BYTES);
}

Test(writer, a_span_is_ended_before_the_next, .signal = SIGABRT)
{
    begin_open();
    writer_begin(&s.w, s.synced);
}

Test(writer, a_buffer_stays_while_a_span_is_open, .signal = SIGABRT)
{
    begin_open();
    writer_prepare(&s.w, s.buffer);
}
