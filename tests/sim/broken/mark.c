/* mark.c — a core whose MARK claims that all was sent as soon as something was. */
#include "core/store/store.h"

uint64_t __wrap_store_cursor_change(const struct store *s, unsigned cursor);

uint64_t __wrap_store_cursor_change(const struct store *s, unsigned cursor)
{
    (void)cursor;
    return store_change(s);
}
