/* questions.c — see questions.h: slots, in a list while they are free.
 *
 * A ticket is a slot's index and its serial number, which grows with each use, so that the answer
 * to a question that was cancelled can never reach the client that has the slot next. */
#include "core/node/private.h"

static uint64_t ticket_of(const struct question *q, uint32_t slot)
{
    return (uint64_t)q->serial << 32 | slot;
}

void questions_begin(struct node *n)
{
    for (uint32_t i = 0; i < PLACES_QUESTIONS_MAX; i++)
        n->questions.slots[i].next_free = i + 1;
    n->questions.free_first = 0;
}

static void free_slot(struct questions *k, uint32_t slot)
{
    ASSERT(k->slots[slot].asker);
    k->slots[slot].asker = NULL;
    k->slots[slot].next_free = k->free_first;
    k->free_first = slot;
}

/* An address with all its connections, or a connection that has no account. */
static uint64_t asker_of(const struct connection *c)
{
    ASSERT(c->kind == CONNECTION_CLIENT);
    bool counted = c->client.pace.account != QUOTA_NONE;
    return counted ? UINT64_C(1) << 32 | c->client.pace.account : c->number;
}

/* How many questions its asker has in all. */
static uint32_t waiting_of(const struct node *n, const struct connection *c)
{
    uint32_t account = c->client.pace.account;
    return account == QUOTA_NONE ? c->client.replies.questions
                                 : n->quotas.accounts[account].questions;
}

struct connection *question_yields(
    struct node *n, const struct connection *asker, struct chunk **gate)
{
    uint32_t most = waiting_of(n, asker), found = PLACES_QUESTIONS_MAX;
    ASSERT(n->questions.free_first == PLACES_QUESTIONS_MAX && most > 0);
    for (uint32_t slot = 0; slot < PLACES_QUESTIONS_MAX; slot++) {
        const struct question *q = &n->questions.slots[slot];
        uint32_t waiting = waiting_of(n, q->asker);
        bool later = found != PLACES_QUESTIONS_MAX && waiting == most &&
                     q->order > n->questions.slots[found].order;
        if (waiting <= most && !later)
            continue;
        most = waiting;
        found = slot;
    }
    if (found == PLACES_QUESTIONS_MAX)
        return NULL;
    struct question *q = &n->questions.slots[found];
    const struct places_provider *p = &n->places.provider;
    struct connection *whose = q->asker;
    ASSERT(asker_of(whose) != asker_of(asker));
    *gate = q->gate;
    p->cancel(p->self, ticket_of(q, found));
    free_slot(&n->questions, found);
    return whose;
}

bool question_ask(struct node *n, struct connection *asker, struct chunk *gate,
    const struct places_question *question, struct instant now)
{
    uint32_t slot = n->questions.free_first;
    if (slot == PLACES_QUESTIONS_MAX)
        return false;
    struct question *q = &n->questions.slots[slot];
    ASSERT(!q->asker && gate->gate);
    n->questions.free_first = q->next_free;
    *q = (struct question){
        .asker = asker, .gate = gate, .order = ++n->questions.asked, .serial = q->serial + 1};
    struct places_question asked = *question;
    asked.asker = asker_of(asker);
    const struct places_provider *p = &n->places.provider;
    int64_t deadline_ns = now.mono_ns + (int64_t)n->topology->places.timeout_ms * MS_NS;
    p->ask(p->self, ticket_of(q, slot), &asked, deadline_ns, now);
    return true;
}

struct connection *question_answered(struct node *n, uint64_t ticket, struct chunk **gate)
{
    uint32_t slot = (uint32_t)ticket;
    ASSERT(slot < PLACES_QUESTIONS_MAX);
    struct question *q = &n->questions.slots[slot];
    struct connection *asker = q->asker;
    ASSERT(asker && ticket_of(q, slot) == ticket);
    *gate = q->gate;
    free_slot(&n->questions, slot);
    return asker;
}

void questions_cancel(struct node *n, const struct connection *asker, unsigned count)
{
    const struct places_provider *p = &n->places.provider;
    for (uint32_t slot = 0; count && slot < PLACES_QUESTIONS_MAX; slot++) {
        struct question *q = &n->questions.slots[slot];
        if (q->asker != asker)
            continue;
        p->cancel(p->self, ticket_of(q, slot));
        free_slot(&n->questions, slot);
        count--;
    }
    ASSERT(count == 0);
}
