/* test_scan.c — whatever became of a file: no stamp is told that was not written, all are told
 * that can be, and the verdict is that of the table in scan.h. */
#include "unit/journal/sample.h"
#include "unit/random.h"
#include <criterion/criterion.h>

static struct sample s;

/* Four blocks: A, B with END and haves, then a sync; on the next page C, and D with END. */
static void begin_small(enum file_kind kind)
{
    sample_begin(&s, kind, 0x5a17, 40);
    sample_span(&s, 3, 0, false);
    sample_span(&s, 2, kind == FILE_LOG ? BLOCK_END : 0, true);
    sample_span(&s, 3, 0, false);
    sample_span(&s, 1, kind == FILE_LOG ? BLOCK_END | BLOCK_PARTIAL : BLOCK_SEAL, false);
    cr_assert_eq(s.blocks, 4);
}

static struct told scan(void)
{
    return sample_scan_log(&s.header, s.bytes, s.len);
}

static uint64_t sum(uint64_t first, uint64_t last)
{
    uint64_t all = 0;
    for (uint64_t i = first; i <= last; i++)
        all += i;
    return all;
}

/* That exactly the stamps of the blocks in the mask were told. */
static void expect_blocks(const struct told *told, unsigned mask, const char *what, size_t where)
{
    uint64_t stamps = 0, changes_sum = 0;
    for (unsigned i = 0; i < s.blocks; i++)
        if (mask >> i & 1) {
            stamps += s.block[i].last + 1 - s.block[i].first;
            changes_sum += sum(s.block[i].first, s.block[i].last);
        }
    cr_assert_eq(told->wrong, 0, "%s at %zu", what, where);
    cr_assert_eq(told->stamps, stamps, "%s at %zu: %lu stamps, not %lu", what, where,
        (unsigned long)told->stamps, (unsigned long)stamps);
    cr_assert_eq(told->changes_sum, changes_sum, "%s at %zu", what, where);
    cr_assert_eq(told->result.stamps, stamps);
}

static void expect_verdict(
    const struct told *told, enum scan_verdict verdict, const char *what, size_t where)
{
    cr_assert_eq(told->result.verdict, verdict, "%s at %zu: verdict %u, not %u", what, where,
        told->result.verdict, verdict);
}

static struct file_predecessor known_end(void)
{
    return (struct file_predecessor){1, s.w.blocks_end, s.w.change, s.w.crc};
}

static struct told scan_known(size_t size, const struct file_predecessor *known)
{
    struct scan_file file = {
        .header = &s.header, .kind = s.header.kind, .size = size, .known = *known};
    return sample_scan(&file, &(struct reading){.bytes = s.bytes, .size = size});
}

Test(scan, a_whole_log)
{
    begin_small(FILE_LOG);
    struct told told = scan();
    expect_blocks(&told, 15, "whole", 0);
    expect_verdict(&told, SCAN_CLEAN, "whole", 0);
    cr_expect_eq(told.haves, 2 * SAMPLE_HAVES);
    cr_expect_eq(told.ends, 2);
    cr_expect_eq(told.whole_ends, 2);
    cr_expect_eq(told.result.end, s.len);
    cr_expect_eq(told.result.change, 49);
    cr_expect_eq(told.result.crc, s.w.crc);
    cr_expect_eq(told.result.blocks, 4);
    cr_expect_eq(told.result.holes, 0);
    cr_expect_eq(told.result.lost_bytes, 0);
    cr_expect_eq(told.result.clock_ns, 1700000000000000000);
    cr_expect(told.result.partial);
    cr_expect_not(told.result.sealed);
    struct file_predecessor known = known_end();
    told = scan_known(s.len, &known);
    expect_blocks(&told, 15, "known", 0);
    expect_verdict(&told, SCAN_CLEAN, "known", 0);
    sample_end(&s);
}

Test(scan, a_whole_base)
{
    begin_small(FILE_BASE);
    struct told told = scan();
    expect_blocks(&told, 15, "whole", 0);
    expect_verdict(&told, SCAN_CLEAN, "whole", 0);
    cr_expect(told.result.sealed);
    cr_expect_eq(told.ends, 1);
    sample_end(&s);
}

Test(scan, a_log_without_blocks)
{
    sample_begin(&s, FILE_LOG, 1, 40);
    struct told told = scan();
    expect_verdict(&told, SCAN_CLEAN, "empty", 0);
    cr_expect_eq(told.result.end, FILE_HEADER_BYTES);
    cr_expect_eq(told.result.change, 40);
    cr_expect_eq(told.result.crc, 0);
    sample_end(&s);
}

Test(scan, a_base_without_blocks)
{
    sample_begin(&s, FILE_BASE, 1, 0);
    struct told told = scan();
    expect_verdict(&told, SCAN_UNSEALED, "empty", 0);
    sample_end(&s);
}

/* -- cut --------------------------------------------------------------------------------------- */

/* Which blocks end at `size` or before. */
static unsigned mask_before(size_t size)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < s.blocks; i++)
        mask |= (unsigned)(s.block[i].end <= size) << i;
    return mask;
}

static uint64_t end_of(unsigned mask)
{
    uint64_t end = FILE_HEADER_BYTES;
    for (unsigned i = 0; i < s.blocks; i++)
        end = mask >> i & 1 ? s.block[i].end : end;
    return end;
}

static bool is_zero(size_t from, size_t to)
{
    for (; from < to; from++)
        if (s.bytes[from])
            return false;
    return true;
}

/* Nobody knows how long a last log was, so any end is one; behind the sync's zeros it is clean. */
Test(scan, a_log_cut_at_every_byte)
{
    begin_small(FILE_LOG);
    struct file_predecessor known = known_end();
    for (size_t size = FILE_HEADER_BYTES; size < s.len; size++) {
        unsigned mask = mask_before(size);
        struct told told = sample_scan_log(&s.header, s.bytes, size);
        expect_blocks(&told, mask, "cut", size);
        expect_verdict(&told, is_zero(end_of(mask), size) ? SCAN_CLEAN : SCAN_TORN, "cut", size);
        cr_assert_eq(told.result.end, end_of(mask));
        told = scan_known(size, &known);
        expect_blocks(&told, mask, "cut and known", size);
        expect_verdict(&told, SCAN_DAMAGED, "cut and known", size);
        cr_assert_eq(told.result.holes, 1, "cut and known at %zu", size);
        cr_assert_eq(told.result.lost_bytes, known.end - end_of(mask));
    }
    sample_end(&s);
}

Test(scan, a_base_cut_at_every_byte)
{
    begin_small(FILE_BASE);
    for (size_t size = FILE_HEADER_BYTES; size < s.len; size++) {
        struct told told = sample_scan_log(&s.header, s.bytes, size);
        expect_blocks(&told, mask_before(size), "cut", size);
        expect_verdict(&told, SCAN_UNSEALED, "cut", size);
    }
    sample_end(&s);
}

/* -- single bits ------------------------------------------------------------------------------- */

/* Where a byte stands: the block whose bytes, or zeros before it, it is one of. */
static unsigned block_at(size_t at)
{
    unsigned i = 0;
    while (s.block[i].end <= at)
        i++;
    return i;
}

struct expectation {
    unsigned mask;
    enum scan_verdict verdict;
    uint64_t holes;
};

/* What the table says if the byte at `at` is wrong. */
static struct expectation expected_of(size_t at, bool known)
{
    unsigned bad = block_at(at), all = (1U << s.blocks) - 1;
    bool in_block = at >= s.block[bad].at, in_header = at < s.block[bad].at + BLOCK_HEADER_BYTES;
    uint64_t x = bad ? s.block[bad - 1].end : FILE_HEADER_BYTES, synced = 0;
    for (unsigned i = 0; i < s.blocks; i++)
        if ((i != bad || !in_block || !in_header) && s.block[i].synced > synced)
            synced = s.block[i].synced;
    unsigned good = in_block ? all & ~(1U << bad) : all;
    bool behind = good >> bad;
    if (s.header.kind == FILE_BASE)
        return (struct expectation){good, behind ? SCAN_DAMAGED : SCAN_UNSEALED, behind};
    if (known || synced > x)
        return (struct expectation){good, SCAN_DAMAGED, 1};
    return (struct expectation){good & ((1U << bad) - 1), behind ? SCAN_REORDERED : SCAN_TORN, 0};
}

static void flip_every_bit(const struct file_predecessor *known)
{
    for (size_t bit = 8 * FILE_HEADER_BYTES; bit < 8 * s.len; bit++) {
        struct expectation expected = expected_of(bit / 8, known->seq);
        s.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        struct told told = scan_known(s.len, known);
        s.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        expect_blocks(&told, expected.mask, "bit", bit);
        expect_verdict(&told, expected.verdict, "bit", bit);
        cr_assert_eq(told.result.holes, expected.holes, "bit %zu", bit);
    }
}

/* In the last log, and in one that has a successor. */
Test(scan, every_bit_of_a_log_flipped)
{
    begin_small(FILE_LOG);
    flip_every_bit(&(struct file_predecessor){0});
    struct file_predecessor known = known_end();
    flip_every_bit(&known);
    sample_end(&s);
}

Test(scan, every_bit_of_a_base_flipped)
{
    begin_small(FILE_BASE);
    flip_every_bit(&(struct file_predecessor){0});
    sample_end(&s);
}

/* Some bytes from every eighth on are zeros or garbage. */
Test(scan, a_hole_of_any_size)
{
    struct random r = random_begin();
    begin_small(FILE_LOG);
    unsigned char *was = malloc(s.len);
    memcpy(was, s.bytes, s.len);
    for (size_t from = FILE_HEADER_BYTES; from < s.len; from += 8) {
        size_t len = 1 + random_below(&r, 5000);
        bool zeros = random_below(&r, 2);
        for (size_t i = from; i < from + len && i < s.len; i++)
            s.bytes[i] = zeros ? 0 : (unsigned char)random_next(&r);
        struct told told = scan();
        unsigned hit = 0;
        uint64_t x = s.len, synced = 0;
        for (unsigned i = s.blocks; i-- > 0;) {
            const struct sample_block *b = &s.block[i];
            bool is_hit = memcmp(was + b->at, s.bytes + b->at, b->end - b->at) != 0;
            hit |= (unsigned)is_hit << i;
            synced = !is_hit && b->synced > synced ? b->synced : synced;
            if (is_hit)
                x = i ? s.block[i - 1].end : FILE_HEADER_BYTES;
        }
        if (hit && synced > x)
            expect_blocks(&told, 15 & ~hit, "hole", from);
        cr_assert_eq(told.wrong, 0);
        cr_assert(told.result.verdict != SCAN_CLEAN || !hit || is_zero(x, s.len));
        memcpy(s.bytes, was, s.len);
    }
    free(was);
    sample_end(&s);
}

/* B stands before the zeros that were written for the sync. */
Test(scan, a_block_that_became_zeros)
{
    begin_small(FILE_LOG);
    memset(s.bytes + s.block[1].at, 0, s.block[1].end - s.block[1].at);
    struct told told = scan();
    expect_blocks(&told, 13, "zeros", 0);
    expect_verdict(&told, SCAN_DAMAGED, "zeros", 0);
    cr_expect_eq(told.result.holes, 1);
    cr_expect_eq(told.whole_ends, 0);
    sample_end(&s);
}

/* -- what is of another file or offset --------------------------------------------------------- */

Test(scan, blocks_of_another_salt)
{
    begin_small(FILE_LOG);
    s.header.salt ^= 1;
    struct told told = scan();
    expect_blocks(&told, 0, "salt", 0);
    expect_verdict(&told, SCAN_TORN, "salt", 0);
    sample_end(&s);
}

Test(scan, a_block_copied_to_another_offset)
{
    begin_small(FILE_LOG);
    size_t bytes = s.block[0].end - s.block[0].at;
    for (size_t to = FILE_HEADER_BYTES; to + bytes <= s.len; to += 8) {
        unsigned char *was = malloc(s.len);
        memcpy(was, s.bytes, s.len);
        memcpy(s.bytes + to, was + s.block[0].at, bytes);
        struct told told = scan();
        cr_assert_eq(told.wrong, 0);
        cr_assert_leq(told.stamps, 9, "%zu: a stamp twice", to);
        if (to >= s.block[3].end - 8 * 4)
            expect_blocks(&told, 7, "copied", to);
        memcpy(s.bytes, was, s.len);
        free(was);
    }
    sample_end(&s);
}

/* Blocks of another journal stand in the place of ours, with the same offsets. */
Test(scan, swapped_files)
{
    static struct sample other;
    begin_small(FILE_LOG);
    sample_begin(&other, FILE_LOG, 0x0707, 40);
    sample_spans(&other, 4, 2);
    struct told told = sample_scan_log(&s.header, other.bytes, other.len);
    expect_blocks(&told, 0, "swapped", 0);
    expect_verdict(&told, SCAN_TORN, "swapped", 0);
    struct file_predecessor known = known_end();
    struct scan_file file = {
        .header = &other.header, .kind = FILE_LOG, .size = other.len, .known = known};
    told = sample_scan(&file, &(struct reading){.bytes = other.bytes, .size = other.len});
    expect_verdict(&told, SCAN_DAMAGED, "swapped with a right header", 0);
    sample_end(&other);
    sample_end(&s);
}

/* -- the next log's header --------------------------------------------------------------------- */

/* A write that landed after the recovery had ended the file at B. */
Test(scan, what_lands_behind_the_known_end_is_not_read)
{
    begin_small(FILE_LOG);
    struct told before = sample_scan_log(&s.header, s.bytes, s.block[1].end);
    struct file_predecessor known = {1, before.result.end, before.result.change, before.result.crc};
    struct told told = scan_known(s.len, &known);
    expect_blocks(&told, 3, "late", 0);
    expect_verdict(&told, SCAN_CLEAN, "late", 0);
    cr_expect_eq(told.result.end, known.end);
    for (size_t bit = 8 * s.block[1].end; bit < 8 * s.len; bit++) { /* nor is it a reason */
        s.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        told = scan_known(s.len, &known);
        s.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cr_assert_eq(told.result.verdict, SCAN_CLEAN);
    }
    sample_end(&s);
}

Test(scan, an_end_that_is_not_the_known_one)
{
    begin_small(FILE_LOG);
    struct file_predecessor known = known_end(), other = known;
    other.crc ^= 1;
    struct told told = scan_known(s.len, &other);
    expect_blocks(&told, 15, "crc", 0);
    expect_verdict(&told, SCAN_DAMAGED, "crc", 0);
    other = known;
    other.change++;
    told = scan_known(s.len, &other);
    expect_verdict(&told, SCAN_DAMAGED, "change", 0);
    other = known;
    other.end += 8;
    told = scan_known(s.len, &other);
    expect_verdict(&told, SCAN_DAMAGED, "end", 0);
    other.end = UINT64_MAX - 7;
    told = scan_known(s.len, &other);
    expect_verdict(&told, SCAN_DAMAGED, "end", 0);
    other = known;
    other.end -= 8;
    told = scan_known(s.len, &other);
    expect_blocks(&told, 7, "end", 0);
    expect_verdict(&told, SCAN_DAMAGED, "end", 0);
    sample_end(&s);
}

Test(scan, a_log_without_blocks_that_is_known_as_such)
{
    sample_begin(&s, FILE_LOG, 1, 40);
    struct file_predecessor known = known_end();
    struct told told = scan_known(s.len, &known);
    expect_verdict(&told, SCAN_CLEAN, "empty", 0);
    sample_end(&s);
}

/* The changes of a log are greater than those of the file before it. */
Test(scan, changes_ascend_over_files)
{
    begin_small(FILE_LOG);
    struct scan_file file = {.header = &s.header, .kind = FILE_LOG, .size = s.len};
    for (uint64_t before = 0; before < 52; before++) {
        file.change_before = before;
        struct told told = sample_scan(&file, &(struct reading){.bytes = s.bytes, .size = s.len});
        cr_expect_eq(told.result.verdict, before <= 40 ? SCAN_CLEAN : SCAN_DAMAGED);
        cr_expect(before <= 40 || told.result.unsound > 0);
        cr_expect_eq(told.wrong, 0);
    }
    sample_end(&s);
}

/* -- what cannot be read ----------------------------------------------------------------------- */

static void each_page_unreadable(void)
{
    for (size_t page = FILE_HEADER_BYTES; page < s.len; page += SYNC_ALIGN_BYTES) {
        unsigned mask = 15;
        for (unsigned i = 0; i < s.blocks; i++)
            if (s.block[i].at < page + SYNC_ALIGN_BYTES && s.block[i].end > page)
                mask &= ~(1U << i);
        struct scan_file file = {.header = &s.header, .kind = s.header.kind, .size = s.len};
        struct told told = sample_scan(&file,
            &(struct reading){
                .bytes = s.bytes, .size = s.len, .bad_at = page + 100, .bad_end = page + 101});
        expect_blocks(&told, mask, "page", page);
        expect_verdict(&told, SCAN_DAMAGED, "page", page);
        cr_expect_eq(told.result.unreadable, 1);
    }
}

Test(scan, a_page_that_cannot_be_read)
{
    begin_small(FILE_LOG);
    each_page_unreadable();
    sample_end(&s);
    begin_small(FILE_BASE);
    each_page_unreadable();
    sample_end(&s);
}

Test(scan, nothing_can_be_read)
{
    begin_small(FILE_LOG);
    struct scan_file file = {.header = &s.header, .kind = FILE_LOG, .size = s.len};
    struct told told =
        sample_scan(&file, &(struct reading){.bytes = s.bytes, .size = s.len, .bad_end = s.len});
    expect_blocks(&told, 0, "nothing", 0);
    expect_verdict(&told, SCAN_DAMAGED, "nothing", 0);
    sample_end(&s);
}

/* A failure of a long read that is none when pages are read by themselves. */
Test(scan, a_page_that_can_be_read_in_the_end)
{
    static struct stamp_text text;
    begin_small(FILE_LOG);
    unsigned char *window = malloc(SCAN_WINDOW_BYTES);
    struct scan_file file = {.header = &s.header, .kind = FILE_LOG, .size = s.len};
    struct scan scan;
    struct scan_event event;
    struct reading from = {.bytes = s.bytes, .size = s.len};
    unsigned reads = 0;
    enum scan_step step;
    file_scan_init(&scan, &file, window);
    while ((step = file_scan_next(&scan, &event, &text)) != SCAN_DONE)
        if (step == SCAN_READ && reads++ == 0)
            file_scan_unreadable(&scan);
        else if (step == SCAN_READ)
            sample_answer(&scan, &event, &from);
    cr_expect_eq(scan.result.verdict, SCAN_CLEAN);
    cr_expect_eq(scan.result.stamps, 9);
    cr_expect_eq(reads, 1 + (s.len - FILE_HEADER_BYTES + SYNC_ALIGN_BYTES - 1) / SYNC_ALIGN_BYTES);
    free(window);
    sample_end(&s);
}

/* The file has become shorter than its size was. */
Test(scan, a_file_that_ends_earlier)
{
    static struct stamp_text text;
    begin_small(FILE_LOG);
    unsigned char *window = malloc(SCAN_WINDOW_BYTES);
    struct scan_file file = {.header = &s.header, .kind = FILE_LOG, .size = s.len + 100000};
    struct scan scan;
    struct scan_event event;
    enum scan_step step;
    file_scan_init(&scan, &file, window);
    while ((step = file_scan_next(&scan, &event, &text)) != SCAN_DONE)
        if (step == SCAN_READ) {
            size_t left = s.len - event.read.offset;
            size_t bytes = left < event.read.bytes ? left : event.read.bytes;
            memcpy(event.read.into, s.bytes + event.read.offset, bytes);
            file_scan_filled(&scan, bytes);
        }
    cr_expect_eq(scan.result.verdict, SCAN_CLEAN);
    cr_expect_eq(scan.result.stamps, 9);
    free(window);
    sample_end(&s);
}

/* -- without a header -------------------------------------------------------------------------- */

static struct told scan_headless(size_t size, uint64_t known)
{
    struct scan_file file = {
        .kind = s.header.kind, .size = size, .known = {.seq = known != 0, .end = known}};
    return sample_scan(&file, &(struct reading){.bytes = s.bytes, .size = size});
}

Test(scan, a_header_that_is_damaged)
{
    begin_small(FILE_LOG);
    struct told told = scan_headless(s.len, 0);
    expect_blocks(&told, 15, "headless", 0);
    expect_verdict(&told, SCAN_DAMAGED, "headless", 0);
    cr_expect_eq(told.whole_ends, 0);
    s.bytes[s.block[0].at] ^= 1;
    told = scan_headless(s.len, 0);
    expect_blocks(&told, 14, "headless", 0);
    sample_end(&s);
}

Test(scan, a_power_cut_while_the_file_was_created)
{
    begin_small(FILE_LOG);
    for (size_t size = 0; size <= FILE_HEADER_BYTES; size += 512) {
        struct told told = scan_headless(size, 0);
        expect_verdict(&told, SCAN_EMPTY, "created", size);
        told = scan_headless(size, FILE_HEADER_BYTES);
        expect_verdict(&told, SCAN_EMPTY, "created", size);
        told = scan_headless(size, FILE_HEADER_BYTES + 80); /* but the next log knows better */
        expect_verdict(&told, SCAN_DAMAGED, "created", size);
    }
    sample_end(&s);
}

/* -- right CRCs over what no writer writes ----------------------------------------------------- */

/* Append a block of these records to a log that has the changes 41 and 42. */
static struct told scan_forged(
    enum file_kind kind, const struct block_header *like, const unsigned char *payload, size_t len)
{
    sample_begin(&s, kind, 3, 40);
    sample_span(&s, 2, 0, false);
    unsigned char bytes[1024] = {0};
    struct block_header h = *like;
    h.payload_bytes = (uint32_t)len;
    h.payload_crc = checksum(payload, len);
    h.offset = s.len;
    h.synced = FILE_HEADER_BYTES;
    block_header_put(bytes, &h, 3);
    memcpy(bytes + BLOCK_HEADER_BYTES, payload, len);
    s.w.change = h.change;
    s.w.offset = s.len;
    s.w.blocks_end = s.len + block_bytes(h.payload_bytes);
    sample_append(&s, (struct span){(char *)bytes, block_bytes(h.payload_bytes)});
    struct told told = scan();
    sample_end(&s);
    return told;
}

static size_t put_stamps(unsigned char *out, uint64_t first, uint64_t last)
{
    struct sample_text text;
    size_t len = 0;
    for (; first <= last; first++) {
        struct feed_item item = sample_item(first, &text);
        len += records_put_stamp(out + len, &item);
    }
    return len;
}

Test(scan, changes_of_a_block)
{
    static const struct {
        uint64_t first, last, change;
        uint32_t flags;
        uint64_t stamps;
        bool sound;
    } cases[] = {
        {43, 44, 44, 0, 4, true},
        {50, 51, 51, 0, 4, true}, /* conflation leaves numbers out */
        {43, 44, 44, BLOCK_END, 4, true},
        {43, 44, 45, 0, 4, false}, /* the last one is missing */
        {43, 44, 43, 0, 3, false}, /* one more than the header says */
        {42, 44, 44, 0, 2, false}, /* again */
        {41, 44, 44, 0, 2, false},
        {43, 42, 42, 0, 2, true}, /* none */
        {43, 42, 43, 0, 2, false},
        {43, 42, 41, 0, 2, false},
        {43, 44, 44, BLOCK_SEAL, 2, false},
    };
    unsigned char payload[900];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = put_stamps(payload, cases[i].first, cases[i].last);
        struct block_header h = {.change = cases[i].change, .flags = cases[i].flags};
        struct told told = scan_forged(FILE_LOG, &h, payload, len);
        cr_expect_eq(told.stamps, cases[i].stamps, "case %zu: %lu", i, (unsigned long)told.stamps);
        cr_expect_eq(told.wrong, 0);
        cr_expect_eq(
            told.result.verdict, cases[i].sound ? SCAN_CLEAN : SCAN_DAMAGED, "case %zu", i);
        cr_expect_eq(told.result.unsound, !cases[i].sound);
        cr_expect_eq(told.result.blocks, 2);
    }
}

Test(scan, records_that_no_writer_writes)
{
    unsigned char payload[900];
    struct have have = {.peer = SPAN("Hands"), .had = {1, 1, 0}};
    size_t len = put_stamps(payload, 43, 43);
    struct block_header h = {.change = 43};
    payload[len] = 3; /* a kind that is not known */
    struct told told = scan_forged(FILE_LOG, &h, payload, len + 1);
    cr_expect_eq(told.result.verdict, SCAN_DAMAGED);
    cr_expect_eq(told.stamps, 3, "what came before is good");
    memcpy(payload + len, "\x80\0\1\0x", 5); /* one that may be skipped */
    told = scan_forged(FILE_LOG, &h, payload, len + 5);
    cr_expect_eq(told.result.verdict, SCAN_CLEAN);
    cr_expect_eq(told.stamps, 3);
    size_t have_len = records_put_have(payload + len, &have);
    told = scan_forged(FILE_LOG, &h, payload, len + have_len); /* without END */
    cr_expect_eq(told.result.verdict, SCAN_DAMAGED);
    cr_expect_eq(told.haves, 0);
    h.flags = BLOCK_END;
    told = scan_forged(FILE_LOG, &h, payload, len + have_len);
    cr_expect_eq(told.result.verdict, SCAN_CLEAN);
    cr_expect_eq(told.haves, 1);
    cr_expect_eq(told.whole_ends, 1);
    told = scan_forged(FILE_BASE, &h, payload, len + have_len);
    cr_expect_eq(told.result.verdict, SCAN_DAMAGED, "END in a base");
}

Test(scan, sums_of_a_seal)
{
    unsigned char payload[900];
    struct sample_text text;
    uint64_t digest = 0;
    size_t len = put_stamps(payload, 43, 43);
    for (uint64_t change = 41; change <= 43; change++)
        digest += sample_item(change, &text).hash;
    struct block_header h = {.change = 43, .flags = BLOCK_SEAL, .digest = digest, .count = 3};
    struct told told = scan_forged(FILE_BASE, &h, payload, len);
    cr_expect_eq(told.result.verdict, SCAN_CLEAN);
    h.digest ^= 1;
    told = scan_forged(FILE_BASE, &h, payload, len);
    cr_expect_eq(told.result.verdict, SCAN_UNSEALED);
    cr_expect_eq(told.stamps, 3);
    h.digest = digest;
    h.count = 2;
    told = scan_forged(FILE_BASE, &h, payload, len);
    cr_expect_eq(told.result.verdict, SCAN_UNSEALED);
    cr_expect_not(told.result.sealed);
}

Test(scan, a_seal_is_the_last_block)
{
    begin_small(FILE_BASE);
    sample_span(&s, 1, 0, false);
    struct told told = scan();
    expect_verdict(&told, SCAN_UNSEALED, "behind the seal", 0);
    sample_end(&s);
}

/* -- large files ------------------------------------------------------------------------------- */

static void begin_large(void)
{
    sample_begin(&s, FILE_LOG, 99, 0);
    for (unsigned i = 0; i < 40; i++)
        sample_span(&s, i % 7 == 3 ? 5000 : 700, i % 3 ? BLOCK_END : 0, i % 4 == 3);
    cr_assert_gt(s.len, 3 * SCAN_WINDOW_BYTES);
}

/* The same is told, however many bytes a read returns. */
Test(scan, pieces_of_any_size)
{
    begin_large();
    struct scan_file file = {.header = &s.header, .kind = FILE_LOG, .size = s.len};
    static const size_t pieces[] = {0, 1000, 4096, 65535, SCAN_WINDOW_BYTES - 1};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct told told = sample_scan(
            &file, &(struct reading){.bytes = s.bytes, .size = s.len, .piece = pieces[i]});
        cr_expect_eq(told.result.verdict, SCAN_CLEAN);
        cr_expect_eq(told.stamps, s.w.change);
        cr_expect_eq(told.wrong, 0);
        cr_expect_eq(told.result.end, s.w.blocks_end);
        cr_expect_eq(told.ends, 26);
    }
    sample_end(&s);
}

/* Several wrong bytes anywhere: all other blocks are told if a synced one is hit, and the holes are
 * counted. */
Test(scan, damage_in_a_large_file)
{
    struct random r = random_begin();
    begin_large();
    for (unsigned round = 0; round < 60; round++) {
        size_t at[3];
        unsigned hits = 1 + random_below(&r, 3);
        uint64_t lost = 0, synced = 0, x = UINT64_MAX, told_before = 0;
        static bool bad[SAMPLE_BLOCKS_MAX];
        memset(bad, 0, sizeof bad);
        for (unsigned i = 0; i < hits; i++) {
            at[i] = FILE_HEADER_BYTES + random_next(&r) % (s.len - FILE_HEADER_BYTES);
            s.bytes[at[i]] ^= 1;
            unsigned b = block_at(at[i]);
            uint64_t end = b ? s.block[b - 1].end : FILE_HEADER_BYTES;
            bad[b] |= at[i] >= s.block[b].at;
            x = end < x ? end : x;
        }
        for (unsigned i = 0; i < s.blocks; i++) {
            uint64_t stamps = s.block[i].last + 1 - s.block[i].first;
            lost += bad[i] ? stamps : 0;
            told_before += s.block[i].end <= x ? stamps : 0;
            synced = !bad[i] && s.block[i].synced > synced ? s.block[i].synced : synced;
        }
        struct told told = scan();
        cr_assert_eq(told.wrong, 0);
        if (synced > x) {
            expect_verdict(&told, SCAN_DAMAGED, "large", at[0]);
            cr_assert_eq(told.stamps, s.w.change - lost);
            cr_assert(told.result.holes >= 1 && told.result.holes <= hits);
        } else if (told.result.verdict == SCAN_DAMAGED) {
            cr_assert_eq(told.stamps, s.w.change - lost, "a right header of a bad block says so");
        } else {
            cr_assert_eq(told.stamps, told_before);
        }
        for (unsigned i = 0; i < hits; i++)
            s.bytes[at[i]] ^= 1;
    }
    cr_expect_eq(scan().result.verdict, SCAN_CLEAN);
    sample_end(&s);
}

Test(scan, pages_of_a_large_file_that_cannot_be_read)
{
    struct random r = random_begin();
    begin_large();
    for (unsigned round = 0; round < 20; round++) {
        size_t from = FILE_HEADER_BYTES + random_next(&r) % (s.len - FILE_HEADER_BYTES);
        size_t len = random_below(&r, 2) ? 1 : 1 + random_below(&r, 3 * SCAN_WINDOW_BYTES);
        size_t end = from + len < s.len ? from + len : s.len;
        size_t first = from / SYNC_ALIGN_BYTES * SYNC_ALIGN_BYTES;
        size_t behind = (end + SYNC_ALIGN_BYTES - 1) / SYNC_ALIGN_BYTES * SYNC_ALIGN_BYTES;
        uint64_t stamps = 0;
        for (unsigned i = 0; i < s.blocks; i++)
            if (s.block[i].end <= first || s.block[i].at >= behind)
                stamps += s.block[i].last + 1 - s.block[i].first;
        struct scan_file file = {.header = &s.header, .kind = FILE_LOG, .size = s.len};
        struct told told = sample_scan(&file,
            &(struct reading){.bytes = s.bytes, .size = s.len, .bad_at = from, .bad_end = end});
        expect_verdict(&told, SCAN_DAMAGED, "unreadable", from);
        cr_assert_eq(told.stamps, stamps);
        cr_assert_eq(told.wrong, 0);
        cr_assert_eq(told.result.unreadable, (behind - first) / SYNC_ALIGN_BYTES);
    }
    sample_end(&s);
}
