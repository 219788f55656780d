/* replies.c — see replies.h. */
#include "cli/replies.h"
#include "core/base/decimal.h"

static void begin(struct replies *r, char byte)
{
    if (byte == '{') {
        r->state = REPLIES_JSON;
        return;
    }
    if (byte == '!') {
        r->state = REPLIES_NEWS;
        return;
    }
    r->state = REPLIES_LINE;
    r->found = r->owed > 0;
    r->owed -= r->found;
    r->count += !r->found;
    r->refusal = byte == '?' && !r->found;
    r->refused += r->refusal;
    r->kept = 0;
}

/* How many lines follow a reply's first. */
static uint64_t owed_behind(struct span line)
{
    struct span head = SPAN("NEAR ");
    uint64_t found;
    if (line.len <= head.len || !span_equal((struct span){line.at, head.len}, head))
        return 0;
    struct span rest = span_from(line, head.len);
    return decimal_take_digits(&rest, STAMPEDE_NEAR_COUNT_MAX, &found) ? found : 0;
}

/* Keep a piece of a line. A node repeats no line that is longer than `text`. */
static void keep(struct replies *r, struct span piece)
{
    size_t room = sizeof r->text - r->kept, bytes = piece.len < room ? piece.len : room;
    memcpy(r->text + r->kept, piece.at, bytes);
    r->kept += bytes;
}

bool replies_next(struct replies *r, struct span *in, struct span *line)
{
    while (in->len) {
        if (r->state == REPLIES_BETWEEN)
            begin(r, *in->at); /* continue with the same byte: it may be the LF */
        else if (r->state == REPLIES_JSON_LF && *in->at != '\n')
            r->state = REPLIES_JSON;
        const char *end = memchr(in->at, '\n', in->len);
        size_t piece = end ? (size_t)(end - in->at) : in->len;
        bool in_reply = r->state == REPLIES_LINE && !r->found;
        bool in_refusal = in_reply && r->refusal;
        if (in_reply)
            keep(r, (struct span){in->at, piece});
        *in = span_from(*in, piece + (end != NULL));
        if (!end)
            return false;
        if (in_reply)
            r->owed = owed_behind((struct span){r->text, r->kept});
        r->state = r->state == REPLIES_JSON ? REPLIES_JSON_LF : REPLIES_BETWEEN;
        if (in_refusal) {
            *line = span_from((struct span){r->text, r->kept}, r->kept < 2 ? r->kept : 2);
            return true;
        }
    }
    return false;
}
