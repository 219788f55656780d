/* names.h — what the files of a journal are called.
 *
 *     log-00000000000000a1        the changes behind base-00000000000000a1, which may be missing
 *     base-00000000000000a1       a base that is whole
 *     base-00000000000000a1.tmp   one that is being written, or never was finished
 *
 * Called by journal, recovery, and the code that lists the folder. */
#ifndef CORE_JOURNAL_NAMES_H
#define CORE_JOURNAL_NAMES_H

#include "core/journal/format.h"

enum { JOURNAL_NAME_BYTES = 32 }; /* of a file, with NUL */

struct journal_name {
    char text[JOURNAL_NAME_BYTES];
};

struct journal_name journal_name_of(enum file_kind kind, uint64_t seq, bool unfinished);

/* What a name says. false: it is not of a file of a journal. */
MUST_USE bool journal_name_read(
    struct span name, enum file_kind *kind, uint64_t *seq, bool *unfinished);

#endif
