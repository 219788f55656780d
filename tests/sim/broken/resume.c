/* resume.c — a core that resumes one change too late after a cut. */
#include "core/store/store.h"

void __real_store_cursor_seek(struct store *s, unsigned cursor, uint64_t change);
void __wrap_store_cursor_seek(struct store *s, unsigned cursor, uint64_t change);

void __wrap_store_cursor_seek(struct store *s, unsigned cursor, uint64_t change)
{
    __real_store_cursor_seek(s, cursor, change + 1);
}
