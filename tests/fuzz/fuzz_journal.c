/* fuzz_journal.c — a file of the journal, as it was written or as whatever became of it.
 *
 * Covers: src/core/journal/format.c, src/core/journal/records.c, src/core/journal/scan.c,
 * src/core/journal/writer.c
 *
 * The tape has a mode (enum), how the file is read, and then the file. In the mode WRITTEN the real
 * writer makes it, and what becomes of it is judged by what was put (journal_written.h). Otherwise
 * the tape has the first bytes of a file's header and then pieces of the file, each with a length
 * in two bytes, of which the highest bit says that zeros to the page's end follow. In the mode
 * MENDED each piece that is long enough is made a block of the file: its magic, length, salt,
 * offset and CRCs are made right, so that what is in it is looked at.
 *
 * What is told keeps the bounds of a stamp, and is the same bytes when it is written again; changes
 * ascend; the same is told however many bytes a read returns; a file that is no damage ends
 * cleanly, with the same stamps, once the next log says where it ended. */
#include "core/base/invariant.h"
#include "core/base/word.h"
#include "core/journal/checksum.h"
#include "core/journal/scan.h"
#include "core/protocol/command.h"
#include "fuzz/journal_written.h"

enum {
    MENDED = 1,
    MENDED_HEADER = 2, /* its CRC */
    AS_BASE = 4,
    AS_PREDECESSOR = 8,
    HEADLESS = 16,
    UNREADABLE = 32, /* a page is */
    WRITTEN = 64, /* by the writer */
    TAPE_HEADER_BYTES = 264,
    FILE_ROOM_BYTES = 1 << 18,
    ZEROS_FOLLOW = 1 << 15,
    READS_MAX = 64, /* of a file */
};

static unsigned char file[FILE_ROOM_BYTES];
static size_t size;
static unsigned char window[SCAN_WINDOW_BYTES];
static struct stamp_text text;
static bool is_written; /* by the writer */

/* How the file is read. */
struct reading {
    size_t piece; /* no read returns more */
    size_t bad_at; /* reads that touch this byte fail; 0: none does */
};

/* -- the file ---------------------------------------------------------------------------------- */

static void mend_block(size_t at, size_t bytes)
{
    unsigned char *block = file + at;
    size_t payload_bytes = bytes - BLOCK_HEADER_BYTES;
    word_store_half(block, UINT32_C(0x4b4c424a));
    word_store_half(block + 4, (uint32_t)payload_bytes);
    memcpy(block + 8, file + 24, 8);
    word_store(block + 16, at);
    word_store_half(block + 64, checksum(block + BLOCK_HEADER_BYTES, payload_bytes));
    word_store_half(block + 68, checksum(block, 68));
}

static void read_file(struct span *tape, unsigned mode)
{
    struct span header = tape_take(tape, TAPE_HEADER_BYTES);
    if (header.len)
        memcpy(file, header.at, header.len);
    if (mode & MENDED_HEADER)
        word_store_half(file + FILE_HEADER_BYTES - 4, checksum(file, FILE_HEADER_BYTES - 4));
    size = FILE_HEADER_BYTES;
    while (tape->len) {
        unsigned length = tape_word(tape);
        struct span piece = tape_take(tape, length & (ZEROS_FOLLOW - 1));
        if (size + piece.len + 2 * SYNC_ALIGN_BYTES > sizeof file)
            break;
        if (piece.len)
            memcpy(file + size, piece.at, piece.len);
        if (mode & MENDED && piece.len >= BLOCK_HEADER_BYTES)
            mend_block(size, piece.len);
        size += piece.len;
        size = mode & MENDED ? (size + 7) / 8 * 8 : size;
        size = length & ZEROS_FOLLOW ? page_end(size) : size;
    }
}

/* The header is the same bytes when it is written again, but for its version and stamp_hash's. */
static void check_header(const struct file_header *h)
{
    unsigned char again[FILE_HEADER_BYTES];
    file_header_put(again, h);
    ASSERT(memcmp(again, file, 12) == 0);
    ASSERT(memcmp(again + 16, file + 16, FILE_HEADER_BYTES - 20) == 0);
}

/* -- what is told ------------------------------------------------------------------------------ */

/* A stamp can be an AT line, and is what that line says. Its record, which is in the window before
 * the id, is the same bytes when it is written again. */
static void check_stamp(const struct feed_item *item)
{
    static unsigned char record[STAMP_RECORD_BYTES_MAX];
    static char line[2 * STAMPEDE_LINE_BYTES_MAX];
    struct span fields[6];
    struct stamp parsed;
    struct buf out = buf_over(line, sizeof line);
    stamp_at_put(&out, &item->stamp);
    ASSERT(!out.overflow && command_split(buf_span(&out), fields, 6) == 6);
    ASSERT(stamp_parse(fields, &parsed));
    ASSERT(stamp_compare(&parsed, &item->stamp) == 0);
    ASSERT(item->hash == stamp_hash(&parsed) && item->change > 0);
    size_t bytes = records_put_stamp(record, item);
    ASSERT(bytes <= sizeof record);
    ASSERT(memcmp(record, item->stamp.id.at - STAMP_RECORD_HEADER_BYTES, bytes) == 0);
}

static void check_have(const struct have *have)
{
    static unsigned char record[HAVE_RECORD_BYTES_MAX];
    ASSERT(stamp_node_name_valid(have->peer));
    size_t bytes = records_put_have(record, have);
    ASSERT(bytes <= sizeof record);
    ASSERT(memcmp(record, have->peer.at - HAVE_RECORD_HEADER_BYTES, bytes) == 0);
}

static void answer(struct scan *s, const struct scan_event *event, const struct reading *from)
{
    size_t at = event->read.offset, bytes = event->read.bytes;
    ASSERT(bytes > 0 && at < size && bytes <= size - at);
    if (from->bad_at >= at && from->bad_at < at + bytes) {
        file_scan_unreadable(s);
        return;
    }
    bytes = bytes < from->piece ? bytes : from->piece;
    memcpy(event->read.into, file + at, bytes);
    file_scan_filled(s, bytes);
}

static void check_result(const struct scan *s, uint64_t stamps)
{
    const struct scan_result *r = &s->result;
    ASSERT(r->stamps == stamps && r->end >= FILE_HEADER_BYTES && r->end <= size);
    ASSERT(r->end % BLOCK_ALIGN_BYTES == 0 && (r->blocks > 0 || r->end == FILE_HEADER_BYTES));
    bool is_damaged = r->holes || r->unsound || r->unreadable;
    ASSERT(!is_damaged || r->verdict == SCAN_DAMAGED);
    ASSERT(r->verdict != SCAN_EMPTY || r->blocks == 0);
    ASSERT(r->holes > 0 || r->lost_bytes == 0);
}

/* A sum over all that is told, in its order. */
static void add_to(uint64_t *sum, uint64_t what)
{
    *sum = (*sum ^ what) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t scan(struct scan *s, const struct scan_file *as, const struct reading *from)
{
    struct scan_event event;
    enum scan_step step;
    uint64_t change = 0, stamps = 0, sum = 0;
    file_scan_init(s, as, window);
    written_begin();
    while ((step = file_scan_next(s, &event, &text)) != SCAN_DONE) {
        if (step == SCAN_READ) {
            answer(s, &event, from);
            continue;
        }
        add_to(&sum, step);
        if (step == SCAN_STAMP) {
            ASSERT(event.item.change > change);
            change = event.item.change;
            stamps++;
            check_stamp(&event.item);
            add_to(&sum, event.item.hash);
            add_to(&sum, change);
            if (is_written)
                written_stamp(&event.item);
        } else if (step == SCAN_HAVE) {
            ASSERT(s->block.flags & BLOCK_END);
            check_have(&event.have);
            add_to(&sum, event.have.had.change);
            add_to(&sum, event.have.confirmed.change);
        } else {
            ASSERT(event.block.change >= change);
            add_to(&sum, event.block.offset);
            add_to(&sum, event.whole);
            if (is_written && event.whole)
                written_whole(&event.block);
        }
    }
    check_result(s, stamps);
    if (is_written)
        written_judge(&s->result, !from->bad_at);
    return sum;
}

static void check_same(const struct scan_result *a, const struct scan_result *b)
{
    ASSERT(a->verdict == b->verdict && a->end == b->end && a->change == b->change);
    ASSERT(a->crc == b->crc && a->stamps == b->stamps && a->blocks == b->blocks);
    ASSERT(a->holes == b->holes && a->lost_bytes == b->lost_bytes && a->unsound == b->unsound);
    ASSERT(a->unreadable == b->unreadable && a->clock_ns == b->clock_ns);
    ASSERT(a->partial == b->partial && a->sealed == b->sealed);
}

/* A file that is no damage ends cleanly where it was recovered. */
static void scan_again(struct scan_file *as, const struct scan *s, const struct reading *from)
{
    struct scan again;
    as->known = (struct file_predecessor){1, s->result.end, s->result.change, s->result.crc};
    is_written = false; /* it says less than all that was put */
    scan(&again, as, from);
    ASSERT(again.result.verdict == SCAN_CLEAN);
    ASSERT(again.result.stamps == s->result.stamps && again.result.change == s->result.change);
}

/* Its header as the scan is told of it; NULL: it is damaged. */
static const struct file_header *header_of(
    const struct file_header *written, enum file_kind kind, struct file_header *out)
{
    struct file_expected expected = {.kind = kind, .seq = word_load(file + 16)};
    enum file_verdict verdict =
        file_header_parse((struct span){(char *)file, FILE_HEADER_BYTES}, &expected, out);
    ASSERT(!is_written || (verdict == FILE_FINE && out->salt == written->salt &&
                              out->change_before == written->change_before));
    if (verdict != FILE_FINE && verdict != FILE_OTHER_HASH && verdict != FILE_OTHER_NAME)
        return NULL;
    check_header(out);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_size)
{
    struct span tape = {(const char *)data, data_size};
    unsigned mode = tape_byte(&tape), piece = tape_word(&tape), bad = tape_word(&tape);
    struct file_header written = {0}, header;
    struct scan_file as = {.kind = mode & AS_BASE ? FILE_BASE : FILE_LOG};
    memset(file, 0, size);
    is_written = mode & WRITTEN;
    if (is_written)
        size = written_make(&tape, as.kind, file, sizeof file, &written);
    else
        read_file(&tape, mode);
    as.size = size;
    as.header = header_of(&written, as.kind, &header);
    if (mode & HEADLESS && !is_written)
        as.header = NULL;
    if (mode & AS_PREDECESSOR && !is_written && word_load(file + 64) >= FILE_HEADER_BYTES)
        as.known = (struct file_predecessor){
            1, word_load(file + 64) / 8 * 8, word_load(file + 72), word_load_half(file + 80)};
    struct reading whole = {.piece = SIZE_MAX};
    if (mode & UNREADABLE)
        whole.bad_at = FILE_HEADER_BYTES + bad * UINT64_C(4) % (size - FILE_HEADER_BYTES + 1);
    struct reading pieces = {.piece = piece + 1 + size / READS_MAX, .bad_at = whole.bad_at};
    struct scan s, again;
    uint64_t sum = scan(&s, &as, &whole);
    ASSERT(scan(&again, &as, &pieces) == sum);
    check_same(&s.result, &again.result);
    if (as.kind == FILE_LOG && s.result.verdict <= SCAN_REORDERED)
        scan_again(&as, &s, &whole);
    return 0;
}
