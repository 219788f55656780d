/* proof.c — see proof.h. */
#include "core/peering/proof.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/protocol/command.h"

static void check(const struct proof *p)
{
    ASSERT(p->due >= p->said);
    ASSERT(!p->proven || p->until_ns == NEVER_NS);
    ASSERT(p->begun || p->said == 0);
}

void proof_begin(struct proof *p)
{
    *p = (struct proof){.until_ns = NEVER_NS};
}

bool proof_due(const struct proof *p)
{
    return !p->begun || p->due > p->said;
}

/* An end of an older version takes one proof, and its own does not wait for ours. */
unsigned proof_which(
    const struct proof *p, const struct secrets *secrets, const struct hello *theirs, bool waited)
{
    unsigned all = (1u << secrets->count) - 1;
    ASSERT(all && proof_due(p));
    if (theirs->secrets || secrets->count == 1)
        return all;
    if (!p->proven) /* not yet, or no longer: then any will do, since it goes before all else */
        return p->until_ns == NEVER_NS && !waited ? 0 : 1;
    return p->proven & -p->proven; /* the first of these */
}

void proof_said(struct proof *p)
{
    ASSERT(proof_due(p));
    if (p->begun)
        p->said = p->due;
    p->begun = true;
    check(p);
}

void proof_heard(struct proof *p, unsigned proven)
{
    ASSERT(proven && !p->proven && !p->heard);
    p->proven = proven;
    check(p);
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The time runs from the first moment on in which nothing is proven: whoever says wrong ones gains
 * none by it. */
static void prove(struct proof *p, unsigned proven, struct instant now)
{
    p->proven = proven;
    if (proven)
        p->until_ns = NEVER_NS;
    else if (p->until_ns == NEVER_NS)
        p->until_ns = now.mono_ns + PROOF_MS * MS_NS;
    check(p);
}

const char *proof_heard_again(struct proof *p, const struct secrets *secrets, struct span line,
    struct auth_exchange x, struct instant now)
{
    struct span words[2];
    if (command_split(line, words, 2) < 2 || !decimal_count(words[1], UINT64_MAX, &x.again) ||
        x.again <= p->heard || x.again - 1 > most(p->said, p->heard))
        return "AUTH with a bad number";
    p->heard = x.again;
    p->due = most(p->due, x.again);
    prove(p, auth_proves(line, secrets, &x), now);
    return NULL;
}

void proof_secrets_changed(struct proof *p, const struct secrets *before,
    const struct secrets *after, bool asks, struct instant now)
{
    ASSERT(before->count && after->count);
    if (asks)
        p->due = most(p->said, p->heard) + 1;
    prove(p, secrets_kept(before, after, p->proven), now);
}
