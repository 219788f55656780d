/* eio_is_end.c — a reader that takes a page that cannot be read for the end. */
#include "core/journal/recovery.h"

void __wrap_recovery_unreadable(struct recovery *r);

void __wrap_recovery_unreadable(struct recovery *r)
{
    recovery_filled(r, 0);
}
