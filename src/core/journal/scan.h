/* scan.h — reads one file of the journal, whatever became of it, and says what did.
 *
 * It does no I/O: it says which bytes of the file it wants and where to put them, and is told how
 * many there were, or that they cannot be read. Blocks are believed when both their CRCs, the salt
 * and their own offset are right. At the first that is not, at x, every multiple of 8 behind it is
 * tried for another block, up to the file's end. `synced` is the greatest that any right header of
 * a block says; for a log that has a successor, it is the end that the successor says it had.
 *
 *     found                                        verdict         what was told
 *     nothing behind x but less than a page of     SCAN_CLEAN      all
 *     zeros
 *     no block behind x, x >= synced               SCAN_TORN       all up to x
 *     blocks behind x, x >= synced                 SCAN_REORDERED  all up to x: a power cut kept
 *                                                                  later writes, not all earlier
 *     x < synced, or a log that ends otherwise     SCAN_DAMAGED    all good blocks, also behind x
 *     than its successor says
 *     a page that cannot be read, wherever         SCAN_DAMAGED    the same; it is never an end
 *     right CRCs over what no writer writes        SCAN_DAMAGED    the same
 *     a base with blocks behind x                  SCAN_DAMAGED    the same: it was synced whole
 *     a base without SEAL, or its sums are others  SCAN_UNSEALED   all good blocks
 *     neither a file's header nor a block          SCAN_EMPTY      nothing: a power cut while the
 *                                                                  file was created
 *
 * The stamps that are told are good in any case; they do not depend on each other. If a file of the
 * journal is SCAN_DAMAGED or SCAN_UNSEALED, the haves of *all* its files are to be forgotten, so
 * that peers send everything again. Reads the end of a file twice at most.
 *
 *     state      event                     next
 *     READING    a good block              READING; tells its records, then its end
 *     READING    a bad block, at x         LOOKING if it may be an end, else SALVAGING
 *     LOOKING    `synced` > x, unreadable  SALVAGING, from x again
 *     LOOKING    the file's end            DONE
 *     SALVAGING  a good block              SALVAGING; tells its records, then its end
 *     any        the file's end            DONE
 *
 * Called by recovery and by `stampede journal`. */
#ifndef CORE_JOURNAL_SCAN_H
#define CORE_JOURNAL_SCAN_H

#include "core/journal/records.h"

enum { SCAN_WINDOW_BYTES = 1 << 20, SCAN_PAGE_BYTES = 4096 };

enum scan_verdict {
    SCAN_CLEAN,
    SCAN_TORN,
    SCAN_REORDERED,
    SCAN_DAMAGED,
    SCAN_UNSEALED,
    SCAN_EMPTY,
};

/* What became of the file; complete when file_scan_next has returned SCAN_DONE. */
struct scan_result {
    enum scan_verdict verdict;
    uint64_t end; /* behind the last block told; FILE_HEADER_BYTES: there is none ... */
    uint64_t change; /* ... the last change told, at least change_before ... */
    uint32_t crc; /* ... and the CRC of that block's header: for struct file_predecessor */
    uint64_t stamps; /* told */
    uint64_t blocks; /* told, wholly or in part */
    uint64_t holes; /* between blocks told, or where durable bytes are missing at the end */
    uint64_t lost_bytes; /* in all holes */
    uint64_t unreadable; /* pages */
    uint64_t unsound; /* blocks with right CRCs over what no writer writes */
    int64_t clock_ns; /* of the last END or SEAL; 0: there is none */
    bool partial; /* some block says so */
    bool sealed; /* the last block is a SEAL, with right sums */
};

enum scan_step {
    SCAN_READ, /* event->read is wanted; answer by file_scan_filled or _unreadable */
    SCAN_STAMP, /* event->item */
    SCAN_HAVE, /* event->have; counts when the SCAN_END of the same block comes, if that is whole */
    SCAN_END, /* event->block, event->whole: the end of a block that has flags */
    SCAN_DONE, /* s->result is complete */
};

struct scan_event {
    struct {
        uint64_t offset; /* in the file */
        void *into;
        size_t bytes;
    } read;
    struct feed_item item; /* its id and origin are views, valid until the next call */
    struct have have; /* its name is such a view as well */
    struct block_header block;
    bool whole; /* nothing is missing before it in this file, as far as it was read */
};

/* What is known of the file beforehand. */
struct scan_file {
    const struct file_header *header; /* NULL: it is damaged (FILE_DAMAGED or FILE_FOREIGN) */
    enum file_kind kind;
    uint64_t size; /* nothing behind it is read */
    uint64_t change_before; /* all changes must be greater: the last of the file before, or 0 */
    /* The field `predecessor` of the next log's header; seq = 0: there is no next log, or this is a
     * base. */
    struct file_predecessor known;
};

enum scan_state { SCAN_READING, SCAN_LOOKING, SCAN_SALVAGING, SCAN_OVER };

/* Only scan.c writes this; `result` may be read. */
struct scan {
    struct scan_result result;
    enum scan_state state;
    enum file_kind kind;
    bool headless; /* the file's header is damaged */
    bool salted; /* false: headless, and no block was found yet */
    uint64_t salt;
    uint64_t size;
    struct file_predecessor known;

    /* The window: where it is in the file, bytes in it, and how many of them were looked at. */
    unsigned char *window;
    uint64_t offset;
    size_t len, at;
    size_t wanted; /* bytes of the SCAN_READ that is to be answered; 0: none */
    uint64_t careful_end; /* up to there, pages are read one by one */
    bool failed; /* a page could not be read */

    uint64_t synced; /* the greatest seen */
    uint64_t behind; /* LOOKING: good blocks seen */
    bool in_hole;
    uint64_t hole; /* where the last one begins */

    bool telling; /* the records of `block` */
    struct block_header block;
    struct span payload; /* what is left of it */
    uint64_t block_stamps;
    uint64_t digest; /* sum over all stamps told */
};

/* Begin behind the file's header, which the caller has read.
 *
 * file    copied
 * window  SCAN_WINDOW_BYTES, kept by the caller until SCAN_DONE
 *
 * Without a header the salt is that of the first block that is otherwise right, and the verdict is
 * SCAN_DAMAGED if there is one. */
void file_scan_init(struct scan *s, const struct scan_file *file, unsigned char *window);

/* Go on.
 *
 * out   which member counts is said by the result
 * text  the position and time of a stamp are written there and must stay for as long as it is used
 *
 * Each call reads a window's worth of bytes at most, and tells one record. */
MUST_USE enum scan_step file_scan_next(
    struct scan *s, struct scan_event *out, struct stamp_text *text);

/* The answer to SCAN_READ: how many bytes were read. Fewer than wanted are no end: the rest is
 * asked for. 0: the file has become shorter, and ends there. */
void file_scan_filled(struct scan *s, size_t bytes);

/* The other answer: reading failed (EIO). The same bytes are then asked for page by page; a page
 * that fails again by itself is lost. */
void file_scan_unreadable(struct scan *s);

#endif
