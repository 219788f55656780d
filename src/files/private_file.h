/* private_file.h — the files that topology.conf names: where they lie, and the small ones of
 * them, secrets, keys, certificates. What is wrong with one is told in a sentence with its remedy
 * and a line end: to standard error at the start, to memory when a running node reads it anew.
 * Called by secret, tls_files, trust_file and the program's `node`. */
#ifndef FILES_PRIVATE_FILE_H
#define FILES_PRIVATE_FILE_H

#include "core/topology/topology.h"
#include <stdio.h>
#include <sys/types.h>

enum { FILE_PATH_ROOM = 2 * (TOPOLOGY_PATH_BYTES_MAX + 1) };

struct file_kind {
    const char *noun; /* "secret" */
    const char *remedy; /* how to get one: "make one with: ..." */
    bool owner_only; /* nobody but its owner may use it */
};

/* The path of `file`, which lies in the folder of topology.conf unless it is absolute. false: it is
 * too long. */
MUST_USE bool file_path_beside(
    const char *topology_path, const char *file, char out[FILE_PATH_ROOM]);

/* The whole of a regular file into `memory`.
 *
 * room  one byte more than the file may have: a result of `room` is one that is too long
 * tell  where the sentence goes
 * -1: it has been told why; else its bytes. */
MUST_USE ssize_t file_read(
    const char *path, const struct file_kind *kind, char *memory, size_t room, FILE *tell);

/* A file's text in memory of its own. */
struct file_text {
    char *memory;
    struct span span; /* what it holds */
};

/* The whole of a regular file of at most `mib_max` MiB. false: it has been told why. In either case
 * file_text_forget it. */
MUST_USE bool file_text_read(struct file_text *x, const char *path, const struct file_kind *kind,
    unsigned mib_max, FILE *tell);

/* Free it, wiped. */
void file_text_forget(struct file_text *x);

#endif
