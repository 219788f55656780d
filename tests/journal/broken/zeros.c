/* zeros.c — a core that fills the page of the last durable byte with zeros, when it writes
 * more. */
#include "core/journal/writer.h"

enum { SPANS = 4, WRITERS = 2 };

struct span __real_writer_end(struct writer *w, const struct writer_last *last);
struct span __wrap_writer_end(struct writer *w, const struct writer_last *last);

/* The zeros that the writer's last span would have had at its end. */
static size_t *left_out(const struct writer *w)
{
    static struct {
        const struct writer *w;
        size_t zeros;
    } each[WRITERS];
    unsigned i = 0;
    while (i < WRITERS - 1 && each[i].w && each[i].w != w)
        i++;
    each[i].w = w;
    return &each[i].zeros;
}

struct span __wrap_writer_end(struct writer *w, const struct writer_last *last)
{
    static unsigned char with_zeros[SPANS][WRITER_BUFFER_BYTES + SYNC_ALIGN_BYTES];
    static unsigned which;
    size_t *zeros = left_out(w), before = w->offset == FILE_HEADER_BYTES ? 0 : *zeros;
    struct span bytes = __real_writer_end(w, last);
    if (!bytes.len)
        return bytes;
    *zeros = (size_t)(w->end - w->blocks_end);
    unsigned char *at = with_zeros[which++ % SPANS];
    memset(at, 0, before);
    memcpy(at + before, bytes.at, bytes.len - *zeros);
    w->offset -= before;
    return (struct span){(const char *)at, before + bytes.len - *zeros};
}
