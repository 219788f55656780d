/* records.h — what is in the payload of a journal's blocks.
 *
 *     stamp                       have                        of a later version
 *      0  1  kind 1                0  1  kind 2                0  1  kind, from 128
 *      1  1  bytes of the id       1  1  bytes of the name     1  1  -
 *      2  1  of the position       2  6  0                     2  2  bytes behind these four
 *      3  1  of the origin         8  8  had: boot
 *      4  2  of the time          16  8    change
 *      6  1  decimals of the time 24  8    by
 *      7  1  0                    32 24  confirmed: likewise
 *      8  8  time, ns            56  -  name of the peer
 *     16  8  skew, ns
 *     24  8  change
 *     32  -  id, position, origin
 *
 * A position is packed (packed.h), and of a time's text only length and decimals are kept, as in
 * the store: a stamp with a 20-byte id takes some 70 bytes. Records follow each other without gaps.
 * They are read with the checks of stamp_parse, after the block's CRC was found right: what breaks
 * them was written by another program. Kinds from 128 on are skipped where they are unknown; below,
 * an unknown kind is as bad as a field out of bounds. Called by writer and scan. */
#ifndef CORE_JOURNAL_RECORDS_H
#define CORE_JOURNAL_RECORDS_H

#include "core/journal/format.h"
#include "core/peering/past.h"
#include "core/store/store.h"

enum {
    STAMP_RECORD_HEADER_BYTES = 32,
    STAMP_RECORD_BYTES_MAX = STAMP_RECORD_HEADER_BYTES + STAMPEDE_CLIENT_ID_BYTES_MAX +
                             STAMPEDE_POSITION_BYTES_MAX / 2 + STAMPEDE_NODE_NAME_BYTES_MAX,
    HAVE_RECORD_HEADER_BYTES = 56,
    HAVE_RECORD_BYTES_MAX = HAVE_RECORD_HEADER_BYTES + STAMPEDE_NODE_NAME_BYTES_MAX,
};

/* What was had of a neighbour, and what it has confirmed, as past.h describes it. Of either there
 * may be nothing. */
struct have {
    struct span peer; /* the name of a node */
    struct had had, confirmed;
};

/* Write a record. Returns its bytes, which are at most STAMP_RECORD_BYTES_MAX and
 * HAVE_RECORD_BYTES_MAX; so many must be writable at `out`, whatever is written. */
size_t records_put_stamp(unsigned char *out, const struct feed_item *item);
size_t records_put_have(unsigned char *out, const struct have *have);

enum record_verdict {
    RECORD_STAMP,
    RECORD_HAVE,
    RECORD_NONE, /* the payload is at its end */
    RECORD_UNSOUND, /* what follows is no record; nothing is taken */
};

/* Take the next record off the beginning of *payload.
 *
 * item  for RECORD_STAMP: id and origin are views of the payload, position and time of `text`;
 *       its hash is computed, its route is 0
 * have  for RECORD_HAVE: its name is a view of the payload */
MUST_USE enum record_verdict records_take(
    struct span *payload, struct feed_item *item, struct stamp_text *text, struct have *have);

#endif
