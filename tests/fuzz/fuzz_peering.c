/* fuzz_peering.c — links without nodes around them: a tape moves what their ends say, and says
 * garbage in between.
 *
 *     Hands <------> Goloman -------> Wilkes        links, by who dials; two of them between
 *     another Hands -----^                          Hands and Goloman
 *
 * The first byte of the data chooses secrets and whether the links of Hands are spare. Then come
 * events: a byte that names one, and what it needs behind it. What an end says arrives whole, or
 * with a byte changed; other bytes come from the tape. Holds always: what goes out is whole lines;
 * what is OVER stays so and falls silent; nothing that a link hears before it is up touches the
 * store or what is known of a peer; no link comes up between ends that share no secret. If no
 * garbage was said, the three nodes hold the same stamps soon after they are linked again.
 *
 * Covers: src/core/peering */
#include "core/base/invariant.h"
#include "core/peering/neighbours.h"
#include "fuzz/tape.h"
#include "unit/secrets.h"
#include <stdio.h>
#include <stdlib.h>

enum { GOLOMAN, HANDS, WILKES, AGAIN, NODES };
enum { OF_HANDS, TO_WILKES, TO_HANDS, OF_AGAIN, LINKS };
enum {
    STAMPS = 1000,
    WINDOW_BYTES = 1 << 15,
    ROUNDS = 400, /* until stores are equal */
    ROUND_MS = 100,
};

/* Who dials, and the number of the other among its neighbours; and the same of the other end. */
static const struct {
    unsigned by, peer, to, back;
} plan[LINKS] = {{HANDS, 0, GOLOMAN, 0}, {GOLOMAN, 1, WILKES, 0}, {GOLOMAN, 0, HANDS, 0},
    {AGAIN, 0, GOLOMAN, 0}};

struct end {
    bool open, up;
    struct peering peering;
    struct peer stand_in;
    char room[PEERING_LINE_BYTES_MAX + 1];
};

struct side {
    struct peering_node node;
    struct peer peers[2];
    struct neighbour each[2];
    struct neighbours neighbours;
    struct end ends[LINKS];
    uint64_t own; /* stamps of own clients */
};

static struct side sides[NODES];
static struct instant now;
static bool garbage; /* was said, or something was lost */
static char window[WINDOW_BYTES];
static struct span tape;

static unsigned next(void)
{
    return tape_byte(&tape);
}

/* -- the nodes --------------------------------------------------------------------------------- */

static void open_side(unsigned self, bool spare, const char *secrets, uint64_t boot)
{
    static const struct span names[] = {{"Goloman", 7}, {"Hands", 5}, {"Wilkes", 6}, {"Hands", 5}};
    const struct span peers[] = {names[self == GOLOMAN ? HANDS : GOLOMAN], names[WILKES]};
    struct side *s = &sides[self];
    struct store_config config = {.stamps_max = STAMPS, .seed = {1, self}};
    *s = (struct side){.node = {.herd = SPAN("demo"),
                           .name = names[self],
                           .secrets = secrets_of(secrets),
                           .boot = boot,
                           .started = boot,
                           .future_ns = 86400 * (uint64_t)SECOND_NS,
                           .ahead_ns = 86400 * SECOND_NS,
                           .peers = s->peers,
                           .peers_count = self == GOLOMAN ? 2 : 1,
                           .store = store_create(&config),
                           .routes = route_table_create(peers, self == GOLOMAN ? 2 : 1),
                           .spare_links = spare ? spare_links_create(STAMPS) : NULL},
        .neighbours = {
            .self = names[self], .each = s->each, .count = self == GOLOMAN ? 2 : 1, .jitter = 1}};
    ASSERT(s->node.store && s->node.routes && (s->node.spare_links || !spare));
    for (unsigned i = 0; i < NODES; i++)
        store_know_origin(s->node.store, names[i]);
    for (unsigned i = 0; i < s->node.peers_count; i++) {
        s->each[i].peer = &s->peers[i];
        s->peers[i] = (struct peer){.name = peers[i],
            .number = i,
            .in_tree = !spare || i == 1,
            .tree_hops = spare && i == 0 ? 2 : 1,
            .cursor = store_cursor_open(s->node.store)};
    }
    neighbours_begin(&s->neighbours, now);
}

static void close_side(struct side *s)
{
    store_destroy(s->node.store);
    route_table_destroy(s->node.routes);
    spare_links_destroy(s->node.spare_links);
}

/* -- the ends of links ------------------------------------------------------------------------- */

static struct side *side_of(unsigned link, bool dialler)
{
    return &sides[dialler ? plan[link].by : plan[link].to];
}

static struct neighbour *neighbour_of(struct side *s, unsigned link)
{
    const struct peer *peer = s->ends[link].peering.peer;
    return peer ? &s->each[peer->number] : NULL;
}

static void begin_link(unsigned link)
{
    for (int dialler = 0; dialler < 2; dialler++) {
        struct side *s = side_of(link, dialler);
        unsigned char nonce[NONCE_BYTES] = {(unsigned char)(1 + link), (unsigned char)dialler};
        struct end *e = &s->ends[link];
        if (dialler)
            s->each[plan[link].peer].dialling = true;
        peering_begin(&e->peering, &s->node, dialler ? &s->peers[plan[link].peer] : NULL, nonce,
            e->room, now);
        e->open = true;
        e->up = false;
    }
}

static void lose(struct side *s, unsigned link)
{
    struct end *e = &s->ends[link];
    struct neighbour *who = neighbour_of(s, link);
    bool dialled = e->peering.role == HELLO_DIALLED, down = false;
    if (who && e->up)
        down = neighbour_lost(&s->neighbours, who, (int)link, e->peering.reason, now);
    else if (who && dialled)
        down = neighbour_dial_failed(&s->neighbours, who, true, e->peering.reason, now);
    if (down)
        peering_peer_down(&s->node, who->peer);
    e->open = e->up = false;
}

/* The connection is gone. */
static void cut(unsigned link)
{
    for (int dialler = 0; dialler < 2; dialler++)
        if (side_of(link, dialler)->ends[link].open)
            lose(side_of(link, dialler), link);
}

static bool share_secret(const struct secrets *a, const struct secrets *b)
{
    bool any = false;
    for (unsigned i = 0; i < a->count * b->count; i++)
        any |= strcmp(a->text[i % a->count], b->text[i / a->count]) == 0;
    return any;
}

/* Nobody guesses a secret. */
static void on_up(struct side *s, unsigned link)
{
    const struct side *other = side_of(link, s == side_of(link, false));
    ASSERT(!s->node.secrets.count || share_secret(&s->node.secrets, &other->node.secrets));
    struct end *e = &s->ends[link];
    struct neighbour *who = neighbour_of(s, link);
    e->up = who != NULL;
    if (!who)
        return;
    int loser = neighbour_linked(&s->neighbours, who, (int)link, e->peering.role == HELLO_DIALLED,
        e->peering.theirs.boot, now);
    peering_peer_up(&s->node, who->peer);
    if (loser != NEIGHBOUR_NO_LINK)
        peering_end(&s->ends[loser].peering, PEERING_DUPLICATE);
}

/* As the node does, but the judgement is the tape's. */
static void on_rival(struct side *s, unsigned link)
{
    struct end *e = &s->ends[link];
    unsigned verdict = next() % 3;
    if (verdict == 0)
        peering_end(&e->peering, "another process of this name is linked");
    else
        peering_stand_by(&e->peering, &e->stand_in, now);
}

static void on_event(struct side *s, unsigned link, enum peering_event event)
{
    struct end *e = &s->ends[link];
    ASSERT((event == PEERING_ENDED) <= (e->peering.state == PEERING_OVER));
    if (event == PEERING_UP)
        on_up(s, link);
    else if (event == PEERING_RIVAL)
        on_rival(s, link);
    else if (event == PEERING_TOPOLOGY)
        peering_take_tree(&e->peering, now);
    else if (event == PEERING_ASKED)
        peering_end(&e->peering, "asked");
}

/* What was heard before a link is up, or by an observer's, has touched nothing. */
static void check_untouched(const struct side *s)
{
    ASSERT(store_change(s->node.store) == s->own);
    for (unsigned i = 0; i < s->node.peers_count; i++) {
        const struct peer *p = &s->peers[i];
        ASSERT(!p->boot && !p->have_change && !p->got_stamps && !p->acked);
    }
}

/* In a block of its own size, so that AddressSanitizer sees a read past its end. */
static void hear(struct side *s, unsigned link, struct span bytes)
{
    struct end *e = &s->ends[link];
    if (!e->open)
        return;
    bool untouched = true, over = e->peering.state == PEERING_OVER;
    for (unsigned i = 0; i < s->node.peers_count; i++)
        untouched &= !s->peers[i].boot;
    char *block = malloc(bytes.len ? bytes.len : 1);
    ASSERT(block);
    memcpy(block, bytes.at, bytes.len);
    struct span in = {block, bytes.len};
    for (enum peering_event event; (event = peering_take(&e->peering, &in, now));) {
        ASSERT(!over);
        on_event(s, link, event);
    }
    ASSERT(in.len == 0);
    free(block);
    if (untouched && (e->peering.observer || e->peering.state < PEERING_LINKED))
        check_untouched(s);
}

/* What an end has to say, in a window of some bytes. */
static struct span pull(struct side *s, unsigned link, size_t room, unsigned stamps)
{
    struct peering *p = &s->ends[link].peering;
    bool was_over = p->state == PEERING_OVER, was_due = p->bye_due;
    struct buf out = buf_over(window, room);
    (void)peering_pull(p, &out, stamps, now);
    ASSERT(!out.overflow && out.cap == room);
    ASSERT(out.len == 0 || window[out.len - 1] == '\n');
    ASSERT(!was_over || was_due || out.len == 0);
    return buf_span(&out);
}

/* Let one end of a link speak to the other. true: it said something. */
static bool move(unsigned link, bool from_dialler, size_t room, unsigned stamps, int wrong)
{
    struct side *s = side_of(link, from_dialler);
    if (!s->ends[link].open)
        return false;
    struct span said = pull(s, link, room, stamps);
    if (wrong >= 0 && said.len) {
        window[(size_t)wrong % said.len] ^= (char)(1 << wrong % 7);
        garbage = true;
    }
    hear(side_of(link, !from_dialler), link, said);
    if (s->ends[link].peering.state == PEERING_OVER && !s->ends[link].peering.bye_due)
        cut(link);
    return said.len;
}

/* -- events ------------------------------------------------------------------------------------ */

static void on_begin(void)
{
    unsigned link = next() % LINKS;
    cut(link);
    begin_link(link);
}

static void on_move(void)
{
    unsigned byte = next(), room = next();
    for (unsigned i = 0; i <= byte / 64; i++)
        (void)move(byte % LINKS, byte & 4, room ? room * (size_t)64 : WINDOW_BYTES,
            byte & 8 ? 3 : UINT32_MAX, -1);
}

/* Both ends speak until they are silent. */
static void on_talk(void)
{
    unsigned link = next() % LINKS;
    for (int i = 0; i < 8; i++)
        if (!move(link, i & 1, WINDOW_BYTES, UINT32_MAX, -1) && i & 1)
            break;
}

static void on_wrong(void)
{
    unsigned byte = next();
    (void)move(byte % LINKS, byte & 4, WINDOW_BYTES, UINT32_MAX, (int)next());
}

static void on_raw(void)
{
    unsigned byte = next();
    size_t len = next();
    len = len < tape.len ? len : tape.len;
    struct span bytes = {tape.at, len};
    tape = span_from(tape, len);
    garbage = true;
    hear(side_of(byte % LINKS, byte & 4), byte % LINKS, bytes);
}

/* A HELLO that is not the other end's: an observer's, or a neighbour's to which nobody listens. */
static void on_hello(void)
{
    unsigned byte = next(), flags = next();
    char line[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(line, sizeof line);
    struct side *s = side_of(byte % LINKS, byte & 4);
    struct hello h = {.herd = SPAN("demo"),
        .from = flags & 1 ? SPAN(HELLO_OBSERVER) : s->peers[0].name,
        .to = s->node.name,
        .boot = 0xaa,
        .lazy = flags & 2,
        .stop = flags & 4,
        .started = flags & 8,
        .secrets = flags & 16,
        .have_boot = flags & 32 ? s->node.boot : 0,
        .have_change = flags & 64};
    hello_put(&out, &h);
    garbage = true;
    hear(s, byte % LINKS, buf_span(&out));
}

/* Own clients say something. */
static void on_put(void)
{
    unsigned byte = next(), from = next(), count = byte & 128 ? 200 : 1 + byte / 16 % 8;
    struct side *s = &sides[byte % NODES];
    for (unsigned i = 0; i < count; i++) {
        char id[16], time[16];
        snprintf(id, sizeof id, "k%u", (from + i) % 256);
        snprintf(time, sizeof time, "%u", byte + from);
        struct stamp stamp = {.id = span_of(id),
            .position = SPAN("+1-1"),
            .time = span_of(time),
            .origin = s->node.name,
            .time_ns = (byte + from) * SECOND_NS,
            .skew_ns = SECOND_NS};
        s->own += store_put_later(s->node.store, &stamp, store_hash(s->node.store, stamp.id),
                      ROUTE_LOCAL) == STORE_NEW;
    }
}

static void tick_all(void)
{
    for (unsigned i = 0; i < NODES; i++)
        for (unsigned link = 0; link < LINKS; link++) {
            struct end *e = &sides[i].ends[link];
            if (!e->open)
                continue;
            enum peering_event event = peering_tick(&e->peering, now);
            ASSERT(event == PEERING_NOTHING || event == PEERING_ENDED);
            ASSERT(peering_deadline(&e->peering) > now.mono_ns || e->peering.ping_due);
            (void)peering_pull_ns(&e->peering);
        }
}

static void pass(int64_t ms)
{
    now.mono_ns += ms * MS_NS;
    now.real_ns += ms * MS_NS;
    tick_all();
}

static void on_time(void)
{
    static const int ms[] = {1, 20, 100, 500, 1000, 2000, 3000, 9000, 11000, 30000};
    pass(ms[next() % (sizeof ms / sizeof *ms)]);
}

static void on_secrets(void)
{
    static const char *const lists[] = {"sixteen bytes ok", "another sixteen bytes",
        "sixteen bytes ok|another sixteen bytes", "another sixteen bytes|sixteen bytes ok"};
    unsigned byte = next();
    struct side *s = &sides[byte % NODES];
    if (!s->node.secrets.count)
        return;
    struct secrets before = s->node.secrets;
    s->node.secrets = secrets_of(lists[byte / 4 % 4]);
    for (unsigned link = 0; link < LINKS; link++)
        if (s->ends[link].open)
            peering_secrets_changed(&s->ends[link].peering, &before, now);
}

static bool is_linked(const struct end *e)
{
    return e->open && e->peering.state == PEERING_LINKED && e->peering.peer;
}

/* What a node asks of its links. */
static void on_wish(void)
{
    unsigned byte = next(), wish = next() % 6;
    struct side *s = side_of(byte % LINKS, byte & 4);
    struct end *e = &s->ends[byte % LINKS];
    struct peering *p = &e->peering;
    struct twin stays = {.boot = 1, .started = next(), .address = "there"};
    if (!is_linked(e))
        return;
    if (wish == 0) {
        peering_watch(p, now);
    } else if (wish == 1 && !p->rival) {
        peering_ask(p);
    } else if (wish == 2 && p->theirs.started) {
        peering_tell_twin(p, &stays);
    } else if (wish == 3 && p->rival && !p->twin_due && !neighbour_of(s, byte % LINKS)->up) {
        peering_admit(p, now);
        on_up(s, byte % LINKS);
    } else if (wish == 4) {
        peering_end(p, "it is to end");
    } else if (wish == 5 && s->node.stopping) {
        peering_hold_answer(p, byte & 8);
        (void)peering_heard_out(p);
        (void)peering_confirmed(p);
    }
}

static void on_stop(void)
{
    struct side *s = &sides[next() % NODES];
    s->node.stopping = true;
    s->node.stop_change = store_change(s->node.store);
    garbage = true; /* its stores need not agree */
    for (unsigned link = 0; link < LINKS; link++)
        if (is_linked(&s->ends[link]) && !s->ends[link].peering.rival)
            peering_stop(&s->ends[link].peering);
}

/* A process ends, and its successor knows nothing. */
static void on_restart(void)
{
    unsigned self = next() % NODES;
    for (unsigned link = 0; link < LINKS; link++)
        if (plan[link].by == self || plan[link].to == self)
            cut(link);
    bool spare = sides[self].node.spare_links, secret = sides[self].node.secrets.count;
    uint64_t boot = sides[self].node.boot + NODES;
    close_side(&sides[self]);
    open_side(self, spare, secret ? "sixteen bytes ok" : "", boot);
}

static void (*const events[])(void) = {on_begin, on_move, on_talk, on_wrong, on_raw, on_hello,
    on_put, on_time, on_secrets, on_wish, on_stop, on_restart};

/* -- the end ----------------------------------------------------------------------------------- */

static bool equal(unsigned a, unsigned b)
{
    const struct store *one = sides[a].node.store, *other = sides[b].node.store;
    return store_digest(one) == store_digest(other) && store_count(one) == store_count(other);
}

/* Only the links to Hands and Wilkes are left. */
static void check_agreement(void)
{
    for (unsigned link = 0; link < LINKS; link++)
        cut(link);
    for (unsigned i = 0; i < NODES; i++)
        sides[i].node.secrets = sides[GOLOMAN].node.secrets;
    begin_link(OF_HANDS);
    begin_link(TO_WILKES);
    for (int i = 0; i < ROUNDS && !(equal(GOLOMAN, HANDS) && equal(GOLOMAN, WILKES)); i++) {
        for (unsigned k = 0; k < 4; k++)
            (void)move(k / 2 ? TO_WILKES : OF_HANDS, k & 1, WINDOW_BYTES, UINT32_MAX, -1);
        pass(ROUND_MS);
    }
    ASSERT(equal(GOLOMAN, HANDS) && equal(GOLOMAN, WILKES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tape = (struct span){(const char *)data, size};
    now = (struct instant){.mono_ns = 1000 * SECOND_NS, .real_ns = 1700000000 * SECOND_NS};
    garbage = false;
    unsigned byte = next();
    for (unsigned i = 0; i < NODES; i++)
        open_side(i, byte & 1 && i != WILKES, byte & 2 ? "sixteen bytes ok" : "", 0x60 + i);
    while (tape.len)
        events[next() % (sizeof events / sizeof *events)]();
    if (!garbage)
        check_agreement();
    for (unsigned i = 0; i < NODES; i++)
        close_side(&sides[i]);
    return 0;
}
