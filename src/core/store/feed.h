/* feed.h — the records in the order of their changes, and the cursors that read them.
 *
 * A list through the records themselves. A cursor knows the record that it passed last, 0 before
 * the first, so what is appended concerns no cursor. A record that goes from its place takes along
 * no cursor either: those that passed it last step back to the one before. The record's
 * under_cursor says that there may be some; without it nobody is asked. Called by store. */
#ifndef CORE_STORE_FEED_H
#define CORE_STORE_FEED_H

#include "core/store/arena.h"

enum { FEED_CURSORS_MAX = 72 };

struct cursor {
    bool open;
    uint32_t passed; /* the record passed last */
    /* Up to which change all was passed. Not always that of `passed`: a cursor that stepped back
     * has not unlearnt what it passed. */
    uint64_t change;
};

struct feed {
    const struct arena *records;
    uint32_t first, last; /* 0: empty */
    uint64_t change; /* the last number given */
    unsigned cursors_end; /* none from here on was ever open */
    struct cursor cursors[FEED_CURSORS_MAX];
};

void feed_init(struct feed *f, const struct arena *records);

/* Put a record, which is not in the feed, at its end, under the next change number. */
void feed_append(struct feed *f, uint32_t at);

/* Take a record out. */
void feed_remove(struct feed *f, uint32_t at);

/* Bring the neighbours of a record that will soon be taken out into the cache. No other effect. */
void feed_prefetch(const struct feed *f, uint32_t at);

/* What store.h says of store_cursor_open and so on; feed_next is 0 at the end. */
unsigned feed_open(struct feed *f);
void feed_close(struct feed *f, unsigned cursor);
void feed_rewind(struct feed *f, unsigned cursor);
void feed_seek(struct feed *f, unsigned cursor, uint64_t change);
uint32_t feed_next(const struct feed *f, unsigned cursor);
void feed_pass(struct feed *f, unsigned cursor);
uint64_t feed_passed(const struct feed *f, unsigned cursor);

#endif
