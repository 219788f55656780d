/* inquiries.c — see inquiries.h: waiters, inquiries, and the failures of the service.
 *
 * The lowest of the exchange's files. The answer for all waiters of an inquiry is kept once, in the
 * inquiry, until the last of them has fetched it. */
#include "core/base/invariant.h"
#include "core/places/inquiries.h"
#include <stdio.h>
#include <stdlib.h>

/* -- waiters ----------------------------------------------------------------------------------- */

/* Insert `w` behind `before`; NULL: at the beginning. */
static void list_put_behind(struct waiter_list *l, struct waiter *before, struct waiter *w)
{
    w->prev = before;
    w->next = before ? before->next : l->first;
    *(before ? &before->next : &l->first) = w;
    *(w->next ? &w->next->prev : &l->last) = w;
}

void waiter_list_put(struct waiter_list *l, struct waiter *w)
{
    struct waiter *before = l->last;
    while (before && before->deadline_ns > w->deadline_ns)
        before = before->prev;
    list_put_behind(l, before, w);
}

void waiter_list_remove(struct waiter_list *l, struct waiter *w)
{
    ASSERT(w->prev ? w->prev->next == w : l->first == w);
    ASSERT(w->next ? w->next->prev == w : l->last == w);
    *(w->prev ? &w->prev->next : &l->first) = w->next;
    *(w->next ? &w->next->prev : &l->last) = w->prev;
}

void waiter_join(struct waiter *w, struct inquiry *q)
{
    ASSERT(!w->inquiry && (q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED));
    w->inquiry = q;
    w->prev_same = NULL;
    w->next_same = q->waiters;
    if (q->waiters)
        q->waiters->prev_same = w;
    q->waiters = w;
}

void waiter_leave(struct waiter *w)
{
    ASSERT(w->inquiry);
    *(w->prev_same ? &w->prev_same->next_same : &w->inquiry->waiters) = w->next_same;
    if (w->next_same)
        w->next_same->prev_same = w->prev_same;
    w->inquiry = NULL;
}

void waiter_free(struct exchange *x, struct waiter *w)
{
    free(w->json);
    *w = (struct waiter){.next = x->waiters_free};
    x->waiters_free = w;
}

void waiter_refuse(
    struct exchange *x, struct waiter *w, enum places_status status, const char *message)
{
    ASSERT(!w->inquiry && !w->json);
    x->report.failed += message != NULL;
    w->json = places_render(NULL, NULL, status, message, &w->json_bytes);
    waiter_list_remove(&x->waiting, w);
    list_put_behind(&x->ready, x->ready.last, w);
}

/* -- inquiries --------------------------------------------------------------------------------- */

/* Called when `q` ends. If it was the probe and had a result, the breaker knows already. If it had
 * none, the breaker must learn that it has no probe any more, or it would stay open for ever. */
static void probe_ends(struct exchange *x, const struct inquiry *q)
{
    if (q->serial == x->probe)
        breaker_gave_up(&x->breaker, x->now);
}

void inquiry_free(struct exchange *x, struct inquiry *q)
{
    ASSERT(!q->waiters && q->state != INQUIRY_FREE);
    if (q->state != INQUIRY_DONE)
        probe_ends(x, q);
    ASSERT(q->state != INQUIRY_QUEUED || x->queued > 0);
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

struct inquiry *inquiry_like(struct exchange *x, const struct places_question *question)
{
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++) {
        struct inquiry *q = &x->inquiries[i];
        bool in_flight = q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED;
        if (in_flight && same(&q->question, question))
            return q;
    }
    return NULL;
}

struct inquiry *inquiry_room(struct exchange *x)
{
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++)
        if (x->inquiries[i].state == INQUIRY_FREE)
            return &x->inquiries[i];
    return NULL;
}

uint64_t inquiry_turn(const struct exchange *x, uint64_t asker)
{
    uint64_t turn = x->turn;
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++) {
        const struct inquiry *q = &x->inquiries[i];
        bool open = q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED;
        if (open && q->asker == asker && q->turn >= turn)
            turn = q->turn + 1;
    }
    return turn;
}

void inquiry_favour(const struct exchange *x, struct inquiry *q, uint64_t asker)
{
    ASSERT(q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED);
    uint64_t turn = inquiry_turn(x, asker);
    if (q->state == INQUIRY_ASKED || turn >= q->turn)
        return;
    q->asker = asker;
    q->turn = turn;
}

/* Whether `a` is asked before `b`. */
static bool is_before(const struct inquiry *a, const struct inquiry *b)
{
    ASSERT(a != b && a->serial != b->serial);
    return a->turn != b->turn ? a->turn < b->turn : a->serial < b->serial;
}

struct inquiry *inquiry_last(struct exchange *x)
{
    struct inquiry *last = NULL;
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++) {
        struct inquiry *q = &x->inquiries[i];
        if (q->state == INQUIRY_QUEUED && (!last || is_before(last, q)))
            last = q;
    }
    ASSERT(last);
    return last;
}

void inquiry_refuse(struct exchange *x, struct inquiry *q, const char *why)
{
    ASSERT(q->state == INQUIRY_QUEUED && q->waiters);
    for (struct waiter *w; (w = q->waiters);) {
        x->report.refused++;
        waiter_leave(w);
        waiter_refuse(x, w, PLACES_OVER_QUERY_LIMIT, why);
    }
    inquiry_free(x, q);
}

struct inquiry *inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now)
{
    struct inquiry *q = inquiry_room(x);
    ASSERT(q);
    *q = (struct inquiry){.state = INQUIRY_QUEUED,
        .question = *question,
        .asker = question->asker,
        .turn = inquiry_turn(x, question->asker),
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
        if (may && (!next || is_before(q, next)))
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
    ASSERT(q->state == INQUIRY_ASKED);
    if (!q->waiters) {
        inquiry_free(x, q);
        return;
    }
    q->state = INQUIRY_QUEUED;
    q->ready_ns = ready_ns;
    x->queued++;
}

/* It is DONE and its waiters are ready; it is freed when the last of them has its answer. */
void inquiry_answered(struct exchange *x, struct inquiry *q, char *json, size_t json_bytes)
{
    ASSERT(q->state == INQUIRY_QUEUED || q->state == INQUIRY_ASKED);
    probe_ends(x, q);
    x->queued -= q->state == INQUIRY_QUEUED;
    q->state = INQUIRY_DONE;
    q->json = json;
    q->json_bytes = json_bytes;
    for (struct waiter *w = q->waiters; w; w = w->next_same) {
        waiter_list_remove(&x->waiting, w);
        list_put_behind(&x->ready, x->ready.last, w);
    }
    if (!q->waiters)
        inquiry_free(x, q);
}

void inquiry_failed(
    struct exchange *x, struct inquiry *q, enum places_status status, const char *message)
{
    size_t bytes = 0;
    for (const struct waiter *w = q->waiters; w; w = w->next_same)
        x->report.failed++;
    char *json = places_render(NULL, NULL, status, message, &bytes);
    inquiry_answered(x, q, json, bytes);
}

void inquiries_hold(struct exchange *x, int64_t held_ns)
{
    x->held_ns = held_ns;
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++) {
        struct inquiry *q = &x->inquiries[i];
        if (q->state == INQUIRY_QUEUED && inquiry_until(q) <= held_ns)
            inquiry_failed(x, q, PLACES_OVER_QUERY_LIMIT, EXCHANGE_LEFT_ALONE);
    }
}

void inquiries_fail_queued(struct exchange *x, enum places_status status, const char *message)
{
    for (unsigned i = 0; i < EXCHANGE_INQUIRIES; i++)
        if (x->inquiries[i].state == INQUIRY_QUEUED)
            inquiry_failed(x, &x->inquiries[i], status, message);
}

void inquiries_over_budget(struct exchange *x)
{
    uint64_t before = x->report.failed;
    inquiries_fail_queued(x, PLACES_OVER_QUERY_LIMIT, EXCHANGE_OVER_BUDGET);
    x->report.over_budget += x->report.failed - before;
}

/* -- the service's failures -------------------------------------------------------------------- */

static void log_service(struct exchange *x, enum log_level level, const char *event,
    const char *why, struct instant now)
{
    log_begin(x->config.log, level, event, now);
    log_text(x->config.log, "host", span_of(x->host));
    log_number(x->config.log, "failures", x->breaker.failures);
    if (why)
        log_text(x->config.log, "why", span_of(why));
    log_end(x->config.log);
}

/* Of a row of failures the first is logged, and the one that opens the breaker; all others show
 * only in the answers. When the breaker is open, all queued inquiries fail as well. */
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
