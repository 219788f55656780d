/* channels.c — the connections of an exchange: see exchange.h and its private header.
 *
 *   attempt    event                                   next
 *   NONE       a question without a connection         RESOLVES, or DIALS if addresses are known
 *   RESOLVES   addresses                               DIALS
 *   RESOLVES   a failure                               NONE, failed
 *   DIALS      a dial has made a connection            SHAKES
 *   DIALS      all dials have failed, or 3 s           NONE, failed
 *   SHAKES     the handshake is complete               NONE; the channel takes questions
 *   SHAKES     anything else                           NONE, failed
 *
 * When an attempt fails and there is no other connection, all queued questions are answered with
 * the failure: they would wait in vain. */
#include "core/base/invariant.h"
#include "core/places/inquiries.h"
#include <stdio.h>

/* -- the channels ------------------------------------------------------------------------------ */

/* Its connection is not over: an answer can still come. */
static bool alive(const struct channel *c)
{
    return c->in_use && c->https.state != HTTPS_OVER;
}

static unsigned alive_count(const struct exchange *x)
{
    unsigned count = 0;
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        count += alive(&x->channels[i]);
    return count;
}

static struct channel *channel_at(struct exchange *x, unsigned channel)
{
    ASSERT(channel < EXCHANGE_CHANNELS && x->channels[channel].in_use);
    return &x->channels[channel];
}

static bool shakes(const struct exchange *x, const struct channel *c)
{
    return x->attempt == ATTEMPT_SHAKES && c == &x->channels[x->attempt_channel];
}

/* -- failures ---------------------------------------------------------------------------------- */

/* Record "<host>: why" as the last failure. It is also the message for those who wait. */
static const char *note_failure(struct exchange *x, const char *why)
{
    snprintf(x->why, sizeof x->why, "%s: %s", x->host, why);
    return x->why;
}

static void attempt_ends(struct exchange *x)
{
    for (unsigned i = 0; i < ENDPOINT_RACERS && x->attempt == ATTEMPT_DIALS; i++)
        if (x->dials.racers[i].dialling)
            x->unwanted |= 1u << i;
    x->attempt = ATTEMPT_NONE;
}

static void attempt_failed(struct exchange *x, const char *why, struct instant now)
{
    attempt_ends(x);
    exchange_failed(x, PLACES_UNKNOWN_ERROR, note_failure(x, why), now);
    x->alone_ns = now.mono_ns + EXCHANGE_ALONE_MS * MS_NS;
    if (alive_count(x) == 0)
        inquiries_fail_queued(x, PLACES_UNKNOWN_ERROR, x->why);
}

void channels_stop(struct exchange *x, const char *why)
{
    attempt_ends(x);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        struct channel *c = &x->channels[i];
        if (!c->in_use)
            continue;
        struct inquiry *q = c->asks;
        c->asks = NULL;
        https_close(&c->https);
        if (q)
            inquiry_failed(x, q, PLACES_UNKNOWN_ERROR, why);
    }
}

void channel_give_up(struct exchange *x, const struct inquiry *q)
{
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        struct channel *c = &x->channels[i];
        if (!c->in_use || c->asks != q)
            continue;
        c->asks = NULL;
        https_close(&c->https);
    }
}

/* -- answers ----------------------------------------------------------------------------------- */

/* The time between two events; 0 if one of them did not happen. */
static int64_t took_ns(int64_t from_ns, int64_t to_ns)
{
    return from_ns && to_ns > from_ns ? to_ns - from_ns : 0;
}

static void note_times(struct exchange *x, const struct channel *c, const struct inquiry *q)
{
    const struct https *h = &c->https;
    struct exchange_times t = {.resumed = h->resumed,
        .tries = q->tries,
        .first_byte_ns = took_ns(h->asked_ns, h->begun_ns),
        .body_ns = took_ns(h->begun_ns, h->ended_ns),
        .http_status = h->response.status,
        .wait_ns = h->asked_ns - q->began_ns};
    if (h->asked == 1 && c->began_ns >= q->began_ns) {
        t.resolve_ns = c->dialled_ns - c->began_ns;
        t.connect_ns = h->open_ns - c->dialled_ns;
        t.tls_ns = h->shaken_ns - h->open_ns;
        t.wait_ns -= t.resolve_ns + t.connect_ns + t.tls_ns;
    }
    x->times = t;
}

/* A random number by xorshift64*. It need not be secure: nobody gains by predicting a pause. */
static uint64_t draw(struct exchange *x, uint64_t below)
{
    x->jitter ^= x->jitter >> 12;
    x->jitter ^= x->jitter << 25;
    x->jitter ^= x->jitter >> 27;
    return (x->jitter * UINT64_C(0x2545f4914f6cdd1d) >> 32) % below;
}

/* When to ask again what was answered with 429 or 5xx: when the server says so, otherwise by
 * exponential back-off with full jitter. NEVER_NS: not at all. */
static int64_t retry_ns(struct exchange *x, const struct channel *c, struct instant now)
{
    const struct inquiry *q = c->asks;
    ASSERT(q->tries >= 1 && q->tries <= EXCHANGE_TRIES_MAX);
    int64_t pause_ns = http_response_retry_ns(&c->https.response, now);
    if (pause_ns > EXCHANGE_HELD_MAX_MS * MS_NS)
        pause_ns = EXCHANGE_HELD_MAX_MS * MS_NS;
    if (pause_ns > 0)
        inquiries_hold(x, now.mono_ns + pause_ns);
    else
        pause_ns = (int64_t)draw(x, (uint64_t)(EXCHANGE_RETRY_MS * MS_NS) << (q->tries - 1));
    bool in_time = now.mono_ns + pause_ns < inquiry_until(q);
    return q->tries < EXCHANGE_TRIES_MAX && in_time ? now.mono_ns + pause_ns : NEVER_NS;
}

/* Log a refusal of the service (an invalid key, an exhausted quota), once until it is over. */
static void log_refusal(
    struct exchange *x, const struct places_google_answer *answer, struct instant now)
{
    enum places_status status = answer->status == PLACES_ZERO_RESULTS ? PLACES_OK : answer->status;
    bool news = status != PLACES_OK && status != x->said_status;
    x->said_status = status;
    if (!news)
        return;
    log_begin(x->config.log, LOG_WARN, "places_refused", now);
    log_text(x->config.log, "host", span_of(x->host));
    log_text(x->config.log, "status", span_of(places_status_word(status)));
    log_text(x->config.log, "why", span_of(answer->message));
    log_end(x->config.log);
}

/* Whether the answer counts as a failure of the service: it does if the service says that it has
 * failed or is overloaded, or what came is no valid answer. A service that refuses a question or a
 * key works as it should. */
static void judge(struct exchange *x, const struct places_google_answer *answer, struct instant now)
{
    log_refusal(x, answer, now);
    if (answer->status == PLACES_UNKNOWN_ERROR || answer->status == PLACES_OVER_QUERY_LIMIT)
        exchange_failed(x, answer->status, note_failure(x, answer->message), now);
    else
        exchange_succeeded(x, now);
}

/* The channel has a complete answer. */
static void deliver(struct exchange *x, struct channel *c, struct instant now)
{
    const struct http_response *r = &c->https.response;
    struct inquiry *q = c->asks;
    ASSERT(q->state == INQUIRY_ASKED && r->state == HTTP_DONE);
    bool again = r->status == 429 || r->status >= 500;
    int64_t again_ns = again ? retry_ns(x, c, now) : NEVER_NS;
    c->asks = NULL;
    note_times(x, c, q);
    if (again_ns != NEVER_NS) {
        x->report.retried++;
        inquiry_again(x, q, again_ns);
        return;
    }
    struct places_google_answer answer;
    struct places_google_reply reply = {
        .status = r->status, .type = span_of(r->type), .body = http_response_body(r)};
    if (places_google_answer(&x->config.google, &q->question, &reply, &answer)) {
        judge(x, &answer, now);
        inquiry_answered(x, q, answer.json, answer.json_bytes);
    } else {
        inquiry_failed(x, q, PLACES_UNKNOWN_ERROR, "out of memory");
    }
}

/* -- following a connection -------------------------------------------------------------------- */

/* Close all idle connections. If one was stale, the others probably are, too: a server that
 * restarts ends them all. One that is answering right now becomes idle later, and stale as well, so
 * what is asked again may meet as many as there are. */
static void idle_close(struct exchange *x)
{
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (x->channels[i].in_use && x->channels[i].https.state == HTTPS_READY)
            https_close(&x->channels[i].https);
}

/* The connection is over; if it carries an inquiry, the answer has not come. */
static void follow_over(struct exchange *x, struct channel *c, struct instant now)
{
    struct inquiry *q = c->asks;
    const char *why = https_why(&c->https);
    if (shakes(x, c)) {
        endpoint_spoilt(&x->endpoint, &c->address);
        attempt_failed(x, *why ? why : "the server ended the connection", now);
    }
    if (!q)
        return;
    ASSERT(q->state == INQUIRY_ASKED && q->tries >= 1);
    c->asks = NULL;
    if (https_is_stale(&c->https) && q->stale < EXCHANGE_CHANNELS) {
        idle_close(x);
        q->stale++;
        q->tries--; /* the server never received it */
        inquiry_again(x, q, now.mono_ns);
        return;
    }
    note_times(x, c, q);
    x->times.http_status = 0;
    exchange_failed(x, PLACES_UNKNOWN_ERROR, note_failure(x, why), now);
    inquiry_failed(x, q, PLACES_UNKNOWN_ERROR, x->why);
}

/* React to the connection's new state; called after everything that happens to it. */
static void follow(struct exchange *x, struct channel *c, struct instant now)
{
    const struct https *h = &c->https;
    x->due = true;
    if (shakes(x, c) && h->state == HTTPS_READY) {
        ++*(h->resumed ? &x->report.handshakes_resumed : &x->report.handshakes_full);
        attempt_ends(x);
    }
    if (c->asks && h->answered)
        deliver(x, c, now);
    if (h->state == HTTPS_OVER)
        follow_over(x, c, now);
}

void exchange_take(struct exchange *x, unsigned channel, struct span *in, struct instant now)
{
    struct channel *c = channel_at(x, channel);
    https_take(&c->https, in, now);
    follow(x, c, now);
}

void exchange_ended(struct exchange *x, unsigned channel, struct instant now)
{
    struct channel *c = channel_at(x, channel);
    https_ended(&c->https, now);
    follow(x, c, now);
}

void exchange_lost(struct exchange *x, unsigned channel, const char *why, struct instant now)
{
    struct channel *c = channel_at(x, channel);
    https_lost(&c->https, why, now);
    follow(x, c, now);
    https_end(&c->https);
    *c = (struct channel){.in_use = false};
}

struct span exchange_output(struct exchange *x, unsigned channel)
{
    return https_output(&channel_at(x, channel)->https);
}

void exchange_sent(struct exchange *x, unsigned channel, size_t n, struct instant now)
{
    struct channel *c = channel_at(x, channel);
    https_sent(&c->https, n, now);
    follow(x, c, now);
}

bool exchange_over(const struct exchange *x, unsigned channel)
{
    ASSERT(channel < EXCHANGE_CHANNELS);
    return x->channels[channel].https.state == HTTPS_OVER;
}

/* -- making a connection ----------------------------------------------------------------------- */

static void attempt_goes_on(struct exchange *x, struct instant now)
{
    switch (endpoint_begin(&x->endpoint, &x->dials, now)) {
    case ENDPOINT_BEGUN:
        x->attempt = ATTEMPT_DIALS;
        x->attempt_dialled_ns = now.mono_ns;
        x->attempt_until_ns = now.mono_ns + ENDPOINT_CONNECT_MS * MS_NS;
        return;
    case ENDPOINT_WAIT:
        x->attempt = ATTEMPT_RESOLVES;
        return;
    case ENDPOINT_FAILED:
        attempt_failed(x, x->endpoint.why, now);
        return;
    }
}

/* An attempt has one time-out, however many addresses do not answer. */
static void attempt_expires(struct exchange *x, struct instant now)
{
    if (x->attempt != ATTEMPT_DIALS || now.mono_ns < x->attempt_until_ns)
        return;
    for (unsigned i = 0; i < ENDPOINT_RACERS; i++)
        if (x->dials.racers[i].dialling)
            endpoint_spoilt(&x->endpoint, &x->dialled[i]);
    attempt_failed(x, "no connection was made within 3 s", now);
}

void exchange_resolved(struct exchange *x, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now)
{
    x->due = true;
    endpoint_resolved(&x->endpoint, addresses, count, ttl_s, now);
}

void exchange_resolve_failed(struct exchange *x, const char *why, struct instant now)
{
    x->due = true;
    endpoint_resolve_failed(&x->endpoint, why, now);
}

bool exchange_resolve(struct exchange *x, struct instant now)
{
    return !x->stopping && endpoint_to_resolve(&x->endpoint, now);
}

bool exchange_dial(
    struct exchange *x, struct instant now, unsigned *racer, struct address *to, int64_t *until_ns)
{
    if (x->attempt != ATTEMPT_DIALS || !endpoint_attempt_next(&x->dials, now, racer, to, until_ns))
        return false;
    ASSERT(*racer < ENDPOINT_RACERS);
    x->dialled[*racer] = *to;
    return true;
}

bool exchange_dial_cancel(struct exchange *x, unsigned *racer)
{
    if (!x->unwanted)
        return false;
    *racer = (unsigned)__builtin_ctz(x->unwanted);
    ASSERT(*racer < ENDPOINT_RACERS);
    x->unwanted &= x->unwanted - 1;
    return true;
}

void exchange_dial_failed(struct exchange *x, unsigned racer, const char *why, struct instant now)
{
    ASSERT(racer < ENDPOINT_RACERS);
    x->due = true;
    x->unwanted &= ~(1u << racer); /* it is under way no more */
    if (x->attempt == ATTEMPT_DIALS && endpoint_attempt_failed(&x->dials, racer))
        attempt_failed(x, why, now);
}

int exchange_dialled(
    struct exchange *x, unsigned racer, const unsigned char *entropy, struct instant now)
{
    unsigned i = 0;
    ASSERT(racer < ENDPOINT_RACERS);
    x->unwanted &= ~(1u << racer); /* it is under way no more, also when another was quicker */
    while (i < EXCHANGE_CHANNELS && x->channels[i].in_use)
        i++;
    if (i == EXCHANGE_CHANNELS || x->attempt != ATTEMPT_DIALS)
        return -1;
    struct channel *c = &x->channels[i];
    if (!https_begin(&c->https, x->config.tls, x->host, &x->session, entropy, now))
        return -1;
    x->due = true;
    c->in_use = true;
    c->asks = NULL;
    c->address = x->dialled[racer];
    c->began_ns = x->attempt_began_ns;
    c->dialled_ns = x->attempt_dialled_ns;
    endpoint_attempt_won(&x->endpoint, &x->dials, racer);
    attempt_ends(x);
    x->attempt = ATTEMPT_SHAKES;
    x->attempt_channel = i;
    return (int)i;
}

/* -- giving out work --------------------------------------------------------------------------- */

/* Send an inquiry on a channel. false: the channel's output must be sent first. */
static bool say(struct exchange *x, struct channel *c, struct inquiry *q, struct instant now)
{
    char memory[PLACES_GOOGLE_REQUEST_BYTES_MAX];
    struct buf request = buf_over(memory, sizeof memory);
    bool well = places_google_request(&x->config.google, &q->question, &request);
    ASSERT(well && !request.overflow);
    if (!https_ask(&c->https, buf_span(&request), now))
        return false;
    ASSERT(q->state == INQUIRY_QUEUED && q->waiters && x->queued > 0);
    c->asks = q;
    q->state = INQUIRY_ASKED;
    q->tries++;
    x->queued--;
    x->report.asked++;
    budget_spend(&x->budget, now);
    x->turn = q->turn > x->turn ? q->turn : x->turn;
    return true;
}

static void give_out(struct exchange *x, struct instant now)
{
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        struct channel *c = &x->channels[i];
        bool free = alive(c) && c->https.state == HTTPS_READY && !c->asks;
        struct inquiry *q = free ? inquiry_next(x, now) : NULL;
        if (q && budget_left(&x->budget, now) == 0) { /* it went on what was asked again */
            inquiries_over_budget(x);
            return;
        }
        if (q && !say(x, c, q, now))
            return;
    }
}

/* Close one connection whose inquiry nobody waits for any more, if there is one. */
static void deserted_close(struct exchange *x)
{
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        struct inquiry *q = alive(&x->channels[i]) ? x->channels[i].asks : NULL;
        if (!q || q->waiters)
            continue;
        channel_give_up(x, q);
        inquiry_again(x, q, 0); /* frees it, as it has no waiters */
        return;
    }
}

/* If questions wait and no connection is free, make one, if need be in place of one whose inquiry
 * nobody waits for. */
static void make_way(struct exchange *x, struct instant now)
{
    if (x->attempt != ATTEMPT_NONE || !inquiry_next(x, now))
        return;
    unsigned most = now.mono_ns < x->alone_ns ? 1 : EXCHANGE_CONNECTIONS, in_use = 0;
    if (alive_count(x) >= most)
        deserted_close(x);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        in_use += x->channels[i].in_use;
    if (alive_count(x) >= most || in_use == EXCHANGE_CHANNELS)
        return;
    x->attempt_began_ns = now.mono_ns;
    attempt_goes_on(x, now);
    ASSERT(alive_count(x) < EXCHANGE_CONNECTIONS);
}

void channels_turn(struct exchange *x, struct instant now)
{
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        if (!x->channels[i].in_use)
            continue;
        https_turn(&x->channels[i].https, now);
        follow(x, &x->channels[i], now);
    }
    attempt_expires(x, now);
    if (x->attempt == ATTEMPT_RESOLVES)
        attempt_goes_on(x, now);
    give_out(x, now);
    make_way(x, now);
}

int64_t channels_deadline(const struct exchange *x)
{
    int64_t soonest_ns = x->stopping ? NEVER_NS : endpoint_deadline(&x->endpoint);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (x->channels[i].in_use)
            soonest_ns = earlier_ns(soonest_ns, https_deadline(&x->channels[i].https));
    if (x->attempt == ATTEMPT_DIALS) {
        soonest_ns = earlier_ns(soonest_ns, x->attempt_until_ns);
        soonest_ns = earlier_ns(soonest_ns, endpoint_attempt_deadline(&x->dials));
    }
    if (x->queued && x->alone_ns > x->now.mono_ns)
        soonest_ns = earlier_ns(soonest_ns, x->alone_ns);
    return soonest_ns;
}
