/* orders.h — what a journal has its driver do with files, and what the driver answers. Made by
 * output, carried out by io/journal_files and by the simulated disk. */
#ifndef CORE_JOURNAL_ORDERS_H
#define CORE_JOURNAL_ORDERS_H

#include "core/base/span.h"
#include <stdint.h>

/* At most one order of each file is under way. */
enum journal_file { JOURNAL_LOG, JOURNAL_BASE, JOURNAL_FILES };

enum journal_act {
    JOURNAL_CREATE, /* a new file `name`, for writing, readable by its owner only; it must not be
                       there. It is the file that later orders mean */
    JOURNAL_WRITE, /* `bytes` at `offset`; at most so many of them, as WRITE(2) may. With `durable`
                      they are on the disk then, as by O_DSYNC */
    JOURNAL_SYNC, /* all that was written is on the disk */
    JOURNAL_SYNC_FOLDER, /* so are the names of all files */
    JOURNAL_RENAME, /* the file `name` is called `to`, in place of any that was */
    JOURNAL_REMOVE, /* no file is called `name`; well if there was none */
    JOURNAL_LOOK, /* whether the file is the one that `name` names */
    JOURNAL_CLOSE, /* it is written no more */
};

struct journal_order {
    enum journal_file file;
    enum journal_act act;
    const char *name, *to; /* of the journal's memory until it is answered, as are: */
    struct span bytes;
    uint64_t offset;
    bool durable;
};

enum journal_outcome { JOURNAL_DONE, JOURNAL_NO_ROOM, JOURNAL_FAILED };

struct journal_answer {
    enum journal_file file;
    enum journal_outcome outcome;
    size_t bytes; /* of WRITE: how many were written, at least one if it is DONE */
    const char *why; /* unless it is DONE: a sentence for the operator */
};

#endif
