/* ring_files.h — requests about the files of a journal; on a ring with sizes.files only.
 *
 * A thread of the kernel carries each of them out: some file systems would otherwise do the work
 * inside ring_enter. Names are relative to the open folder `folder`, and stay valid until the
 * completion, as all memory. One completion: 0 or more, or -errno. Written in ring.c, which alone
 * includes liburing.h; called by journal_files. */
#ifndef IO_RING_FILES_H
#define IO_RING_FILES_H

#include "io/ring.h"

/* A new file for writing, which only its owner can read, and which must not be there. The result is
 * its descriptor. */
void ring_file_create(struct ring *r, int folder, struct ring_tag tag, const char *name);

/* bytes: not empty. The result says how many of them were written. durable: these are on the disk
 * then. */
void ring_file_write(struct ring *r, int fd, struct ring_tag tag, struct span bytes,
    uint64_t offset, bool durable);

/* All that was written is on the disk: of a file, what is needed to read it again; of a folder, its
 * names. */
void ring_file_sync(struct ring *r, int fd, struct ring_tag tag);

void ring_file_rename(
    struct ring *r, int folder, struct ring_tag tag, const char *from, const char *to);
void ring_file_remove(struct ring *r, int folder, struct ring_tag tag, const char *name);

/* What `name` is: its inode is written to *about. */
struct statx;
void ring_file_look(
    struct ring *r, int folder, struct ring_tag tag, const char *name, struct statx *about);

/* The descriptor is closed, whatever the result is. */
void ring_file_close(struct ring *r, int fd, struct ring_tag tag);

#endif
