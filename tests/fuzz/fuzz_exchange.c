/* fuzz_exchange.c — questions of places, and a service that does anything.
 *
 * Covers: src/core/places/exchange.c, src/core/places/channels.c, src/core/places/inquiries.c,
 * src/core/places/budget.c, src/core/http/https.c, src/core/http/endpoint.c,
 * src/core/http/breaker.c
 *
 * The exchange is driven as exchange.h says; at the other end of each connection is a genuine
 * server of HTTPS. The tape asks and cancels questions, resolves the host, lets dials succeed and
 * fail, says answers and any other bytes, changes bytes on their way, closes and resets
 * connections, and lets time pass. Its first byte says which of this goes well by itself.
 *
 * Each question gets one answer, in time, and none once it is cancelled; no answer and no line of
 * the log holds the key; a connection asks one question at a time; the bounds of connections, of
 * questions that wait and of the budget hold; the exchange comes to rest. */
#include "core/base/invariant.h"
#include "core/places/exchange.h"
#include "fuzz/tape.h"
#include "sim/judge.h"
#include "sim/tls_fixture.h"
#include "unit/http/server.h"
#include <cjson/cJSON.h>

enum {
    OPS_MAX = 160,
    TICKETS = 96, /* more than can wait */
    TURNS_MAX = 2000,
    RESOLVE_S_MAX = 3, /* as io/resolve.h promises */
    BUDGET_S = 60,
    LOG_BYTES = 1 << 16,
};

#define KEY "CANARY"

struct line {
    bool connected;
    bool asked; /* a request came, and nothing was said since */
    bool closes; /* its answer was the last of the connection */
    struct server server;
};

struct dial {
    bool under_way;
    int64_t until_ns;
};

enum ticket_state { UNUSED, OPEN, ANSWERED, CANCELLED };

static struct exchange *x;
static struct places_provider provider;
static struct tls_config tls;
static struct log logs;
static char log_memory[LOG_BYTES];
static struct instant now;
static struct line lines[EXCHANGE_CHANNELS];
static struct dial dials[ENDPOINT_RACERS];
static int64_t resolving_ns; /* since when; 0: not */
static struct {
    enum ticket_state state;
    int64_t deadline_ns;
} tickets[TICKETS];
static unsigned asked; /* tickets so far */
static int64_t requests_ns[4 * OPS_MAX]; /* when each request was sent */
static uint64_t requests;
static uint32_t budget; /* in BUDGET_S; 0: without end */
static size_t piece;
static bool resolves, connects, answers; /* by itself */

/* -- what a service says ----------------------------------------------------------------------- */

#define PLACE                                                                           \
    "{\"places\":[{\"id\":\"a\",\"displayName\":{\"text\":\"b\"},\"types\":[\"cafe\"]," \
    "\"location\":{\"latitude\":1.5,\"longitude\":-2}}]}"

static const char *const said[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 110\r\n\r\n" PLACE,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6e;a=b\r\n" PLACE "\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\n\r\n" PLACE, /* up to the end */
    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n"
    "\r\n{}",
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: Tue, 14 Nov 2023 22:13:50 GMT\r\n"
    "Content-Length: 2\r\n\r\n{}",
    "HTTP/1.1 500 Oh\r\nRetry-After: 9999999\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 71\r\n\r\n"
    "{\"error\":{\"status\":\"PERMISSION_DENIED\",\"message\":\"" KEY " is %43ANARY\"}}",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"pla", /* and no more */
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{:}",
    "SSH-2.0-OpenSSH_9.2\r\n",
};

enum { ANSWER = 0, ANSWER_THAT_CLOSES = 4, SAID = sizeof said / sizeof *said };

static void say(struct line *l, struct span text)
{
    if (!l->connected || !server_can_say(&l->server))
        return;
    l->asked = false;
    server_says_bytes(&l->server, text.at, text.len);
}

/* A request that has come whole is what the exchange may send, one at a time. */
static void hear(struct line *l)
{
    struct server *s = &l->server;
    const char *request = server_request(s);
    if (!request)
        return;
    ASSERT(!l->asked && !l->closes);
    ASSERT(memcmp(request, "POST /v1/places:searchNearby HTTP/1.1\r\n", 39) == 0 ||
           memcmp(request, "GET /maps/api/place/nearbysearch/json?", 38) == 0);
    ASSERT(strstr(request, KEY) && s->seen == s->heard_len);
    s->seen = s->heard_len = 0;
    l->asked = true;
    if (answers)
        say(l, span_of(said[ANSWER]));
}

/* -- the driver -------------------------------------------------------------------------------- */

static void resolved(unsigned count, unsigned v6, uint32_t ttl_s)
{
    struct address all[2 * ENDPOINT_ADDRESSES_MAX];
    if (!resolving_ns)
        return;
    resolving_ns = 0;
    for (unsigned i = 0; i < count; i++)
        all[i] = (struct address){.ip = {127, 0, 0, (unsigned char)i}, .v6 = v6 >> (i % 8) & 1};
    if (count)
        exchange_resolved(x, all, count, ttl_s, now);
    else
        exchange_resolve_failed(x, "there is no such name", now);
}

static void dial_ends(unsigned racer, bool well)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {7};
    if (!dials[racer].under_way)
        return;
    dials[racer].under_way = false;
    int channel = well ? exchange_dialled(x, racer, entropy, now) : -1;
    if (channel < 0) {
        exchange_dial_failed(x, racer, well ? "no channel is free" : "connection refused", now);
        return;
    }
    ASSERT(channel < EXCHANGE_CHANNELS && !lines[channel].connected);
    lines[channel].connected = true;
    lines[channel].asked = lines[channel].closes = false;
    server_open(&lines[channel].server);
}

static bool dial(void)
{
    unsigned racer;
    struct address to;
    int64_t until_ns;
    while (exchange_dial_cancel(x, &racer)) {
        ASSERT(racer < ENDPOINT_RACERS && dials[racer].under_way);
        dials[racer].under_way = false;
    }
    for (unsigned i = 0; i < ENDPOINT_RACERS; i++)
        if (dials[i].under_way && now.mono_ns >= dials[i].until_ns)
            dial_ends(i, false);
    if (!exchange_dial(x, now, &racer, &to, &until_ns))
        return false;
    ASSERT(racer < ENDPOINT_RACERS && !dials[racer].under_way && until_ns > now.mono_ns);
    dials[racer] = (struct dial){true, until_ns};
    if (connects)
        dial_ends(racer, true);
    return true;
}

static void lose(unsigned channel, const char *why)
{
    if (!lines[channel].connected)
        return;
    lines[channel].connected = false;
    exchange_lost(x, channel, why, now);
}

static bool settle(unsigned channel)
{
    struct line *l = &lines[channel];
    bool moved = false;
    for (struct span out; (out = exchange_output(x, channel)).len; moved = true) {
        server_take(&l->server, out);
        exchange_sent(x, channel, out.len, now);
        hear(l);
    }
    if (!exchange_over(x, channel))
        return moved;
    lose(channel, "");
    return true;
}

static bool receive(unsigned channel)
{
    struct line *l = &lines[channel];
    struct server *s = &l->server;
    struct span block = server_piece(s, piece), in = block;
    if (s->out_from == s->out_len)
        s->out_from = s->out_len = 0;
    if (!block.len && s->fin) {
        s->fin = false;
        exchange_ended(x, channel, now);
        return true;
    }
    for (size_t before = 0; l->connected && in.len && in.len != before;) {
        before = in.len;
        exchange_take(x, channel, &in, now);
        settle(channel);
    }
    SIDE_FREE((char *)block.at);
    return block.len > 0;
}

static bool fetch(void)
{
    struct places_answer a;
    if (!provider.answer(provider.self, &a, now))
        return false;
    ASSERT(a.ticket < asked && tickets[a.ticket].state == OPEN);
    tickets[a.ticket].state = ANSWERED;
    ASSERT(strlen(a.json) == a.json_bytes && a.json_bytes <= PLACES_ANSWER_BYTES_MAX);
    ASSERT(!strstr(a.json, KEY));
    cJSON *tree = cJSON_Parse(a.json);
    ASSERT(cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "results")));
    cJSON_Delete(tree);
    free(a.json);
    return true;
}

/* -- bounds ------------------------------------------------------------------------------------ */

static void check_bounds(void)
{
    unsigned alive = 0, connected = 0;
    struct exchange_report r = exchange_report(x);
    for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++) {
        connected += lines[c].connected;
        alive += lines[c].connected && !exchange_over(x, c);
    }
    ASSERT(alive <= EXCHANGE_CONNECTIONS && r.connections == connected);
    ASSERT(r.waiting <= EXCHANGE_QUEUE_MAX + EXCHANGE_CONNECTIONS);
    ASSERT(r.over_budget <= r.failed && r.asked >= requests);
    for (; requests < r.asked; requests++) {
        ASSERT(requests < sizeof requests_ns / sizeof *requests_ns);
        requests_ns[requests] = now.mono_ns;
        if (budget && requests >= budget)
            ASSERT(now.mono_ns - requests_ns[requests - budget] >= BUDGET_S * SECOND_NS);
    }
    for (unsigned t = 0; t < asked; t++)
        ASSERT(tickets[t].state != OPEN || tickets[t].deadline_ns > now.mono_ns);
}

/* Run turns until nothing more happens at this instant. */
static void rest(void)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        bool moved = false;
        exchange_turn(x, now);
        while (dial())
            moved = true;
        if (exchange_resolve(x, now)) {
            ASSERT(!resolving_ns);
            resolving_ns = now.mono_ns;
            moved = true;
        }
        if (resolving_ns && (resolves || now.mono_ns >= resolving_ns + RESOLVE_S_MAX * SECOND_NS))
            resolved(resolves ? 3 : 0, 2, 60);
        for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++) {
            if (lines[c].connected)
                moved |= settle(c);
            if (lines[c].connected)
                moved |= receive(c);
        }
        while (fetch())
            moved = true;
        if (!moved && provider.deadline(provider.self) > now.mono_ns) {
            check_bounds();
            return;
        }
    }
    bool comes_to_rest = false;
    ASSERT(comes_to_rest);
}

/* -- what the tape says ------------------------------------------------------------------------ */

enum op {
    OP_ASK,
    OP_CANCEL,
    OP_TIME,
    OP_RESOLVED,
    OP_DIAL_ENDS,
    OP_SAY,
    OP_SAY_BYTES,
    OP_CLOSE,
    OP_FIN,
    OP_RESET,
    OP_CHANGE,
    OP_SILENT,
    OP_PIECE,
    OP_HELP, /* what goes well by itself from now on */
    OP_STOP,
    OPS
};

static void ask(struct span *tape)
{
    unsigned what = tape_byte(tape), timeout = tape_byte(tape);
    struct places_question q = {
        .radius_um = (1 + what % 16) * UINT64_C(1000000),
        .count = what >> 4 ? 1 + what % STAMPEDE_COUNT_MAX : 0,
        .asker = what >> 6,
    };
    if (asked == TICKETS)
        return;
    tickets[asked].state = OPEN;
    tickets[asked].deadline_ns = now.mono_ns + (1 + timeout) * 100 * MS_NS;
    provider.ask(provider.self, asked, &q, tickets[asked].deadline_ns, now);
    asked++;
}

static void cancel(unsigned ticket)
{
    if (ticket >= asked || tickets[ticket].state != OPEN)
        return;
    tickets[ticket].state = CANCELLED;
    provider.cancel(provider.self, ticket);
}

static void pass(int64_t ms)
{
    now.mono_ns += ms * MS_NS;
    now.real_ns += ms * MS_NS;
}

static void help(unsigned bits)
{
    resolves = bits & 1;
    connects = bits & 2;
    answers = bits & 4;
}

static void do_to(struct line *l, enum op op, struct span *tape)
{
    struct server *s = &l->server;
    if (op == OP_SAY) {
        unsigned which = tape_byte(tape) % SAID;
        l->closes |= l->asked && which == ANSWER_THAT_CLOSES;
        say(l, span_of(said[which]));
    } else if (op == OP_SAY_BYTES) {
        say(l, tape_take(tape, tape_byte(tape)));
    } else if (op == OP_CLOSE) {
        server_closes(s);
    } else if (op == OP_FIN) {
        s->fin = true;
    } else if (op == OP_RESET) {
        lose((unsigned)(l - lines), "connection reset by peer");
    } else if (op == OP_CHANGE && s->out_len > s->out_from) {
        size_t at = s->out_from + tape_byte(tape) % (s->out_len - s->out_from);
        s->out[at] ^= (char)tape_byte(tape);
    } else if (op == OP_SILENT) {
        s->silent = !s->silent;
    }
}

static void step(struct span *tape)
{
    static const int ms[] = {1, 50, 250, 1000, 3000, 5000, 10000, 61000};
    unsigned byte = tape_byte(tape);
    enum op op = byte % 16 % OPS;
    struct line *l = &lines[byte >> 4 & (EXCHANGE_CHANNELS - 1)];
    if (op == OP_ASK) {
        ask(tape);
    } else if (op == OP_CANCEL) {
        cancel(tape_byte(tape));
    } else if (op == OP_TIME) {
        pass(ms[byte >> 4 & 7]);
    } else if (op == OP_RESOLVED) {
        unsigned count = byte >> 4, v6 = tape_byte(tape);
        resolved(count, v6, tape_byte(tape));
    } else if (op == OP_DIAL_ENDS) {
        dial_ends(byte >> 4 & 1, byte >> 5 & 1);
    } else if (op == OP_PIECE) {
        piece = 1 + tape_byte(tape);
    } else if (op == OP_HELP) {
        help(byte >> 4);
    } else if (op == OP_STOP) {
        exchange_stop(x, now);
    } else if (l->connected) {
        do_to(l, op, tape);
    }
    if (op != OP_CHANGE && op != OP_PIECE) /* else what is on its way stays there */
        rest();
}

static void begin(unsigned head)
{
    enum places_google_api api = head & 8 ? PLACES_GOOGLE_LEGACY : PLACES_GOOGLE_NEW;
    tls.trust = tls_fixture()->trust;
    servers_begin(tls_fixture()->identity);
    help(head);
    budget = head & 16 ? 3 : 0;
    piece = SIZE_MAX;
    now = (struct instant){.mono_ns = SECOND_NS, .real_ns = EPOCH_NS};
    resolving_ns = 0;
    asked = 0;
    requests = 0;
    memset(dials, 0, sizeof dials);
    log_init(&logs, LOG_INFO, SPAN(""), log_memory, sizeof log_memory - 1);
    struct exchange_config config = {
        .google = {.api = api, .port = 443, .host = SPAN("Goloman"), .key = SPAN(KEY)},
        .tls = &tls,
        .budget = budget,
        .budget_s = budget ? BUDGET_S : 0,
        .seed = head,
        .log = &logs,
    };
    x = places_exchange(&config, &provider);
    ASSERT(x);
}

/* Time passes until every question must have its answer. */
static void finish(void)
{
    for (int i = 0; i < 10; i++) {
        pass(3000);
        rest();
    }
    for (unsigned t = 0; t < asked; t++)
        ASSERT(tickets[t].state == ANSWERED || tickets[t].state == CANCELLED);
    ASSERT(!memmem(logs.pending.at, logs.pending.len, KEY, strlen(KEY)));
    provider.destroy(provider.self);
    for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++)
        lines[c].connected = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span tape = {(const char *)data, size};
    begin(tape_byte(&tape));
    rest();
    for (int i = 0; i < OPS_MAX && tape.len; i++)
        step(&tape);
    finish();
    return 0;
}
