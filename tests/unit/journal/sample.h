/* sample.h — for tests: files of the journal in memory, and what a scan tells of them.
 *
 * The stamp of a change is made of its number alone, so who is told one knows what it must be. */
#ifndef TESTS_UNIT_JOURNAL_SAMPLE_H
#define TESTS_UNIT_JOURNAL_SAMPLE_H

#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/base/word.h"
#include "core/journal/checksum.h"
#include "core/journal/scan.h"
#include "core/journal/writer.h"
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_BLOCKS_MAX = 4096, SAMPLE_HAVES = 2 };

struct sample_text {
    char id[STAMPEDE_CLIENT_ID_BYTES_MAX + 1];
    char position[STAMPEDE_POSITION_BYTES_MAX + 1];
    char time[STAMPEDE_SKEW_BYTES_MAX + DECIMAL_SLACK];
};

static inline struct feed_item sample_item(uint64_t change, struct sample_text *text)
{
    int id = snprintf(text->id, sizeof text->id, "client-%llu-%.*s", (unsigned long long)change,
        change % 64 == 7 ? 220 : (int)(change % 9),
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    int position = snprintf(text->position, sizeof text->position, "+%u.%0*u-118.%u",
        (unsigned)(change % 90), 1 + (int)(change % 15), 1, (unsigned)(change % 100000));
    struct feed_item item = {.change = change};
    item.stamp = (struct stamp){.id = {text->id, (size_t)id},
        .position = {text->position, (size_t)position},
        .origin = change % 2 ? SPAN("Goloman") : SPAN("Hands"),
        .time_ns = (int64_t)(1700000000000000000 + change),
        .skew_ns = (int64_t)change};
    decimal_time_put(text->time, 20, item.stamp.time_ns, 9);
    item.stamp.time = (struct span){text->time, 20};
    item.hash = stamp_hash(&item.stamp);
    return item;
}

struct sample_block {
    uint64_t at, end, synced, first, last; /* changes: none if first > last */
};

struct sample {
    struct file_header header;
    struct writer w;
    unsigned char *buffer, *bytes;
    size_t len, room;
    uint64_t synced;
    unsigned blocks;
    struct sample_block block[SAMPLE_BLOCKS_MAX];
};

static inline void sample_begin(
    struct sample *s, enum file_kind kind, uint64_t salt, uint64_t change_before)
{
    memset(s, 0, sizeof *s);
    s->header = (struct file_header){
        .kind = kind, .seq = 1, .salt = salt, .boot = 1, .change_before = change_before};
    file_name_put(&s->header.herd, SPAN("demo"));
    file_name_put(&s->header.node, SPAN("Goloman"));
    s->synced = FILE_HEADER_BYTES;
    s->buffer = malloc(WRITER_BUFFER_BYTES);
    s->room = s->len = FILE_HEADER_BYTES;
    s->bytes = malloc(s->room);
    file_header_put(s->bytes, &s->header);
    writer_init(&s->w, s->buffer, WRITER_BUFFER_BYTES, salt, change_before);
}

static inline void sample_end(struct sample *s)
{
    free(s->buffer);
    free(s->bytes);
}

/* Append a span of the writer to the file, and note its blocks. */
static inline void sample_append(struct sample *s, struct span span)
{
    uint64_t change = s->blocks ? s->block[s->blocks - 1].last : s->header.change_before;
    if (!span.len)
        return;
    s->room = s->w.offset + span.len;
    s->bytes = realloc(s->bytes, s->room);
    memset(s->bytes + s->len, 0, s->w.offset - s->len);
    memcpy(s->bytes + s->w.offset, span.at, span.len);
    for (size_t at = s->len; at < s->room;) {
        struct block_header h;
        uint32_t crc;
        if (!block_header_parse(s->bytes + at, at, s->w.salt, &h, &crc)) {
            ASSERT(s->bytes[at] == 0);
            at += BLOCK_ALIGN_BYTES;
            continue;
        }
        ASSERT(s->blocks < SAMPLE_BLOCKS_MAX);
        s->block[s->blocks++] = (struct sample_block){
            at, at + block_bytes(h.payload_bytes), h.synced, change + 1, h.change};
        change = h.change;
        at += block_bytes(h.payload_bytes);
    }
    s->len = s->w.blocks_end; /* zeros behind the last block say nothing, and may be missing */
}

/* Write a span of the next `items` changes. With BLOCK_END it has haves of SAMPLE_HAVES peers. */
static inline void sample_write(struct sample *s, unsigned items, uint32_t flags, bool fills_page)
{
    struct sample_text text;
    (void)fills_page;
    writer_begin(&s->w, s->synced);
    for (; items; items--) {
        struct feed_item item = sample_item(s->w.change + 1, &text);
        bool put = writer_put(&s->w, &item);
        ASSERT(put);
    }
    if (flags & BLOCK_END) {
        writer_have(&s->w, &(struct have){.peer = SPAN("Hands"), .had = {7, s->w.change, 0}});
        writer_have(&s->w, &(struct have){.peer = SPAN("Holiday"), .had = {8, s->w.change, 0}});
    }
    struct writer_last last = {flags, s->w.digest, 1700000000000000000, s->w.count};
    sample_append(s, writer_end(&s->w, &last));
}

/* The same; `synced`: it is followed by a sync. */
static inline void sample_span(struct sample *s, unsigned items, uint32_t flags, bool synced)
{
    sample_write(s, items, flags, synced);
    if (synced)
        s->synced = s->w.blocks_end;
}

static inline void sample_spans(struct sample *s, unsigned spans, unsigned items)
{
    for (unsigned i = 0; i < spans; i++)
        sample_span(s, items, i % 2 ? BLOCK_END : 0, i % 3 == 2);
}

/* -- what is told ------------------------------------------------------------------------------ */

/* How the file is read. */
struct reading {
    const unsigned char *bytes;
    size_t size;
    size_t piece; /* no read returns more; 0: all that is wanted */
    size_t bad_at, bad_end; /* reads that touch this fail */
};

struct told {
    struct scan_result result;
    uint64_t stamps, haves, ends, whole_ends;
    uint64_t changes_sum; /* of the stamps */
    uint64_t change; /* the last one */
    uint64_t wrong; /* stamps that are not sample_item's */
};

static inline bool sample_is(const struct feed_item *item)
{
    struct sample_text text;
    struct feed_item expected = sample_item(item->change, &text);
    return span_equal(item->stamp.id, expected.stamp.id) && item->hash == expected.hash &&
           stamp_compare(&item->stamp, &expected.stamp) == 0;
}

static inline void sample_answer(
    struct scan *s, const struct scan_event *event, const struct reading *from)
{
    size_t at = event->read.offset, bytes = event->read.bytes;
    ASSERT(at <= from->size && bytes <= from->size - at);
    if (at < from->bad_end && at + bytes > from->bad_at) {
        file_scan_unreadable(s);
        return;
    }
    if (from->piece && bytes > from->piece)
        bytes = from->piece;
    memcpy(event->read.into, from->bytes + at, bytes);
    file_scan_filled(s, bytes);
}

static inline struct told sample_scan(const struct scan_file *file, const struct reading *from)
{
    static struct stamp_text text;
    static unsigned char window[SCAN_WINDOW_BYTES];
    struct told told = {0};
    struct scan s;
    struct scan_event event;
    enum scan_step step;
    file_scan_init(&s, file, window);
    while ((step = file_scan_next(&s, &event, &text)) != SCAN_DONE) {
        if (step == SCAN_READ) {
            sample_answer(&s, &event, from);
        } else if (step == SCAN_STAMP) {
            ASSERT(event.item.change > told.change);
            told.change = event.item.change;
            told.changes_sum += event.item.change;
            told.stamps++;
            told.wrong += !sample_is(&event.item);
        } else if (step == SCAN_HAVE) {
            told.haves++;
        } else {
            told.ends++;
            told.whole_ends += event.whole;
        }
    }
    told.result = s.result;
    return told;
}

/* Scan bytes as the last log with this header. */
static inline struct told sample_scan_log(
    const struct file_header *header, const unsigned char *bytes, size_t size)
{
    struct scan_file file = {.header = header, .kind = header->kind, .size = size};
    return sample_scan(&file, &(struct reading){.bytes = bytes, .size = size});
}

#endif
