/* private_file.h — the files that topology.conf names: where they lie, and the small ones of
 * them, secrets, keys, certificates. What is wrong with one is told on standard error, in a
 * sentence with its remedy. Called by secret, tls_files and the program's `node`. */
#ifndef IO_PRIVATE_FILE_H
#define IO_PRIVATE_FILE_H

#include "core/topology.h"
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
 * -1: it has been told why; else its bytes. */
MUST_USE ssize_t file_read(
    const char *path, const struct file_kind *kind, char *memory, size_t room);

#endif
