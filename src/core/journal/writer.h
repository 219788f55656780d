/* writer.h — makes the bytes of one file of the journal, a span at a time.
 *
 * A *span* is what is written by one request: blocks, and zeros up to the end of a page. The caller
 * begins a span, puts items of the feed until there is no room or the cursor is at the feed's end,
 * ends it, and has the bytes written; they stay as they are until the next begin, so that the rest
 * can be written again after a short write. Each span has pages of its own: what is durable is
 * never written once more, not even by zeros behind it in its page, of which a power cut would
 * leave neither the old nor the new. The file's own header is file_header_put's.
 *
 *     state   call                  next    what happens
 *     CLOSED  writer_begin          OPEN    behind the last one
 *     OPEN    writer_put, _have     OPEN    a record; a new block where the last one is full
 *     OPEN    writer_end            CLOSED  the last block gets its flags; CRCs of every block
 *
 * Holds always: the changes of a file ascend; a span is a multiple of 8 bytes long, within the
 * buffer; the room that haves and an END block take is kept free of items. No allocation, no I/O.
 * Called by journal, for each of its two files. */
#ifndef CORE_JOURNAL_WRITER_H
#define CORE_JOURNAL_WRITER_H

#include "core/journal/records.h"

enum {
    WRITER_BUFFER_BYTES = 1 << 20, /* the usual size of the buffer, and the largest */
    WRITER_HAVES_MAX = 64,
    WRITER_BUFFER_BYTES_MIN = 6 * SYNC_ALIGN_BYTES,
    /* What is kept free of items: two more blocks that begin, three that end, and all haves. */
    WRITER_KEPT_BYTES =
        2 * BLOCK_HEADER_BYTES + 3 * BLOCK_ALIGN_BYTES + WRITER_HAVES_MAX * HAVE_RECORD_BYTES_MAX,
};

/* Only writer.c writes this; all of it may be read. */
struct writer {
    unsigned char *buffer; /* the caller's */
    size_t room; /* its size */
    uint64_t salt;

    /* Of the whole file. */
    uint64_t end; /* the file's length, once all spans were written */
    uint64_t blocks_end; /* where the last block ends */
    uint64_t change; /* the last one put */
    uint32_t crc; /* of the last block's header; 0: there is none */
    uint64_t digest; /* sums over all stamps put, for the SEAL of a base */
    uint32_t count;

    /* Of the span that is open. */
    bool open;
    uint64_t offset; /* in the file */
    uint64_t synced;
    size_t len; /* in the buffer */
    size_t block; /* where the last block begins; len: there is none that is open */
    unsigned haves;
};

/* Begin a file.
 *
 * buffer         kept by the caller until the last span was written
 * bytes          WRITER_BUFFER_BYTES_MIN to WRITER_BUFFER_BYTES, a multiple of SYNC_ALIGN_BYTES
 * salt           of the file's header
 * change_before  of the file's header */
void writer_init(struct writer *w, unsigned char *buffer, size_t bytes, uint64_t salt,
    uint64_t change_before);

/* Where two buffers take turns: the next span is made in this one, of the same size, while the one
 * before is still being written. */
void writer_prepare(struct writer *w, unsigned char *buffer);

/* Begin a span at w->end.
 *
 * synced  how much of the file is known to be durable, from FILE_HEADER_BYTES (a file's header is
 *         synced before its first block is written) to w->end; never less than the time before */
void writer_begin(struct writer *w, uint64_t synced);

/* More has become durable since the open span was begun: its blocks that are not full yet say
 * so. */
void writer_synced(struct writer *w, uint64_t synced);

/* Put an item, whose change is greater than all before. false: there is no room; end the span. */
MUST_USE bool writer_put(struct writer *w, const struct feed_item *item);

/* Put what a peer is known to have told, in a span that will end with BLOCK_END, and behind all its
 * items. There is room for WRITER_HAVES_MAX; more are an ASSERT. */
void writer_have(struct writer *w, const struct have *have);

/* The end of a span: what its last block says. digest, clock and count are left out unless flags
 * has BLOCK_END or BLOCK_SEAL. */
struct writer_last {
    uint32_t flags; /* of enum block_flag */
    uint64_t digest;
    int64_t clock_ns;
    uint64_t count; /* of stamps, at most 2^32 - 1 */
};

/* End the span. With BLOCK_END or BLOCK_SEAL there is a block for it even if nothing was put. The
 * digest and count of a SEAL are w->digest and w->count; those of `last` are for END.
 *
 * Returns the bytes to be written at w->offset; none if nothing was put and no such flag is set.
 * w->end is then behind them. */
MUST_USE struct span writer_end(struct writer *w, const struct writer_last *last);

#endif
