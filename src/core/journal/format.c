/* format.c — see format.h. A header is written by the same function by which a reader checks that
 * all bytes which have no meaning are zero: it writes what it has read again, and compares. */
#include "core/journal/format.h"
#include "core/base/invariant.h"
#include "core/base/word.h"
#include "core/journal/checksum.h"
#include "core/protocol/stamp.h"

#define FILE_MAGIC "STAMPJNL"
#define BLOCK_MAGIC UINT32_C(0x4b4c424a) /* "JBLK" */

enum { STAMP_HASH_VERSION = 1 }; /* PROTOCOL.md, "Stamp hash and digest" */

/* Where the fields of a file's header are. */
enum {
    AT_VERSION = 8, /* and kind, in the upper half */
    AT_HASH_VERSION = 12,
    AT_SEQ = 16,
    AT_SALT = 24,
    AT_BOOT = 32,
    AT_CHANGE_BEFORE = 40,
    AT_PREDECESSOR_SEQ = 56,
    AT_PREDECESSOR_END = 64,
    AT_PREDECESSOR_CHANGE = 72,
    AT_PREDECESSOR_CRC = 80,
    AT_STARTED = 88,
    AT_HERD = 96,
    AT_NODE = 160,
    AT_FORMERS = 224,
    AT_FORMER = 232,
    FORMER_BYTES = 16,
    AT_FILE_CRC = FILE_HEADER_BYTES - 4,
};

_Static_assert(AT_HERD + FILE_NAME_BYTES_MAX < AT_NODE, "a name ends with a zero");
_Static_assert(AT_NODE + FILE_NAME_BYTES_MAX < AT_FORMERS, "a name ends with a zero");
_Static_assert(AT_FORMER + FILE_FORMER_BOOTS_MAX * FORMER_BYTES <= AT_FILE_CRC, "all have room");

/* Where the fields of a block's header are. */
enum {
    AT_MAGIC = 0,
    AT_PAYLOAD_BYTES = 4,
    AT_BLOCK_SALT = 8,
    AT_OFFSET = 16,
    AT_SYNCED = 24,
    AT_CHANGE = 32,
    AT_DIGEST = 40,
    AT_CLOCK = 48,
    AT_COUNT = 56,
    AT_FLAGS = 60, /* and zeros, in the upper half */
    AT_PAYLOAD_CRC = 64,
    AT_BLOCK_CRC = 68,
};

_Static_assert(AT_BLOCK_CRC + 4 == BLOCK_HEADER_BYTES, "nothing is behind the CRC");

static struct span name_span(const struct file_name *name)
{
    return (struct span){name->text, name->len};
}

void file_name_put(struct file_name *name, struct span text)
{
    ASSERT(text.len >= 1 && text.len <= FILE_NAME_BYTES_MAX);
    *name = (struct file_name){.len = (uint8_t)text.len};
    memcpy(name->text, text.at, text.len);
}

static bool predecessor_is_sound(const struct file_header *h)
{
    const struct file_predecessor *p = &h->predecessor;
    if (p->seq == 0)
        return p->end == 0 && p->change == 0 && p->crc == 0;
    return p->seq < h->seq && p->end >= FILE_HEADER_BYTES && p->end % BLOCK_ALIGN_BYTES == 0;
}

static bool file_header_is_sound(const struct file_header *h)
{
    if ((h->kind != FILE_LOG && h->kind != FILE_BASE) || h->seq == 0 || h->boot == 0 ||
        h->started_ns < 0 || h->formers > FILE_FORMER_BOOTS_MAX || !predecessor_is_sound(h))
        return false;
    for (unsigned i = 0; i < h->formers; i++)
        if (h->former[i].boot == 0)
            return false;
    return stamp_node_name_valid(name_span(&h->herd)) && stamp_node_name_valid(name_span(&h->node));
}

void file_header_put(unsigned char *out, const struct file_header *h)
{
    ASSERT(file_header_is_sound(h));
    memset(out, 0, FILE_HEADER_BYTES);
    memcpy(out, FILE_MAGIC, sizeof FILE_MAGIC - 1);
    word_store_half(out + AT_VERSION, FILE_VERSION | (uint32_t)h->kind << 16);
    word_store_half(out + AT_HASH_VERSION, STAMP_HASH_VERSION);
    word_store(out + AT_SEQ, h->seq);
    word_store(out + AT_SALT, h->salt);
    word_store(out + AT_BOOT, h->boot);
    word_store(out + AT_CHANGE_BEFORE, h->change_before);
    word_store(out + AT_PREDECESSOR_SEQ, h->predecessor.seq);
    word_store(out + AT_PREDECESSOR_END, h->predecessor.end);
    word_store(out + AT_PREDECESSOR_CHANGE, h->predecessor.change);
    word_store_half(out + AT_PREDECESSOR_CRC, h->predecessor.crc);
    word_store(out + AT_STARTED, (uint64_t)h->started_ns);
    memcpy(out + AT_HERD, h->herd.text, h->herd.len);
    memcpy(out + AT_NODE, h->node.text, h->node.len);
    word_store_half(out + AT_FORMERS, h->formers);
    for (unsigned i = 0; i < h->formers; i++) {
        word_store(out + AT_FORMER + i * FORMER_BYTES, h->former[i].boot);
        word_store(out + AT_FORMER + i * FORMER_BYTES + 8, h->former[i].change);
    }
    word_store_half(out + AT_FILE_CRC, checksum(out, AT_FILE_CRC));
}

/* A name of 63 bytes has its zero, too: the next field begins behind it. */
static void read_name(const unsigned char *in, struct file_name *out)
{
    size_t len = 0;
    while (len < FILE_NAME_BYTES_MAX && in[len])
        len++;
    out->len = (uint8_t)len;
    memcpy(out->text, in, len);
}

/* false: a field is out of bounds, or a byte without a meaning is not zero. */
static bool read_file_header(const unsigned char *in, struct file_header *out)
{
    uint32_t formers = word_load_half(in + AT_FORMERS);
    if (formers > FILE_FORMER_BOOTS_MAX)
        return false;
    *out = (struct file_header){
        .kind = word_load_half(in + AT_VERSION) >> 16,
        .seq = word_load(in + AT_SEQ),
        .salt = word_load(in + AT_SALT),
        .boot = word_load(in + AT_BOOT),
        .change_before = word_load(in + AT_CHANGE_BEFORE),
        .predecessor.seq = word_load(in + AT_PREDECESSOR_SEQ),
        .predecessor.end = word_load(in + AT_PREDECESSOR_END),
        .predecessor.change = word_load(in + AT_PREDECESSOR_CHANGE),
        .predecessor.crc = word_load_half(in + AT_PREDECESSOR_CRC),
        .started_ns = (int64_t)word_load(in + AT_STARTED),
        .formers = formers,
    };
    read_name(in + AT_HERD, &out->herd);
    read_name(in + AT_NODE, &out->node);
    for (unsigned i = 0; i < formers; i++)
        out->former[i] = (struct former_boot){word_load(in + AT_FORMER + i * FORMER_BYTES),
            word_load(in + AT_FORMER + i * FORMER_BYTES + 8)};
    if (!file_header_is_sound(out))
        return false;
    unsigned char again[FILE_HEADER_BYTES];
    file_header_put(again, out);
    memcpy(again + AT_HASH_VERSION, in + AT_HASH_VERSION, 4);
    return memcmp(again, in, AT_FILE_CRC) == 0;
}

static bool is_expected(struct span expected, const struct file_name *found)
{
    return !expected.at || span_equal(expected, name_span(found));
}

enum file_verdict file_header_parse(
    struct span bytes, const struct file_expected *expected, struct file_header *out)
{
    if (bytes.len < FILE_HEADER_BYTES)
        return FILE_DAMAGED;
    const unsigned char *in = (const unsigned char *)bytes.at;
    bool is_ours = memcmp(in, FILE_MAGIC, sizeof FILE_MAGIC - 1) == 0;
    if (word_load_half(in + AT_FILE_CRC) != checksum(in, AT_FILE_CRC))
        return is_ours || word_load(in) == 0 ? FILE_DAMAGED : FILE_FOREIGN;
    if (!is_ours)
        return FILE_FOREIGN;
    if ((word_load_half(in + AT_VERSION) & 0xffff) != FILE_VERSION)
        return FILE_NEWER;
    if (!read_file_header(in, out))
        return FILE_UNSOUND;
    if (word_load_half(in + AT_HASH_VERSION) != STAMP_HASH_VERSION)
        return FILE_OTHER_HASH;
    if (!is_expected(expected->herd, &out->herd))
        return FILE_OTHER_HERD;
    if (!is_expected(expected->node, &out->node))
        return FILE_OTHER_NODE;
    return out->kind == expected->kind && out->seq == expected->seq ? FILE_FINE : FILE_OTHER_NAME;
}

static bool block_header_is_sound(const struct block_header *h)
{
    bool is_last = h->flags & (BLOCK_END | BLOCK_SEAL);
    return h->payload_bytes <= BLOCK_PAYLOAD_BYTES_MAX &&
           h->flags <= (BLOCK_END | BLOCK_SEAL | BLOCK_PARTIAL) &&
           (h->flags & (BLOCK_END | BLOCK_SEAL)) != (BLOCK_END | BLOCK_SEAL) &&
           h->zeros < SYNC_ALIGN_BYTES && h->zeros % BLOCK_ALIGN_BYTES == 0 &&
           h->offset - h->zeros >= FILE_HEADER_BYTES &&
           (h->zeros == 0 || h->offset % SYNC_ALIGN_BYTES == 0) && h->synced >= FILE_HEADER_BYTES &&
           h->synced <= h->offset && h->synced % BLOCK_ALIGN_BYTES == 0 && h->clock_ns >= 0 &&
           (is_last || (h->digest == 0 && h->clock_ns == 0 && h->count == 0));
}

uint32_t block_header_put(unsigned char *out, const struct block_header *h, uint64_t salt)
{
    ASSERT(block_header_is_sound(h));
    ASSERT(h->offset >= FILE_HEADER_BYTES && h->offset % BLOCK_ALIGN_BYTES == 0);
    word_store_half(out + AT_MAGIC, BLOCK_MAGIC);
    word_store_half(out + AT_PAYLOAD_BYTES, h->payload_bytes);
    word_store(out + AT_BLOCK_SALT, salt);
    word_store(out + AT_OFFSET, h->offset);
    word_store(out + AT_SYNCED, h->synced);
    word_store(out + AT_CHANGE, h->change);
    word_store(out + AT_DIGEST, h->digest);
    word_store(out + AT_CLOCK, (uint64_t)h->clock_ns);
    word_store_half(out + AT_COUNT, h->count);
    word_store_half(out + AT_FLAGS, h->flags | h->zeros << 16);
    word_store_half(out + AT_PAYLOAD_CRC, h->payload_crc);
    uint32_t crc = checksum(out, AT_BLOCK_CRC);
    word_store_half(out + AT_BLOCK_CRC, crc);
    return crc;
}

/* What is compared first is there to be quick: a search looks at each multiple of eight bytes. */
bool block_header_parse(const unsigned char *bytes, uint64_t offset, uint64_t salt,
    struct block_header *out, uint32_t *crc)
{
    ASSERT(offset >= FILE_HEADER_BYTES && offset % BLOCK_ALIGN_BYTES == 0);
    if (word_load_half(bytes + AT_MAGIC) != BLOCK_MAGIC ||
        word_load(bytes + AT_BLOCK_SALT) != salt || word_load(bytes + AT_OFFSET) != offset)
        return false;
    *crc = word_load_half(bytes + AT_BLOCK_CRC);
    if (*crc != checksum(bytes, AT_BLOCK_CRC))
        return false;
    *out = (struct block_header){
        .payload_bytes = word_load_half(bytes + AT_PAYLOAD_BYTES),
        .payload_crc = word_load_half(bytes + AT_PAYLOAD_CRC),
        .flags = word_load_half(bytes + AT_FLAGS) & 0xffff,
        .zeros = word_load_half(bytes + AT_FLAGS) >> 16,
        .offset = offset,
        .synced = word_load(bytes + AT_SYNCED),
        .change = word_load(bytes + AT_CHANGE),
        .digest = word_load(bytes + AT_DIGEST),
        .clock_ns = (int64_t)word_load(bytes + AT_CLOCK),
        .count = word_load_half(bytes + AT_COUNT),
    };
    return block_header_is_sound(out);
}

uint64_t block_header_salt(const unsigned char *bytes)
{
    return word_load(bytes + AT_BLOCK_SALT);
}
