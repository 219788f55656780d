/* service.c — see service.h.
 *
 * Whether a deed is trouble is decided at the moment of the deed. The exchange asks a question
 * again once if its reused connection was lost, and a few times if it was answered with 429 or 5xx.
 * So this must be its first misfortune, and the node must have noticed all earlier ones. */
#include "sim/service.h"
#include "sim/caller.h"
#include "sim/host.h"
#include "sim/service_conn.h"
#include "sim/tls_fixture.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    ANSWERS_MS = 20, /* at the latest; one in SLOW_IN may take SLOW_MS */
    SLOW_MS = 300,
    SLOW_IN = 12,
    MISCHIEF_MS = 1500, /* on average, between two events */
    BLOCKED_MS = 3000, /* it refuses dials, or does not shake hands, for no longer */
    FDEG_DIGITS = 15,
    UM_DIGITS = 6,
};

const char *service_word(unsigned temper)
{
    static const char *const words[] = {"none", "steady", "willing", "moody"};
    return temper < sizeof words / sizeof *words ? words[temper] : NULL;
}

static uint64_t draw(struct service *s, uint64_t below)
{
    return random_next(&s->dice) % below;
}

static bool once_in(struct service *s, unsigned in)
{
    return draw(s, in) == 0;
}

static void plan_mischief(struct service *s)
{
    bool rests = s->temper == SERVICE_STEADY;
    int64_t in_ns = (int64_t)draw(s, 2 * MISCHIEF_MS) * MS_NS;
    s->mischief_ns = rests ? NEVER_NS : s->network->now_ns + in_ns;
}

void service_init(struct service *s, struct network *network, struct judge *judge,
    struct host *hosts, unsigned hosts_count, unsigned party, enum service_temper temper,
    uint64_t seed)
{
    *s = (struct service){.network = network,
        .judge = judge,
        .hosts = hosts,
        .hosts_count = hosts_count,
        .party = party,
        .temper = temper,
        .dice = {seed ^ UINT64_C(0x9a7e5e41)},
        .slowest_ns = ANSWERS_MS * MS_NS,
        .sessions = service_sessions_open(),
        .tls = tls_fixture()};
    s->troubled_ns = malloc(hosts_count * sizeof *s->troubled_ns);
    if (!s->troubled_ns)
        abort();
    for (unsigned i = 0; i < hosts_count; i++)
        s->troubled_ns[i] = -NEVER_NS / 2;
    network_listen(network, party, true);
    plan_mischief(s);
    network_wake(network, party, s->mischief_ns);
}

void service_deinit(struct service *s)
{
    for (unsigned i = 0; i < SERVICE_CONNS; i++)
        free(s->conns[i]);
    free(s->troubled_ns);
    free(s->sessions);
}

static void close_conn(struct service *s, unsigned i, bool reset)
{
    service_conn_close(s->conns[i], s->network, reset);
    s->conns[i] = NULL;
}

/* false: the connection is over, and is closed. */
static bool pump(struct service *s, unsigned i)
{
    bool goes_on = service_conn_pump(s->conns[i], s->network, s->judge);
    if (!goes_on)
        close_conn(s, i, false);
    return goes_on;
}

static void trouble(struct service *s, unsigned node)
{
    s->troubled_ns[node] = s->network->now_ns;
}

static void trouble_all(struct service *s)
{
    for (unsigned i = 0; i < s->hosts_count; i++)
        trouble(s, i);
}

/* -- questions and answers --------------------------------------------------------------------- */

void service_name(char text[SERVICE_NAME_BYTES_MAX], const struct places_question *question)
{
    snprintf(text, SERVICE_NAME_BYTES_MAX, "%" PRId64 " %" PRId64 " %" PRIu64 " %u",
        question->centre.latitude_fdeg, question->centre.longitude_fdeg, question->radius_um,
        question->count);
}

/* A number with a fraction, behind `key` in `body`, times ten to the power of `digits`. */
static int64_t member(struct service *s, const char *body, const char *key, unsigned digits)
{
    const char *at = strstr(body, key);
    if (!at) {
        judge_violated(s->judge, "a question without %s: %s", key, body);
        return 0;
    }
    at += strlen(key);
    bool negative = *at == '-';
    int64_t value = 0;
    for (at += negative; *at >= '0' && *at <= '9'; at++)
        value = 10 * value + (*at - '0');
    at += *at == '.';
    for (; digits; digits--)
        value = 10 * value + (*at >= '0' && *at <= '9' ? *at++ - '0' : 0);
    return negative ? -value : value;
}

/* The result that repeats the question. */
static void put_result(struct service *s, struct buf *out, const char *body)
{
    struct places_question q = {
        .centre.latitude_fdeg = member(s, body, "\"latitude\":", FDEG_DIGITS),
        .centre.longitude_fdeg = member(s, body, "\"longitude\":", FDEG_DIGITS),
        .radius_um = (uint64_t)member(s, body, "\"radius\":", UM_DIGITS),
        .count = (unsigned)member(s, body, "\"maxResultCount\":", 0)};
    char name[SERVICE_NAME_BYTES_MAX];
    service_name(name, &q);
    buf_text(out, "{\"places\":[{\"id\":\"");
    buf_text(out, name);
    buf_text(out, "\",\"displayName\":{\"text\":\"");
    buf_text(out, name);
    buf_text(out, "\"},\"types\":[\"cafe\"],\"location\":{\"latitude\":1.5,\"longitude\":-2}}]}");
}

static void put_number(struct buf *out, const char *text, size_t number)
{
    buf_text(out, text);
    buf_u64(out, number);
    buf_text(out, "\r\n");
}

/* In two chunks, of which the first has `first` bytes. */
static void put_chunks(struct buf *out, struct span body, size_t first)
{
    char size[32];
    buf_text(out, "Transfer-Encoding: chunked\r\n\r\n");
    snprintf(size, sizeof size, "%zx\r\n", first);
    buf_text(out, size);
    buf_span_put(out, (struct span){body.at, first});
    snprintf(size, sizeof size, "\r\n%zX;a=b\r\n", body.len - first);
    buf_text(out, size);
    buf_span_put(out, span_from(body, first));
    buf_text(out, "\r\n0\r\n\r\n");
}

static void put_answer(struct service *s, struct buf *out, const char *question, bool last)
{
    char memory[SERVICE_REPLY_BYTES_MAX];
    struct buf body = buf_over(memory, sizeof memory);
    put_result(s, &body, question);
    if (once_in(s, 4))
        buf_text(out, "HTTP/1.1 103 Early Hints\r\n\r\n");
    buf_text(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
    bool to_the_end = last && once_in(s, 2);
    if (last && !to_the_end)
        buf_text(out, "Connection: close\r\n");
    if (to_the_end) {
        buf_text(out, "\r\n");
        buf_span_put(out, buf_span(&body));
    } else if (once_in(s, 2)) {
        put_chunks(out, buf_span(&body), 1 + draw(s, body.len - 1));
    } else {
        put_number(out, "Content-Length: ", body.len);
        buf_text(out, "\r\n");
        buf_span_put(out, buf_span(&body));
    }
}

static void put_busy(struct service *s, struct buf *out, bool later)
{
    static const char *const lines[] = {"HTTP/1.1 429 Too Many Requests\r\n",
        "HTTP/1.1 500 Internal Server Error\r\n", "HTTP/1.1 503 Service Unavailable\r\n"};
    buf_text(out, lines[draw(s, sizeof lines / sizeof *lines)]);
    if (later)
        put_number(out, "Retry-After: ", 1 + draw(s, 2));
    buf_text(out, "Content-Length: 2\r\n\r\n{}");
}

/* -- deeds ------------------------------------------------------------------------------------- */

void service_will(struct service *s, enum service_deed deed)
{
    if (s->script_count == SERVICE_SCRIPT)
        abort();
    s->script[s->script_count++] = deed;
}

static enum service_deed choose(struct service *s)
{
    static const enum service_deed willing[] = {
        SERVICE_ANSWERS_LAST, SERVICE_RESETS, SERVICE_RESETS, SERVICE_IS_BUSY};
    static const enum service_deed moody[] = {SERVICE_ANSWERS_LAST, SERVICE_RESETS, SERVICE_IS_BUSY,
        SERVICE_BREAKS_OFF, SERVICE_SAYS_NONSENSE, SERVICE_STALLS};
    if (s->script_count) {
        enum service_deed first = s->script[0];
        memmove(s->script, s->script + 1, --s->script_count * sizeof *s->script);
        return first;
    }
    if (s->temper == SERVICE_WILLING && once_in(s, 3))
        return willing[draw(s, sizeof willing / sizeof *willing)];
    if (s->temper == SERVICE_MOODY && once_in(s, 4))
        return moody[draw(s, sizeof moody / sizeof *moody)];
    return SERVICE_ANSWERS;
}

static void read_question(struct service *s, struct service_conn *c)
{
    if (c->asked || c->ends || !service_conn_body(c, s->judge))
        return;
    s->asked++;
    c->asked = true;
    c->deed = choose(s);
    c->reply_len = c->reply_said = 0;
    bool slow = s->temper != SERVICE_STEADY && once_in(s, SLOW_IN);
    int64_t most_ns = slow ? SLOW_MS * MS_NS : s->slowest_ns;
    c->due_ns = s->network->now_ns + (int64_t)draw(s, (uint64_t)most_ns + 1);
    if (c->deed == SERVICE_STALLS) {
        trouble(s, c->node);
        c->due_ns = NEVER_NS;
    }
}

/* Whether to do that to the question of this connection: always, if the node can mend it; else it
 * is trouble, which a willing service does not make. */
static bool dares(struct service *s, const struct service_conn *c, enum service_deed deed)
{
    bool mends = deed == SERVICE_IS_BUSY || c->answered;
    if (mends && caller_is_calm(&s->hosts[c->node]))
        return true;
    if (s->temper == SERVICE_WILLING)
        return false;
    trouble(s, c->node);
    return true;
}

/* Half an answer. false: the connection is lost. */
static bool break_off(struct service *s, unsigned i, struct buf *out)
{
    struct service_conn *c = s->conns[i];
    trouble(s, c->node);
    out->len = 1 + draw(s, out->len - 1);
    switch (draw(s, 3)) {
    case 0:
        c->reply_len = out->len;
        service_conn_pump(c, s->network, s->judge);
        close_conn(s, i, true);
        return false;
    case 1:
        c->ends = true; /* close_notify in the middle of a body with a length */
        return true;
    default:
        return true; /* and nothing more comes */
    }
}

static void clear_question(struct service_conn *c)
{
    c->asked = false;
    c->due_ns = NEVER_NS;
    c->request_len = 0;
    c->request[0] = '\0';
}

/* Deal with the question. false: the connection is lost. */
static bool act_on(struct service *s, unsigned i)
{
    struct service_conn *c = s->conns[i];
    struct buf out = buf_over(c->reply, sizeof c->reply);
    bool does = c->deed == SERVICE_RESETS || c->deed == SERVICE_IS_BUSY;
    if (does && !dares(s, c, c->deed))
        c->deed = SERVICE_ANSWERS;
    if (c->deed == SERVICE_RESETS) {
        s->resets++;
        close_conn(s, i, true);
        return false;
    }
    if (c->deed == SERVICE_IS_BUSY) {
        bool later = s->temper == SERVICE_MOODY && once_in(s, 3);
        if (later)
            trouble(s, c->node);
        put_busy(s, &out, later);
    } else if (c->deed == SERVICE_SAYS_NONSENSE) {
        trouble(s, c->node);
        buf_text(&out, once_in(s, 2) ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{:}"
                                     : "SSH-2.0-OpenSSH_9.2\r\n");
    } else {
        put_answer(s, &out, service_conn_body(c, s->judge), c->deed == SERVICE_ANSWERS_LAST);
    }
    if (c->deed == SERVICE_BREAKS_OFF && !break_off(s, i, &out))
        return false;
    if (c->deed == SERVICE_ANSWERS_LAST)
        c->ends = true;
    c->answered++;
    c->reply_len = out.len;
    clear_question(c);
    return pump(s, i);
}

/* -- mischief ---------------------------------------------------------------------------------- */

void service_resets_all(struct service *s)
{
    for (unsigned i = 0; i < SERVICE_CONNS; i++) {
        if (!s->conns[i])
            continue;
        if (s->conns[i]->asked)
            s->resets++;
        if (!s->conns[i]->answered)
            trouble(s, s->conns[i]->node);
        close_conn(s, i, true);
    }
}

/* End connections of one node that are idle, in any way: without a question that it has read,
 * although one may be on its way. */
static void end_idle(struct service *s)
{
    unsigned node = (unsigned)draw(s, s->hosts_count);
    bool all = once_in(s, 2), reset = once_in(s, 2);
    if (!caller_is_calm(&s->hosts[node]))
        return;
    for (unsigned i = 0; i < SERVICE_CONNS; i++) {
        struct service_conn *c = s->conns[i];
        if (!c || c->node != node || !c->answered || !service_conn_is_idle(c, s->network))
            continue;
        if (reset || once_in(s, 2)) {
            close_conn(s, i, reset);
        } else {
            c->ends = true;
            pump(s, i);
        }
        if (!all)
            return;
    }
}

void service_listens(struct service *s, bool listens)
{
    s->opens_ns = listens ? 0 : NEVER_NS;
    network_listen(s->network, s->party, listens);
    trouble_all(s);
}

static void do_mischief(struct service *s)
{
    uint64_t what = s->temper == SERVICE_MOODY ? draw(s, 8) : 8;
    int64_t until_ns = s->network->now_ns + (int64_t)draw(s, BLOCKED_MS) * MS_NS;
    if (what == 0 && !s->opens_ns) {
        service_listens(s, false);
        s->opens_ns = until_ns;
    } else if (what == 1) {
        s->shakes_ns = until_ns;
    } else if (what == 2) {
        trouble_all(s);
        service_resets_all(s);
    } else {
        end_idle(s);
    }
}

void service_heals(struct service *s)
{
    if (s->opens_ns)
        service_listens(s, true);
    s->shakes_ns = 0;
    if (s->temper == SERVICE_MOODY)
        s->temper = SERVICE_WILLING;
}

/* -- its turn ---------------------------------------------------------------------------------- */

static void welcome(struct service *s, unsigned i, uint32_t wire)
{
    unsigned char entropy[TLS_ENTROPY_BYTES];
    for (size_t byte = 0; byte < sizeof entropy; byte++)
        entropy[byte] = (unsigned char)draw(s, 256);
    unsigned node = network_other(s->network, wire, 1);
    s->conns[i] = service_conn_open(wire, node, s->sessions, entropy);
    s->conns[i]->mute = s->network->now_ns < s->shakes_ns;
    if (s->conns[i]->mute)
        trouble(s, node);
}

static void accept_all(struct service *s)
{
    uint32_t wire;
    enum node_port port;
    while (network_accept(s->network, s->party, &wire, &port)) {
        unsigned i = 0;
        while (i < SERVICE_CONNS && s->conns[i])
            i++;
        if (i < SERVICE_CONNS) {
            welcome(s, i, wire);
            continue;
        }
        trouble(s, network_other(s->network, wire, 1));
        network_close(s->network, wire, 1, true);
    }
}

static void serve(struct service *s, unsigned i)
{
    struct service_conn *c = s->conns[i];
    if (!pump(s, i))
        return;
    read_question(s, c);
    if (c->due_ns > s->network->now_ns || act_on(s, i))
        network_wake(s->network, s->party, c->due_ns);
}

void service_act(struct service *s)
{
    int64_t now_ns = s->network->now_ns;
    if (s->opens_ns && now_ns >= s->opens_ns)
        service_listens(s, true);
    accept_all(s);
    for (unsigned i = 0; i < SERVICE_CONNS; i++)
        if (s->conns[i])
            serve(s, i);
    if (now_ns >= s->mischief_ns) {
        do_mischief(s);
        plan_mischief(s);
    }
    network_wake(s->network, s->party, s->mischief_ns);
    if (s->opens_ns)
        network_wake(s->network, s->party, s->opens_ns);
}
