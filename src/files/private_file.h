/* private_file.h — the files that topology.conf names: their paths, and the content of the small
 * ones: secrets, keys, certificates. What is wrong with one is reported in a sentence with its
 * remedy and a line end: on standard error at start, in memory when a running node reads it again.
 * Called by secret, tls_files, trust_file, places_files and the program's `node`. */
#ifndef FILES_PRIVATE_FILE_H
#define FILES_PRIVATE_FILE_H

#include "core/topology/topology.h"
#include <stdio.h>
#include <sys/types.h>

enum { FILE_PATH_ROOM = 2 * (TOPOLOGY_PATH_BYTES_MAX + 1) };

/* The path of a file that is only read, such as a key. A service gets copies of such files from
 * systemd, in $CREDENTIALS_DIRECTORY, as its user may not read the originals. So where that folder
 * has a file with the name of a relative `file`, `_` in place of each `/`, that one is meant: this
 * is how systemd names what LoadCredential= loads of a folder. Else as file_path_beside. */
MUST_USE bool file_path_to_read(
    const char *topology_path, const char *file, char out[FILE_PATH_ROOM]);

/* After a reload: if `path` is such a copy, write to `tell` that it is as old as the service. */
void file_tell_copy(const char *path, FILE *tell);

/* `pattern` with the node's name in place of each %n. false: too long. */
MUST_USE bool file_path_of_node(
    const char *pattern, struct span name, char out[TOPOLOGY_PATH_BYTES_MAX + 1]);

struct private_kind {
    const char *noun; /* "secret" */
    const char *remedy; /* how to get one: "make one with: ..." */
    bool owner_only; /* nobody but its owner may use it; or systemd guards it */
};

/* The path of `file`, which is relative to the folder of topology.conf unless it is absolute.
 * false: it is too long. */
MUST_USE bool file_path_beside(
    const char *topology_path, const char *file, char out[FILE_PATH_ROOM]);

/* The whole of a regular file into `memory`.
 *
 * room  one byte more than the file may have: a result of `room` means that it is too long
 * tell  where a report goes
 * -1: the reason has been reported; else how many bytes the file has. */
MUST_USE ssize_t file_read(
    const char *path, const struct private_kind *kind, char *memory, size_t room, FILE *tell);

/* The text of a file, in memory of its own. */
struct file_text {
    char *memory;
    struct span span; /* what it holds */
};

/* The whole of a regular file of at most `mib_max` MiB. false: the reason has been
 * reported. In either case file_text_forget it. */
MUST_USE bool file_text_read(struct file_text *x, const char *path, const struct private_kind *kind,
    unsigned mib_max, FILE *tell);

/* Free it, wiped. */
void file_text_forget(struct file_text *x);

#endif
