/* journal_folder.h — the folder of a journal: made, locked, listed, read.
 *
 * Called before a node starts. What is wrong is reported in a sentence with its remedy. While it is
 * open no other process can open it, also after this one was killed with writes under way. */
#ifndef FILES_JOURNAL_FOLDER_H
#define FILES_JOURNAL_FOLDER_H

#include "core/journal/found.h"
#include "core/store/store.h"
#include "core/topology/topology.h"
#include "files/private_file.h"
#include <stdio.h>

struct journal_folder {
    int fd; /* open and locked; -1: the topology names none */
    char path[FILE_PATH_ROOM];
    struct found_file *files; /* what is in it, by names alone */
    unsigned files_count;
    struct store *store; /* from journal_folder_read on, until somebody takes it */
    struct found found;
    int64_t took_ns; /* to read all */
    bool in_use; /* of one that is only viewed: a node has it */
    bool syncs; /* what is read is made durable first */
    bool lost; /* that has failed, of the file that was read last */
    int open_fd; /* of the file that was read last; -1: none */
    struct found_file open;
};

/* Open t->journal.dir for node `name`, and make it and its missing parents if it is not there.
 * Files that were never finished are removed. A topology without the key: well, and fd is -1.
 *
 * topology_path  to whose folder a relative dir is relative
 * false: the reason was written to `tell`. In either case journal_folder_close it. */
MUST_USE bool journal_folder_open(struct journal_folder *f, const struct topology *t,
    const char *name, const char *topology_path, FILE *tell);

/* Read all files into f->store and f->found: what the node is created with.
 *
 * false: the reason was written to `tell`: the node must not start on them. */
MUST_USE bool journal_folder_read(struct journal_folder *f, const struct topology *t,
    const char *name, const struct store_config *store, FILE *tell);

/* Open a folder only to look at it; nothing in it is changed, and nothing made. A node may be
 * writing to it. Results as above. */
MUST_USE bool journal_folder_view(struct journal_folder *f, const char *path, FILE *tell);

/* The stamps of such a folder, of whatever herd and node it is, as journal_folder_read. */
MUST_USE bool journal_folder_recover(struct journal_folder *f, struct span herd, struct span node,
    const struct store_config *store, FILE *tell);

/* Bytes of one of its files: how many there were, or -1. */
ssize_t journal_folder_get(struct journal_folder *f, const struct found_file *file,
    uint64_t offset, void *into, size_t bytes);

void journal_folder_close(struct journal_folder *f);

#endif
