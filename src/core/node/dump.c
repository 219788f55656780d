/* dump.c — see dump.h.
 *
 * Holds always: lines are counted when they are written whole; DUMPED is said where the cursor has
 * passed all that the store holds, and never before. */
#include "core/node/dump.h"
#include "core/node/private.h"

void dump_begin(struct dump *d, struct node *n)
{
    *d = (struct dump){.state = DUMP_NEW, .cursor = store_cursor_open(n->store)};
}

void dump_end(struct dump *d, struct node *n)
{
    ASSERT(d->whole <= (d->state == DUMP_OVER));
    store_cursor_close(n->store, d->cursor);
}

static bool put_dumping(struct dump *d, const struct node *n, struct buf *out)
{
    size_t start = out->len;
    uint64_t stamps = store_count(n->store);
    buf_text(out, "DUMPING ");
    buf_u64(out, store_change(n->store));
    buf_byte(out, ' ');
    buf_u64(out, stamps);
    buf_text(out, peering_partial(&n->links.peering) ? " partial\n" : "\n");
    if (!link_line_fits(out, start))
        return false;
    d->lines_max = DUMP_LINES_A_STAMP * stamps + DUMP_LINES_MORE;
    d->state = DUMP_SAYS;
    return true;
}

static bool put_at(struct buf *out, const struct stamp *stamp)
{
    size_t start = out->len;
    stamp_at_put(out, stamp);
    buf_byte(out, '\n');
    return link_line_fits(out, start);
}

/* Whether that was all of the feed. */
static bool put_stamps(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max)
{
    struct feed_item item;
    struct stamp_text text;
    for (; stamps_max && d->lines < d->lines_max; stamps_max--) {
        if (!store_cursor_peek(n->store, d->cursor, &item, &text))
            return true;
        if (!put_at(out, &item.stamp))
            return false;
        store_cursor_pass(n->store, d->cursor);
        d->lines++;
        d->sum += item.hash;
    }
    return false;
}

static void put_dumped(struct dump *d, const struct node *n, struct buf *out)
{
    size_t start = out->len;
    ASSERT(store_cursor_change(n->store, d->cursor) == store_change(n->store));
    ASSERT(d->lines >= store_count(n->store));
    buf_text(out, "DUMPED ");
    buf_u64(out, store_change(n->store));
    buf_byte(out, ' ');
    buf_u64(out, d->lines);
    buf_byte(out, ' ');
    buf_hex(out, d->sum, 16);
    buf_byte(out, ' ');
    buf_u64(out, store_count(n->store));
    buf_byte(out, ' ');
    buf_hex(out, store_digest(n->store), 16);
    buf_byte(out, '\n');
    d->whole = link_line_fits(out, start);
    if (d->whole)
        d->state = DUMP_OVER;
}

static void put_overtaken(struct dump *d, struct buf *out)
{
    size_t start = out->len;
    buf_text(out, "BYE its changes overtake this dump\n");
    if (link_line_fits(out, start))
        d->state = DUMP_OVER;
}

bool dump_put(struct dump *d, struct node *n, struct buf *out, unsigned stamps_max)
{
    ASSERT(d->state != DUMP_OVER && stamps_max > 0);
    if (d->state == DUMP_NEW && !put_dumping(d, n, out))
        return true;
    bool all = put_stamps(d, n, out, stamps_max);
    if (all)
        put_dumped(d, n, out);
    else if (d->lines == d->lines_max)
        put_overtaken(d, out);
    ASSERT(!out->overflow && d->lines <= d->lines_max);
    return d->state != DUMP_OVER;
}
