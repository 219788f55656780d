/* line.c — see line.h for the states and what each call may yield.
 *
 * A line's bytes are what is kept, then what came in; positions below count through both. What is
 * there of it, to its LF or to the input's end and without a CR that stands last, either fits or is
 * too long already. bytes_max bytes and a CR fit until something follows: room has a byte more.
 *
 * Holds always: kept <= bytes_max + 1, and kept == 0 while skipping. */
#include "core/protocol/line.h"
#include "core/base/invariant.h"

/* The byte at `position` of the line. */
static char byte_at(const struct line_reader *r, struct span in, size_t position)
{
    return position < r->kept ? r->room[position] : in.at[position - r->kept];
}

static void take(struct span *in, size_t bytes)
{
    *in = span_from(*in, bytes);
}

/* Appends the first `bytes` of *in to what is kept. */
static void keep(struct line_reader *r, struct span *in, size_t bytes)
{
    memcpy(r->room + r->kept, in->at, bytes);
    r->kept += (uint32_t)bytes;
    take(in, bytes);
}

/* The first `bytes` of the line: a view of *in, or put together in room. All of it is taken. */
static struct span yield(struct line_reader *r, struct span *in, size_t bytes)
{
    struct span line = {in->at, bytes};
    r->room_in_use = r->kept > 0;
    if (r->room_in_use) {
        if (bytes > r->kept)
            keep(r, in, bytes - r->kept);
        line.at = r->room;
        r->kept = 0;
    } else {
        take(in, bytes);
    }
    return line;
}

/* Discards up to and with the LF of a long line. */
static void skip(struct line_reader *r, struct span *in)
{
    const char *lf = memchr(in->at, '\n', in->len);
    r->skipping = !lf;
    take(in, lf ? (size_t)(lf - in->at) + 1 : in->len);
}

/* The line goes on after *in, as far as can be told. */
static enum line_result more(struct line_reader *r, struct span *in)
{
    if (in->len == 0)
        return LINE_MORE;
    if (!r->room)
        return LINE_NO_ROOM;
    r->room_in_use = false;
    keep(r, in, in->len);
    return LINE_MORE;
}

enum line_result line_next(struct line_reader *r, struct span *in, struct span *line)
{
    ASSERT(r->kept <= r->bytes_max + (size_t)1 && (r->kept == 0 || r->room));
    if (r->skipping && in->len)
        skip(r, in);
    const char *lf = in->len ? memchr(in->at, '\n', in->len) : NULL;
    size_t end = r->kept + (lf ? (size_t)(lf - in->at) : in->len);
    size_t bytes = end - (end > 0 && byte_at(r, *in, end - 1) == '\r');
    if (bytes > r->bytes_max) {
        *line = yield(r, in, r->bytes_max);
        r->skipping = true;
        return LINE_LONG;
    }
    if (!lf)
        return more(r, in);
    *line = yield(r, in, bytes);
    take(in, (size_t)(lf - in->at) + 1);
    return LINE_WHOLE;
}

bool line_last(struct line_reader *r, struct span *line)
{
    if (r->kept == 0)
        return false;
    r->kept -= r->room[r->kept - 1] == '\r';
    *line = (struct span){r->room, r->kept};
    r->kept = 0;
    r->room_in_use = true;
    return true;
}
