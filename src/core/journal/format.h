/* format.h — the headers of a journal's files and of their blocks.
 *
 * A file is a header of 4096 bytes and blocks behind it. A *base* has the stamps that the store
 * held at one change, a *log* the changes from one on; both are written in the order of changes, by
 * the same writer. Nothing is ever written twice: each start begins a new log. All numbers are
 * little-endian.
 *
 *     header of a file                                     header of a block
 *      0  8  "STAMPJNL"         64  8  its end               0  4  "JBLK"
 *      8  2  version            72  8  its last change       4  4  bytes of payload
 *     10  2  1 log, 2 base      80  4  CRC of its last       8  8  salt of the file
 *     12  4  stamp_hash version        block's header       16  8  own offset in the file
 *     16  8  seq                88  8  started, ns          24  8  synced: so far it is durable
 *     24  8  salt               96 64  herd, then zeros     32  8  last change until its end
 *     32  8  boot              160 64  node, then zeros     40  8  digest  } END: of the store,
 *     40  8  change before     224  4  former boots n       48  8  clock   } SEAL: of the file's
 *     56  8  predecessor's     232 16n boot, last change    56  4  count   } stamps
 *            seq, 0: none     4092  4  CRC-32C of the       60  2  flags
 *                                      bytes before         62  2  bytes of zeros before it
 *                                                           64  4  CRC-32C of the payload
 *                                                           68  4  CRC-32C of the bytes before
 *
 * All other bytes are zero; one that is not is damage. Blocks begin at multiples of 8. What one
 * request writes ends with zeros up to a multiple of 4096, so no page that is durable is written
 * again, and a power cut cannot tear what was synced. A block says how many zeros are before it, so
 * that one that became zeros is not taken for them. Its header has a CRC of its own, so that its
 * length is believed before it is used; salt and own offset keep blocks of other files, and of this
 * one at other offsets, from being taken for it. `synced` tells a tail that a power cut tore from
 * durable bytes that were damaged later. The clock is for people; nothing decides by it.
 *
 * Each version of the format keeps the first twelve bytes of a file, and the last four of its
 * header. No byte is believed before its CRC was checked. Called by all files of the room. */
#ifndef CORE_JOURNAL_FORMAT_H
#define CORE_JOURNAL_FORMAT_H

#include "core/base/span.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum {
    FILE_HEADER_BYTES = 4096,
    FILE_VERSION = 1,
    FILE_FORMER_BOOTS_MAX = 16,
    FILE_NAME_BYTES_MAX = STAMPEDE_NODE_NAME_BYTES_MAX, /* of herds as well */
    BLOCK_HEADER_BYTES = 72,
    BLOCK_PAYLOAD_BYTES_MAX = 64 << 10,
    BLOCK_BYTES_MAX = BLOCK_HEADER_BYTES + BLOCK_PAYLOAD_BYTES_MAX,
    BLOCK_ALIGN_BYTES = 8,
    SYNC_ALIGN_BYTES = 4096,
};

enum file_kind { FILE_LOG = 1, FILE_BASE = 2 };

struct file_name {
    uint8_t len;
    char text[FILE_NAME_BYTES_MAX];
};

/* `text` has 1 to FILE_NAME_BYTES_MAX bytes (an ASSERT); copied. */
void file_name_put(struct file_name *name, struct span text);

/* A former life of this node: change numbers up to `change` are what its boot said they are. */
struct former_boot {
    uint64_t boot; /* never 0 */
    uint64_t change;
};

/* Where the log before a log ends. What is found behind that end later was written by a request
 * that outlived its process, and is never read. */
struct file_predecessor {
    uint64_t seq; /* 0: there is none, and the rest is 0 as well */
    uint64_t end; /* bytes, FILE_HEADER_BYTES or more, a multiple of BLOCK_ALIGN_BYTES */
    uint64_t change; /* its last */
    uint32_t crc; /* of its last block's header; 0: it has no block */
};

struct file_header {
    enum file_kind kind;
    uint64_t seq; /* as in the file's name, from 1; base N covers all logs before log N */
    uint64_t salt; /* random */
    uint64_t boot; /* of the node that wrote it, never 0 */
    uint64_t change_before; /* all its changes are greater */
    struct file_predecessor predecessor;
    int64_t started_ns; /* since 1970, for people */
    struct file_name herd, node;
    unsigned formers; /* newest first */
    struct former_boot former[FILE_FORMER_BOOTS_MAX];
};

enum file_verdict {
    FILE_FINE,
    FILE_FOREIGN, /* neither the first bytes nor the CRC are a journal's */
    FILE_DAMAGED, /* its CRC is wrong, or it is not there to the end */
    FILE_NEWER, /* its version is not FILE_VERSION: above it, or 0 */
    FILE_OTHER_HASH, /* digests in it are sums of another stamp_hash */
    FILE_OTHER_HERD,
    FILE_OTHER_NODE,
    FILE_OTHER_NAME, /* kind or seq are not those of the file's name: files were swapped */
    FILE_UNSOUND, /* the CRC is right, and a field is out of bounds */
};

/* What the reader knows of the file. */
struct file_expected {
    struct span herd, node; /* at = NULL: any, as for `stampede journal` */
    enum file_kind kind; /* by its name */
    uint64_t seq;
};

/* Writes all FILE_HEADER_BYTES; names must be valid (stamp_node_name_valid). */
void file_header_put(unsigned char *out, const struct file_header *h);

/* Read the header of a file that begins with `bytes`, of which there may be fewer than
 * FILE_HEADER_BYTES where the file is shorter. *out is written for FILE_FINE, and for the verdicts
 * from FILE_OTHER_HASH to FILE_OTHER_NAME, which are about sound headers, in this order. */
MUST_USE enum file_verdict file_header_parse(
    struct span bytes, const struct file_expected *expected, struct file_header *out);

enum block_flag {
    BLOCK_END = 1, /* of the feed: a cursor that stood there had passed everything */
    BLOCK_SEAL = 2, /* of a base: it is whole */
    BLOCK_PARTIAL = 4, /* the node had refused or evicted stamps, or lost some */
};

struct block_header {
    uint32_t payload_bytes; /* at most BLOCK_PAYLOAD_BYTES_MAX */
    uint32_t payload_crc;
    uint32_t flags; /* of enum block_flag */
    uint32_t zeros; /* between the block before, or the file's header, and this one */
    uint64_t offset; /* own */
    uint64_t synced; /* <= offset */
    uint64_t change; /* the last one that was written to the file until this block's end */
    uint64_t digest; /* this and the two below: 0 without END and SEAL */
    int64_t clock_ns; /* since 1970 */
    uint32_t count;
};

/* Writes all BLOCK_HEADER_BYTES. Returns the header's own CRC. */
uint32_t block_header_put(unsigned char *out, const struct block_header *h, uint64_t salt);

/* Read BLOCK_HEADER_BYTES at `offset` of a file with this salt. *crc is the header's own CRC.
 * false: they are no header, or not of this file and offset, or a field is out of bounds. */
MUST_USE bool block_header_parse(const unsigned char *bytes, uint64_t offset, uint64_t salt,
    struct block_header *out, uint32_t *crc);

/* The salt that a header claims to have: for readers that have lost the file's header. */
uint64_t block_header_salt(const unsigned char *bytes);

/* The whole block: header, payload, and zeros to a multiple of BLOCK_ALIGN_BYTES. */
static inline uint64_t block_bytes(uint32_t payload_bytes)
{
    return BLOCK_HEADER_BYTES + ((uint64_t)payload_bytes + 7) / 8 * 8;
}

/* Where the page of the byte before `end` ends. */
static inline uint64_t page_end(uint64_t end)
{
    return (end + SYNC_ALIGN_BYTES - 1) / SYNC_ALIGN_BYTES * SYNC_ALIGN_BYTES;
}

#endif
