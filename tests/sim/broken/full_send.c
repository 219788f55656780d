/* full_send.c — a core that sends a restarted peer only what is new, not all that it holds. */
#include "core/store/store.h"

void __wrap_store_cursor_rewind(struct store *s, unsigned cursor);

void __wrap_store_cursor_rewind(struct store *s, unsigned cursor)
{
    store_cursor_seek(s, cursor, store_change(s));
}
