/* output.h — one file of the journal while it is written: its orders, its buffers, how far it is.
 *
 *   step        event                    next        order
 *   CLOSED      output_begin             CREATES     CREATE
 *   CREATES     done                     HEADS       WRITE of the header
 *   HEADS       done                     HEAD_SYNCS  SYNC
 *   HEAD_SYNCS  done                     IDLE
 *   IDLE        output_write             WRITES      WRITE, the rest again where it was in part
 *   WRITES      all written              IDLE        or SYNCS
 *   IDLE        output_sync              SYNCS       SYNC
 *   SYNCS       done                     IDLE        all that was written is durable
 *   IDLE        output_ask               ASKS        any other order, about names
 *   ASKS        done                     IDLE
 *   IDLE        output_close             CLOSES      CLOSE
 *   CLOSES      done                     CLOSED
 *   any         no room                  as it was   NO_ROOM until output_again
 *   any         failed                   FAILED      none but CLOSE
 *
 * Holds always: one order at a time; what is durable was written, what was written was filled; no
 * byte that is durable is written once more. Called by journal and snapshot. */
#ifndef CORE_JOURNAL_OUTPUT_H
#define CORE_JOURNAL_OUTPUT_H

#include "core/base/instant.h"
#include "core/journal/names.h"
#include "core/journal/orders.h"
#include "core/journal/writer.h"

enum output_step {
    OUTPUT_CLOSED,
    OUTPUT_CREATES,
    OUTPUT_HEADS,
    OUTPUT_HEAD_SYNCS,
    OUTPUT_IDLE,
    OUTPUT_WRITES,
    OUTPUT_SYNCS,
    OUTPUT_ASKS,
    OUTPUT_CLOSES,
    OUTPUT_FAILED,
};

/* How far a file is. */
struct reached {
    uint64_t bytes; /* of it, without the zeros behind its last block */
    uint64_t change; /* up to which the feed was passed */
    uint64_t whole; /* up to which each change is in the files, or one that replaced it */
    bool ends; /* there is an END */
    uint32_t crc; /* of the last block's header */
};

struct output {
    enum journal_file file;
    enum output_step step;
    bool ordered; /* the driver has the order of this step */
    bool no_room; /* it could not be carried out, and waits for output_again */
    bool is_open; /* the driver has the file */
    char name[JOURNAL_NAME_BYTES];
    enum journal_act ask; /* of ASKS, with: */
    char ask_name[JOURNAL_NAME_BYTES], ask_to[JOURNAL_NAME_BYTES];
    char why[128]; /* FAILED and no_room: the driver's words */

    struct writer writer;
    unsigned char *buffers[2]; /* the second may be NULL: then nothing is filled while it writes */
    size_t buffer_bytes; /* of each */
    unsigned filling; /* which is, or will be next */
    int64_t filled_ns; /* when the span that is open was begun */
    struct span bytes; /* being written */
    uint64_t offset;
    bool durable, syncs; /* it is on the disk when it is written; or a sync follows */
    struct reached end; /* when `bytes` are written */
    struct reached written; /* so far */
    struct reached synced; /* of that, what is durable */
};

/* Begin a file. Its header is written to the buffer that is filled next.
 *
 * name   copied
 * whole  what the files before it have wholly */
void output_begin(
    struct output *o, const char *name, const struct file_header *h, uint64_t whole);

/* Whether a span is open, or could be opened now. */
bool output_fills(const struct output *o);

/* Put an item; opens a span where there is none. false: no room, the span is to be written. */
MUST_USE bool output_put(struct output *o, const struct feed_item *item, struct instant now);

/* Put what was had of a neighbour: in a span that will end with BLOCK_END. */
void output_have(struct output *o, const struct have *have, struct instant now);

/* End the span and have it written: IDLE only. Nothing if it is empty and has no flags.
 *
 * last    flags and sums
 * change  up to which the feed has been passed by now
 * whole   up to where no change was passed over that was replaced by one behind `change`
 * durable written as by O_DSYNC
 * syncs   or followed by a sync */
void output_write(struct output *o, const struct writer_last *last, uint64_t change, uint64_t whole,
    bool durable, bool syncs, struct instant now);

void output_sync(struct output *o); /* IDLE only, as those below */
void output_ask(struct output *o, enum journal_act act, const char *name, const char *to);
void output_close(struct output *o); /* also FAILED, and where a file waits for room */
void output_again(struct output *o); /* what there was no room for */

/* The order of its step, unless the driver has it. */
MUST_USE bool output_order(struct output *o, struct journal_order *out);

/* The answer. */
void output_done(struct output *o, const struct journal_answer *a);

#endif
