/* broken_full_send.c — a core that holds back from a restarted peer what it once had from it. */
#include "core/store.h"

bool __real_store_cursor_peek(
    const struct store *s, unsigned cursor, struct feed_item *out, struct stamp_text *text);
bool __wrap_store_cursor_peek(
    const struct store *s, unsigned cursor, struct feed_item *out, struct stamp_text *text);

bool __wrap_store_cursor_peek(
    const struct store *s, unsigned cursor, struct feed_item *out, struct stamp_text *text)
{
    bool more = __real_store_cursor_peek(s, cursor, out, text);
    out->change = UINT64_MAX; /* as if it had come after every restart */
    return more;
}
