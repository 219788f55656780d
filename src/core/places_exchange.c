/* places_exchange.c — the questions of an exchange: see places_exchange.h and its private header.
 *
 * Every waiter is in one of two lists, waiting or ready, from ask to answer or cancel. What all
 * waiters of an inquiry are to be told is kept once, and copied when it is fetched. */
#include "core/invariant.h"
#include "core/places_exchange_private.h"
#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_AGAIN_MS = 100 };

/* -- waiters ----------------------------------------------------------------------------------- */

/* NULL: it becomes the first. */
static void list_put_behind(struct waiter_list *l, struct waiter *before, struct waiter *w)
{
    w->prev = before;
    w->next = before ? before->next : l->first;
    *(before ? &before->next : &l->first) = w;
    *(w->next ? &w->next->prev : &l->last) = w;
}

/* By deadline; a node's questions come in that order. */
static void list_put(struct waiter_list *l, struct waiter *w)
{
    struct waiter *before = l->last;
    while (before && before->deadline_ns > w->deadline_ns)
        before = before->prev;
    list_put_behind(l, before, w);
}

static void list_remove(struct waiter_list *l, struct waiter *w)
{
    *(w->prev ? &w->prev->next : &l->first) = w->next;
    *(w->next ? &w->next->prev : &l->last) = w->prev;
}

static void join(struct waiter *w, struct inquiry *q)
{
    w->inquiry = q;
    w->prev_same = NULL;
    w->next_same = q->waiters;
    if (q->waiters)
        q->waiters->prev_same = w;
    q->waiters = w;
}

static void leave(struct waiter *w)
{
    *(w->prev_same ? &w->prev_same->next_same : &w->inquiry->waiters) = w->next_same;
    if (w->next_same)
        w->next_same->prev_same = w->prev_same;
    w->inquiry = NULL;
}

static void waiter_free(struct exchange *x, struct waiter *w)
{
    free(w->json);
    *w = (struct waiter){.next = x->waiters_free};
    x->waiters_free = w;
}

/* A waiter without an inquiry: what it is told is its own. */
static void refuse(
    struct exchange *x, struct waiter *w, enum places_status status, const char *message)
{
    x->report.failed += message != NULL;
    w->json = places_render(NULL, NULL, status, message, &w->json_bytes);
    list_remove(&x->waiting, w);
    list_put_behind(&x->ready, x->ready.last, w);
}

static const char left_alone[] = "the places service has asked to be left alone for a while";
static const char stopping[] = "this node is stopping";

/* -- inquiries --------------------------------------------------------------------------------- */

/* `q` ends. Had it been the probe and had a result, the breaker would have been told before; another
 * probe must follow one that had none, or the breaker stays open for ever. */
static void probe_ends(struct exchange *x, const struct inquiry *q)
{
    if (q->serial == x->probe)
        breaker_gave_up(&x->breaker, x->now);
}

static void inquiry_free(struct exchange *x, struct inquiry *q)
{
    if (q->state != INQUIRY_DONE)
        probe_ends(x, q);
    x->queued -= q->state == INQUIRY_QUEUED;
    free(q->json);
    *q = (struct inquiry){.state = INQUIRY_FREE};
}

static bool same(const struct places_question *a, const struct places_question *b)
{
    return a->centre.latitude_fdeg == b->centre.latitude_fdeg &&
           a->centre.longitude_fdeg == b->centre.longitude_fdeg && a->radius_um == b->radius_um &&
           a->count == b->count;
}

static struct inquiry *inquiry_like(struct exchange *x, const struct places_question *question)
{
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++) {
        struct inquiry *q = &x->inquiries[i];
        bool in_flight = q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED;
        if (in_flight && same(&q->question, question))
            return q;
    }
    return NULL;
}

/* One that is free, or NULL. */
static struct inquiry *inquiry_room(struct exchange *x)
{
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++)
        if (x->inquiries[i].state == INQUIRY_FREE)
            return &x->inquiries[i];
    return NULL;
}

/* The breaker has admitted it: as its probe, when it is open. */
static struct inquiry *inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now)
{
    struct inquiry *q = inquiry_room(x);
    ASSERT(q);
    *q = (struct inquiry){.state = INQUIRY_QUEUED,
        .question = *question,
        .serial = ++x->serial,
        .began_ns = now.mono_ns};
    if (x->breaker.probing)
        x->probe = q->serial;
    x->queued++;
    return q;
}

struct inquiry *inquiry_next(struct exchange *x, struct instant now)
{
    struct inquiry *next = NULL;
    if (now.mono_ns < x->held_ns)
        return NULL;
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES && x->queued; i++) {
        struct inquiry *q = &x->inquiries[i];
        bool may = q->state == INQUIRY_QUEUED && q->ready_ns <= now.mono_ns;
        if (may && (!next || q->serial < next->serial))
            next = q;
    }
    return next;
}

int64_t inquiry_until(const struct inquiry *q)
{
    int64_t until_ns = 0;
    for (const struct waiter *w = q->waiters; w; w = w->next_same)
        until_ns = w->deadline_ns > until_ns ? w->deadline_ns : until_ns;
    return until_ns;
}

void inquiry_again(struct exchange *x, struct inquiry *q, int64_t ready_ns)
{
    if (!q->waiters) {
        inquiry_free(x, q);
        return;
    }
    q->state = INQUIRY_QUEUED;
    q->ready_ns = ready_ns;
    x->queued++;
}

/* DONE: its waiters are ready, and it lives until the last of them is told. */
static void inquiry_end(struct exchange *x, struct inquiry *q, char *json, size_t json_bytes)
{
    probe_ends(x, q);
    x->queued -= q->state == INQUIRY_QUEUED;
    q->state = INQUIRY_DONE;
    q->json = json;
    q->json_bytes = json_bytes;
    for (struct waiter *w = q->waiters; w; w = w->next_same) {
        list_remove(&x->waiting, w);
        list_put_behind(&x->ready, x->ready.last, w);
    }
    if (!q->waiters)
        inquiry_free(x, q);
}

void inquiry_answered(struct exchange *x, struct inquiry *q, char *json, size_t json_bytes)
{
    inquiry_end(x, q, json, json_bytes);
}

void inquiry_failed(
    struct exchange *x, struct inquiry *q, enum places_status status, const char *message)
{
    size_t bytes = 0;
    for (const struct waiter *w = q->waiters; w; w = w->next_same)
        x->report.failed++;
    char *json = places_render(NULL, NULL, status, message, &bytes);
    inquiry_end(x, q, json, bytes);
}

void inquiries_hold(struct exchange *x, int64_t held_ns)
{
    x->held_ns = held_ns;
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++) {
        struct inquiry *q = &x->inquiries[i];
        if (q->state == INQUIRY_QUEUED && inquiry_until(q) <= held_ns)
            inquiry_failed(x, q, PLACES_OVER_QUERY_LIMIT, left_alone);
    }
}

void inquiries_fail_queued(struct exchange *x, enum places_status status, const char *message)
{
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++)
        if (x->inquiries[i].state == INQUIRY_QUEUED)
            inquiry_failed(x, &x->inquiries[i], status, message);
}

/* -- how the service does ---------------------------------------------------------------------- */

static void log_service(struct exchange *x, enum log_level level, const char *event,
    const char *why, struct instant now)
{
    log_begin(x->config.log, level, event, now);
    log_text(x->config.log, "host", exchange_host(x));
    log_number(x->config.log, "failures", x->breaker.failures);
    if (why)
        log_text(x->config.log, "why", span_of(why));
    log_end(x->config.log);
}

/* The first failure of a row is told, and the one that opens the breaker; between them and after
 * them only the answers tell. An open breaker lets nothing through, those who wait included. */
void exchange_failed(
    struct exchange *x, enum places_status status, const char *why, struct instant now)
{
    if (why != x->why)
        snprintf(x->why, sizeof x->why, "%s", why);
    x->down_status = status;
    bool opened = breaker_failed(&x->breaker, now);
    if (opened)
        log_service(x, LOG_WARN, "places_down", x->why, now);
    else if (x->breaker.failures == 1)
        log_service(x, LOG_WARN, "places_failed", x->why, now);
    if (breaker_is_open(&x->breaker))
        inquiries_fail_queued(x, status, x->why);
}

void exchange_succeeded(struct exchange *x, struct instant now)
{
    if (x->breaker.failures)
        log_service(x, LOG_INFO, "places_up", NULL, now);
    breaker_succeeded(&x->breaker);
}

/* -- the provider ------------------------------------------------------------------------------ */

/* What may be asked is: NULL, else it says why not. */
static const char *obstacle(struct exchange *x, const struct waiter *w, struct instant now,
    enum places_status *status, char message[EXCHANGE_WHY_BYTES_MAX + 128])
{
    *status = x->stopping ? PLACES_UNKNOWN_ERROR : PLACES_OVER_QUERY_LIMIT;
    if (x->stopping)
        return stopping;
    if (x->queued >= EXCHANGE_QUEUE_MAX)
        return "too many questions wait for the places service at this node";
    if (!inquiry_room(x))
        return "too many answers wait to be fetched";
    if (x->held_ns >= w->deadline_ns)
        return left_alone;
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
    ASSERT(w);
    x->waiters_free = w->next;
    *w = (struct waiter){.ticket = ticket, .deadline_ns = deadline_ns};
    list_put(&x->waiting, w);
    if (places_google_is_moot(question)) {
        refuse(x, w, PLACES_ZERO_RESULTS, NULL);
        return;
    }
    struct inquiry *q = inquiry_like(x, question);
    if (q) {
        x->report.joined++;
        join(w, q);
        return;
    }
    enum places_status status;
    char message[EXCHANGE_WHY_BYTES_MAX + 128];
    const char *why = obstacle(x, w, now, &status, message);
    if (!why) {
        join(w, inquiry_begin(x, question, now));
        return;
    }
    x->report.refused++;
    refuse(x, w, status, why);
}

/* What a ready waiter is told: what its inquiry has is handed out to the last of them, and copied
 * for the others. NULL: no memory. */
static char *take_answer(struct waiter *w, size_t *bytes)
{
    struct inquiry *q = w->inquiry;
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
        leave(w);
    list_remove(&x->ready, w);
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

/* An inquiry that nobody waits for any more: not asked if that can still be helped. */
static void desert(struct exchange *x, struct inquiry *q)
{
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
        leave(w);
    list_remove(in, w);
    waiter_free(x, w);
    if (q && !q->waiters)
        desert(x, q);
}

static int64_t deadline(const void *self)
{
    const struct exchange *x = self;
    if (x->ready.first)
        return x->ready_again_ns;
    int64_t soonest_ns = x->waiting.first ? x->waiting.first->deadline_ns : NEVER_NS;
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
    switch (x->making) {
    case MAKING_RESOLVES:
        return "the places service's address was not found in time";
    case MAKING_DIALS:
    case MAKING_SHAKES:
        return "no connection to the places service was made in time";
    case MAKING_NONE:
        break;
    }
    return "too many questions wait for the places service at this node";
}

/* Waiters whose time is over. Who was asked and has let everybody wait in vain has failed. */
static void expire(struct exchange *x, struct instant now)
{
    while (x->waiting.first && x->waiting.first->deadline_ns <= now.mono_ns) {
        struct waiter *w = x->waiting.first;
        struct inquiry *q = w->inquiry;
        const char *why = what_took_so_long(x, q);
        leave(w);
        refuse(x, w, PLACES_UNKNOWN_ERROR, why);
        if (q->waiters)
            continue;
        if (q->state == INQUIRY_ASKED) {
            channel_give_up(x, q);
            exchange_failed(x, PLACES_UNKNOWN_ERROR, why, now);
        }
        inquiry_free(x, q);
    }
}

void exchange_turn(struct exchange *x, struct instant now)
{
    x->now = now;
    expire(x, now);
    channels_turn(x, now);
}

void exchange_stop(struct exchange *x, struct instant now)
{
    x->now = now;
    x->stopping = true;
    channels_stop(x, stopping);
    inquiries_fail_queued(x, PLACES_UNKNOWN_ERROR, stopping);
}

/* -- what it knows ----------------------------------------------------------------------------- */

struct span exchange_host(const struct exchange *x)
{
    return span_of(x->host);
}

struct exchange_report exchange_report(const struct exchange *x)
{
    struct exchange_report r = x->report;
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
