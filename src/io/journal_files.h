/* journal_files.h — carries out what a node's journal orders, on the ring.
 *
 * Nothing here blocks: each order is a request that a thread of the kernel carries out, and there
 * are two at most, one for the log and one for a base. Called by loop. */
#ifndef IO_JOURNAL_FILES_H
#define IO_JOURNAL_FILES_H

#include "core/journal/journal.h"
#include "core/node/node.h"
#include "io/ring.h"
#include <sys/stat.h>

struct journal_files {
    struct ring *ring;
    struct node *node;
    int folder; /* open and locked by the caller; -1: there is no journal */
    struct journal_file_state {
        int fd; /* -1: none is open */
        uint64_t inode; /* of that */
        bool busy; /* an order is under way: */
        struct journal_order order;
        struct statx about; /* LOOK */
    } each[JOURNAL_FILES];
};

/* folder  -1: everything here does nothing */
void journal_files_open(
    struct journal_files *f, struct ring *ring, struct node *node, int folder);

void journal_files_completed(
    struct journal_files *f, const struct ring_event *e, struct instant now);

/* At the end of a turn: begin what the journal orders. */
void journal_files_settle(struct journal_files *f, struct instant now);

/* After the ring was closed. */
void journal_files_close(struct journal_files *f);

#endif
