/* journal_written.c — see journal_written.h. What becomes of a file is no more than four bytes in
 * a row, which no CRC of 32 bits misses: otherwise libFuzzer would find the others. */
#include "fuzz/journal_written.h"
#include "core/base/invariant.h"
#include "core/journal/writer.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    BUFFER_BYTES = 24 * SYNC_ALIGN_BYTES, /* more than a block */
    STAMPS_MAX = 4096,
    SPOILT_BYTES_MAX = 4,
    /* of a span */
    ENDS = 1,
    PARTIAL = 2,
    SYNCED = 4, /* what was written before it is durable */
    MANY = 8,
};

static struct writer writer;
static enum file_kind writer_kind;
static struct put {
    uint64_t change, hash;
} puts_of[STAMPS_MAX];
static unsigned puts_count;
static unsigned told; /* of these are passed */
static unsigned told_count;
static uint64_t random_state;

/* What the last span says is durable, and what became of the file. */
static uint64_t durable, last_span;
static size_t made, size;
static size_t spoilt; /* the first byte that is another one; `made`: none is */

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

/* -- what is put ------------------------------------------------------------------------------- */

static size_t draw_position(char *text, size_t bytes)
{
    return (size_t)snprintf(text, bytes, "%c%u.%0*u-118%s", draw(2) ? '+' : '-', draw(90),
        1 + (int)draw(15), draw(10), draw(2) ? "" : ".25");
}

static size_t draw_time(char *text, size_t bytes, int64_t *ns)
{
    unsigned seconds = draw(2000000000), decimals = draw(10), fraction = 0, scale = 1;
    int width = draw(16) ? 1 + (int)draw(12) : (int)draw(1000);
    for (unsigned i = 0; i < decimals; i++, scale *= 10)
        fraction = 10 * fraction + draw(10);
    *ns = seconds * INT64_C(1000000000) + fraction * (INT64_C(1000000000) / scale);
    if (!decimals)
        return (size_t)snprintf(text, bytes, "%0*u", width, seconds);
    return (size_t)snprintf(text, bytes, "%0*u.%0*u", width, seconds, (int)decimals, fraction);
}

/* false: there is no room. */
static bool put_stamp(void)
{
    static char id[STAMPEDE_CLIENT_ID_BYTES_MAX + 1], position[64], time[1024];
    struct feed_item item = {.change = writer.change + 1 + (draw(4) ? 0 : draw(100))};
    struct stamp *s = &item.stamp;
    if (puts_count == STAMPS_MAX)
        return false;
    s->id = (struct span){id, 1 + (draw(8) ? draw(30) : draw(STAMPEDE_CLIENT_ID_BYTES_MAX))};
    for (size_t i = 0; i < s->id.len; i++)
        id[i] = (char)('!' + draw('~' - '!'));
    s->position = (struct span){position, draw_position(position, sizeof position)};
    s->time = (struct span){time, draw_time(time, sizeof time, &s->time_ns)};
    s->origin = draw(2) ? SPAN("Goloman") : SPAN("W");
    s->skew_ns = (int64_t)draw(1000000000) - (draw(2) && s->time_ns > 999999999 ? 999999999 : 0);
    item.hash = stamp_hash(s);
    if (!writer_put(&writer, &item))
        return false;
    puts_of[puts_count++] = (struct put){item.change, item.hash};
    return true;
}

static void put_haves(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[] = "PeerA";
        name[4] = (char)('A' + i);
        writer_have(&writer, &(struct have){.peer = span_of(name),
                                 .had = {1 + draw(9), writer.change, draw(9)},
                                 .confirmed = {draw(3), draw(99), draw(9)}});
    }
}

static void make_span(struct span *tape, unsigned char *file, uint32_t flags)
{
    unsigned how = tape_byte(tape), stamps = tape_byte(tape);
    random_state ^= (uint64_t)tape_word(tape) << 40 | 1;
    durable = how & SYNCED ? writer.blocks_end : durable;
    last_span = writer.end;
    writer_begin(&writer, durable);
    for (stamps *= how & MANY ? 8 : 1; stamps && put_stamp();)
        stamps--;
    flags |= how & PARTIAL ? BLOCK_PARTIAL : 0;
    if (writer_kind == FILE_LOG && how & ENDS)
        flags |= BLOCK_END;
    if (flags & BLOCK_END)
        put_haves(how >> 4);
    struct writer_last last = {.flags = flags, .clock_ns = 1, .digest = draw(99), .count = draw(9)};
    struct span span = writer_end(&writer, &last);
    if (span.len)
        memcpy(file + writer.offset, span.at, span.len);
}

/* What becomes of the file. */
static void spoil(unsigned char *file, size_t cut, size_t at, struct span bytes)
{
    made = size = spoilt = writer.end;
    if (cut) {
        size = FILE_HEADER_BYTES + cut % (size - FILE_HEADER_BYTES + 1);
        memset(file + size, 0, made - size);
    }
    if (bytes.len && made > FILE_HEADER_BYTES) {
        at = FILE_HEADER_BYTES + at % (made - FILE_HEADER_BYTES);
        for (size_t i = 0; i < bytes.len && at + i < size; i++) {
            spoilt = bytes.at[i] && at + i < spoilt ? at + i : spoilt;
            file[at + i] ^= (unsigned char)bytes.at[i];
        }
    }
}

size_t written_make(struct span *tape, enum file_kind kind, unsigned char *file, size_t room,
    struct file_header *header)
{
    static unsigned char buffer[BUFFER_BYTES];
    unsigned cut = tape_byte(tape) << 16, at;
    cut |= tape_word(tape);
    at = tape_byte(tape) << 16;
    at |= tape_word(tape);
    struct span bytes = tape_take(tape, tape_byte(tape) % (SPOILT_BYTES_MAX + 1));
    *header = (struct file_header){.kind = kind,
        .seq = 1 + tape_byte(tape),
        .salt = UINT64_C(0x9e3779b97f4a7c15) * (1 + tape_byte(tape)),
        .boot = 1 + tape_byte(tape),
        .change_before = tape_byte(tape)};
    file_name_put(&header->herd, SPAN("demo"));
    file_name_put(&header->node, SPAN("Goloman"));
    file_header_put(file, header);
    writer_init(&writer, buffer, sizeof buffer, header->salt, header->change_before);
    durable = FILE_HEADER_BYTES;
    puts_count = 0;
    random_state = 88172645463325252;
    writer_kind = kind;
    while (tape->len && writer.end + 2 * sizeof buffer <= room)
        make_span(tape, file, 0);
    if (kind == FILE_BASE)
        make_span(tape, file, BLOCK_SEAL);
    spoil(file, cut, at, bytes);
    return size;
}

/* -- what is told ------------------------------------------------------------------------------ */

void written_begin(void)
{
    told = told_count = 0;
}

void written_stamp(const struct feed_item *item)
{
    while (told < puts_count && puts_of[told].change < item->change)
        told++;
    ASSERT(told < puts_count && puts_of[told].change == item->change);
    ASSERT(puts_of[told].hash == item->hash);
    told++;
    told_count++;
}

/* All stamps up to its change were told: so what it says to be had of peers is in the store. */
void written_whole(const struct block_header *block)
{
    ASSERT(told_count == told);
    ASSERT(told == puts_count || puts_of[told].change > block->change);
    ASSERT(told == 0 || puts_of[told - 1].change <= block->change);
}

static void judge_cut(const struct scan_result *result)
{
    if (size >= writer.blocks_end) { /* zeros, at most */
        ASSERT(result->verdict == SCAN_CLEAN && told_count == puts_count);
        ASSERT(result->end == writer.blocks_end && result->change == writer.change);
        ASSERT(result->sealed == (writer_kind == FILE_BASE));
    } else if (writer_kind == FILE_LOG) {
        ASSERT(result->verdict == SCAN_CLEAN || result->verdict == SCAN_TORN);
    } else {
        ASSERT(result->verdict == SCAN_UNSEALED);
    }
}

void written_judge(const struct scan_result *result, bool reads)
{
    bool is_spoilt = spoilt < size;
    ASSERT(result->stamps == told_count && told_count <= told);
    ASSERT(result->end <= size && result->unsound == 0);
    if (result->verdict <= SCAN_REORDERED || (!is_spoilt && reads))
        ASSERT(told == told_count); /* a prefix */
    if (!is_spoilt && reads)
        judge_cut(result);
    /* The last span is as it was written, and says that what is spoilt was durable. */
    if (reads && size == made && spoilt < durable && spoilt + SPOILT_BYTES_MAX <= last_span &&
        writer.blocks_end > last_span)
        ASSERT(result->verdict == SCAN_DAMAGED && result->holes > 0);
}
