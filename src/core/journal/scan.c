/* scan.c — see scan.h. The window begins at a page of the file, holds at least the block that is
 * looked at, and moves on when more bytes are needed. What is said of a bad block depends on all
 * that is behind it; so after the first one the rest is looked through before it is told, and that
 * again from there on if it turns out to be more than a torn end. */
#include "core/journal/scan.h"
#include "core/base/invariant.h"
#include "core/journal/checksum.h"

_Static_assert(BLOCK_BYTES_MAX + 2 * SYNC_ALIGN_BYTES + BLOCK_HEADER_BYTES <= SCAN_WINDOW_BYTES,
    "a window has room for zeros up to a page, and a block");

void file_scan_init(struct scan *s, const struct scan_file *file, unsigned char *window)
{
    const struct file_header *h = file->header;
    ASSERT(file->known.seq == 0 || file->known.end >= FILE_HEADER_BYTES);
    *s = (struct scan){
        .result.end = FILE_HEADER_BYTES,
        .result.change = file->change_before,
        .state = h ? SCAN_READING : SCAN_SALVAGING,
        .kind = file->kind,
        .headless = !h,
        .salted = h,
        .size = file->size,
        .known = file->known,
        .window = window,
        .offset = FILE_HEADER_BYTES,
    };
    if (h) {
        s->salt = h->salt;
        if (h->change_before > file->change_before)
            s->result.change = h->change_before;
    }
}

/* Where reading ends. */
static uint64_t file_end(const struct scan *s)
{
    return s->known.seq && s->known.end < s->size ? s->known.end : s->size;
}

static uint64_t position(const struct scan *s)
{
    return s->offset + s->at;
}

/* Up to where bytes were durable, by all that is known. */
static uint64_t durable_end(const struct scan *s)
{
    return s->known.seq && s->known.end > s->synced ? s->known.end : s->synced;
}

static bool is_zero(const unsigned char *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* What is at the scan's position. */
struct sight {
    enum { SIGHT_BLOCK, SIGHT_BAD, SIGHT_END } what;
    size_t zeros; /* before the block */
    size_t bytes; /* of the block; SIGHT_BAD: of what is known to be none */
    /* SIGHT_BLOCK: its header, and the header's CRC. */
    struct block_header block;
    uint32_t crc;
};

/* Whether `bytes` bytes from `ahead` of the position on are in the window, or as many as the file
 * has. */
static bool has(const struct scan *s, size_t ahead, uint64_t bytes)
{
    return s->at + ahead + bytes <= s->len || s->offset + s->len >= file_end(s);
}

static bool is_in_window(const struct scan *s, size_t ahead, uint64_t bytes)
{
    return s->at + ahead + bytes <= s->len;
}

/* Look for a block behind `ahead` bytes. A block whose header is right and whose payload is not is
 * passed as a whole: nothing else was ever written there. false: more bytes are needed. */
static bool look(struct scan *s, size_t ahead, struct sight *f)
{
    f->what = SIGHT_BAD;
    f->zeros = ahead;
    f->bytes = BLOCK_ALIGN_BYTES;
    if (!has(s, ahead, BLOCK_HEADER_BYTES))
        return false;
    if (!is_in_window(s, ahead, BLOCK_HEADER_BYTES))
        return true;
    const unsigned char *at = s->window + s->at + ahead;
    uint64_t salt = s->salted ? s->salt : block_header_salt(at);
    if (!block_header_parse(at, position(s) + ahead, salt, &f->block, &f->crc))
        return true;
    f->bytes = block_bytes(f->block.payload_bytes);
    if (!has(s, ahead, f->bytes))
        return false;
    s->synced = f->block.synced > s->synced ? f->block.synced : s->synced;
    if (!is_in_window(s, ahead, f->bytes))
        return true;
    size_t behind = BLOCK_HEADER_BYTES + f->block.payload_bytes;
    if (checksum(at + BLOCK_HEADER_BYTES, f->block.payload_bytes) != f->block.payload_crc ||
        !is_zero(at + behind, f->bytes - behind))
        return true;
    f->what = SIGHT_BLOCK;
    s->salted = true;
    s->salt = salt;
    return true;
}

/* Look for the block that follows one that ends at the position: there, or on the next page with
 * zeros before it, as many as it says. false: more bytes are needed. */
static bool look_behind(struct scan *s, struct sight *f)
{
    uint64_t left = file_end(s) - position(s);
    if (!look(s, 0, f))
        return false;
    if (f->bytes > BLOCK_ALIGN_BYTES) /* a right header */
        return true;
    size_t zeros = page_end(position(s)) - position(s);
    if (!has(s, 0, left < SYNC_ALIGN_BYTES ? left : zeros))
        return false;
    if (left < SYNC_ALIGN_BYTES && is_zero(s->window + s->at, left)) {
        f->what = SIGHT_END;
        return true;
    }
    if (zeros == 0 || zeros > left || !is_zero(s->window + s->at, zeros))
        return true;
    if (!look(s, zeros, f))
        return false;
    if (f->what != SIGHT_BLOCK || f->block.zeros != zeros)
        *f = (struct sight){.what = SIGHT_BAD, .bytes = BLOCK_ALIGN_BYTES};
    return true;
}

/* -- what is told ------------------------------------------------------------------------------ */

/* From here on everything good is told; what is missing was lost for sure. */
static void salvage(struct scan *s)
{
    s->state = SCAN_SALVAGING;
}

static void unsound(struct scan *s)
{
    s->result.unsound++;
    s->telling = false;
    salvage(s);
}

static void begin_block(struct scan *s, const struct sight *f)
{
    ASSERT(s->state == SCAN_READING || s->state == SCAN_SALVAGING);
    bool follows = s->in_hole || f->block.zeros == f->zeros;
    if (s->in_hole && s->hole < position(s)) {
        s->result.holes++;
        s->result.lost_bytes += position(s) - s->hole;
    }
    s->in_hole = false;
    s->at += f->zeros;
    s->block = f->block;
    s->payload =
        (struct span){(const char *)s->window + s->at + BLOCK_HEADER_BYTES, f->block.payload_bytes};
    s->block_stamps = 0;
    s->telling = true;
    s->at += f->bytes;
    ASSERT(s->at <= s->len && s->at % BLOCK_ALIGN_BYTES == 0);
    s->result.blocks++;
    s->result.end = position(s);
    s->result.crc = f->crc;
    s->result.sealed = false;
    if (!follows || f->block.change < s->result.change ||
        f->block.flags & (s->kind == FILE_BASE ? BLOCK_END : BLOCK_SEAL))
        unsound(s);
}

static bool is_whole(const struct scan *s)
{
    return s->state == SCAN_READING && !s->failed;
}

static bool stamp_is_in_order(const struct scan *s, const struct feed_item *item)
{
    return item->change > s->result.change && item->change <= s->block.change;
}

/* The records of the block were told. What it says of its last change must be true, as far as all
 * before it is known. Returns whether there is more to say of it. */
static bool end_block(struct scan *s, struct scan_event *out)
{
    const struct block_header *h = &s->block;
    if ((s->block_stamps || is_whole(s)) && h->change != s->result.change) {
        unsound(s);
        return false;
    }
    s->telling = false;
    s->result.partial |= (h->flags & BLOCK_PARTIAL) != 0;
    if (h->flags & (BLOCK_END | BLOCK_SEAL))
        s->result.clock_ns = h->clock_ns;
    if (h->flags & BLOCK_SEAL)
        s->result.sealed = h->digest == s->digest && h->count == s->result.stamps;
    out->block = *h;
    out->whole = is_whole(s);
    return h->flags != 0;
}

/* Tell the next record of the block. false: nothing is told by it. */
static bool tell(
    struct scan *s, struct scan_event *out, struct stamp_text *text, enum scan_step *step)
{
    switch (records_take(&s->payload, &out->item, text, &out->have)) {
    case RECORD_STAMP:
        if (!stamp_is_in_order(s, &out->item))
            break;
        s->result.change = out->item.change;
        s->result.stamps++;
        s->block_stamps++;
        s->digest += out->item.hash;
        *step = SCAN_STAMP;
        return true;
    case RECORD_HAVE:
        if (!(s->block.flags & BLOCK_END))
            break;
        *step = SCAN_HAVE;
        return true;
    case RECORD_NONE:
        *step = SCAN_END;
        return end_block(s, out);
    case RECORD_UNSOUND:
        break;
    }
    unsound(s);
    return false;
}

/* -- from block to block ----------------------------------------------------------------------- */

/* Whether the log ends where its successor says that it did. */
static bool ends_as_known(const struct scan *s)
{
    const struct scan_result *r = &s->result;
    return s->known.seq == 0 || (r->end == s->known.end && r->crc == s->known.crc &&
                                    (r->stamps == 0 || r->change == s->known.change));
}

static enum scan_verdict verdict_of(const struct scan *s)
{
    const struct scan_result *r = &s->result;
    if (s->headless && r->blocks == 0 && s->synced == 0 && durable_end(s) <= FILE_HEADER_BYTES &&
        !s->failed)
        return SCAN_EMPTY;
    if (s->headless || s->failed || r->unsound || r->holes || !ends_as_known(s))
        return SCAN_DAMAGED;
    if (s->kind == FILE_BASE && !r->sealed)
        return SCAN_UNSEALED;
    if (!s->in_hole)
        return SCAN_CLEAN;
    return s->behind ? SCAN_REORDERED : SCAN_TORN;
}

static void finish(struct scan *s)
{
    uint64_t from = s->in_hole ? s->hole : s->result.end;
    if (durable_end(s) > from) {
        s->result.holes++;
        s->result.lost_bytes += durable_end(s) - from;
    }
    s->result.verdict = verdict_of(s);
    s->state = SCAN_OVER;
}

/* Read from the bad block on once more, and tell what is good. */
static void salvage_again(struct scan *s)
{
    ASSERT(s->state == SCAN_LOOKING && s->hole == s->result.end);
    salvage(s);
    s->result.unreadable = 0; /* none was before */
    s->offset = s->hole / SCAN_PAGE_BYTES * SCAN_PAGE_BYTES;
    s->at = s->hole - s->offset;
    s->len = 0;
}

static void begin_hole(struct scan *s)
{
    s->in_hole = true;
    s->hole = position(s);
    if (s->state == SCAN_READING) {
        bool may_be_an_end = s->kind == FILE_LOG && s->known.seq == 0 && !s->failed;
        s->state = may_be_an_end ? SCAN_LOOKING : SCAN_SALVAGING;
    }
}

/* Go on to the next block, or by one step in search of it. false: more bytes are needed. */
static bool advance(struct scan *s)
{
    struct sight f;
    if (position(s) >= file_end(s)) {
        finish(s);
        return true;
    }
    if (!(s->in_hole ? look(s, 0, &f) : look_behind(s, &f)))
        return false;
    if (f.what == SIGHT_END) {
        finish(s);
    } else if (f.what == SIGHT_BLOCK && s->state != SCAN_LOOKING) {
        begin_block(s, &f);
    } else {
        if (!s->in_hole)
            begin_hole(s);
        else if (f.what == SIGHT_BLOCK)
            s->behind++;
        s->at += f.bytes;
        if (s->state == SCAN_LOOKING && s->synced > s->hole)
            salvage_again(s);
    }
    return true;
}

/* Make room in the window and ask for the bytes behind it. */
static void want(struct scan *s, struct scan_event *out)
{
    size_t passed = s->len ? s->at / SCAN_PAGE_BYTES * SCAN_PAGE_BYTES : 0;
    ASSERT(passed <= s->len && s->offset + s->len < file_end(s));
    memmove(s->window, s->window + passed, s->len - passed);
    s->offset += passed;
    s->len -= passed;
    s->at -= passed;
    uint64_t next = s->offset + s->len, left = file_end(s) - next;
    size_t room = SCAN_WINDOW_BYTES - s->len;
    if (next < s->careful_end)
        room = SCAN_PAGE_BYTES - next % SCAN_PAGE_BYTES;
    s->wanted = left < room ? left : room;
    ASSERT(s->wanted > 0 && s->len + s->wanted <= SCAN_WINDOW_BYTES);
    out->read.offset = next;
    out->read.into = s->window + s->len;
    out->read.bytes = s->wanted;
}

enum scan_step file_scan_next(struct scan *s, struct scan_event *out, struct stamp_text *text)
{
    ASSERT(s->wanted == 0);
    enum scan_step step;
    for (;;) {
        if (s->telling) {
            if (tell(s, out, text, &step))
                return step;
        } else if (s->state == SCAN_OVER) {
            return SCAN_DONE;
        } else if (!advance(s)) {
            want(s, out);
            return SCAN_READ;
        }
    }
}

void file_scan_filled(struct scan *s, size_t bytes)
{
    ASSERT(s->wanted > 0 && bytes <= s->wanted);
    s->wanted = 0;
    s->len += bytes;
    if (bytes == 0)
        s->size = s->offset + s->len;
}

void file_scan_unreadable(struct scan *s)
{
    ASSERT(s->wanted > 0);
    uint64_t next = s->offset + s->len;
    if (next < s->careful_end) {
        memset(s->window + s->len, 0, s->wanted);
        s->len += s->wanted;
        s->failed = true;
        s->result.unreadable++;
        if (s->state == SCAN_LOOKING)
            salvage_again(s);
    } else {
        s->careful_end = next + s->wanted;
    }
    s->wanted = 0;
}
