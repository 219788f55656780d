/* load_lines.h — the lines of the files that `stampede load` is given, or of standard input: one
 * after another, with file and number, so that each of them can be named when something is wrong.
 *
 * Nothing is read but by load_lines_fill, so that its owner can wait for a pipe and for the node
 * together. Called by load. */
#ifndef CLI_LOAD_LINES_H
#define CLI_LOAD_LINES_H

#include "core/base/span.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    LOAD_LINES_WINDOW_BYTES = 256 << 10,
    LOAD_LINES_BYTES_MAX = 16 << 10, /* of a line; longer ones are cut, and the rest is skipped */
};

struct load_lines {
    char *const *names; /* NULL: standard input */
    int names_count;
    int number; /* of the file that is read; the lines of: */
    const char *name;
    uint64_t line; /* the one returned last, from 1 on */
    int fd; /* -1: none is open */
    bool file_ended, skips;
    int error; /* an errno, when LOAD_LINES_BROKEN was returned */
    char *window;
    size_t start, len;
};

enum load_lines_result {
    LOAD_LINES_LINE,
    LOAD_LINES_LONG, /* a line that is too long */
    LOAD_LINES_WAITS, /* load_lines_fill first */
    LOAD_LINES_FILE_END, /* of the file `name`; another may follow */
    LOAD_LINES_BROKEN, /* the file `name` cannot be read (any further) */
    LOAD_LINES_END, /* of all */
};

/* false: no memory. */
MUST_USE bool load_lines_begin(struct load_lines *l, char *const *names, int count);
void load_lines_end(struct load_lines *l);

/* line  on LOAD_LINES_LINE, without its LF or CRLF; valid until the next call */
MUST_USE enum load_lines_result load_lines_next(struct load_lines *l, struct span *line);

/* Read once; waits if there is nothing to read. */
void load_lines_fill(struct load_lines *l);

#endif
