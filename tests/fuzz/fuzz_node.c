/* fuzz_node.c — a whole node: events in any order, well-formed and not.
 *
 * The first two bytes choose how the node is configured. The rest is a tape of events: a byte that
 * names one, and what it needs behind it. With its highest bit the turn ends behind the event. Some
 * events say garbage out of the tape, others what a right client or peer says, with numbers of the
 * tape, so that links come up and stamps travel. What must hold of all that the node does is in
 * node_judge.h and node_driver.c. At the end of the tape every client must get its replies, and the
 * node must stop in its time.
 *
 * Covers: src/core/node */
#include "core/store/store.h"
#include "fuzz/node_judge.h"
#include "fuzz/tape.h"
#include "unit/secrets.h"
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES = 4096, LINES_BYTES = 1 << 16, STATUS_BYTES = 1 << 18, EVENTS_MAX = 400 };

static struct span tape;

static unsigned next(void)
{
    return tape_byte(&tape);
}

static void says(unsigned slot, const char *text)
{
    driver_receives(slot, span_of(text));
}

/* -- connections ------------------------------------------------------------------------------- */

static unsigned next_slot(void)
{
    return next() % SLOTS;
}

static unsigned next_link(void)
{
    return ANT_IN + next() % (PLACES - ANT_IN);
}

static void on_accept(void)
{
    driver_accepts(next() % (OTHER_IN + 1));
}

/* Of a neighbour, or of places. */
static unsigned next_dial(void)
{
    unsigned byte = next();
    return byte < 128 ? byte % 2 : NODE_DIALS_OF_PLACES + byte % NODE_DIALS_OF_PLACES_MAX;
}

static void on_dialled(void)
{
    driver_dialled(next_dial());
}

static void on_dial_fails(void)
{
    driver_dial_fails(next_dial());
}

static void on_resolved(void)
{
    driver_resolved(next() & 1);
}

static void on_ended(void)
{
    driver_ended(next_slot());
}

static void on_reset(void)
{
    driver_reset(next_slot());
}

static void on_deaf(void)
{
    unsigned byte = next();
    driver_deaf((byte & 127) % SLOTS, byte & 128);
}

static void on_unread(void)
{
    unsigned slot = next_slot();
    driver.wires[slot].unread = next() * (size_t)1024;
}

static void on_seals(void)
{
    driver_seals(next_link());
}

/* -- what is said, right or wrong -------------------------------------------------------------- */

static void on_raw(void)
{
    unsigned slot = next_slot();
    size_t len = next();
    len = len < tape.len ? len : tape.len;
    driver_receives(slot, (struct span){tape.at, len});
    tape = span_from(tape, len);
}

/* Much of one byte, up to 8 KiB. */
static void on_much(void)
{
    static char room[256 * 32];
    unsigned slot = next_slot();
    size_t len = next() * (size_t)32;
    memset(room, (int)next(), sizeof room);
    driver_receives(slot, (struct span){room, len});
}

/* How the line ends: sometimes not at all. */
static const char *end_of(unsigned byte)
{
    static const char *const ends[] = {"\n", "\r\n", "", "\n\n"};
    return byte < 192 ? ends[0] : ends[byte % 4];
}

/* Seconds, around now. */
static int next_time(void)
{
    return DRIVER_NOW_S - 100 + (int)next() % 101;
}

static void on_iamat(void)
{
    char line[LINE_BYTES];
    unsigned slot = next() % 2, id = next();
    snprintf(line, sizeof line, "IAMAT k%u +1.5-2 %d%s", id % 64, next_time(), end_of(id));
    says(slot, line);
}

static void on_whatsat(void)
{
    char line[LINE_BYTES];
    unsigned slot = next() % 2, id = next();
    snprintf(line, sizeof line, "WHATSAT k%u 1.5 %u%s", id % 64, next() % 22, end_of(id));
    says(slot, line);
}

/* Many lines at once. */
static void on_many(void)
{
    static char lines[LINES_BYTES];
    unsigned slot = next() % 2, count = next() % 128, from = next();
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(lines + len, sizeof lines - len,
            from & 1 ? "WHATSAT k%u 1 %u\n" : "IAMAT k%u +1.5-2 1699999999.%u\n", from + i, i % 20);
    driver_receives(slot, (struct span){lines, len});
}

/* -- what peers say ---------------------------------------------------------------------------- */

static const struct span names[] = {{"Ant", 3}, {"Hands", 5}, {"-", 1}, {"Goloman", 7}};

/* What the other end of a link has said. */
static struct {
    struct hello hello;
    uint64_t mark;
} spoken[SLOTS];

/* Who would speak on it. */
static unsigned speaker_of(unsigned slot)
{
    return slot == HANDS_IN || slot == HANDS_OUT;
}

static void on_hello(void)
{
    enum { LAZY = 1, STOP = 2, STARTED = 4, SECRETS = 8, TLS = 16, HAVE = 32, OTHER_BOOT = 64 };
    enum { EARLY = 128 };
    const uint64_t started = DRIVER_NOW_S * (uint64_t)SECOND_NS + 9;
    unsigned slot = next_link(), who = next(), flags = next();
    who = who < 128 ? speaker_of(slot) : who % 4;
    const struct heard *heard = judge_heard(slot);
    struct hello h = {.herd = SPAN("test"),
        .from = names[who],
        .to = SPAN("Goloman"),
        .boot = 0xa0 + who + (flags & OTHER_BOOT ? 0x100 : 0),
        .nonce = {(unsigned char)(slot + 1)},
        .auth = driver.config.secret,
        .lazy = flags & LAZY,
        .stop = flags & STOP,
        .started = !(flags & STARTED) ? 0
                   : flags & EARLY    ? 1
                                      : started,
        .tls = flags & TLS,
        .secrets = flags & SECRETS};
    if (flags & HAVE) {
        h.have_boot = heard->hello_came ? heard->hello.boot : 1;
        h.have_change = store_change(node_store(driver.node)) / 2;
    }
    char line[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(line, sizeof line);
    hello_put(&out, &h);
    spoken[slot].hello = h;
    spoken[slot].mark = 0;
    driver_receives(slot, buf_span(&out));
}

static void on_auth(void)
{
    unsigned slot = next_link(), again = next() % 4;
    const struct heard *heard = judge_heard(slot);
    if (!heard->hello_came || !spoken[slot].hello.boot || !driver.secrets.count)
        return;
    bool dialled = slot < ANT_OUT;
    struct auth_exchange x = {.role = dialled ? HELLO_DIALLED : HELLO_ACCEPTED,
        .speaker = &spoken[slot].hello,
        .other = &heard->hello,
        .again = again};
    char line[AUTH_LINE_BYTES_MAX];
    struct buf out = buf_over(line, sizeof line);
    auth_put(&out, &driver.secrets, 1, &x);
    driver_receives(slot, buf_span(&out));
}

/* Stamps, one or many. */
static void on_at(void)
{
    static const char *const origins[] = {"Ant", "Hands", "Goloman", "Welsh", "Nobody"};
    static char lines[LINES_BYTES];
    unsigned slot = next_link(), id = next(), kind = next(), count = kind & 128 ? 100 : 1;
    const char *origin = origins[kind % 5], *by = names[speaker_of(slot)].at;
    const char *skew = kind & 32   ? "+999999.500000000"
                       : kind & 64 ? "-90000.250000000"
                                   : "+0.500000000";
    int time = next_time();
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        char name[8];
        snprintf(name, sizeof name, "k%u", (id + i) % 512);
        len += (size_t)snprintf(lines + len, sizeof lines - len, "AT %s %s %s +1-1 %d %s%s\n",
            origin, skew, name, time, id & 128 ? "Welsh " : "", by);
        if (driver.wires[slot].open && driver.wires[slot].wants & NODE_WANT_READ)
            judge_peer_stamp(slot, span_of(name), time * SECOND_NS);
    }
    driver_receives(slot, (struct span){lines, len});
}

static void on_mark(void)
{
    char line[LINE_BYTES];
    unsigned slot = next_link();
    spoken[slot].mark += next() % 16;
    snprintf(line, sizeof line, "MARK %" PRIu64 "\n", spoken[slot].mark);
    judge_peer_mark(slot, spoken[slot].mark);
    says(slot, line);
}

static void on_ack(void)
{
    char line[LINE_BYTES];
    unsigned slot = next_link();
    snprintf(line, sizeof line, "ACK %" PRIu64 "\n", judge_heard(slot)->mark);
    says(slot, line);
}

static void on_ping(void)
{
    static const char *const ends[] = {"", "", " partial", " behind"};
    char line[LINE_BYTES];
    unsigned slot = next_link(), kind = next();
    const struct store *s = node_store(driver.node);
    snprintf(line, sizeof line, "PING %" PRId64 " %" PRIu64 " %016" PRIx64 "%s\n",
        driver.now.real_ns + (kind & 16 ? 200 * SECOND_NS : 0), store_count(s),
        store_digest(s) + (kind & 8), ends[kind % 4]);
    says(slot, line);
}

static void on_pong(void)
{
    char line[LINE_BYTES];
    unsigned slot = next_link();
    snprintf(line, sizeof line, "PONG %" PRId64 "\n", judge_heard(slot)->ping_ns);
    says(slot, line);
}

/* A notice of a stamp: of the one that was said last, or of none. */
static void on_seen(void)
{
    char line[LINE_BYTES];
    unsigned slot = next_link(), kind = next();
    uint64_t hash = kind & 1 ? store_last_hash(node_store(driver.node)) : kind;
    snprintf(line, sizeof line, "SEEN %u %016" PRIx64 " %016" PRIx64 "\n", kind, hash, hash + 1);
    says(slot, line);
}

static void on_word(void)
{
    static const char *const words[] = {"PRUNE %u00\n", "GRAFT %u\n", "EAGER %u\n", "STOPPING %u\n",
        "TWIN 0000000000000001 %u there\n", "BYE %u\n", "STATUS\n", "TRACE k%u\n",
        "BYE duplicate of another link\n", "BYE this link goes over TLS\n"};
    char line[LINE_BYTES];
    unsigned slot = next_link(), word = next() % (sizeof words / sizeof *words);
    snprintf(line, sizeof line, words[word], next());
    says(slot, line);
}

/* -- the rest ---------------------------------------------------------------------------------- */

static void on_time(void)
{
    static const int ms[] = {1, 20, 50, 101, 200, 500, 1000, 1500, 2000, 3000, 5000, 10000, 31000};
    driver_waits(ms[next() % (sizeof ms / sizeof *ms)] * MS_NS);
}

static void on_slept(void)
{
    driver_slept((int64_t)(1 + next()) * 100 * MS_NS);
}

static void on_clock(void)
{
    driver.now.real_ns += (int64_t)next() * SECOND_NS;
}

static void on_answer(void)
{
    driver_answers(next());
}

static void on_secrets(void)
{
    static const char *const lists[] = {"sixteen bytes ok", "another sixteen bytes",
        "sixteen bytes ok|another sixteen bytes", "another sixteen bytes|sixteen bytes ok"};
    driver_secrets(lists[next() % 4]);
}

static void on_stop(void)
{
    driver_stops();
}

static void on_status(void)
{
    static char text[STATUS_BYTES];
    struct buf out = buf_over(text, sizeof text);
    node_status(driver.node, &out, driver.now);
    struct cJSON *parsed = cJSON_ParseWithLength(out.at, out.len);
    ASSERT(!out.overflow && cJSON_IsObject(parsed));
    cJSON_Delete(parsed);
}

/* The tape's bytes name them by their order: what is new goes to the end. */
static void (*const events[])(void) = {on_accept, on_dialled, on_dial_fails, on_resolved, on_ended,
    on_reset, on_deaf, on_unread, on_raw, on_much, on_iamat, on_whatsat, on_many, on_hello, on_auth,
    on_at, on_mark, on_ack, on_ping, on_pong, on_seen, on_word, on_time, on_slept, on_clock,
    on_answer, on_secrets, on_stop, on_status, on_seals};

static struct driver_config next_config(void)
{
    unsigned a = next(), b = next();
    return (struct driver_config){.ring = a & 1,
        .secret = a & 2,
        .tls = a & 4,
        .close_reply = a & 8,
        .evict = a & 16,
        .debug = a & 32,
        .exchange = a & 64,
        .small = a & 128,
        .waits_for_lf = b & 1};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tape = (struct span){(const char *)data, size};
    memset(spoken, 0, sizeof spoken);
    driver_start(next_config());
    driver_turn();
    for (unsigned i = 0; tape.len && i < EVENTS_MAX; i++) {
        unsigned byte = next();
        events[(byte & 127) % (sizeof events / sizeof *events)]();
        if (byte & 128)
            driver_turn();
    }
    driver_settles();
    on_status();
    driver_ends();
    driver_destroy();
    return 0;
}
