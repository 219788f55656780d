/* test_format.c — headers are read as they were written, with every verdict about those that are
 * not: each bit flipped, each field out of bounds under a CRC that is right. */
#include "core/base/word.h"
#include "core/journal/checksum.h"
#include "core/journal/format.h"
#include <criterion/criterion.h>
#include <signal.h>

enum { AT_FILE_CRC = FILE_HEADER_BYTES - 4, AT_BLOCK_CRC = BLOCK_HEADER_BYTES - 4, SALT = 77 };

Test(format, checksum_is_crc_32c)
{
    cr_expect_eq(checksum((const unsigned char *)"123456789", 9), 0xe3069283);
    cr_expect_eq(checksum((const unsigned char *)"", 0), 0);
}

static struct file_header log_header(void)
{
    struct file_header h = {
        .kind = FILE_LOG,
        .seq = 4,
        .salt = SALT,
        .boot = 5,
        .change_before = 1000,
        .predecessor = {.seq = 3, .end = 8192, .change = 999, .crc = 0xdeadbeef},
        .started_ns = 1700000000000000000,
        .formers = 2,
        .former = {{.boot = 4, .change = 900}, {.boot = 3, .change = 0}},
    };
    file_name_put(&h.herd, SPAN("demo"));
    file_name_put(&h.node, SPAN("Goloman"));
    return h;
}

static const struct file_expected expected = {
    .herd = {"demo", 4}, .node = {"Goloman", 7}, .kind = FILE_LOG, .seq = 4};

static struct span whole(const unsigned char *bytes)
{
    return (struct span){(const char *)bytes, FILE_HEADER_BYTES};
}

static enum file_verdict parse(const unsigned char *bytes)
{
    struct file_header out;
    return file_header_parse(whole(bytes), &expected, &out);
}

static void mend_file_crc(unsigned char *bytes)
{
    word_store_half(bytes + AT_FILE_CRC, checksum(bytes, AT_FILE_CRC));
}

static void expect_same(const struct file_header *a, const struct file_header *b)
{
    cr_expect_eq(a->kind, b->kind);
    cr_expect_eq(a->seq, b->seq);
    cr_expect_eq(a->salt, b->salt);
    cr_expect_eq(a->boot, b->boot);
    cr_expect_eq(a->change_before, b->change_before);
    cr_expect_eq(a->predecessor.seq, b->predecessor.seq);
    cr_expect_eq(a->predecessor.end, b->predecessor.end);
    cr_expect_eq(a->predecessor.change, b->predecessor.change);
    cr_expect_eq(a->predecessor.crc, b->predecessor.crc);
    cr_expect_eq(a->started_ns, b->started_ns);
    cr_expect_arr_eq(&a->herd, &b->herd, sizeof a->herd);
    cr_expect_arr_eq(&a->node, &b->node, sizeof a->node);
    cr_expect_eq(a->formers, b->formers);
    cr_expect_arr_eq(a->former, b->former, sizeof a->former);
}

static void expect_round_trip(const struct file_header *h)
{
    unsigned char bytes[FILE_HEADER_BYTES];
    struct file_header out;
    struct file_expected any = {.kind = h->kind, .seq = h->seq};
    file_header_put(bytes, h);
    cr_assert_eq(file_header_parse(whole(bytes), &any, &out), FILE_FINE);
    expect_same(&out, h);
}

Test(format, file_headers_are_read_as_written)
{
    struct file_header h = log_header();
    expect_round_trip(&h);
    h.kind = FILE_BASE;
    h.predecessor = (struct file_predecessor){0};
    h.formers = 0;
    memset(h.former, 0, sizeof h.former);
    expect_round_trip(&h);
}

Test(format, extremes_of_file_headers)
{
    struct file_header h = {
        .kind = FILE_LOG,
        .seq = UINT64_MAX,
        .salt = UINT64_MAX,
        .boot = UINT64_MAX,
        .change_before = UINT64_MAX,
        .predecessor = {UINT64_MAX - 1, UINT64_MAX - 7, UINT64_MAX, UINT32_MAX},
        .started_ns = INT64_MAX,
        .formers = FILE_FORMER_BOOTS_MAX,
    };
    char name[FILE_NAME_BYTES_MAX];
    memset(name, 'n', sizeof name);
    file_name_put(&h.herd, (struct span){name, sizeof name});
    file_name_put(&h.node, (struct span){name, sizeof name});
    for (unsigned i = 0; i < FILE_FORMER_BOOTS_MAX; i++)
        h.former[i] = (struct former_boot){UINT64_MAX - i, UINT64_MAX - i};
    expect_round_trip(&h);
}

Test(format, verdicts_about_sound_headers)
{
    struct file_header h = log_header(), out;
    unsigned char bytes[FILE_HEADER_BYTES];
    file_header_put(bytes, &h);
    const struct {
        struct file_expected expected;
        enum file_verdict verdict;
    } cases[] = {
        {{SPAN("demo"), SPAN("Goloman"), FILE_LOG, 4}, FILE_FINE},
        {{{NULL, 0}, {NULL, 0}, FILE_LOG, 4}, FILE_FINE},
        {{SPAN("dem"), SPAN("Goloman"), FILE_LOG, 4}, FILE_OTHER_HERD},
        {{SPAN("demon"), SPAN("Goloman"), FILE_LOG, 4}, FILE_OTHER_HERD},
        {{SPAN("demo"), SPAN("Goloma"), FILE_LOG, 4}, FILE_OTHER_NODE},
        {{SPAN("demo"), SPAN("Hands"), FILE_LOG, 4}, FILE_OTHER_NODE},
        {{{NULL, 0}, SPAN("Hands"), FILE_LOG, 4}, FILE_OTHER_NODE},
        {{SPAN("demo"), SPAN("Goloman"), FILE_BASE, 4}, FILE_OTHER_NAME},
        {{SPAN("demo"), SPAN("Goloman"), FILE_LOG, 5}, FILE_OTHER_NAME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        out = (struct file_header){0};
        cr_expect_eq(file_header_parse(whole(bytes), &cases[i].expected, &out), cases[i].verdict,
            "case %zu", i);
        expect_same(&out, &h);
    }
    word_store_half(bytes + 12, 2);
    mend_file_crc(bytes);
    cr_expect_eq(file_header_parse(whole(bytes), &expected, &out), FILE_OTHER_HASH);
    expect_same(&out, &h);
}

Test(format, a_file_that_ends_in_its_header)
{
    struct file_header h = log_header(), out;
    unsigned char bytes[FILE_HEADER_BYTES];
    file_header_put(bytes, &h);
    for (size_t len = 0; len < FILE_HEADER_BYTES; len++) {
        char *cut = malloc(len);
        memcpy(cut, bytes, len);
        cr_expect_eq(
            file_header_parse((struct span){cut, len}, &expected, &out), FILE_DAMAGED, "%zu", len);
        free(cut);
    }
}

Test(format, no_bit_of_a_file_header_flips_unseen)
{
    struct file_header h = log_header();
    unsigned char bytes[FILE_HEADER_BYTES];
    file_header_put(bytes, &h);
    for (size_t bit = 0; bit < 8 * FILE_HEADER_BYTES; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cr_expect_eq(parse(bytes), bit < 64 ? FILE_FOREIGN : FILE_DAMAGED, "bit %zu", bit);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    cr_expect_eq(parse(bytes), FILE_FINE);
}

Test(format, other_bytes)
{
    struct file_header h = log_header();
    unsigned char bytes[FILE_HEADER_BYTES] = {0};
    cr_expect_eq(parse(bytes), FILE_DAMAGED, "zeros, as after a power cut");
    memset(bytes, 0x5a, sizeof bytes);
    cr_expect_eq(parse(bytes), FILE_FOREIGN);
    file_header_put(bytes, &h);
    bytes[0] = 's';
    mend_file_crc(bytes);
    cr_expect_eq(parse(bytes), FILE_FOREIGN);
}

/* A field of `bytes` bytes is set to a value, and the CRC made right. */
struct edit {
    size_t at, bytes;
    uint64_t value;
    enum file_verdict verdict;
};

static void put_field(unsigned char *bytes, const struct edit *e)
{
    for (size_t i = 0; i < e->bytes; i++)
        bytes[e->at + i] = (unsigned char)(e->value >> 8 * i);
}

Test(format, fields_of_file_headers_out_of_bounds)
{
    static const struct edit edits[] = {
        {8, 2, 0, FILE_NEWER},
        {8, 2, 2, FILE_NEWER},
        {8, 2, 0xffff, FILE_NEWER},
        {10, 2, 0, FILE_UNSOUND},
        {10, 2, 3, FILE_UNSOUND},
        {10, 2, 0x101, FILE_UNSOUND},
        {12, 4, 0, FILE_OTHER_HASH},
        {16, 8, 0, FILE_UNSOUND}, /* seq */
        {16, 8, 3, FILE_UNSOUND}, /* not above the predecessor's */
        {32, 8, 0, FILE_UNSOUND}, /* boot */
        {48, 8, 1, FILE_UNSOUND},
        {56, 8, 0, FILE_UNSOUND}, /* no predecessor, but its end */
        {56, 8, 4, FILE_UNSOUND},
        {64, 8, 4088, FILE_UNSOUND}, /* ends before its header does */
        {64, 8, 8193, FILE_UNSOUND},
        {84, 4, 1, FILE_UNSOUND},
        {88, 8, UINT64_MAX, FILE_UNSOUND}, /* started before 1970 */
        {96, 1, 0, FILE_UNSOUND}, /* no name */
        {96, 1, '-', FILE_UNSOUND},
        {98, 1, ' ', FILE_UNSOUND},
        {101, 1, 'x', FILE_UNSOUND}, /* behind a zero */
        {160, 1, 0, FILE_UNSOUND},
        {223, 1, 'x', FILE_UNSOUND},
        {224, 4, FILE_FORMER_BOOTS_MAX + 1, FILE_UNSOUND},
        {224, 4, UINT32_MAX, FILE_UNSOUND},
        {224, 4, 3, FILE_UNSOUND}, /* the third has boot 0 */
        {224, 4, 1, FILE_UNSOUND}, /* there is a second behind */
        {228, 4, 1, FILE_UNSOUND},
        {232, 8, 0, FILE_UNSOUND},
        {488, 1, 1, FILE_UNSOUND},
        {4091, 1, 1, FILE_UNSOUND},
    };
    struct file_header h = log_header();
    unsigned char bytes[FILE_HEADER_BYTES];
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        file_header_put(bytes, &h);
        put_field(bytes, &edits[i]);
        cr_expect_eq(parse(bytes), FILE_DAMAGED, "edit %zu", i);
        mend_file_crc(bytes);
        cr_expect_eq(parse(bytes), edits[i].verdict, "edit %zu: %u", i, parse(bytes));
    }
}

Test(format, bytes_without_a_meaning_are_zero)
{
    struct file_header h = log_header();
    unsigned char bytes[FILE_HEADER_BYTES];
    file_header_put(bytes, &h);
    for (size_t at = 232 + 16 * h.formers; at < AT_FILE_CRC; at++) {
        bytes[at] = 1;
        mend_file_crc(bytes);
        cr_expect_eq(parse(bytes), FILE_UNSOUND, "byte %zu", at);
        bytes[at] = 0;
    }
}

/* -- blocks ------------------------------------------------------------------------------------ */

static const struct block_header end_header = {
    .payload_bytes = 123,
    .payload_crc = 0x12345678,
    .flags = BLOCK_END | BLOCK_PARTIAL,
    .offset = 8192,
    .synced = 4096,
    .change = 17,
    .digest = 0x0123456789abcdef,
    .clock_ns = 1700000000000000000,
    .count = 3,
};

static void expect_block_round_trip(const struct block_header *h, uint64_t salt)
{
    unsigned char bytes[BLOCK_HEADER_BYTES];
    struct block_header out;
    uint32_t crc, put_crc = block_header_put(bytes, h, salt);
    cr_assert(block_header_parse(bytes, h->offset, salt, &out, &crc));
    cr_expect_eq(crc, put_crc);
    cr_expect_eq(block_header_salt(bytes), salt);
    cr_expect_eq(out.payload_bytes, h->payload_bytes);
    cr_expect_eq(out.payload_crc, h->payload_crc);
    cr_expect_eq(out.flags, h->flags);
    cr_expect_eq(out.zeros, h->zeros);
    cr_expect_eq(out.offset, h->offset);
    cr_expect_eq(out.synced, h->synced);
    cr_expect_eq(out.change, h->change);
    cr_expect_eq(out.digest, h->digest);
    cr_expect_eq(out.clock_ns, h->clock_ns);
    cr_expect_eq(out.count, h->count);
    cr_expect_not(block_header_parse(bytes, h->offset - 8, salt, &out, &crc), "other offset");
    cr_expect_not(block_header_parse(bytes, h->offset, salt ^ 1, &out, &crc), "other salt");
}

Test(format, block_headers_are_read_as_written)
{
    struct block_header most = {BLOCK_PAYLOAD_BYTES_MAX, UINT32_MAX, BLOCK_SEAL | BLOCK_PARTIAL,
        SYNC_ALIGN_BYTES - 8, UINT64_MAX - 4095, UINT64_MAX - 4095 - SYNC_ALIGN_BYTES + 8,
        UINT64_MAX, UINT64_MAX, INT64_MAX, UINT32_MAX};
    struct block_header least = {.offset = 4104, .synced = 4096};
    expect_block_round_trip(&end_header, SALT);
    expect_block_round_trip(&most, UINT64_MAX);
    expect_block_round_trip(&least, 0);
}

Test(format, no_bit_of_a_block_header_flips_unseen)
{
    unsigned char bytes[BLOCK_HEADER_BYTES];
    struct block_header out;
    uint32_t crc;
    block_header_put(bytes, &end_header, SALT);
    for (size_t bit = 0; bit < 8 * BLOCK_HEADER_BYTES; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cr_expect_not(block_header_parse(bytes, 8192, SALT, &out, &crc), "bit %zu", bit);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

Test(format, fields_of_block_headers_out_of_bounds)
{
    static const struct edit edits[] = {
        {0, 4, 0x4b4c424b, 0},
        {4, 4, BLOCK_PAYLOAD_BYTES_MAX + 1, 0},
        {4, 4, UINT32_MAX, 0},
        {24, 8, 4088, 0}, /* synced less than the file's header */
        {24, 8, 4097, 0},
        {24, 8, 8200, 0}, /* durable before it was written */
        {48, 8, UINT64_C(1) << 63, 0}, /* clock before 1970 */
        {60, 2, 8 | BLOCK_END, 0},
        {60, 2, BLOCK_END | BLOCK_SEAL, 0},
        {60, 2, BLOCK_PARTIAL, 0}, /* sums without END and SEAL */
        {60, 2, 0, 0},
        {60, 2, 0xffff, 0},
        {62, 2, 4, 0},
        {62, 2, SYNC_ALIGN_BYTES, 0},
    };
    unsigned char bytes[BLOCK_HEADER_BYTES];
    struct block_header out;
    uint32_t crc;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        block_header_put(bytes, &end_header, SALT);
        put_field(bytes, &edits[i]);
        word_store_half(bytes + AT_BLOCK_CRC, checksum(bytes, AT_BLOCK_CRC));
        cr_expect_not(block_header_parse(bytes, 8192, SALT, &out, &crc), "edit %zu", i);
    }
}

/* Zeros are behind the file's header, and before a page. */
Test(format, zeros_before_a_block)
{
    static const struct {
        uint64_t offset;
        uint32_t zeros;
        bool sound;
    } cases[] = {
        {8192, 0, true},
        {8192, 4088, true},
        {8192, 4096, false},
        {4096, 0, true},
        {4096, 8, false},
        {8200, 0, true},
        {8200, 8, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[BLOCK_HEADER_BYTES];
        struct block_header h = {.offset = cases[i].offset, .synced = 4096}, out;
        uint32_t crc;
        block_header_put(bytes, &h, SALT);
        put_field(bytes, &(struct edit){62, 2, cases[i].zeros, 0});
        word_store_half(bytes + AT_BLOCK_CRC, checksum(bytes, AT_BLOCK_CRC));
        cr_expect_eq(
            block_header_parse(bytes, h.offset, SALT, &out, &crc), cases[i].sound, "case %zu", i);
    }
}

Test(format, an_unsound_file_header_is_not_written, .signal = SIGABRT)
{
    unsigned char bytes[FILE_HEADER_BYTES];
    struct file_header h = log_header();
    h.boot = 0;
    file_header_put(bytes, &h);
}

Test(format, an_unsound_block_header_is_not_written, .signal = SIGABRT)
{
    unsigned char bytes[BLOCK_HEADER_BYTES];
    struct block_header h = end_header;
    h.synced = h.offset + 8;
    block_header_put(bytes, &h, SALT);
}
