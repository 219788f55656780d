/* miscounted.c — a dump that skips a stamp now and then, and does not count it. */
#include "core/node/private.h"

bool __real_dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max);
bool __wrap_dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max);

bool __wrap_dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max)
{
    struct feed_item item;
    if (d->state == DUMP_SAYS && store_cursor_glance(n->store, d->cursor, &item)) {
        store_cursor_pass(n->store, d->cursor);
        d->lines++;
    }
    return __real_dump_put(d, n, out, stamps_max);
}
