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

bool question_ask(struct node *n, struct connection *asker, struct chunk *gate,
    const struct places_question *question, struct instant now)
{
    uint32_t slot = n->questions.free_first;
    if (slot == PLACES_QUESTIONS_MAX)
        return false;
    struct question *q = &n->questions.slots[slot];
    ASSERT(!q->asker && gate->gate);
    n->questions.free_first = q->next_free;
    *q = (struct question){.asker = asker, .gate = gate, .serial = q->serial + 1};
    const struct places_provider *p = &n->places.provider;
    int64_t deadline_ns = now.mono_ns + (int64_t)n->topology->places.timeout_ms * MS_NS;
    p->ask(p->self, ticket_of(q, slot), question, deadline_ns, now);
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
