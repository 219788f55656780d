/* recovery.h — from the files of a journal to a store and a found.
 *
 * It does no I/O. What it is given counts as durable from now on, so each file, and the folder,
 * has been synced before: after a kill the kernel may have bytes in memory that a power cut would
 * take away. If a sync failed before the kill, nobody can know what such bytes are worth; where
 * they turn out to be gone later, that is damage.
 *
 * The caller lists the folder, then does as it is asked: reads bytes of files, until
 * it is DONE. The headers come first, the newest log's before the others: each log names the one
 * before it, and where that ended. So the files that belong together are known before a stamp is
 * put: the newest base, and the logs from that of its number on. Files that no log names were never
 * finished, or were to be removed.
 *
 * Damage is not the end: what is good is put, the rest comes from peers. Then nothing counts as had
 * of any of them, for a mark covers what may be lost. The same holds where a log does not begin
 * where the one before it ended (one had broken, and no base was made since). A base that is not
 * whole gives way to an older one, if that is still there with all logs behind it.
 *
 *     recovery_begin
 *     while ((step = recovery_next(r, &want)) == RECOVERY_READS)
 *         recovery_filled or recovery_unreadable
 *     recovery_end
 *
 * Called by src/files, the simulator, tests. */
#ifndef CORE_JOURNAL_RECOVERY_H
#define CORE_JOURNAL_RECOVERY_H

#include "core/journal/found.h"
#include "core/journal/scan.h"
#include "core/store/store.h"

struct recovery_config {
    struct store_config store;
    struct span herd, node; /* borrowed until the end */
    const struct found_file *files; /* what the folder has, in any order; borrowed */
    unsigned files_count; /* below JOURNAL_FILES_MAX */
};

enum recovery_step {
    RECOVERY_READS, /* answer `want` */
    RECOVERY_DONE, /* the store and the past are complete */
    RECOVERY_REFUSED, /* recovery_why says why the node must not start on these files */
    RECOVERY_NO_MEMORY,
};

/* Bytes of a file; where it has fewer, so many. */
struct recovery_want {
    struct found_file file;
    uint64_t offset;
    void *into;
    size_t bytes;
};

struct recovery;

/* NULL: no memory. */
struct recovery *recovery_begin(const struct recovery_config *config);

MUST_USE enum recovery_step recovery_next(struct recovery *r, struct recovery_want *want);

/* So many bytes were read; 0: the file ends there, or is not there. */
void recovery_filled(struct recovery *r, size_t bytes);
/* They cannot be read (EIO). */
void recovery_unreadable(struct recovery *r);

/* A sentence with its remedy, after RECOVERY_REFUSED, without the folder's name. */
const char *recovery_why(const struct recovery *r);

/* How many stamps have been put so far, for a progress line. */
uint64_t recovery_stamps(const struct recovery *r);

/* The store is the caller's from now on, and so is found->files (free). After RECOVERY_DONE. */
struct store *recovery_take(struct recovery *r, struct found *found);

/* Whatever was not taken goes. */
void recovery_end(struct recovery *r);

#endif
