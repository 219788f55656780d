/* say.h — what the operator hears of the journal, in the log. Called by journal. */
#ifndef CORE_JOURNAL_SAY_H
#define CORE_JOURNAL_SAY_H

#include "core/base/log.h"

/* There is no room, or a file cannot be written any more; and what that means. */
void say_full(struct log *log, const char *file, const char *why, struct instant now);
void say_broken(struct log *log, const char *file, const char *why, struct instant now);

/* The disk takes stamps again, after so long. */
void say_works_again(struct log *log, int64_t failed_ns, struct instant now);

/* A base was written; or not, and why. */
void say_base(
    struct log *log, const char *file, uint64_t stamps, uint64_t bytes, struct instant now);
void say_base_failed(struct log *log, const char *why, struct instant now);

#endif
