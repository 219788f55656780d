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
    r->refused += byte == '?';
}

void replies_take(struct replies *r, struct span bytes)
{
    while (bytes.len) {
        if (r->state == REPLIES_BETWEEN)
            begin(r, *bytes.at); /* continue with the same byte: it may be the LF */
        else if (r->state == REPLIES_JSON_LF && *bytes.at != '\n')
            r->state = REPLIES_JSON;
        const char *end = memchr(bytes.at, '\n', bytes.len);
        if (!end)
            return;
        r->state = r->state == REPLIES_JSON ? REPLIES_JSON_LF : REPLIES_BETWEEN;
        bytes = span_from(bytes, (size_t)(end - bytes.at) + 1);
    }
}
