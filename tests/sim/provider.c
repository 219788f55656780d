/* provider.c — see provider.h. Questions are kept in no order; any that is ready is answered. */
#include "sim/provider.h"
#include "sim/memory.h"
#include <inttypes.h>
#include <stdio.h>

struct waiting {
    uint64_t ticket;
    struct places_question question;
    int64_t ready_ns;
    bool fails;
};

struct provider {
    struct network *network;
    int64_t slowest_ns;
    unsigned count;
    struct waiting waiting[PLACES_QUESTIONS_MAX];
};

size_t provider_text(char text[PROVIDER_ANSWER_BYTES_MAX], const struct places_question *question)
{
    int len = snprintf(text, PROVIDER_ANSWER_BYTES_MAX,
        "{\"at\": [%" PRId64 ", %" PRId64 "], \"within\": %" PRIu64 ",\n\"most\": %u}\n\n",
        question->centre.latitude_fdeg, question->centre.longitude_fdeg, question->radius_um,
        question->count);
    return (size_t)len;
}

static void ask(void *self, uint64_t ticket, const struct places_question *question,
    int64_t deadline_ns, struct instant now)
{
    struct provider *p = self;
    if (p->count == PLACES_QUESTIONS_MAX)
        abort();
    int64_t takes_ns = (int64_t)network_draw(p->network, (uint64_t)p->slowest_ns + 1);
    bool fails = network_once_in(p->network, 50) || now.mono_ns + takes_ns >= deadline_ns;
    p->waiting[p->count++] = (struct waiting){.ticket = ticket,
        .question = *question,
        .ready_ns = fails ? deadline_ns : now.mono_ns + takes_ns,
        .fails = fails};
}

static bool answer(void *self, struct places_answer *out, struct instant now)
{
    struct provider *p = self;
    for (unsigned i = 0; i < p->count; i++) {
        const struct waiting w = p->waiting[i];
        if (w.ready_ns > now.mono_ns)
            continue;
        char text[PROVIDER_ANSWER_BYTES_MAX] = PROVIDER_FAILURE;
        out->ticket = w.ticket;
        out->json_bytes = w.fails ? sizeof PROVIDER_FAILURE - 1 : provider_text(text, &w.question);
        out->json = memory_sure(out->json_bytes);
        memcpy(out->json, text, out->json_bytes);
        p->waiting[i] = p->waiting[--p->count];
        return true;
    }
    return false;
}

static void cancel(void *self, uint64_t ticket)
{
    struct provider *p = self;
    for (unsigned i = 0; i < p->count; i++)
        if (p->waiting[i].ticket == ticket) {
            p->waiting[i] = p->waiting[--p->count];
            return;
        }
    abort(); /* the node cancelled a question that it had not asked */
}

static int64_t deadline(const void *self)
{
    const struct provider *p = self;
    int64_t soonest_ns = NEVER_NS;
    for (unsigned i = 0; i < p->count; i++)
        soonest_ns = earlier_ns(soonest_ns, p->waiting[i].ready_ns);
    return soonest_ns;
}

struct places_provider provider_open(struct network *network, int64_t slowest_ns)
{
    struct provider *p = memory_sure(sizeof *p);
    *p = (struct provider){.network = network, .slowest_ns = slowest_ns};
    return (struct places_provider){p, ask, answer, cancel, deadline, free, "dice"};
}
