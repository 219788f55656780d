/* neighbours.c — see neighbours.h.
 *
 * Holds always: a neighbour has at most one dial under way and at most one link that counts; a dial
 * is planned only while it has neither. The loser of two links is forgotten at once, so its end
 * changes nothing. */
#include "core/peering/neighbours.h"
#include "core/base/invariant.h"

/* splitmix64: any seed will do, and nothing secret depends on it. */
static uint64_t jitter_next(struct neighbours *n)
{
    uint64_t z = n->jitter += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* After half to all of the pause, so that a herd does not dial a restarted node in step. */
static void plan_dial(struct neighbours *n, struct neighbour *who, struct instant now)
{
    ASSERT(who->linked == NEIGHBOUR_NO_LINK && !who->dialling);
    if (who->peer->gone)
        return;
    int64_t half_ns = who->pause_ms * MS_NS / 2;
    who->dial_at_ns = now.mono_ns + half_ns + (int64_t)(jitter_next(n) % (uint64_t)(half_ns + 1));
}

static void back_off(struct neighbour *who)
{
    ASSERT(who->pause_ms >= NEIGHBOUR_DIAL_FIRST_MS && who->pause_ms <= NEIGHBOUR_DIAL_LAST_MS);
    who->pause_ms = earlier_ns(2 * who->pause_ms, NEIGHBOUR_DIAL_LAST_MS);
}

static void keep_error(struct neighbour *who, const char *error, struct instant now)
{
    who->error_ns = now.mono_ns;
    size_t len = strnlen(error, NEIGHBOUR_ERROR_BYTES_MAX);
    memcpy(who->last_error, error, len);
    who->last_error[len] = '\0';
}

/* true: it was up, and the operator is to be told. */
static bool tell_down(struct neighbour *who, struct instant now)
{
    ASSERT(who->linked == NEIGHBOUR_NO_LINK);
    if (!who->up)
        return false;
    who->up = false;
    who->down_since_ns = now.mono_ns;
    who->tries = 0;
    return true;
}

void neighbour_begin(struct neighbour *who, struct instant now)
{
    *who = (struct neighbour){
        .peer = who->peer,
        .linked = NEIGHBOUR_NO_LINK,
        .dial_at_ns = now.mono_ns,
        .pause_ms = NEIGHBOUR_DIAL_FIRST_MS,
        .down_since_ns = now.mono_ns,
    };
}

void neighbours_begin(struct neighbours *n, struct instant now)
{
    for (unsigned i = 0; i < n->count; i++)
        neighbour_begin(&n->each[i], now);
}

void neighbour_goes(struct neighbour *who)
{
    ASSERT(who->peer->gone);
    who->dialling = false;
    who->dial_at_ns = NEVER_NS;
}

void neighbour_dials_anew(struct neighbour *who, struct instant now)
{
    who->dialling = false;
    who->pause_ms = NEIGHBOUR_DIAL_FIRST_MS;
    who->dial_at_ns = who->linked == NEIGHBOUR_NO_LINK ? now.mono_ns : NEVER_NS;
}

struct neighbour *neighbours_to_dial(struct neighbours *n, struct instant now)
{
    for (unsigned i = 0; i < n->count; i++) {
        struct neighbour *who = &n->each[i];
        if (who->dial_at_ns > now.mono_ns)
            continue;
        ASSERT(who->linked == NEIGHBOUR_NO_LINK && !who->dialling);
        who->dial_at_ns = NEVER_NS;
        who->dialling = true;
        who->tries++;
        return who;
    }
    return NULL;
}

int64_t neighbours_deadline(const struct neighbours *n)
{
    int64_t deadline_ns = NEVER_NS;
    for (unsigned i = 0; i < n->count; i++)
        deadline_ns = earlier_ns(deadline_ns, n->each[i].dial_at_ns);
    return deadline_ns;
}

void neighbour_dials_tls(struct neighbour *who, struct instant now)
{
    ASSERT(who->dialling && who->dial_at_ns == NEVER_NS);
    who->dialling = false;
    who->by_tls = true;
    if (who->linked == NEIGHBOUR_NO_LINK)
        who->dial_at_ns = now.mono_ns;
}

/* A node that stops may end a handshake by TLS, too, so one is not enough to go back to plain. */
static void change_kind(struct neighbour *who)
{
    bool stays = who->by_tls && !who->tls_failed;
    who->tls_failed = stays;
    who->by_tls = stays || !who->by_tls;
}

bool neighbour_dial_failed(
    struct neighbours *n, struct neighbour *who, bool met, const char *error, struct instant now)
{
    who->dialling = false;
    if (met)
        change_kind(who);
    if (who->linked != NEIGHBOUR_NO_LINK)
        return false;
    keep_error(who, error, now);
    if (strstr(error, PEERING_OTHER_TOPOLOGY)) /* it may be read anew at any time */
        who->pause_ms = earlier_ns(who->pause_ms, NEIGHBOUR_DIAL_EDGE_MS);
    plan_dial(n, who, now);
    back_off(who);
    return tell_down(who, now);
}

static bool newcomer_stays(
    const struct neighbours *n, const struct neighbour *who, bool dialled_by_us, uint64_t boot)
{
    if (boot != who->linked_boot || dialled_by_us == who->linked_by_us)
        return true;
    bool ours_stays = span_compare(n->self, who->peer->name) < 0;
    return dialled_by_us == ours_stays;
}

int neighbour_linked(struct neighbours *n, struct neighbour *who, int link, bool dialled_by_us,
    uint64_t boot, struct instant now)
{
    ASSERT(link >= 0 && link != who->linked);
    if (dialled_by_us)
        who->dialling = false;
    int before = who->linked;
    if (before == NEIGHBOUR_NO_LINK)
        who->linked_ns = now.mono_ns;
    else if (!newcomer_stays(n, who, dialled_by_us, boot))
        return link;
    who->linked = link;
    who->linked_by_us = dialled_by_us;
    who->linked_boot = boot;
    who->up = true;
    who->dial_at_ns = NEVER_NS;
    return before;
}

bool neighbour_lost(
    struct neighbours *n, struct neighbour *who, int link, const char *error, struct instant now)
{
    if (link != who->linked)
        return false;
    who->linked = NEIGHBOUR_NO_LINK;
    if (now.mono_ns - who->linked_ns >= NEIGHBOUR_STEADY_MS * MS_NS)
        who->pause_ms = NEIGHBOUR_DIAL_FIRST_MS;
    if (!who->dialling) {
        plan_dial(n, who, now);
        if (who->linked_by_us)
            back_off(who); /* the peer slows down its own dials */
    }
    if (strcmp(error, PEERING_DUPLICATE) == 0)
        return false;
    keep_error(who, error, now);
    return tell_down(who, now);
}
