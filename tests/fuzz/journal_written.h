/* journal_written.h — for fuzz_journal: a file that the real writer has made, and what may be told
 * of it.
 *
 * The tape says what is put into each span, what is durable when, and what becomes of the file: it
 * is cut, or a few of its bytes are others. What is told is judged by what was put: it is that, in
 * this order; of a file that was cut it is a prefix; of one that was left alone it is all. Where
 * something durable is missing, that is noticed. Whatever breaks this is an ASSERT. */
#ifndef TESTS_FUZZ_JOURNAL_WRITTEN_H
#define TESTS_FUZZ_JOURNAL_WRITTEN_H

#include "core/journal/scan.h"
#include "fuzz/tape.h"

/* Make the file.
 *
 * room    writable at `file`; bytes behind the file's end stay zeros, if they were
 * header  what its header says, which is written too
 *
 * Returns its size, at least FILE_HEADER_BYTES. */
size_t written_make(struct span *tape, enum file_kind kind, unsigned char *file, size_t room,
    struct file_header *header);

/* It is scanned anew. */
void written_begin(void);
void written_stamp(const struct feed_item *item);
/* The end of a block, without anything missing before it in the file. */
void written_whole(const struct block_header *block);

/* The scan is over.
 *
 * reads  every byte could be read */
void written_judge(const struct scan_result *result, bool reads);

#endif
