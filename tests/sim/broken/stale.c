/* stale.c — a core that fails a question, instead of asking it again, if its reused connection to
 * the places service was reset. */
#include "core/http/https.h"

bool __wrap_https_is_stale(const struct https *h);

bool __wrap_https_is_stale(const struct https *h)
{
    (void)h;
    return false;
}
