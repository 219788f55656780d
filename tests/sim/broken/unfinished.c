/* unfinished.c — a dump that is over at the change at which it began. */
#include "core/node/private.h"

bool __real_dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max);
bool __wrap_dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max);

bool __wrap_dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max)
{
    static uint64_t first; /* one dump at a time */
    if (d->state == DUMP_NEW)
        first = store_change(n->store);
    for (unsigned i = 0; i < stamps_max; i++) {
        size_t before = out->len;
        if (!__real_dump_put(d, n, out, 1))
            return false;
        if (out->len == before)
            return true;
        if (store_cursor_change(n->store, d->cursor) < first || buf_room(out) < 200)
            continue;
        buf_text(out, "DUMPED ");
        buf_u64(out, first);
        buf_byte(out, ' ');
        buf_u64(out, d->lines);
        buf_byte(out, ' ');
        buf_hex(out, d->sum, 16);
        buf_byte(out, ' ');
        buf_u64(out, store_count(n->store));
        buf_byte(out, ' ');
        buf_hex(out, store_digest(n->store), 16);
        buf_byte(out, '\n');
        d->state = DUMP_OVER;
        return false;
    }
    return true;
}
