/* exchange.c — see exchange.h: the provider that the node asks, and the turn.
 *
 * It stands on channels.c, which has the connections, and inquiries.c, which has those who wait. */
#include "core/base/invariant.h"
#include "core/places/inquiries.h"
#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_AGAIN_MS = 100 };

static const char stopping[] = "this node is stopping";
static const char too_many[] = "too many questions wait for the places service at this node";

/* -- the provider ------------------------------------------------------------------------------ */

/* NULL: the question may be asked. Otherwise why not, and the status to answer with. */
static const char *obstacle(struct exchange *x, const struct waiter *w, uint64_t asker,
    struct instant now, enum places_status *status, char message[EXCHANGE_WHY_BYTES_MAX + 128])
{
    *status = x->stopping ? PLACES_UNKNOWN_ERROR : PLACES_OVER_QUERY_LIMIT;
    if (x->stopping)
        return stopping;
    if (x->queued >= EXCHANGE_QUEUE_MAX && inquiry_turn(x, asker) >= inquiry_last(x)->turn)
        return too_many;
    if (budget_left(&x->budget, now) <= x->queued) {
        x->report.over_budget++;
        return EXCHANGE_OVER_BUDGET;
    }
    if (!inquiry_room(x))
        return "too many answers wait to be fetched";
    if (x->held_ns >= w->deadline_ns)
        return EXCHANGE_LEFT_ALONE;
    if (breaker_admits(&x->breaker, now))
        return NULL;
    *status = x->down_status;
    snprintf(message, EXCHANGE_WHY_BYTES_MAX + 128,
        "the places service is not asked for now, after %u failures in a row; the last was: %s",
        x->breaker.failures, x->why);
    return message;
}

static void ask(void *self, uint64_t ticket, const struct places_question *question,
    int64_t deadline_ns, struct instant now)
{
    struct exchange *x = self;
    struct waiter *w = x->waiters_free;
    ASSERT(w && question->count <= STAMPEDE_COUNT_MAX);
    x->due = true;
    x->waiters_free = w->next;
    *w = (struct waiter){.ticket = ticket, .deadline_ns = deadline_ns};
    waiter_list_put(&x->waiting, w);
    if (places_google_is_moot(question)) {
        waiter_refuse(x, w, PLACES_ZERO_RESULTS, NULL);
        return;
    }
    struct inquiry *q = inquiry_like(x, question);
    if (q) {
        x->report.joined++;
        inquiry_favour(x, q, question->asker);
        waiter_join(w, q);
        return;
    }
    enum places_status status;
    char message[EXCHANGE_WHY_BYTES_MAX + 128];
    const char *why = obstacle(x, w, question->asker, now, &status, message);
    if (!why) {
        if (x->queued >= EXCHANGE_QUEUE_MAX)
            inquiry_refuse(x, inquiry_last(x), too_many);
        waiter_join(w, inquiry_begin(x, question, now));
        return;
    }
    x->report.refused++;
    waiter_refuse(x, w, status, why);
}

/* The answer to a ready waiter. That of an inquiry is copied for all its waiters but the last, who
 * gets the original. NULL: out of memory. */
static char *take_answer(struct waiter *w, size_t *bytes)
{
    struct inquiry *q = w->inquiry;
    ASSERT(!q || q->state == INQUIRY_DONE);
    char **held = q ? &q->json : &w->json, *json = *held;
    *bytes = q ? q->json_bytes : w->json_bytes;
    if (json && q && q->waiters->next_same) {
        char *copied = malloc(*bytes + 1);
        return copied ? memcpy(copied, json, *bytes + 1) : NULL;
    }
    *held = NULL;
    return json;
}

static bool answer(void *self, struct places_answer *out, struct instant now)
{
    struct exchange *x = self;
    struct waiter *w = x->ready.first;
    if (!w)
        return false;
    size_t bytes = 0;
    char *json = take_answer(w, &bytes);
    if (!json)
        json = places_render(NULL, NULL, PLACES_UNKNOWN_ERROR, "out of memory", &bytes);
    x->ready_again_ns = json ? 0 : now.mono_ns + MEMORY_AGAIN_MS * MS_NS;
    if (!json)
        return false;
    *out = (struct places_answer){w->ticket, json, bytes};
    struct inquiry *q = w->inquiry;
    if (q)
        waiter_leave(w);
    waiter_list_remove(&x->ready, w);
    waiter_free(x, w);
    if (q && !q->waiters)
        inquiry_free(x, q);
    return true;
}

static struct waiter *list_find(const struct waiter_list *l, uint64_t ticket)
{
    struct waiter *w = l->first;
    while (w && w->ticket != ticket)
        w = w->next;
    return w;
}

/* Nobody waits for the inquiry any more: free it, unless the service has been asked already. */
static void desert(struct exchange *x, struct inquiry *q)
{
    ASSERT(!q->waiters && q->state != INQUIRY_FREE);
    if (q->state != INQUIRY_ASKED)
        inquiry_free(x, q);
}

static void cancel(void *self, uint64_t ticket)
{
    struct exchange *x = self;
    struct waiter_list *in = &x->waiting;
    struct waiter *w = list_find(in, ticket);
    if (!w) {
        in = &x->ready;
        w = list_find(in, ticket);
    }
    if (!w)
        return;
    struct inquiry *q = w->inquiry;
    if (q)
        waiter_leave(w);
    waiter_list_remove(in, w);
    waiter_free(x, w);
    if (q && !q->waiters)
        desert(x, q);
}

static int64_t deadline(const void *self)
{
    const struct exchange *x = self;
    if (x->ready.first)
        return x->ready_again_ns;
    if (x->due)
        return 0;
    int64_t soonest_ns = x->waiting.first ? x->waiting.first->deadline_ns : NEVER_NS;
    soonest_ns = earlier_ns(soonest_ns, episode_deadline(&x->over_budget));
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES && x->queued; i++) {
        const struct inquiry *q = &x->inquiries[i];
        int64_t ready_ns = q->ready_ns > x->held_ns ? q->ready_ns : x->held_ns;
        if (q->state == INQUIRY_QUEUED && ready_ns > x->now.mono_ns)
            soonest_ns = earlier_ns(soonest_ns, ready_ns);
    }
    return earlier_ns(soonest_ns, channels_deadline(x));
}

static void destroy(void *self)
{
    struct exchange *x = self;
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (x->channels[i].in_use)
            https_end(&x->channels[i].https);
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++)
        free(x->inquiries[i].json);
    for (unsigned i = 0; i < PLACES_QUESTIONS_MAX; i++)
        free(x->waiters[i].json);
    memset(&x->session, 0, sizeof x->session);
    free(x);
}

struct exchange *places_exchange(const struct exchange_config *config, struct places_provider *out)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->config = *config;
    ASSERT(config->google.host.len <= PLACES_GOOGLE_HOST_BYTES_MAX);
    memcpy(x->host, config->google.host.at, config->google.host.len);
    x->jitter = config->seed | 1;
    budget_begin(&x->budget, config->budget, config->budget_s);
    x->report.budget = x->report.left = config->budget;
    x->report.why = x->why;
    for (unsigned i = PLACES_QUESTIONS_MAX; i-- > 0;)
        waiter_free(x, &x->waiters[i]);
    endpoint_init(&x->endpoint, config->google.port);
    *out = (struct places_provider){x, ask, answer, cancel, deadline, destroy,
        config->google.api == PLACES_GOOGLE_NEW ? "google" : "google_legacy"};
    return x;
}

/* -- the turn ---------------------------------------------------------------------------------- */

static const char *what_took_so_long(const struct exchange *x, const struct inquiry *q)
{
    if (q->state == INQUIRY_ASKED)
        return "the places service did not answer in time";
    if (q->tries)
        return "the places service failed, and there was no time to ask it again";
    switch (x->attempt) {
    case ATTEMPT_RESOLVES:
        return "the places service's address was not found in time";
    case ATTEMPT_DIALS:
    case ATTEMPT_SHAKES:
        return "no connection to the places service was made in time";
    case ATTEMPT_NONE:
        break;
    }
    if (q->stale)
        return "the places service ended the connection, and there was no time to ask it again";
    return too_many;
}

/* Answer waiters whose deadline has passed. A service that let every waiter of an inquiry time out
 * counts as failed. */
static void expire(struct exchange *x, struct instant now)
{
    while (x->waiting.first && x->waiting.first->deadline_ns <= now.mono_ns) {
        struct waiter *w = x->waiting.first;
        struct inquiry *q = w->inquiry;
        ASSERT(q && (q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED));
        const char *why = what_took_so_long(x, q);
        waiter_leave(w);
        waiter_refuse(x, w, PLACES_UNKNOWN_ERROR, why);
        if (q->waiters)
            continue;
        if (q->state == INQUIRY_ASKED) {
            channel_give_up(x, q);
            exchange_failed(x, PLACES_UNKNOWN_ERROR, why, now);
        }
        inquiry_free(x, q);
    }
}

static void log_budget(struct exchange *x, struct instant now)
{
    log_begin(x->config.log, LOG_WARN, "places_budget", now);
    log_number(x->config.log, "places.budget", x->config.budget);
    log_number(x->config.log, "period_s", x->config.budget_s);
    log_text(x->config.log, "effect", SPAN("questions are answered with OVER_QUERY_LIMIT"));
    log_end(x->config.log);
}

static void log_budget_over(struct exchange *x, struct instant now)
{
    log_begin(x->config.log, LOG_INFO, "places_budget_over", now);
    log_number(x->config.log, "count", (int64_t)episode_events(&x->over_budget));
    log_number(x->config.log, "lasted_ms", episode_lasted_ms(&x->over_budget));
    log_end(x->config.log);
}

static void look_at_budget(struct exchange *x, struct instant now)
{
    if (x->config.budget == 0)
        return;
    x->report.left = budget_left(&x->budget, now);
    enum episode_change change = episode_look(&x->over_budget, x->report.over_budget, now);
    if (change == EPISODE_BEGINS)
        log_budget(x, now);
    else if (change == EPISODE_OVER)
        log_budget_over(x, now);
}

void exchange_turn(struct exchange *x, struct instant now)
{
    x->now = now;
    expire(x, now);
    channels_turn(x, now);
    look_at_budget(x, now);
    x->due = false;
}

void exchange_stop(struct exchange *x, struct instant now)
{
    x->now = now;
    x->stopping = true;
    channels_stop(x, stopping);
    inquiries_fail_queued(x, PLACES_UNKNOWN_ERROR, stopping);
    if (episode_end(&x->over_budget))
        log_budget_over(x, now);
    x->due = true; /* to close its channels */
    ASSERT(!x->queued && !x->waiting.first);
}

void exchange_take_config(
    struct exchange *x, const struct exchange_config *config, bool key_changes, struct instant now)
{
    ASSERT(config->google.api == x->config.google.api && config->tls == x->config.tls);
    ASSERT(span_equal(config->google.host, exchange_host(x)));
    for (unsigned i = 0; key_changes && i < EXCHANGE_INQUIRIES; i++) {
        struct inquiry *q = &x->inquiries[i];
        if (q->state != INQUIRY_ASKED)
            continue;
        channel_give_up(x, q);
        inquiry_again(x, q, now.mono_ns);
    }
    x->config.google = config->google;
    x->config.budget = config->budget;
    x->config.budget_s = config->budget_s;
    budget_take(&x->budget, config->budget, config->budget_s);
    x->report.budget = config->budget;
    x->report.left = config->budget ? budget_left(&x->budget, now) : 0;
    if (!config->budget && episode_end(&x->over_budget))
        log_budget_over(x, now);
    x->due = true;
}

/* -- what it knows ----------------------------------------------------------------------------- */

struct span exchange_host(const struct exchange *x)
{
    return span_of(x->host);
}

struct exchange_report exchange_report(const struct exchange *x)
{
    struct exchange_report r = x->report;
    ASSERT(x->queued <= EXCHANGE_INQUIRIES && r.refused <= r.failed);
    r.waiting = x->queued;
    r.down = breaker_is_open(&x->breaker);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        r.connections += x->channels[i].in_use;
    return r;
}

const struct exchange_times *exchange_times(const struct exchange *x)
{
    return &x->times;
}
