/* fuzz_tls.c — both ends of a TLS connection, and what happens to the bytes between them.
 *
 * Covers: src/core/tls/tls.c, src/core/tls/https.c, src/core/tls/error.c, src/core/tls/checker.c
 *
 * A client's end, of a link or of HTTPS, and a server's end talk over two wires. The tape lets them
 * speak and close, delivers bytes, and changes, cuts, repeats, moves and inserts bytes and records.
 * It may also let an end say what the core never says, properly encrypted: any alert, a handshake
 * message in the middle, records of any type.
 *
 * Nothing that happens on the wires may forge anything: what an end hears is what the other said,
 * in order; an end is OPEN only towards the certificate's name; it is told that the other closed
 * only if that is so. Without interference the handshake succeeds, everything is heard, and a
 * session is resumed. */
#include "core/base/invariant.h"
#include "core/tls/private.h"
#include "fuzz/tape.h"
#include "sim/judge.h"
#include "sim/tls_fixture.h"
#include "unit/boxed.h"

enum { CLIENT, SERVER, ENDS };

enum {
    OPS_MAX = 200,
    CONNECTIONS_MAX = 4,
    WIRE_BYTES = 1 << 17,
    SAID_BYTES = 1 << 16,
    RECORD_HEAD_BYTES = 5,
    RECORD_OF_DATA = 23, /* RFC 5246, 6.2.1 */
};

struct end {
    struct tls *tls;
    enum tls_state state; /* as it was last seen */
    bool deaf; /* it does not read its plaintext */
    bool closes; /* it has said close_notify, or may have */
    struct buf wire; /* what it has sent, and the other end has not received */
    struct buf said; /* plaintext */
    size_t heard; /* bytes of it, by the other end */
};

static struct end ends[ENDS];
static char wires[ENDS][WIRE_BYTES], texts[ENDS][SAID_BYTES];
static struct instant now;
static struct tls_session session;
static br_ssl_session_cache_lru cache;
static unsigned char cache_memory[4096];
static bool https, caches, wrong_name;
static bool meddled; /* something happened that no good network and no good end does */
static unsigned connections;

/* Why connections end leads the fuzzer on: BearSSL itself is not instrumented. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t reasons[1024];

static void note_reason(const struct end *e)
{
    unsigned hash = (unsigned)(e - ends);
    for (const char *at = tls_reason(e->tls); *at; at++)
        hash = hash * 31 + (unsigned char)*at;
    reasons[hash % sizeof reasons] = 1;
}

static struct end *other(const struct end *e)
{
    return &ends[e == &ends[CLIENT] ? SERVER : CLIENT];
}

/* -- one end ----------------------------------------------------------------------------------- */

/* The engine stands first in struct tls. */
static br_ssl_engine_context *engine_of(const struct end *e)
{
    return (br_ssl_engine_context *)(void *)e->tls;
}

static void check(struct end *e)
{
    enum tls_state state = tls_state(e->tls);
    bool resumes = e == &ends[CLIENT] ? tls_resumed(e->tls) : caches; /* shows no certificate */
    ASSERT(state >= e->state);
    if (state == TLS_OPEN && e->state == TLS_SHAKES && !resumes)
        ASSERT(tls_names_hold(tls_names(e->tls), SPAN("Goloman")));
    ASSERT(state != TLS_OPEN || !wrong_name || e == &ends[SERVER]);
    bool was_open = e->state == TLS_OPEN;
    if (state == TLS_ENDED && e->state != TLS_ENDED)
        note_reason(e);
    if (was_open && tls_ended_cleanly(e->tls))
        ASSERT(e->closes || other(e)->closes);
    if (was_open && state == TLS_ENDED && !*tls_reason(e->tls))
        ASSERT(tls_ended_cleanly(e->tls));
    e->state = state;
    size_t room;
    ASSERT(state == TLS_OPEN || !tls_room(e->tls, &room));
}

static void listen(struct end *e)
{
    struct end *from = other(e);
    struct span plain;
    while (!e->deaf && (plain = tls_read(e->tls)).len) {
        ASSERT(plain.len <= from->said.len - from->heard);
        ASSERT(memcmp(plain.at, from->said.at + from->heard, plain.len) == 0);
        from->heard += plain.len;
        tls_read_ack(e->tls, plain.len);
    }
}

/* Let an end do what it can do without input. */
static void settle(struct end *e)
{
    struct span out;
    listen(e);
    while ((out = tls_output(e->tls)).len && out.len <= buf_room(&e->wire)) {
        buf_span_put(&e->wire, out);
        tls_sent(e->tls, out.len);
        listen(e);
    }
    check(e);
}

static void say(struct end *e, unsigned type, struct span text)
{
    size_t room_bytes;
    char *room = tls_room(e->tls, &room_bytes);
    size_t n = room && text.len > room_bytes ? room_bytes : text.len;
    if (!room || !n || n > buf_room(&e->said))
        return;
    memcpy(room, text.at, n);
    if (type == RECORD_OF_DATA)
        buf_put(&e->said, text.at, n);
    else
        meddled = e->closes = true; /* it may be close_notify */
    engine_of(e)->record_type_out = (unsigned char)type;
    tls_wrote(e->tls, n);
    engine_of(e)->record_type_out = RECORD_OF_DATA;
    settle(e);
}

static void close_end(struct end *e)
{
    if (e->deaf) /* tls.h: read all plaintext first */
        return;
    e->closes |= tls_state(e->tls) == TLS_OPEN;
    listen(e);
    tls_close(e->tls);
    settle(e);
}

static void begin(void)
{
    unsigned char entropy[TLS_ENTROPY_BYTES] = {(unsigned char)++connections};
    const struct tls_config *config = tls_fixture();
    for (int i = 0; i < ENDS; i++)
        ends[i] = (struct end){
            .wire = buf_over(wires[i], WIRE_BYTES), .said = buf_over(texts[i], SAID_BYTES)};
    ends[SERVER].tls = tls_server(config, entropy, now);
    entropy[1] = 1;
    ends[CLIENT].tls =
        https ? tls_https(config, wrong_name ? "Nobody" : "Goloman", &session, entropy, now)
              : tls_client(config, entropy, now);
    ASSERT(ends[CLIENT].tls && ends[SERVER].tls);
    if (caches)
        br_ssl_server_set_cache((br_ssl_server_context *)(void *)ends[SERVER].tls, &cache.vtable);
    settle(&ends[CLIENT]);
    settle(&ends[SERVER]);
}

static void end_all(void)
{
    tls_destroy(ends[CLIENT].tls);
    tls_destroy(ends[SERVER].tls);
}

/* -- the wires --------------------------------------------------------------------------------- */

static void wire_remove(struct buf *w, size_t at, size_t n)
{
    ASSERT(at + n <= w->len);
    memmove(w->at + at, w->at + at + n, w->len - at - n);
    w->len -= n;
}

static void wire_insert(struct buf *w, size_t at, struct span bytes)
{
    if (bytes.len > buf_room(w))
        return;
    memmove(w->at + at + bytes.len, w->at + at, w->len - at);
    memcpy(w->at + at, bytes.at, bytes.len);
    w->len += bytes.len;
}

/* The first record of a wire, or what there is of it. */
static struct span first_record(const struct buf *w)
{
    size_t len = w->len;
    if (len >= RECORD_HEAD_BYTES)
        len = RECORD_HEAD_BYTES + ((size_t)(unsigned char)w->at[3] << 8 | (unsigned char)w->at[4]);
    return (struct span){w->at, len < w->len ? len : w->len};
}

/* Deliver up to `n` bytes that `from` has sent. true: some were taken. */
static bool deliver(struct end *from, size_t n)
{
    struct end *to = other(from);
    struct span block =
                    boxed((struct span){from->wire.at, n < from->wire.len ? n : from->wire.len}),
                in = block;
    for (size_t left = in.len + 1; in.len < left && in.len;) {
        left = in.len;
        tls_feed(to->tls, &in);
        settle(to);
    }
    size_t taken = tls_state(to->tls) == TLS_ENDED ? block.len : block.len - in.len;
    wire_remove(&from->wire, 0, taken);
    unbox(block);
    return taken > 0;
}

static void converse(void)
{
    for (bool moved = true; moved;) {
        moved = deliver(&ends[CLIENT], WIRE_BYTES);
        moved |= deliver(&ends[SERVER], WIRE_BYTES);
    }
}

/* -- what the tape says ------------------------------------------------------------------------ */

enum op {
    OP_CONVERSE,
    OP_DELIVER,
    OP_SAY,
    OP_CLOSE,
    OP_DEAF,
    OP_CONNECT,
    OP_CHANGE, /* from here on: what a good network does not do */
    OP_CUT,
    OP_CUT_RECORD,
    OP_REPEAT_RECORD,
    OP_MOVE_RECORD,
    OP_INSERT,
    OP_INSERT_RECORD,
    OP_SAY_AS,
    OPS
};

static void meddle(struct end *e, enum op op, struct span *tape)
{
    struct buf *w = &e->wire;
    size_t at = tape_byte(tape) % (w->len + 1);
    struct span record = boxed(first_record(w));
    char head[RECORD_HEAD_BYTES] = {0, 3, 3};
    meddled = true;
    if (op == OP_CHANGE && at < w->len) {
        w->at[at] ^= (char)tape_byte(tape);
    } else if (op == OP_CUT) {
        wire_remove(w, at, tape_byte(tape) % (w->len - at + 1));
    } else if (op == OP_CUT_RECORD) {
        wire_remove(w, 0, record.len);
    } else if (op == OP_REPEAT_RECORD) {
        wire_insert(w, 0, record);
    } else if (op == OP_MOVE_RECORD) {
        wire_remove(w, 0, record.len);
        wire_insert(w, w->len, record);
    } else if (op == OP_INSERT) {
        wire_insert(w, at, tape_take(tape, tape_byte(tape)));
    } else if (op == OP_INSERT_RECORD) {
        head[0] = (char)tape_byte(tape);
        struct span body = tape_take(tape, tape_byte(tape));
        head[4] = (char)body.len;
        wire_insert(w, 0, body);
        wire_insert(w, 0, (struct span){head, sizeof head});
    }
    unbox(record);
}

/* After everything that was sent has come. */
static void check_undisturbed(bool resumes)
{
    const struct end *c = &ends[CLIENT], *s = &ends[SERVER];
    if (wrong_name) {
        ASSERT(c->state == TLS_ENDED);
        return;
    }
    bool closed = c->closes || s->closes;
    ASSERT(c->state == (closed ? TLS_ENDED : TLS_OPEN) && s->state == c->state);
    ASSERT(!*tls_reason(c->tls) && !*tls_reason(s->tls));
    ASSERT(closed || (c->heard == c->said.len && s->heard == s->said.len));
    ASSERT(tls_resumed(c->tls) == resumes);
}

/* Go on until nothing moves, with both ends listening. */
static void finish(bool resumes)
{
    for (int i = 0; i < ENDS; i++) {
        ends[i].deaf = false;
        settle(&ends[i]);
    }
    converse();
    if (!meddled)
        check_undisturbed(resumes);
}

/* Make a new connection, hours later. Returns whether it is to resume the session. */
static bool reconnect(struct span *tape, bool resumes)
{
    finish(resumes);
    int64_t until_ns = session.until_ns;
    bool keeps = https && caches && !wrong_name && !meddled;
    end_all();
    now.mono_ns += tape_byte(tape) * 3600 * SECOND_NS;
    now.real_ns += SECOND_NS;
    begin();
    return keeps && now.mono_ns < until_ns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[SAID_BYTES];
    struct span tape = {(const char *)data, size};
    unsigned head = tape_byte(&tape);
    https = head & 1;
    caches = head & 2;
    wrong_name = https && head & 4;
    now = (struct instant){.mono_ns = SECOND_NS, .real_ns = EPOCH_NS};
    session = (struct tls_session){0};
    br_ssl_session_cache_lru_init(&cache, cache_memory, sizeof cache_memory);
    meddled = false;
    connections = 0;
    bool resumes = false;
    begin();
    for (int i = 0; i < OPS_MAX && tape.len; i++) {
        unsigned byte = tape_byte(&tape);
        struct end *e = &ends[byte >> 7];
        enum op op = (byte & 127) % OPS;
        if (op == OP_CONVERSE) {
            converse();
        } else if (op == OP_DELIVER) {
            deliver(e, tape_byte(&tape) + 1);
        } else if (op == OP_SAY) {
            size_t n = tape_word(&tape);
            memset(text, (int)n + i, n);
            say(e, RECORD_OF_DATA, (struct span){text, n});
        } else if (op == OP_CLOSE) {
            close_end(e);
        } else if (op == OP_DEAF) {
            e->deaf = !e->deaf;
            settle(e);
        } else if (op == OP_CONNECT && connections < CONNECTIONS_MAX) {
            resumes = reconnect(&tape, resumes);
        } else if (op == OP_SAY_AS) {
            unsigned type = tape_byte(&tape);
            say(e, type, tape_take(&tape, tape_byte(&tape)));
        } else if (op >= OP_CHANGE) {
            meddle(e, op, &tape);
        }
    }
    finish(resumes);
    end_all();
    return 0;
}
