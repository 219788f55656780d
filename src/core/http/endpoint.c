/* endpoint.c — see endpoint.h.
 *
 *   a racer    event                                          next
 *   free       an address is left; and it is the first, or    dialling
 *              a dial has failed, or the last dial began
 *              250 ms ago
 *   dialling   endpoint_attempt_failed, endpoint_attempt_won  free */
#include "core/http/endpoint.h"
#include "core/base/invariant.h"

void endpoint_init(struct endpoint *e, uint16_t port)
{
    *e = (struct endpoint){.port = port};
}

/* -- resolving --------------------------------------------------------------------------------- */

int64_t endpoint_deadline(const struct endpoint *e)
{
    return e->used && !e->resolving ? e->resolve_at_ns : NEVER_NS;
}

bool endpoint_to_resolve(struct endpoint *e, struct instant now)
{
    if (now.mono_ns < endpoint_deadline(e))
        return false;
    ASSERT(!e->resolving);
    e->resolving = true;
    e->used = false;
    return true;
}

/* The index of the next address of a family, from `from` on; `count`: there is none. */
static unsigned next_of(const struct address *all, unsigned count, unsigned from, bool v6)
{
    while (from < count && all[from].v6 != v6)
        from++;
    return from;
}

/* Move the address at index `from` to index `to`; those in between close up. */
static void move(struct address *each, unsigned from, unsigned to)
{
    ASSERT(from < ENDPOINT_ADDRESSES_MAX && to < ENDPOINT_ADDRESSES_MAX);
    struct address moved = each[from];
    for (; from < to; from++)
        each[from] = each[from + 1];
    for (; from > to; from--)
        each[from] = each[from - 1];
    each[to] = moved;
}

/* The address's index in the endpoint's order; `count`: it is not there. */
static unsigned index_of(const struct endpoint *e, const struct address *address)
{
    unsigned index = 0;
    while (index < e->count && !address_equal(&e->each[index], address))
        index++;
    return index;
}

/* Put the addresses in order: first the winner; then both families alternately, so that if one
 * family does not work the second dial is of the other (RFC 8305, section 4); last the spoilt one.
 */
static void arrange(struct endpoint *e, const struct address *all, unsigned count)
{
    bool v6 = !e->v4_first;
    unsigned at[2] = {next_of(all, count, 0, false), next_of(all, count, 0, true)};
    e->count = 0;
    while (e->count < ENDPOINT_ADDRESSES_MAX && (at[0] < count || at[1] < count)) {
        if (at[v6] < count) {
            e->each[e->count] = all[at[v6]];
            e->each[e->count++].port = e->port;
            at[v6] = next_of(all, count, at[v6] + 1, v6);
        }
        v6 = !v6;
    }
    ASSERT(e->count > 0 || count == 0);
    unsigned winner = index_of(e, &e->winner);
    if (winner < e->count)
        move(e->each, winner, 0);
    unsigned spoilt = index_of(e, &e->spoilt);
    if (spoilt < e->count)
        move(e->each, spoilt, e->count - 1);
}

static void rearrange(struct endpoint *e)
{
    struct address all[ENDPOINT_ADDRESSES_MAX];
    unsigned count = e->count;
    ASSERT(count <= ENDPOINT_ADDRESSES_MAX);
    memcpy(all, e->each, sizeof all);
    arrange(e, all, count);
    ASSERT(e->count == count);
}

void endpoint_resolved(struct endpoint *e, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now)
{
    ASSERT(count > 0);
    uint32_t kept_s = ttl_s < ENDPOINT_TTL_MIN_S ? ENDPOINT_TTL_MIN_S : ttl_s;
    kept_s = kept_s > ENDPOINT_TTL_MAX_S ? ENDPOINT_TTL_MAX_S : kept_s;
    e->resolving = e->failed = false;
    e->expires_ns = now.mono_ns + kept_s * SECOND_NS;
    e->resolve_at_ns = now.mono_ns + kept_s * SECOND_NS / 100 * ENDPOINT_REFRESH_PERCENT;
    arrange(e, addresses, count);
}

void endpoint_resolve_failed(struct endpoint *e, const char *why, struct instant now)
{
    size_t len = strnlen(why, ENDPOINT_WHY_BYTES_MAX);
    memcpy(e->why, why, len);
    e->why[len] = '\0';
    e->resolving = false;
    e->failed = true;
    e->resolve_at_ns = now.mono_ns + ENDPOINT_FAILED_MS * MS_NS;
}

/* -- dialling ---------------------------------------------------------------------------------- */

enum endpoint_verdict endpoint_begin(
    struct endpoint *e, struct endpoint_attempt *a, struct instant now)
{
    if (!e->count && e->failed && now.mono_ns < e->resolve_at_ns)
        return ENDPOINT_FAILED;
    e->used = true;
    if (!e->count || (!e->failed && now.mono_ns >= e->expires_ns))
        return ENDPOINT_WAIT;
    *a = (struct endpoint_attempt){.count = e->count};
    memcpy(a->each, e->each, sizeof a->each);
    return ENDPOINT_BEGUN;
}

/* The index of a racer that is free; ENDPOINT_RACERS: none is. */
static unsigned free_racer(const struct endpoint_attempt *a)
{
    unsigned racer = 0;
    while (racer < ENDPOINT_RACERS && a->racers[racer].dialling)
        racer++;
    return racer;
}

int64_t endpoint_attempt_deadline(const struct endpoint_attempt *a)
{
    bool can = a->next < a->count && free_racer(a) < ENDPOINT_RACERS;
    return can ? a->next_at_ns : NEVER_NS;
}

bool endpoint_attempt_next(struct endpoint_attempt *a, struct instant now, unsigned *racer,
    struct address *to, int64_t *until_ns)
{
    ASSERT(a->next <= a->count && a->count <= ENDPOINT_ADDRESSES_MAX);
    if (now.mono_ns < endpoint_attempt_deadline(a))
        return false;
    *racer = free_racer(a);
    ASSERT(*racer < ENDPOINT_RACERS && a->next < a->count);
    *to = a->each[a->next];
    *until_ns = now.mono_ns + ENDPOINT_CONNECT_MS * MS_NS;
    a->racers[*racer].dialling = true;
    a->racers[*racer].index = a->next++;
    a->next_at_ns = now.mono_ns + ENDPOINT_NEXT_MS * MS_NS;
    return true;
}

bool endpoint_attempt_failed(struct endpoint_attempt *a, unsigned racer)
{
    ASSERT(racer < ENDPOINT_RACERS && a->racers[racer].dialling);
    a->racers[racer].dialling = false;
    a->next_at_ns = 0;
    if (a->next < a->count)
        return false;
    for (unsigned i = 0; i < ENDPOINT_RACERS; i++)
        if (a->racers[i].dialling)
            return false;
    return true;
}

void endpoint_attempt_won(struct endpoint *e, struct endpoint_attempt *a, unsigned racer)
{
    ASSERT(racer < ENDPOINT_RACERS && a->racers[racer].dialling);
    a->racers[racer].dialling = false;
    a->next = a->count;
    e->winner = a->each[a->racers[racer].index];
    e->v4_first = !e->winner.v6;
    if (address_equal(&e->spoilt, &e->winner))
        e->spoilt = (struct address){0};
    rearrange(e);
}

void endpoint_spoilt(struct endpoint *e, const struct address *address)
{
    e->spoilt = *address;
    e->v4_first = address->v6;
    if (address_equal(&e->winner, address))
        e->winner = (struct address){0};
    rearrange(e);
}
