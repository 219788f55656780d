/* disk.h — a simulated disk with one folder: carries out a journal's orders, and forgets.
 *
 * Of each file it keeps what a read gives (the page cache) and what a power cut leaves. A sector of
 * 512 bytes that was written since the last sync is new, old or garbage after a power cut; the size
 * is somewhere between the durable one and the new one. Each creation, renaming and removal is
 * kept or lost by itself until the folder is synced. What goes wrong besides is drawn from the
 * faults below.
 *
 * An order takes a time; its effect comes with its answer. Whoever is killed leaves an order half
 * done, not done, or done later, when the next process runs. Called by world.c and
 * sim/disk_host.c. */
#ifndef TESTS_JOURNAL_DISK_H
#define TESTS_JOURNAL_DISK_H

#include "core/journal/journal.h"
#include "core/journal/names.h"
#include "unit/random.h"

enum { DISK_FILES_MAX = 256, DISK_SECTOR_BYTES = 512, DISK_OPS_MAX = 1024 };

struct disk_file {
    bool used;
    char name[JOURNAL_NAME_BYTES]; /* "": it has none */
    char kept_name[JOURNAL_NAME_BYTES]; /* after a power cut */
    unsigned char *bytes, *kept; /* what is read now, and after a power cut */
    size_t len, kept_len, room;
    unsigned char *dirty; /* by sector: written since the last sync */
};

/* A change of a name that is not durable yet. */
struct disk_op {
    unsigned file;
    char name[JOURNAL_NAME_BYTES]; /* the new one; "": removed */
};

enum disk_fault {
    DISK_SHORT, /* a write is taken in part */
    DISK_WRITE_EIO,
    DISK_SYNC_EIO, /* said once; what was not durable is gone, and the next sync says OK */
    DISK_SYNC_FULL, /* the same, and the sync says that there is no room */
    DISK_NAME_EIO, /* of creating, renaming and removing */
    DISK_FOLDER_EIO, /* the sync of the folder fails, once; what was not durable is gone */
    DISK_FAULTS,
};

struct disk {
    struct random dice;
    struct disk_file files[DISK_FILES_MAX];
    struct disk_op ops[DISK_OPS_MAX];
    unsigned ops_count;
    /* Faults. */
    unsigned one_in[DISK_FAULTS]; /* 0: never */
    int64_t full_until_ns; /* no room before */
    int64_t lies_until_ns; /* syncs say OK and do nothing */
    int64_t stands_until_ns; /* no order is answered before */
    int64_t slowest_ns; /* of any order */
    bool punctual; /* nothing lands late */
    bool gone; /* the folder was removed */
    bool opens_existing; /* CREATE of a file that is there opens it: for a broken core */
    uint64_t failed; /* orders that failed, without those for want of room */
    /* What is being done for each file of the journal. */
    struct disk_order {
        bool busy;
        struct journal_order order;
        unsigned char *bytes; /* a copy: the journal must not change them, which is checked */
        int64_t done_ns;
        int open; /* the file; -1 */
    } each[JOURNAL_FILES];
    /* A write that a killed process left behind. */
    struct disk_late {
        unsigned char *bytes; /* NULL: none */
        size_t len;
        uint64_t offset;
        unsigned file;
        int64_t at_ns;
    } late;
    bool late_tears; /* it landed in a sector that had been believed */
    /* A page that cannot be read, for as long as the file is there. */
    int bad_file; /* -1: none */
    uint64_t bad_offset;
};

void disk_init(struct disk *d, uint64_t seed);
void disk_deinit(struct disk *d);
/* Another one that is the same, without orders under way. */
void disk_copy(struct disk *to, const struct disk *from);

/* -- while a process runs ---------------------------------------------------------------------- */

void disk_begin(struct disk *d, const struct journal_order *o, int64_t now_ns);
/* When something is done, or a late write lands; NEVER_NS: never. */
int64_t disk_due_ns(const struct disk *d);
/* The next answer that is due by now. */
MUST_USE bool disk_answer(struct disk *d, struct journal_answer *a, int64_t now_ns);

/* -- how it ends ------------------------------------------------------------------------------- */

/* The process is killed. What it has written stays readable. */
void disk_kill(struct disk *d, int64_t now_ns);
/* The power is cut, after which everything is durable that can be read. */
void disk_crash(struct disk *d);

/* -- between two processes --------------------------------------------------------------------- */

/* The files of the folder, without those that were never finished, which are removed. */
unsigned disk_list(struct disk *d, struct found_file *out, unsigned most);
unsigned disk_count(const struct disk *d); /* of all files that have a name */
/* As many bytes as there are; -1: they cannot be read. */
long disk_read(const struct disk *d, const char *name, uint64_t offset, void *into, size_t bytes);
void disk_sync_all(struct disk *d);
/* Whether a read gives what a power cut would take away although nothing is to be synced: a sync
 * has failed, and the page cache still has what it lost. */
bool disk_pretends(const struct disk *d);
/* The number of a file; -1: there is none. */
int disk_find(const struct disk *d, const char *name);
void disk_flip(struct disk *d, unsigned file, uint64_t bit);
void disk_remove_all(struct disk *d); /* the folder, and all that is in it */

#endif
