/* order.c — a core that swaps two replies that wait to be sent. */
#include "core/node/outbox.h"
#include <stdlib.h>

void __real_outbox_wrote(struct outbox *o, size_t n);
void __wrap_outbox_wrote(struct outbox *o, size_t n);

static bool is_reply(const char *at, size_t len)
{
    bool begins = len > 3 && (memcmp(at, "AT ", 3) == 0 || memcmp(at, "? ", 2) == 0);
    return begins && memchr(at, '\n', len) == at + len - 1;
}

/* Swap two adjacent parts. */
static void swap(char *at, size_t first, size_t second)
{
    char *copy = malloc(first);
    memcpy(copy, at, first);
    memmove(at, at + first, second);
    memcpy(at + second, copy, first);
    free(copy);
}

void __wrap_outbox_wrote(struct outbox *o, size_t n)
{
    static const struct chunk *last;
    static size_t last_at, last_len;
    __real_outbox_wrote(o, n);
    struct chunk *c = o->tail;
    size_t at = c->len - n;
    bool reply = is_reply(c->bytes + at, n);
    if (reply && c == last && at == last_at + last_len && c->sent == 0)
        swap(c->bytes + last_at, last_len, n);
    last = reply ? c : NULL;
    last_at = at;
    last_len = n;
}
