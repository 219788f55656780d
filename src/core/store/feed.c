/* feed.c — see feed.h. What an event does to a cursor:
 *
 *   a cursor behind        event                         stands behind       passed up to
 *   X, change 7            passes the next, change 12    the next            12
 *   X, change 7            X changes (13) or is removed  the one before X    7
 *   the last               an append, change 14          the same            13, all there was
 *   any                    seek 9                        the last <= 9       9, or the feed's last
 *   any                    rewind                        none                0
 *
 * Holds always: `first` has no prev and `last` has no next; both are 0 or neither is; change
 * numbers grow along the list; the record that an open cursor stands on has under_cursor set. */
#include "core/store/feed.h"
#include "core/base/invariant.h"

void feed_init(struct feed *f, const struct arena *records)
{
    *f = (struct feed){.records = records};
}

static struct record *record_at(const struct feed *f, uint32_t at)
{
    return arena_record(f->records, at);
}

void feed_append(struct feed *f, uint32_t at)
{
    struct record *r = record_at(f, at);
    r->change = ++f->change;
    r->next = 0;
    r->prev = f->last;
    if (f->last) {
        record_at(f, f->last)->next = at;
    } else {
        ASSERT(f->first == 0);
        f->first = at;
    }
    f->last = at;
}

void feed_skip(struct feed *f, uint64_t change)
{
    ASSERT(change >= f->change && change < UINT64_MAX);
    f->change = change;
}

static void cursor_move(struct feed *f, struct cursor *c, uint32_t passed)
{
    c->passed = passed;
    if (passed)
        record_at(f, passed)->under_cursor = 1;
}

void feed_remove(struct feed *f, uint32_t at)
{
    struct record *r = record_at(f, at);
    if (r->under_cursor) {
        r->under_cursor = 0;
        for (unsigned i = 0; i < f->cursors_end; i++)
            if (f->cursors[i].open && f->cursors[i].passed == at)
                cursor_move(f, &f->cursors[i], r->prev);
    }
    if (r->next) {
        record_at(f, r->next)->prev = r->prev;
    } else {
        ASSERT(f->last == at);
        f->last = r->prev;
    }
    if (r->prev) {
        record_at(f, r->prev)->next = r->next;
    } else {
        ASSERT(f->first == at);
        f->first = r->next;
    }
}

/* At the list's ends this prefetches record 0, which is no record but memory that exists. */
void feed_prefetch(const struct feed *f, uint32_t at)
{
    const struct record *r = record_at(f, at);
    __builtin_prefetch(record_at(f, r->next), 1);
    __builtin_prefetch(record_at(f, r->prev), 1);
}

/* -- cursors ----------------------------------------------------------------------------------- */

unsigned feed_open(struct feed *f)
{
    unsigned cursor = 0;
    while (cursor < FEED_CURSORS_MAX && f->cursors[cursor].open)
        cursor++;
    ASSERT(cursor < FEED_CURSORS_MAX);
    if (cursor == f->cursors_end)
        f->cursors_end++;
    f->cursors[cursor] = (struct cursor){.open = true};
    return cursor;
}

static struct cursor *cursor_at(struct feed *f, unsigned cursor)
{
    ASSERT(cursor < FEED_CURSORS_MAX && f->cursors[cursor].open);
    return &f->cursors[cursor];
}

void feed_close(struct feed *f, unsigned cursor)
{
    cursor_at(f, cursor)->open = false;
}

void feed_rewind(struct feed *f, unsigned cursor)
{
    *cursor_at(f, cursor) = (struct cursor){.open = true};
}

void feed_seek(struct feed *f, unsigned cursor, uint64_t change)
{
    struct cursor *c = cursor_at(f, cursor);
    uint32_t at = f->last;
    ASSERT(!at || record_at(f, at)->next == 0);
    ASSERT(!c->passed || record_at(f, c->passed)->under_cursor);
    while (at && record_at(f, at)->change > change)
        at = record_at(f, at)->prev;
    cursor_move(f, c, at);
    c->change = change < f->change ? change : f->change;
}

bool feed_go_back(struct feed *f, unsigned cursor, uint64_t change, unsigned steps)
{
    struct cursor *c = cursor_at(f, cursor);
    uint32_t at = c->passed;
    ASSERT(c->change <= f->change && steps > 0);
    if (c->change <= change)
        return true;
    if (f->first && record_at(f, f->first)->change > change)
        at = 0;
    for (; at && record_at(f, at)->change > change && steps; steps--)
        at = record_at(f, at)->prev;
    cursor_move(f, c, at);
    bool there = !at || record_at(f, at)->change <= change;
    c->change = there ? change : record_at(f, at)->change;
    return there;
}

static uint32_t next_of(const struct feed *f, const struct cursor *c)
{
    return c->passed ? record_at(f, c->passed)->next : f->first;
}

uint32_t feed_next(const struct feed *f, unsigned cursor)
{
    ASSERT(cursor < FEED_CURSORS_MAX && f->cursors[cursor].open);
    return next_of(f, &f->cursors[cursor]);
}

void feed_pass(struct feed *f, unsigned cursor)
{
    struct cursor *c = cursor_at(f, cursor);
    uint32_t next = next_of(f, c);
    ASSERT(next);
    const struct record *r = record_at(f, next);
    ASSERT(r->prev == c->passed);
    ASSERT(r->change > c->change && r->change <= f->change);
    cursor_move(f, c, next);
    c->change = r->change;
}

uint64_t feed_passed(const struct feed *f, unsigned cursor)
{
    return feed_next(f, cursor) ? f->cursors[cursor].change : f->change;
}
