/* survey.c — see survey.h. */
#include "cli/survey.h"
#include "files/clock.h"
#include <stdlib.h>

static void wait_for_answers(struct survey *s, struct pollfd *polls)
{
    int64_t until_ns = clock_now().mono_ns + SURVEY_WAIT_MS * MS_NS;
    for (;;) {
        unsigned open = 0;
        for (unsigned i = 0; i < s->count; i++) {
            polls[i] = ask_poll(&s->asks[i]);
            open += s->asks[i].state != ASK_OVER;
        }
        int64_t left_ns = until_ns - clock_now().mono_ns;
        if (!open || left_ns <= 0)
            break;
        if (poll(polls, s->count, (int)(left_ns / MS_NS) + 1) > 0)
            for (unsigned i = 0; i < s->count; i++)
                if (polls[i].revents)
                    ask_step(&s->asks[i]);
    }
    for (unsigned i = 0; i < s->count; i++)
        ask_give_up(&s->asks[i], "no answer within 2 s");
}

bool survey_some(struct survey *s, const struct herd *herd, const unsigned *nodes, unsigned count,
    struct span question)
{
    struct pollfd *polls = calloc(count, sizeof *polls);
    *s = (struct survey){.asks = calloc(count, sizeof *s->asks)};
    if (!polls || !s->asks) {
        complain("out of memory");
        free(polls);
        return false;
    }
    files_limit_raise();
    s->count = count;
    for (unsigned i = 0; i < count; i++) {
        s->nodes[i] = nodes[i];
        ask_begin(&s->asks[i], &herd->topology, s->nodes[i], &herd->secret_file.secrets, herd->tls,
            question);
    }
    wait_for_answers(s, polls);
    free(polls);
    return true;
}

bool survey_run(struct survey *s, const struct herd *herd, int only, struct span question)
{
    unsigned nodes[TOPOLOGY_NODES_MAX], all = herd->topology.nodes_count;
    for (unsigned i = 0; i < all; i++)
        nodes[i] = i;
    unsigned one = (unsigned)only;
    return only < 0 ? survey_some(s, herd, nodes, all, question)
                    : survey_some(s, herd, &one, 1, question);
}

void survey_end(struct survey *s)
{
    for (unsigned i = 0; i < s->count; i++)
        ask_end(&s->asks[i]);
    free(s->asks);
}
