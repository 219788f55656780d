/* load.h — stamps that an observer brings: AT lines in, a verdict for each out.
 *
 * The observer may be LOAD_WINDOW lines ahead of what it was told, so a load takes no more of a
 * turn, and all that is not told yet fits here. PROTOCOL.md, "Dumps and loads". Called by
 * transfers.c and written by load.c alone. */
#ifndef CORE_NODE_LOAD_H
#define CORE_NODE_LOAD_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "core/protocol/line.h"

enum {
    LOAD_WINDOW = 1024, /* lines */
    LOAD_GROUP = 32, /* stamps that are put together, so that their cache misses overlap */
};

/* The letters of LOADED. */
enum load_verdict {
    LOAD_NEW,
    LOAD_OLD,
    LOAD_FUTURE,
    LOAD_AHEAD,
    LOAD_UNKNOWN,
    LOAD_NO_ROOM,
    LOAD_VERDICTS
};

struct node;
struct link;

struct load {
    struct line_reader lines;
    bool begun; /* LOADED 0 was said */
    const char *why; /* it ends with BYE and this; "": without; NULL: it goes on */
    uint64_t taken; /* lines */
    unsigned untold; /* of these, no LOADED has counted the last ones: */
    char letters[LOAD_WINDOW];
    uint64_t counts[LOAD_VERDICTS];
};

/* room: PEERING_LINE_BYTES_MAX + 1 bytes for split lines; the caller's until the end. */
void load_begin(struct load *l, char *room);

/* Take in what was received; all of it is used. If `why` is set then, nothing more is taken. */
void load_take(struct load *l, struct node *n, struct span in, struct instant now);

/* It ends from this side, for this reason. Nothing if it ends already. */
void load_stop(struct load *l, const char *why);

/* Write what is due into `out`: LOADED, and BYE if it ends. true: there is more to write. */
MUST_USE bool load_put(struct load *l, struct buf *out);

#endif
