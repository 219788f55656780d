/* feed.h — the records in the order of their changes, and the cursors that read them.
 *
 * The feed is a doubly linked list through the records themselves. A cursor keeps the record that
 * it passed last (0 before the first), so appending does not affect cursors. Removing a record
 * moves cursors that stand on it to the one before. The record's flag under_cursor says that there
 * may be such cursors; where it is not set, none is looked at. Called by store. */
#ifndef CORE_STORE_FEED_H
#define CORE_STORE_FEED_H

#include "core/store/arena.h"

enum { FEED_CURSORS_MAX = 96 };

struct cursor {
    bool open;
    uint32_t passed; /* the record passed last; 0: before the first */
    /* The change number up to which everything has been passed. It is larger than that of `passed`
     * when the record on which the cursor stood was removed: that change stays passed. */
    uint64_t change;
};

struct feed {
    const struct arena *records;
    uint32_t first, last; /* 0: empty */
    uint64_t change; /* the last number given */
    unsigned cursors_end; /* cursors from this index on have never been open */
    struct cursor cursors[FEED_CURSORS_MAX];
};

void feed_init(struct feed *f, const struct arena *records);

/* Append record `at`, which is not in the feed, and give it the next change number. */
void feed_append(struct feed *f, uint32_t at);

/* The next record that is appended gets the number behind `change`, which is not below the last
 * one that was given. */
void feed_skip(struct feed *f, uint64_t change);

/* Remove record `at`, which is in the feed. */
void feed_remove(struct feed *f, uint32_t at);

/* Bring the two neighbours of record `at` into the cache: feed_remove will write to them. */
void feed_prefetch(const struct feed *f, uint32_t at);

/* As store.h describes store_cursor_open and the others. feed_next returns 0 at the end. */
unsigned feed_open(struct feed *f);
void feed_close(struct feed *f, unsigned cursor);
void feed_rewind(struct feed *f, unsigned cursor);
void feed_seek(struct feed *f, unsigned cursor, uint64_t change);
bool feed_go_back(struct feed *f, unsigned cursor, uint64_t change, unsigned steps);
uint32_t feed_next(const struct feed *f, unsigned cursor);
void feed_pass(struct feed *f, unsigned cursor);
uint64_t feed_passed(const struct feed *f, unsigned cursor);

#endif
