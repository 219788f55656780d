/* writer.c — see writer.h. A block's header is left free when it begins, and written when the
 * next one begins or the span ends: only then its length, its last change and its flags are
 * known. */
#include "core/journal/writer.h"
#include "core/base/invariant.h"
#include "core/journal/checksum.h"

_Static_assert(
    BLOCK_HEADER_BYTES + STAMP_RECORD_BYTES_MAX + WRITER_KEPT_BYTES <= WRITER_BUFFER_BYTES_MIN,
    "each span has room for a stamp");
_Static_assert(WRITER_HAVES_MAX *HAVE_RECORD_BYTES_MAX <= BLOCK_PAYLOAD_BYTES_MAX, "for all haves");

void writer_init(struct writer *w, unsigned char *buffer, size_t bytes, uint64_t salt,
    uint64_t change_before)
{
    ASSERT(bytes >= WRITER_BUFFER_BYTES_MIN && bytes <= WRITER_BUFFER_BYTES);
    ASSERT(bytes % SYNC_ALIGN_BYTES == 0);
    *w = (struct writer){
        .buffer = buffer,
        .room = bytes,
        .salt = salt,
        .end = FILE_HEADER_BYTES,
        .blocks_end = FILE_HEADER_BYTES,
        .change = change_before,
    };
}

void writer_prepare(struct writer *w, unsigned char *buffer)
{
    ASSERT(!w->open);
    w->buffer = buffer;
}

void writer_begin(struct writer *w, uint64_t synced)
{
    ASSERT(!w->open);
    ASSERT(synced >= FILE_HEADER_BYTES && synced <= w->end && synced >= w->synced);
    w->open = true;
    w->synced = synced;
    w->offset = w->end;
    w->haves = 0;
    w->len = w->block = 0;
}

void writer_synced(struct writer *w, uint64_t synced)
{
    ASSERT(w->open && synced >= w->synced && synced <= w->end);
    w->synced = synced;
}

static bool block_is_open(const struct writer *w)
{
    return w->block < w->len;
}

/* Complete the last block, whose flags and sums are in *h. */
static void close_block(struct writer *w, struct block_header *h)
{
    ASSERT(block_is_open(w) && w->block + BLOCK_HEADER_BYTES <= w->len);
    unsigned char *at = w->buffer + w->block;
    size_t payload_bytes = w->len - w->block - BLOCK_HEADER_BYTES;
    size_t bytes = block_bytes((uint32_t)payload_bytes);
    ASSERT(payload_bytes <= BLOCK_PAYLOAD_BYTES_MAX && w->block + bytes <= w->room);
    memset(w->buffer + w->len, 0, w->block + bytes - w->len);
    h->payload_bytes = (uint32_t)payload_bytes;
    h->payload_crc = checksum(at + BLOCK_HEADER_BYTES, payload_bytes);
    h->offset = w->offset + w->block;
    h->zeros = (uint32_t)(h->offset - w->blocks_end);
    h->synced = w->synced;
    h->change = w->change;
    w->crc = block_header_put(at, h, w->salt);
    w->len = w->block = w->block + bytes;
    w->blocks_end = w->offset + w->len;
}

static void open_block(struct writer *w)
{
    ASSERT(!block_is_open(w) && w->len % BLOCK_ALIGN_BYTES == 0);
    w->len += BLOCK_HEADER_BYTES;
}

/* Where a record of at most `bytes` bytes is to be written: in the last block or a new one. */
static unsigned char *room_for(struct writer *w, size_t bytes)
{
    if (block_is_open(w) && w->len - w->block + bytes > BLOCK_BYTES_MAX)
        close_block(w, &(struct block_header){0});
    if (!block_is_open(w))
        open_block(w);
    return w->buffer + w->len;
}

bool writer_put(struct writer *w, const struct feed_item *item)
{
    ASSERT(w->open && w->haves == 0 && item->change > w->change);
    if (w->room - w->len < STAMP_RECORD_BYTES_MAX + WRITER_KEPT_BYTES)
        return false;
    unsigned char *at = room_for(w, STAMP_RECORD_BYTES_MAX);
    w->len += records_put_stamp(at, item);
    w->change = item->change;
    w->digest += item->hash;
    w->count++;
    return true;
}

void writer_have(struct writer *w, const struct have *have)
{
    ASSERT(w->open && w->haves < WRITER_HAVES_MAX);
    /* All haves are in the block that has BLOCK_END, so they have a block to themselves where the
     * last one might not have room for all of them. */
    size_t bytes = w->haves ? HAVE_RECORD_BYTES_MAX : WRITER_HAVES_MAX * HAVE_RECORD_BYTES_MAX;
    unsigned char *at = room_for(w, bytes);
    w->len += records_put_have(at, have);
    w->haves++;
}

struct span writer_end(struct writer *w, const struct writer_last *last)
{
    bool is_last = last->flags & (BLOCK_END | BLOCK_SEAL);
    ASSERT(w->open && (w->haves == 0 || last->flags & BLOCK_END));
    ASSERT(last->count <= UINT32_MAX);
    w->open = false;
    if (!block_is_open(w) && is_last)
        open_block(w);
    if (block_is_open(w)) {
        struct block_header h = {.flags = last->flags};
        if (is_last) {
            bool seals = last->flags & BLOCK_SEAL;
            h.digest = seals ? w->digest : last->digest;
            h.count = seals ? w->count : (uint32_t)last->count;
            h.clock_ns = last->clock_ns;
        }
        close_block(w, &h);
    }
    size_t pages_len = page_end(w->len);
    ASSERT(pages_len <= w->room);
    memset(w->buffer + w->len, 0, pages_len - w->len);
    w->len = pages_len;
    w->end = w->offset + w->len;
    ASSERT(w->end % BLOCK_ALIGN_BYTES == 0 && w->end >= w->blocks_end);
    return (struct span){(const char *)w->buffer, w->len};
}
