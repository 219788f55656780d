/* breaker.c — see breaker.h for its states. Holds always: only an open breaker has a probe. */
#include "core/http/breaker.h"
#include "core/base/invariant.h"

bool breaker_would_admit(const struct breaker *b, struct instant now)
{
    ASSERT(breaker_is_open(b) || !b->probing);
    return !breaker_is_open(b) || (!b->probing && now.mono_ns >= b->probe_ns);
}

bool breaker_admits(struct breaker *b, struct instant now)
{
    if (!breaker_would_admit(b, now))
        return false;
    b->probing = breaker_is_open(b);
    return true;
}

bool breaker_succeeded(struct breaker *b)
{
    bool was_open = breaker_is_open(b);
    *b = (struct breaker){0};
    return was_open;
}

/* Questions asked before the breaker opened may fail afterwards: that does not delay the probe. */
bool breaker_failed(struct breaker *b, struct instant now)
{
    bool was_open = breaker_is_open(b);
    if (was_open && !b->probing)
        return false;
    ASSERT(was_open || !b->probing);
    b->failures++;
    b->probing = false;
    b->probe_ns = now.mono_ns + BREAKER_PROBE_MS * MS_NS;
    return !was_open && breaker_is_open(b);
}

void breaker_gave_up(struct breaker *b, struct instant now)
{
    if (!b->probing)
        return;
    ASSERT(breaker_is_open(b));
    b->probing = false;
    b->probe_ns = now.mono_ns + BREAKER_PROBE_MS * MS_NS;
}
