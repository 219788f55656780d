/* replies.c — see replies.h. */
#include "cli/replies.h"

static void begin(struct replies *r, char byte)
{
    if (byte == '{') {
        r->state = REPLIES_JSON;
        return;
    }
    r->state = REPLIES_LINE;
    r->count++;
    r->refusal = byte == '?';
    r->refused += r->refusal;
    r->kept = 0;
}

/* Keep a piece of a refusal. A node repeats no line that is longer than `text`. */
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
        bool in_refusal = r->state == REPLIES_LINE && r->refusal;
        if (in_refusal)
            keep(r, (struct span){in->at, piece});
        *in = span_from(*in, piece + (end != NULL));
        if (!end)
            return false;
        r->state = r->state == REPLIES_JSON ? REPLIES_JSON_LF : REPLIES_BETWEEN;
        if (in_refusal) {
            *line = span_from((struct span){r->text, r->kept}, r->kept < 2 ? r->kept : 2);
            return true;
        }
    }
    return false;
}
