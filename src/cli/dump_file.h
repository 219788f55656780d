/* dump_file.h — the comments that frame a dump in a file, written and read.
 *
 *     # stampede-dump node=Goloman herd=demo change=12 stamps=1000 time=2026-11-30T21:00:00Z
 *     AT Goloman +0.263873386 kiwi +34.068930-118.445127 1614209128.918963997
 *     ...
 *     # stampede-dump-end change=15 lines=1003 sum=9c01fac4445cfafe stamps=1001 digest=...
 *
 * The first one says up to which change at least all is here; the last one, of which change
 * exactly the last line of each client id is, how many lines there are, and the sum of the hashes
 * of their stamps: so a file that was cut, or in which a byte has changed, is noticed. A dump that
 * could not be finished ends with `# stampede-dump-cut` and why. PROTOCOL.md, "Dumps and loads".
 * Several dumps may follow each other in one file, and lines without such a frame are as good.
 * Called by `dump` and `load`. */
#ifndef CLI_DUMP_FILE_H
#define CLI_DUMP_FILE_H

#include "core/base/buf.h"
#include "core/protocol/stamp.h"
#include <stdbool.h>

enum { DUMP_FILE_COMMENT_BYTES = 512, DUMP_FILE_WHY_BYTES = 200 };

/* Parse `AT <origin> <skew> <client-id> <position> <time>`. NULL, or what is wrong with it. */
MUST_USE const char *dump_file_stamp(struct span line, struct stamp *out);

/* What DUMPING and DUMPED have said. */
struct dump_head {
    uint64_t change, stamps;
    bool partial;
};

struct dump_end {
    uint64_t change, lines, sum, stamps, digest;
};

MUST_USE bool dump_head_parse(struct span line, struct dump_head *out);
MUST_USE bool dump_end_parse(struct span line, struct dump_end *out);

void dump_head_put(struct buf *out, const struct dump_head *head, const char *node,
    const char *herd, int64_t real_ns);
void dump_end_put(struct buf *out, const struct dump_end *end);
void dump_cut_put(struct buf *out, uint64_t lines, const char *why);

/* Reading a file: whether each dump in it is whole. */
struct dump_check {
    bool open; /* between the first comment and the last: */
    uint64_t lines, sum;
    char why[DUMP_FILE_WHY_BYTES]; /* what was found last */
};

/* A comment, the line of a stamp, the end of the file. NULL, or what is wrong; valid until the next
 * call. */
MUST_USE const char *dump_check_comment(struct dump_check *c, struct span line);
void dump_check_stamp(struct dump_check *c, const struct stamp *stamp);
MUST_USE const char *dump_check_end(struct dump_check *c);

#endif
