/* side.h — for the tests of the exchange: one exchange, a driver that does exactly what
 * exchange.h says, and a server in memory at the other end of each connection. The test decides how
 * names are resolved, which dials succeed and what the servers send. If the exchange and the driver
 * never come to rest at one instant, the test fails. */
#ifndef TESTS_UNIT_PLACES_SIDE_H
#define TESTS_UNIT_PLACES_SIDE_H

#include "core/places/exchange.h"
#include "unit/http/side.h"

enum { TICKETS = PLACES_QUESTIONS_MAX, TURNS_MAX = 10000, TIMEOUT_MS = 10000 };

enum fate { GOES_WELL, FAILS, HANGS };

static struct exchange *x;
static struct places_provider provider;
static struct log log_;
static char log_memory[1 << 16];
static struct instant now;
static enum fate resolving, dialling;
static uint32_t budget; /* a minute; 0: without end. Set before exchange_starts */
static unsigned addresses; /* of the host */
static bool shakes_no_hands; /* servers of later connections send nothing */
static bool lingers; /* the driver does not close channels that are over */
static struct server servers[EXCHANGE_CHANNELS];
static bool connected[EXCHANGE_CHANNELS];
static unsigned resolves, dials, cancels, dials_at_once; /* so far */
static bool dial_hangs[ENDPOINT_RACERS];
static char *told[TICKETS]; /* the answer to each ticket */
static unsigned told_count;
static size_t piece; /* bytes that a channel receives at a time */

static inline bool exchange_starts(uint64_t seed)
{
    struct exchange_config config = {.google = {.api = PLACES_GOOGLE_NEW,
                                         .port = 443,
                                         .host = SPAN("localhost"),
                                         .key = SPAN("CANARY")},
        .tls = &side_config,
        .budget = budget,
        .budget_s = budget ? 60 : 0,
        .seed = seed,
        .log = &log_};
    x = places_exchange(&config, &provider);
    return x != NULL;
}

static inline void exchange_side_begin(void)
{
    https_side_begin();
    now = today();
    piece = SIZE_MAX;
    addresses = 1;
    log_init(&log_, LOG_INFO, SPAN(""), log_memory, sizeof log_memory - 1);
    cr_assert(exchange_starts(1));
}

static inline void exchange_ends(void)
{
    provider.destroy(provider.self);
    x = NULL;
    memset(connected, 0, sizeof connected);
    memset(dial_hangs, 0, sizeof dial_hangs);
    for (unsigned i = 0; i < TICKETS; i++) {
        free(told[i]);
        told[i] = NULL;
    }
    told_count = 0;
}

static inline void exchange_side_end(void)
{
    exchange_ends();
    https_side_end();
}

/* -- the driver -------------------------------------------------------------------------------- */

static inline void resolves_now(void)
{
    struct address all[ENDPOINT_ADDRESSES_MAX];
    for (unsigned i = 0; i < addresses; i++)
        all[i] = (struct address){.ip = {127, 0, 0, (unsigned char)(i + 1)}, .port = 443};
    exchange_resolved(x, all, addresses, 60, now);
}

static inline void fails_to_resolve(void)
{
    exchange_resolve_failed(x, "there is no such name", now);
}

/* Report the result of a dial. */
static inline void connects(unsigned racer)
{
    static unsigned char drawn;
    unsigned char entropy[TLS_ENTROPY_BYTES] = {7, ++drawn};
    dial_hangs[racer] = false;
    int channel = exchange_dialled(x, racer, entropy, now);
    if (channel < 0) {
        exchange_dial_failed(x, racer, "no place is free for one more connection", now);
        return;
    }
    cr_assert_not(connected[channel]);
    connected[channel] = true;
    server_open(&servers[channel]);
    servers[channel].silent = shakes_no_hands;
}

static inline void refuses(unsigned racer)
{
    dial_hangs[racer] = false;
    exchange_dial_failed(x, racer, "connection refused", now);
}

static inline bool dial(void)
{
    unsigned racer, under_way = 0;
    struct address to;
    int64_t until_ns;
    while (exchange_dial_cancel(x, &racer)) {
        cancels++;
        dial_hangs[racer] = false;
    }
    if (!exchange_dial(x, now, &racer, &to, &until_ns))
        return false;
    cr_assert_lt(racer, ENDPOINT_RACERS);
    cr_assert_not(dial_hangs[racer]);
    cr_expect_eq(until_ns, now.mono_ns + 3 * SECOND_NS);
    dials++;
    dial_hangs[racer] = true;
    for (unsigned i = 0; i < ENDPOINT_RACERS; i++)
        under_way += dial_hangs[i];
    dials_at_once = under_way > dials_at_once ? under_way : dials_at_once;
    if (dialling == GOES_WELL)
        connects(racer);
    else if (dialling == FAILS)
        refuses(racer);
    return true;
}

/* Deliver a channel's output to its server, and close the channel if it is over. */
static inline bool settle(unsigned channel)
{
    bool moved = false;
    for (struct span out; (out = exchange_output(x, channel)).len; moved = true) {
        server_take(&servers[channel], out);
        exchange_sent(x, channel, out.len, now);
    }
    if (!exchange_over(x, channel) || lingers)
        return moved;
    exchange_lost(x, channel, "", now);
    connected[channel] = false;
    return true;
}

static inline bool receive(unsigned channel)
{
    struct server *s = &servers[channel];
    struct span block = server_piece(s, piece), in = block;
    if (!block.len && s->fin) {
        s->fin = false;
        exchange_ended(x, channel, now);
        return true;
    }
    size_t before = 0;
    while (connected[channel] && !exchange_over(x, channel) && in.len && in.len != before) {
        before = in.len;
        exchange_take(x, channel, &in, now);
        settle(channel);
    }
    SIDE_FREE((char *)block.at);
    return block.len > 0;
}

static inline bool fetch(void)
{
    struct places_answer answer;
    if (!provider.answer(provider.self, &answer, now))
        return false;
    cr_assert_lt(answer.ticket, TICKETS);
    cr_assert_null(told[answer.ticket], "ticket %u is answered twice", (unsigned)answer.ticket);
    cr_assert_eq(strlen(answer.json), answer.json_bytes);
    told[answer.ticket] = answer.json;
    told_count++;
    return true;
}

/* Run turns until nothing more happens at this instant. */
static inline void turn(void)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        bool moved = false;
        exchange_turn(x, now);
        while (dial())
            moved = true;
        if (exchange_resolve(x, now)) {
            resolves++;
            moved = true;
            if (resolving == GOES_WELL)
                resolves_now();
            else if (resolving == FAILS)
                fails_to_resolve();
        }
        for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++)
            if (connected[c])
                moved |= settle(c);
        for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++)
            if (connected[c])
                moved |= receive(c);
        while (fetch())
            moved = true;
        if (!moved && provider.deadline(provider.self) > now.mono_ns)
            return;
    }
    cr_assert_fail("the exchange never comes to rest");
}

static inline void passes_ms(int64_t ms)
{
    now.mono_ns += ms * MS_NS;
    now.real_ns += ms * MS_NS;
    turn();
}

/* The deadline is `ms` from now, and a nanosecond before it nothing happens. */
static inline void waits_ms(int64_t ms)
{
    unsigned before = told_count;
    cr_expect_eq(provider.deadline(provider.self) - now.mono_ns, ms * MS_NS);
    now.mono_ns += ms * MS_NS - 1;
    turn();
    cr_expect_eq(told_count, before, "too early");
    now.mono_ns++;
    turn();
}

/* -- questions --------------------------------------------------------------------------------- */

/* Questions differ only in their radius, in metres. */
static inline void asks_for(uint64_t ticket, unsigned radius_m, int64_t timeout_ms)
{
    struct places_question question = {.radius_um = radius_m * UINT64_C(1000000), .count = 5};
    provider.ask(provider.self, ticket, &question, now.mono_ns + timeout_ms * MS_NS, now);
}

/* The same, by one of several askers. */
static inline void asks_by(uint64_t asker, unsigned number)
{
    struct places_question question = {
        .radius_um = number * UINT64_C(1000000), .count = 5, .asker = asker};
    provider.ask(provider.self, number, &question, now.mono_ns + TIMEOUT_MS * MS_NS, now);
    turn();
}

/* Question and ticket have the same number. */
static inline void asks(unsigned number)
{
    asks_for(number, number, TIMEOUT_MS);
    turn();
}

static inline void cancels_ticket(uint64_t ticket)
{
    provider.cancel(provider.self, ticket);
    turn();
}

/* The question that a server has received since the last call; 0: none. */
static inline unsigned asked_at(unsigned channel)
{
    const char *request = connected[channel] ? server_request(&servers[channel]) : NULL;
    const char *radius = request ? strstr(request, "\"radius\":") : NULL;
    return radius ? (unsigned)strtoul(radius + 9, NULL, 10) : 0;
}

static inline unsigned connections(void)
{
    unsigned count = 0;
    for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++)
        count += connected[c];
    return count;
}

static inline void says(unsigned channel, const char *text)
{
    cr_assert(connected[channel]);
    server_says(&servers[channel], text);
    turn();
}

#define EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define BUSY "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
#define LIMIT "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}"
#define LIMIT_FOR(s) \
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: " s "\r\nContent-Length: 2\r\n\r\n{}"

static inline void ends(unsigned channel)
{
    cr_assert(connected[channel]);
    servers[channel].fin = true;
    turn();
}

/* The ticket was answered with this status and with these words in the message. */
static inline void hears(uint64_t ticket, const char *status, const char *words)
{
    cr_assert_not_null(told[ticket], "ticket %u has no answer", (unsigned)ticket);
    cr_expect_not_null(strstr(told[ticket], status), "%s", told[ticket]);
    cr_expect_not_null(strstr(told[ticket], words), "%s", told[ticket]);
    cr_expect_null(strstr(told[ticket], "CANARY"));
    free(told[ticket]);
    told[ticket] = NULL;
}

static inline void is_well(uint64_t ticket)
{
    hears(ticket, "ZERO_RESULTS", "");
}

static inline void fails(uint64_t ticket, const char *words)
{
    hears(ticket, "UNKNOWN_ERROR", words);
}

/* How often `text` is in the log, which must be complete. */
static inline unsigned logged(const char *text)
{
    log_memory[log_.pending.len] = '\0';
    cr_assert(log_.dropped == 0 && !strstr(log_memory, "lines_dropped_before="));
    unsigned count = 0;
    for (const char *at = log_memory; (at = strstr(at, text)); at++)
        count++;
    return count;
}

/* Question `number` was sent on `channel`. */
static inline void is_asked(unsigned channel, unsigned number)
{
    cr_assert_eq(asked_at(channel), number);
}

/* Question `number` was sent; returns the channel. */
static inline unsigned finds(unsigned number)
{
    unsigned channel = 0;
    while (channel < EXCHANGE_CHANNELS && asked_at(channel) != number)
        channel++;
    cr_assert_lt(channel, EXCHANGE_CHANNELS, "question %u is not asked", number);
    return channel;
}

/* Make one connection, which has answered and is idle, on channel 0. */
static inline void warms_up(void)
{
    asks(1000);
    is_asked(0, 1000);
    says(0, EMPTY);
    is_well(1000);
    cr_assert_eq(connections(), 1);
}

/* Make two such connections, on channels 0 and 1. */
static inline void warms_up_two(void)
{
    asks(1001);
    asks(1002);
    is_asked(0, 1001);
    is_asked(1, 1002);
    says(0, EMPTY);
    says(1, EMPTY);
    is_well(1001);
    is_well(1002);
    cr_assert_eq(connections(), 2);
}

/* Open the breaker by five failures in a row. */
static inline void goes_down(void)
{
    for (unsigned i = 0; i < 5; i++) {
        asks(1003);
        says(finds(1003), "nonsense\r\n");
        fails(1003, "localhost: ");
    }
    cr_assert(exchange_report(x).down);
}

#endif
