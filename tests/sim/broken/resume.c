/* resume.c — a core that resumes one change too late after a cut. */
#include "core/store/store.h"

bool __real_store_cursor_go_back(struct store *s, unsigned cursor, uint64_t change, unsigned steps);
bool __wrap_store_cursor_go_back(struct store *s, unsigned cursor, uint64_t change, unsigned steps);

bool __wrap_store_cursor_go_back(struct store *s, unsigned cursor, uint64_t change, unsigned steps)
{
    return __real_store_cursor_go_back(s, cursor, change + 1, steps);
}
