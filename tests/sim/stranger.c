/* stranger.c — see stranger.h. */
#include "sim/stranger.h"

enum { STAYS_MS = 4000, LATER_MS = 30 };

void stranger_init(struct stranger *s, struct network *network, struct judge *judge,
    const struct tapes *tapes, unsigned party)
{
    *s = (struct stranger){.network = network, .judge = judge, .tapes = tapes, .party = party};
    for (unsigned i = 0; i < STRANGER_WIRES_MAX; i++)
        s->visits[i].wire = WIRE_NONE;
}

static uint64_t draw(struct stranger *s, uint64_t below)
{
    return network_draw(s->network, below);
}

/* -- what he says ------------------------------------------------------------------------------ */

static void say_noise(struct stranger *s, struct buf *out)
{
    unsigned bytes = 1 + (unsigned)draw(s, draw(s, 8) ? 300 : STRANGER_BYTES_MAX - 1);
    bool lines = draw(s, 2);
    for (; bytes; bytes--)
        buf_byte(out, (char)(lines ? 10 + draw(s, 90) : draw(s, 256)));
}

/* What a browser sends for a web page: a body in the form of a command. Its target may be longer
 * than any line. Nothing is drawn for it. */
static void say_request(struct buf *out, size_t target_bytes)
{
    out->len = 0;
    buf_text(out, "POST /");
    while (target_bytes-- > 0)
        buf_byte(out, 'a');
    buf_text(out, " HTTP/1.1\r\nHost: herd.test\r\n\r\nIAMAT victim +0.0+0.0 1\n");
}

static void say_tape(struct stranger *s, struct buf *out)
{
    unsigned held = s->tapes->count < TAPES ? s->tapes->count : TAPES;
    const struct tape *tape = held ? &s->tapes->each[draw(s, held)] : NULL;
    if (!tape)
        return;
    size_t bytes = draw(s, 2) ? tape->len : 1 + draw(s, tape->len);
    buf_span_put(out, (struct span){tape->bytes, bytes});
    if (draw(s, 4) == 0)
        out->at[draw(s, out->len)] ^= (char)(1 << draw(s, 7));
}

/* Send a HELLO of an unknown node, of an observer, or of a node that never proves itself; or part
 * of one. */
static void say_hello(struct stranger *s, struct buf *out)
{
    const struct topology *t = &s->host->topology;
    const char *from = "-";
    if (draw(s, 2)) /* without a secret, a node's name would be enough */
        from = s->tapes ? t->nodes[draw(s, t->nodes_count)].name : "Nobody";
    buf_text(out, "HELLO stampede/1 herd=demo from=");
    buf_text(out, from);
    buf_text(out, " to=");
    buf_text(out, t->nodes[s->host->self].name);
    buf_text(out, " boot=00000000000000b1 nonce=");
    buf_hex(out, draw(s, UINT64_MAX), 16);
    buf_hex(out, draw(s, UINT64_MAX), 16);
    buf_text(out, " have=0000000000000000:0\n");
    if (draw(s, 4) == 0)
        out->len = 1 + draw(s, out->len);
}

static void say_line(struct stranger *s, struct buf *out)
{
    static const char *const lines[] = {"AT Welsh +0.5 c1 +1+1 1700000000 Welsh", "MARK 5",
        "MARK 18446744073709551615", "ACK 1", "PING 1 0 0000000000000000", "PONG 1", "BYE", "BYE x",
        "GRAFT 0", "PRUNE 200", "EAGER 0", "SEEN 1 00000000000000b1", "STATUS", "TRACE c1",
        "AUTH 00", "IAMAT kiwi", "", "GET / HTTP/1.1"};
    for (uint64_t count = 1 + draw(s, draw(s, 10) ? 3 : 300); count; count--) {
        buf_text(out, lines[draw(s, sizeof lines / sizeof *lines)]);
        buf_text(out, draw(s, 20) ? "\n" : "\r\n");
    }
}

static void choose_words(struct stranger *s, struct visit *v)
{
    v->says = malloc(STRANGER_BYTES_MAX);
    struct buf out = buf_over(v->says, STRANGER_BYTES_MAX);
    switch (draw(s, 6)) {
    case 0:
        break; /* send nothing */
    case 1:
        say_noise(s, &out);
        break;
    case 2:
        say_line(s, &out);
        break;
    case 3:
        say_hello(s, &out);
        say_line(s, &out);
        break;
    default:
        if (s->tapes)
            say_tape(s, &out);
        else
            say_noise(s, &out);
        break;
    }
    v->len = out.len;
    v->said = 0;
}

/* -- connections ------------------------------------------------------------------------------- */

static void hang_up(struct stranger *s, struct visit *v)
{
    if (v->wire == WIRE_NONE)
        return;
    network_close(s->network, v->wire, 0, draw(s, 2));
    free(v->says);
    *v = (struct visit){.wire = WIRE_NONE};
}

void stranger_goes(struct stranger *s)
{
    for (unsigned i = 0; i < STRANGER_WIRES_MAX; i++)
        hang_up(s, &s->visits[i]);
}

/* At a client port it sends only noise: what clients may send is for clients. */
void stranger_comes(struct stranger *s, struct host *host, unsigned wires)
{
    if (s->host != host)
        stranger_goes(s);
    s->host = host;
    enum node_port port = draw(s, 8) ? NODE_PEER_PORT : NODE_CLIENT_PORT;
    if (port == NODE_CLIENT_PORT && wires > 3)
        wires = 3;
    for (unsigned i = 0; i < STRANGER_WIRES_MAX && wires; i++) {
        struct visit *v = &s->visits[i];
        if (v->wire != WIRE_NONE)
            continue;
        wires--;
        if (port == NODE_CLIENT_PORT) {
            v->says = malloc(STRANGER_BYTES_MAX);
            struct buf out = buf_over(v->says, STRANGER_BYTES_MAX);
            say_noise(s, &out);
            if (out.len % 2)
                say_request(&out, out.len % 8 == 1 ? STRANGER_BYTES_MAX / 2 : out.len % 100);
            v->len = out.len;
        } else {
            choose_words(s, v);
        }
        v->reads = draw(s, 2);
        v->until_ns = s->network->now_ns + (int64_t)draw(s, STAYS_MS) * MS_NS;
        v->wire = network_dial(s->network, s->party, host->party, port);
    }
    network_wake(s->network, s->party, s->network->now_ns);
}

void stranger_scrapes(struct stranger *s, struct host *host)
{
    static const char *const pages[] = {"/metrics", "/ready", "/status.json", "/health", "/"};
    unsigned at = 0;
    if (s->host != host)
        stranger_goes(s);
    s->host = host;
    while (at < STRANGER_WIRES_MAX && s->visits[at].wire != WIRE_NONE)
        at++;
    if (at == STRANGER_WIRES_MAX)
        return;
    struct visit *v = &s->visits[at];
    v->says = malloc(STRANGER_BYTES_MAX);
    struct buf out = buf_over(v->says, STRANGER_BYTES_MAX);
    for (uint64_t count = 1 + draw(s, 3); count; count--) {
        buf_text(&out, draw(s, 4) ? "GET " : "HEAD ");
        buf_text(&out, pages[draw(s, sizeof pages / sizeof *pages)]);
        buf_text(&out, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    v->len = out.len;
    v->scrapes = true;
    v->reads = draw(s, 8) != 0;
    v->until_ns = s->network->now_ns + (int64_t)draw(s, STAYS_MS) * MS_NS;
    v->wire = network_dial(s->network, s->party, host->party, NODE_HTTP_PORT);
    network_wake(s->network, s->party, s->network->now_ns);
}

/* -- what he hears ----------------------------------------------------------------------------- */

static void check_answer(struct stranger *s, struct visit *v)
{
    bool well = v->word_len == STRANGER_WORD_BYTES && memcmp(v->word, "HTTP/1", v->word_len) == 0;
    if (!v->heard && !well)
        judge_violated(s->judge, "the HTTP port of %s answers with no HTTP",
            s->host->topology.nodes[s->host->self].name);
    v->heard = true;
}

/* In a herd with TLS it can read nothing that it is sent. */
static void check_word(struct stranger *s, const struct visit *v)
{
    static const char *const secret[] = {"AT ", "MARK ", "ACK ", "SEEN ", "PRUNE ", "GRAFT "};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        size_t len = strlen(secret[i]);
        if (v->word_len >= len && memcmp(v->word, secret[i], len) == 0)
            judge_violated(s->judge, "%s told a stranger: %s...",
                s->host->topology.nodes[s->host->self].name, secret[i]);
    }
}

static void listen(struct stranger *s, struct visit *v)
{
    char heard[4096];
    size_t count = network_readable(s->network, v->wire, 0);
    count = count < sizeof heard ? count : sizeof heard;
    if (count)
        network_read(s->network, v->wire, 0, heard, count);
    for (size_t i = 0; i < count && (v->scrapes || !s->host->tls); i++) {
        if (heard[i] == '\n') {
            if (v->scrapes)
                check_answer(s, v);
            else
                check_word(s, v);
            v->word_len = 0;
        } else if (v->word_len < STRANGER_WORD_BYTES) {
            v->word[v->word_len++] = heard[i];
        }
    }
}

/* -- his turn ---------------------------------------------------------------------------------- */

static void act(struct stranger *s, struct visit *v)
{
    struct network *n = s->network;
    enum dial_state state = network_dialled(n, v->wire);
    if (state == DIAL_UNDER_WAY)
        return;
    bool over = state != DIAL_STANDS || network_broken(n, v->wire, 0) || n->now_ns >= v->until_ns;
    if (over || network_ended(n, v->wire, 0)) {
        hang_up(s, v);
        return;
    }
    size_t part = v->len - v->said;
    if (part && draw(s, 3) == 0)
        part = 1 + draw(s, part);
    v->said += network_write(n, v->wire, 0, v->says + v->said, part);
    if (v->reads)
        listen(s, v);
}

void stranger_act(struct stranger *s)
{
    bool stays = false;
    for (unsigned i = 0; i < STRANGER_WIRES_MAX; i++) {
        if (s->visits[i].wire != WIRE_NONE)
            act(s, &s->visits[i]);
        stays |= s->visits[i].wire != WIRE_NONE;
    }
    if (stays)
        network_wake(
            s->network, s->party, s->network->now_ns + (int64_t)draw(s, LATER_MS) * MS_NS + MS_NS);
}
