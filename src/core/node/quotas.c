/* quotas.c — see quotas.h: a hash table of accounts with chains, and a list of those that are
 * kept although they have no connection, in the order in which the last one left.
 *
 * Holds always: an account that is used is in one chain; it is in the list if and only if it has no
 * connection; of those in the list there are QUOTAS_REMEMBERED at most. */
#include "core/node/quotas.h"
#include "core/base/bucket.h"
#include "core/base/invariant.h"
#include "core/base/siphash.h"
#include <stdlib.h>

static void take_rates(struct quotas *q, const struct topology_limits *limits)
{
    q->connections_max = limits->connections_per_address;
    q->commands = limits->commands_per_address;
    q->new_ids = limits->new_ids_per_address;
    ASSERT(q->connections_max > 0);
}

bool quotas_begin(struct quotas *q, const struct topology_limits *limits, const uint64_t key[2])
{
    uint32_t heads = 1;
    *q = (struct quotas){.key = {key[0], key[1]},
        .accounts_max = limits->connections + QUOTAS_REMEMBERED,
        .oldest = QUOTA_NONE,
        .newest = QUOTA_NONE,
        .exceeded = {QUOTA_NONE, QUOTA_NONE, QUOTA_NONE}};
    take_rates(q, limits);
    while (heads < q->accounts_max)
        heads *= 2;
    ASSERT(heads / 2 < q->accounts_max);
    q->heads_mask = heads - 1;
    q->accounts = calloc(q->accounts_max, sizeof *q->accounts); /* touched when it is used */
    q->heads = malloc(heads * sizeof *q->heads);
    if (!q->accounts || !q->heads)
        return false;
    memset(q->heads, 0xff, heads * sizeof *q->heads); /* QUOTA_NONE */
    return true;
}

/* The chains stay as they are, and become longer. */
bool quotas_take_limits(struct quotas *q, const struct topology_limits *limits)
{
    uint32_t most = limits->connections + QUOTAS_REMEMBERED;
    if (most > q->accounts_max) {
        struct quota_account *accounts = calloc(most, sizeof *accounts);
        if (!accounts)
            return false;
        memcpy(accounts, q->accounts, q->accounts_count * sizeof *accounts);
        free(q->accounts);
        q->accounts = accounts;
        q->accounts_max = most;
    }
    take_rates(q, limits);
    return true;
}

void quotas_end(struct quotas *q)
{
    free(q->accounts);
    free(q->heads);
    q->accounts = NULL;
    q->heads = NULL;
}

/* -- the list of accounts without connections -------------------------------------------------- */

static void list_append(struct quotas *q, uint32_t number)
{
    struct quota_account *a = &q->accounts[number];
    ASSERT(a->used && a->connections == 0);
    a->older = q->newest;
    a->newer = QUOTA_NONE;
    if (q->newest == QUOTA_NONE)
        q->oldest = number;
    else
        q->accounts[q->newest].newer = number;
    q->newest = number;
}

static void list_remove(struct quotas *q, uint32_t number)
{
    struct quota_account *a = &q->accounts[number];
    uint32_t *before = a->older == QUOTA_NONE ? &q->oldest : &q->accounts[a->older].newer;
    uint32_t *after = a->newer == QUOTA_NONE ? &q->newest : &q->accounts[a->newer].older;
    ASSERT(*before == number && *after == number && a->connections == 0);
    *before = a->newer;
    *after = a->older;
}

/* -- the table --------------------------------------------------------------------------------- */

static uint64_t prefix_of(const struct address *from)
{
    uint64_t prefix = 0;
    for (unsigned i = 0; i < (from->v6 ? 8 : 4); i++)
        prefix = prefix << 8 | from->ip[i];
    return prefix;
}

static uint32_t *head_of(struct quotas *q, bool v6, uint64_t prefix)
{
    char bytes[1 + sizeof prefix];
    bytes[0] = v6;
    memcpy(bytes + 1, &prefix, sizeof prefix);
    return &q->heads[siphash13(q->key, (struct span){bytes, sizeof bytes}) & q->heads_mask];
}

static uint32_t find(struct quotas *q, bool v6, uint64_t prefix)
{
    uint32_t number = *head_of(q, v6, prefix);
    for (; number != QUOTA_NONE; number = q->accounts[number].next)
        if (q->accounts[number].v6 == v6 && q->accounts[number].prefix == prefix)
            break;
    return number;
}

static void forget(struct quotas *q, uint32_t number)
{
    struct quota_account *a = &q->accounts[number];
    uint32_t *link = head_of(q, a->v6, a->prefix);
    while (*link != number) {
        ASSERT(*link != QUOTA_NONE);
        link = &q->accounts[*link].next;
    }
    *link = a->next;
    list_remove(q, number);
    *a = (struct quota_account){0};
}

/* In the list, like any account without connections. */
static uint32_t add(struct quotas *q, bool v6, uint64_t prefix)
{
    uint32_t number = q->accounts_count;
    if (number == q->accounts_max) {
        number = q->oldest;
        ASSERT(number != QUOTA_NONE); /* there are more accounts than connections */
        forget(q, number);
    } else {
        q->accounts_count++;
    }
    uint32_t *head = head_of(q, v6, prefix);
    ASSERT(!q->accounts[number].used);
    q->accounts[number] =
        (struct quota_account){.prefix = prefix, .v6 = v6, .used = true, .next = *head};
    *head = number;
    list_append(q, number);
    return number;
}

bool quotas_enter(struct quotas *q, const struct address *from, uint32_t *account)
{
    uint64_t prefix = prefix_of(from);
    *account = QUOTA_NONE;
    if (address_is_loopback(from))
        return true;
    uint32_t number = find(q, from->v6, prefix);
    if (number == QUOTA_NONE)
        number = add(q, from->v6, prefix);
    struct quota_account *a = &q->accounts[number];
    if (a->connections >= q->connections_max) {
        q->exceeded[QUOTA_CONNECTIONS] = number;
        return false;
    }
    if (a->connections == 0)
        list_remove(q, number);
    a->connections++;
    *account = number;
    return true;
}

void quotas_leave(struct quotas *q, uint32_t account)
{
    if (account == QUOTA_NONE)
        return;
    struct quota_account *a = &q->accounts[account];
    ASSERT(account < q->accounts_count && a->used && a->connections > 0);
    a->connections--;
    ASSERT(a->connections > 0 || a->questions == 0);
    if (a->connections == 0)
        list_append(q, account);
}

/* -- rates ------------------------------------------------------------------------------------- */

static struct bucket bucket_of(struct topology_rate rate)
{
    int64_t period_ns = (int64_t)rate.period_s * SECOND_NS;
    ASSERT(rate.count > 0 && period_ns >= rate.count);
    return (struct bucket){.each_ns = period_ns / rate.count, .whole_ns = period_ns};
}

int64_t quotas_commands(struct quotas *q, uint32_t account, unsigned count, struct instant now)
{
    if (account == QUOTA_NONE || q->commands.count == 0)
        return now.mono_ns;
    struct quota_account *a = &q->accounts[account];
    struct bucket bucket = bucket_of(q->commands);
    ASSERT(account < q->accounts_count && a->connections > 0);
    a->commands_ns = bucket_take(bucket, a->commands_ns, count, now);
    int64_t next_ns = bucket_ready_ns(bucket, a->commands_ns);
    if (next_ns > now.mono_ns)
        q->exceeded[QUOTA_COMMANDS] = account;
    return next_ns;
}

bool quotas_has_new_id(struct quotas *q, uint32_t account, struct instant now)
{
    if (account == QUOTA_NONE || q->new_ids.count == 0)
        return true;
    const struct quota_account *a = &q->accounts[account];
    ASSERT(account < q->accounts_count && a->connections > 0);
    bool has = bucket_ready_ns(bucket_of(q->new_ids), a->new_ids_ns) <= now.mono_ns;
    if (!has)
        q->exceeded[QUOTA_NEW_IDS] = account;
    return has;
}

void quotas_took_new_id(struct quotas *q, uint32_t account, struct instant now)
{
    if (account == QUOTA_NONE || q->new_ids.count == 0)
        return;
    struct quota_account *a = &q->accounts[account];
    ASSERT(account < q->accounts_count && a->connections > 0);
    a->new_ids_ns = bucket_take(bucket_of(q->new_ids), a->new_ids_ns, 1, now);
}

void quotas_asked(struct quotas *q, uint32_t account, unsigned count)
{
    if (account == QUOTA_NONE)
        return;
    ASSERT(account < q->accounts_count && q->accounts[account].connections > 0);
    q->accounts[account].questions += count;
}

void quotas_answered(struct quotas *q, uint32_t account, unsigned count)
{
    if (account == QUOTA_NONE)
        return;
    ASSERT(account < q->accounts_count && q->accounts[account].questions >= count);
    q->accounts[account].questions -= count;
}

bool quotas_exceeded(const struct quotas *q, enum quota which, struct address *out)
{
    uint32_t account = q->exceeded[which];
    if (account == QUOTA_NONE)
        return false;
    const struct quota_account *a = &q->accounts[account];
    ASSERT(account < q->accounts_count);
    *out = (struct address){.v6 = a->v6, .port = 1};
    for (unsigned i = 0, bytes = a->v6 ? 8 : 4; i < bytes; i++)
        out->ip[i] = (uint8_t)(a->prefix >> 8 * (bytes - 1 - i));
    return true;
}
