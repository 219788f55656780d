/* reload.h — SIGHUP: a node goes on by files that were changed, without a restart.
 *
 * Everything that can fail comes first, beside what is in use: files are read, names of this node
 * that are others are looked up, which takes some turns, a new log file is opened, other addresses
 * are bound. If anything fails, all of it is logged as `reload_failed`, and nothing has changed.
 * Called by loop. */
#ifndef IO_RELOAD_H
#define IO_RELOAD_H

#include "files/renewal.h"
#include "io/conn.h"
#include "io/listen.h"
#include "io/log_sink.h"
#include "io/open_files.h"
#include "io/own_addresses.h"

/* What a reload changes: parts of the loop. */
struct reload {
    struct files_in_use *files; /* NULL: there are none */
    const struct open_files
        *open_files; /* what the process may open; limits.connections is of it */
    struct node *node;
    struct log *log;
    struct log_sink *sink;
    struct conns *conns;
    struct listeners *listeners;
    struct lookups *lookups; /* whose `own` is for reloads while the node runs */
    struct ring *ring;
    bool waits; /* for names; until then: */
    struct renewal renewal; /* what was read, */
    struct own_addresses own; /* and what they lead to */
    unsigned log_path; /* which of these holds the present one, once it was changed */
    char log_paths[2][FILE_PATH_ROOM];
};

/* Read all files anew, and go on by them. What came of it is logged. The log file is opened again
 * in any case: whoever rotates it need not know whether the rest is well. If `waits` is set then,
 * it goes on in reload_turn. One that waits already is given up for it. */
void reload_begin(struct reload *r, struct instant now);

/* While one waits, once a turn after the completions. true: it is over, either way. */
MUST_USE bool reload_turn(struct reload *r, struct instant now);

/* Give up one that waits; nothing has changed. */
void reload_end(struct reload *r);

#endif
