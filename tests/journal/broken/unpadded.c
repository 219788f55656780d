/* unpadded.c — a core whose next block begins right behind durable bytes, in the same sector. */
#include "core/journal/writer.h"

struct span __real_writer_end(struct writer *w, const struct writer_last *last);
struct span __wrap_writer_end(struct writer *w, const struct writer_last *last);

struct span __wrap_writer_end(struct writer *w, const struct writer_last *last)
{
    struct span bytes = __real_writer_end(w, last);
    if (!bytes.len)
        return bytes;
    size_t zeros = (size_t)(w->end - w->blocks_end);
    w->end -= zeros;
    bytes.len -= zeros;
    return bytes;
}
