/* network.c — see network.h.
 *
 * A wire has two flows, one per direction, each a queue of bytes whose front has arrived; an event
 * says how many more have. Events are never removed from the queue: each checks itself whether it
 * still applies (the wire may be broken, a wake-up may have been moved). Numbers of wires are never
 * reused, so a late event cannot hit another wire. */
#include "sim/network.h"
#include "sim/memory.h"
#include <string.h>

enum { BACKLOG = 128, PIECES_MAX = 4 };

enum event_kind {
    EVENT_WAKE, /* of a party */
    EVENT_ASK, /* a dial comes to whom it is for */
    EVENT_ANSWER, /* its result, a dial_state, returns */
    EVENT_PIECE, /* bytes of a flow arrive, perhaps none but the FIN */
    EVENT_BREAK, /* an end notices that its wire is broken */
};

struct event {
    int64_t at_ns;
    uint64_t sequence;
    enum event_kind kind;
    uint32_t subject; /* party or wire */
    unsigned end;
    uint32_t bytes; /* or a dial_state */
    bool fin;
};

/* What one end sends. */
struct flow {
    char *bytes;
    size_t start, len, room;
    size_t arrived;
    size_t held; /* bytes held back by a path that stalls */
    bool dark; /* nothing of it arrives any more */
    int64_t last_ns;
    bool fin_sent, fin_held, fin_arrived;
};

struct wire {
    unsigned party[2];
    enum node_port port;
    enum dial_state dial;
    size_t window;
    bool dark; /* nothing on it arrives any more */
    bool broken; /* nor this, and the ends are being told */
    bool sees[2]; /* that end knows that it is broken */
    bool gone[2];
    struct flow flow[2];
};

struct party {
    bool listens, refuses_clients;
    int64_t wake_ns; /* the one that is valid; NEVER_NS: none */
    uint32_t backlog[BACKLOG];
    unsigned backlog_count;
};

/* -- chance and trace -------------------------------------------------------------------------- */

uint64_t network_draw(struct network *n, uint64_t below)
{
    return below ? random_next(&n->random) % below : 0;
}

bool network_once_in(struct network *n, unsigned in)
{
    return in && network_draw(n, in) == 0;
}

static void trace(struct network *n, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++)
        n->trace = (n->trace ^ at[i]) * UINT64_C(0x100000001b3);
}

static void trace_number(struct network *n, uint64_t number)
{
    trace(n, &number, sizeof number);
}

/* -- the queue of events: a heap --------------------------------------------------------------- */

static bool sooner(const struct event *a, const struct event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

/* While a host runs, allocations count for its node; this one is the network's. */
static void *grown(void *memory, size_t count, size_t bytes)
{
    struct account *whose = memory_of(NULL);
    memory = realloc(memory, count * bytes);
    memory_of(whose);
    return memory;
}

static void push(struct network *n, struct event e)
{
    if (n->heap_count == n->heap_room) {
        n->heap_room = n->heap_room ? 2 * n->heap_room : 256;
        n->heap = grown(n->heap, n->heap_room, sizeof *n->heap);
    }
    e.sequence = n->sequence++;
    size_t i = n->heap_count++;
    for (; i && sooner(&e, &n->heap[(i - 1) / 2]); i = (i - 1) / 2)
        n->heap[i] = n->heap[(i - 1) / 2];
    n->heap[i] = e;
}

static struct event pop(struct network *n)
{
    struct event first = n->heap[0], last = n->heap[--n->heap_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < n->heap_count; i = child) {
        if (child + 1 < n->heap_count && sooner(&n->heap[child + 1], &n->heap[child]))
            child++;
        if (!sooner(&n->heap[child], &last))
            break;
        n->heap[i] = n->heap[child];
    }
    n->heap[i] = last;
    return first;
}

/* -- life -------------------------------------------------------------------------------------- */

void network_init(struct network *n, uint64_t seed, unsigned nodes, unsigned parties)
{
    *n = (struct network){.random = {seed},
        .trace = UINT64_C(0xcbf29ce484222325),
        .nodes = nodes,
        .parties_count = parties,
        .window_min = 65536,
        .window_max = 65536,
        .split_in = 3,
        .lag_ns = 50000};
    n->paths = grown(NULL, (size_t)nodes * nodes, sizeof *n->paths);
    for (unsigned i = 0; i < nodes * nodes; i++)
        n->paths[i] = (struct path){.delay_ns = MS_NS, .jitter_ns = MS_NS / 2};
    n->parties = grown(NULL, parties, sizeof *n->parties);
    for (unsigned i = 0; i < parties; i++)
        n->parties[i] = (struct party){.wake_ns = NEVER_NS};
}

static void free_flow(struct flow *f)
{
    struct account *whose = memory_of(NULL);
    free(f->bytes);
    memory_of(whose);
    f->bytes = NULL;
    f->start = f->len = f->room = f->arrived = f->held = 0;
}

void network_deinit(struct network *n)
{
    for (uint32_t i = 0; i < n->wires_count; i++) {
        free_flow(&n->wires[i].flow[0]);
        free_flow(&n->wires[i].flow[1]);
    }
    free(n->wires);
    free(n->heap);
    free(n->parties);
    free(n->paths);
}

/* -- paths ------------------------------------------------------------------------------------- */

/* The path for both directions; the lower number comes first. */
struct path *network_path(struct network *n, unsigned a, unsigned b)
{
    return a < b ? &n->paths[a * n->nodes + b] : &n->paths[b * n->nodes + a];
}

static const struct path client_path = {
    .state = PATH_OPEN, .delay_ns = MS_NS / 10, .jitter_ns = MS_NS / 10};

static const struct path *path_of(struct network *n, const struct wire *w)
{
    bool of_nodes = w->party[0] < n->nodes && w->party[1] < n->nodes;
    return of_nodes ? network_path(n, w->party[0], w->party[1]) : &client_path;
}

/* The state that applies to what this end sends. */
static enum path_state state_for(struct network *n, const struct wire *w, unsigned end)
{
    const struct path *path = path_of(n, w);
    return path->passes[w->party[end] > w->party[!end]] ? PATH_OPEN : path->state;
}

static int64_t transit_ns(struct network *n, const struct path *p)
{
    return p->delay_ns + (int64_t)network_draw(n, (uint64_t)p->jitter_ns + 1);
}

void network_wake(struct network *n, unsigned party, int64_t at_ns)
{
    struct party *p = &n->parties[party];
    if (at_ns < n->now_ns)
        at_ns = n->now_ns;
    if (at_ns >= p->wake_ns)
        return;
    p->wake_ns = at_ns;
    push(n, (struct event){.at_ns = at_ns, .kind = EVENT_WAKE, .subject = party});
}

static void wake_soon(struct network *n, unsigned party)
{
    network_wake(n, party, n->now_ns + (int64_t)network_draw(n, (uint64_t)n->lag_ns + 1));
}

/* -- dialling ---------------------------------------------------------------------------------- */

void network_listen(struct network *n, unsigned party, bool listens)
{
    struct party *p = &n->parties[party];
    p->listens = listens;
    p->refuses_clients = false;
    for (unsigned i = 0; !listens && i < p->backlog_count; i++)
        network_close(n, p->backlog[i], 1, true);
    if (!listens)
        p->backlog_count = 0;
}

void network_refuse_clients(struct network *n, unsigned party, bool refuses)
{
    n->parties[party].refuses_clients = refuses;
}

static bool refuses(const struct party *p, const struct wire *w)
{
    bool client = w->port == NODE_CLIENT_PORT && p->refuses_clients;
    return !p->listens || client || p->backlog_count == BACKLOG;
}

static size_t draw_window(struct network *n)
{
    size_t window = n->window_max;
    while (window / 4 >= n->window_min && network_once_in(n, 2))
        window /= 4;
    return window;
}

uint32_t network_dial(struct network *n, unsigned from, unsigned to, enum node_port port)
{
    if (n->wires_count == n->wires_room) {
        n->wires_room = n->wires_room ? 2 * n->wires_room : 64;
        n->wires = grown(n->wires, n->wires_room, sizeof *n->wires);
    }
    uint32_t number = n->wires_count++;
    n->wires[number] = (struct wire){.party = {from, to}, .port = port, .window = draw_window(n)};
    push(n, (struct event){.at_ns = n->now_ns + transit_ns(n, path_of(n, &n->wires[number])),
                .kind = EVENT_ASK,
                .subject = number});
    return number;
}

static void answer(struct network *n, uint32_t number, enum dial_state answer, int64_t at_ns)
{
    push(n,
        (struct event){.at_ns = at_ns, .kind = EVENT_ANSWER, .subject = number, .bytes = answer});
}

static void on_ask(struct network *n, uint32_t number)
{
    struct wire *w = &n->wires[number];
    const struct path *path = path_of(n, w);
    struct party *p = &n->parties[w->party[1]];
    int64_t back_ns = n->now_ns + transit_ns(n, path);
    if (w->gone[0])
        return;
    if (path->state == PATH_STALLS || path->state == PATH_SILENT) {
        answer(n, number, DIAL_TIMED_OUT, n->now_ns + NETWORK_DIAL_MS * MS_NS);
    } else if (path->state == PATH_REFUSES || refuses(p, w)) {
        answer(n, number, DIAL_REFUSED, back_ns);
    } else {
        p->backlog[p->backlog_count++] = number;
        answer(n, number, DIAL_STANDS, back_ns);
        wake_soon(n, w->party[1]);
    }
}

static void on_answer(struct network *n, uint32_t number, enum dial_state answer)
{
    struct wire *w = &n->wires[number];
    if (w->gone[0])
        return;
    w->dial = answer;
    if (answer == DIAL_STANDS && (w->broken || w->dark))
        w->dial = DIAL_TIMED_OUT;
    if (w->dial != DIAL_STANDS)
        w->gone[0] = true;
    wake_soon(n, w->party[0]);
}

enum dial_state network_dialled(const struct network *n, uint32_t wire)
{
    return n->wires[wire].dial;
}

bool network_accept(struct network *n, unsigned party, uint32_t *wire, enum node_port *port)
{
    struct party *p = &n->parties[party];
    if (!p->backlog_count)
        return false;
    *wire = p->backlog[0];
    *port = n->wires[*wire].port;
    memmove(p->backlog, p->backlog + 1, --p->backlog_count * sizeof *p->backlog);
    return true;
}

unsigned network_other(const struct network *n, uint32_t wire, unsigned end)
{
    return n->wires[wire].party[!end];
}

/* -- bytes ------------------------------------------------------------------------------------- */

static void put_bytes(struct flow *f, const char *bytes, size_t count)
{
    if (f->start && f->start + f->len + count > f->room) {
        memmove(f->bytes, f->bytes + f->start, f->len);
        f->start = 0;
    }
    if (f->len + count > f->room) {
        f->room = 2 * (f->len + count);
        f->bytes = grown(f->bytes, f->room, 1);
    }
    memcpy(f->bytes + f->start + f->len, bytes, count);
    f->len += count;
}

static void send_piece(struct network *n, uint32_t number, unsigned end, size_t bytes, bool fin)
{
    struct wire *w = &n->wires[number];
    struct flow *f = &w->flow[end];
    int64_t at_ns = n->now_ns + transit_ns(n, path_of(n, w));
    if (at_ns < f->last_ns)
        at_ns = f->last_ns;
    f->last_ns = at_ns;
    push(n, (struct event){.at_ns = at_ns,
                .kind = EVENT_PIECE,
                .subject = number,
                .end = end,
                .bytes = (uint32_t)bytes,
                .fin = fin});
}

static void tell_broken(struct network *n, uint32_t number, unsigned end)
{
    int64_t at_ns = n->now_ns + transit_ns(n, path_of(n, &n->wires[number]));
    push(n, (struct event){.at_ns = at_ns, .kind = EVENT_BREAK, .subject = number, .end = end});
}

size_t network_room(const struct network *n, uint32_t wire, unsigned end)
{
    const struct wire *w = &n->wires[wire];
    return w->window - w->flow[end].len;
}

size_t network_write(
    struct network *n, uint32_t wire, unsigned end, const char *bytes, size_t count)
{
    struct wire *w = &n->wires[wire];
    if (count > network_room(n, wire, end))
        count = network_room(n, wire, end);
    if (!count)
        return 0;
    trace_number(n, (uint64_t)wire << 1 | end);
    trace(n, bytes, count);
    if (w->gone[!end]) { /* a kernel that does not know the connection replies with a reset */
        if (state_for(n, w, end) == PATH_OPEN && state_for(n, w, !end) == PATH_OPEN &&
            n->parties[w->party[!end]].listens)
            tell_broken(n, wire, end);
        return count;
    }
    put_bytes(&w->flow[end], bytes, count);
    if (w->broken) /* the writer has not been told yet */
        return count;
    unsigned pieces = network_once_in(n, n->split_in) ? PIECES_MAX : 1;
    for (size_t left = count; left;) {
        size_t piece = --pieces ? 1 + network_draw(n, left) : left;
        send_piece(n, wire, end, piece, false);
        left -= piece;
    }
    return count;
}

static void on_piece(struct network *n, const struct event *e)
{
    struct wire *w = &n->wires[e->subject];
    struct flow *f = &w->flow[e->end];
    if (w->broken || w->dark || f->dark || w->gone[!e->end])
        return;
    if (state_for(n, w, e->end) == PATH_STALLS) {
        f->held += e->bytes;
        f->fin_held |= e->fin;
        return;
    }
    f->arrived += e->bytes;
    f->fin_arrived |= e->fin;
    wake_soon(n, w->party[!e->end]);
}

size_t network_readable(const struct network *n, uint32_t wire, unsigned end)
{
    return n->wires[wire].flow[!end].arrived;
}

void network_read(struct network *n, uint32_t wire, unsigned end, char *to, size_t count)
{
    struct wire *w = &n->wires[wire];
    struct flow *f = &w->flow[!end];
    bool was_full = f->len == w->window;
    memcpy(to, f->bytes + f->start, count);
    f->start += count;
    f->len -= count;
    f->arrived -= count;
    if (was_full && count) /* the news takes its time */
        network_wake(n, w->party[!end], n->now_ns + transit_ns(n, path_of(n, w)));
}

bool network_ended(const struct network *n, uint32_t wire, unsigned end)
{
    const struct flow *f = &n->wires[wire].flow[!end];
    return f->fin_arrived && !f->arrived;
}

bool network_broken(const struct network *n, uint32_t wire, unsigned end)
{
    return n->wires[wire].sees[end];
}

size_t network_unread(const struct network *n, uint32_t wire, unsigned end)
{
    return n->wires[wire].flow[end].len;
}

bool network_left(const struct network *n, uint32_t wire, unsigned end)
{
    return n->wires[wire].gone[end] || n->wires[wire].flow[end].fin_sent;
}

void network_shut(struct network *n, uint32_t wire, unsigned end)
{
    struct flow *f = &n->wires[wire].flow[end];
    if (f->fin_sent)
        return;
    f->fin_sent = true;
    send_piece(n, wire, end, 0, true);
}

void network_close(struct network *n, uint32_t wire, unsigned end, bool reset)
{
    struct wire *w = &n->wires[wire];
    if (w->gone[end])
        return;
    bool unread = w->flow[!end].arrived > 0;
    w->gone[end] = true;
    if (w->gone[!end]) {
        free_flow(&w->flow[0]);
        free_flow(&w->flow[1]);
    } else if ((reset || unread) && !w->broken && !w->dark) {
        w->broken = true;
        tell_broken(n, wire, !end);
    } else {
        network_shut(n, wire, end);
    }
}

/* -- fate -------------------------------------------------------------------------------------- */

static bool stands(const struct wire *w)
{
    return !w->gone[0] && !w->gone[1] && !w->broken && !w->dark;
}

static bool between(const struct wire *w, unsigned a, unsigned b)
{
    return (w->party[0] == a && w->party[1] == b) || (w->party[0] == b && w->party[1] == a);
}

static void break_wire(struct network *n, uint32_t number, enum cut how)
{
    struct wire *w = &n->wires[number];
    if (how == CUT_SILENT) {
        w->dark = true;
        return;
    }
    unsigned fin_end = how == CUT_FIN ? (unsigned)network_draw(n, 2) : 2;
    w->broken = true;
    for (unsigned end = 0; end < 2; end++) {
        struct flow *in = &w->flow[!end];
        if (end != fin_end) {
            tell_broken(n, number, end);
            continue;
        }
        in->len = in->arrived; /* what has arrived can still be read */
        in->fin_arrived = true;
        wake_soon(n, w->party[end]);
    }
}

void network_break(struct network *n, unsigned a, unsigned b, enum cut how)
{
    for (uint32_t i = 0; i < n->wires_count && how != CUT_STALL; i++)
        if (between(&n->wires[i], a, b) && stands(&n->wires[i]))
            break_wire(n, i, how);
}

static void darken(struct network *n, unsigned from, unsigned to)
{
    for (uint32_t i = 0; i < n->wires_count; i++)
        if (between(&n->wires[i], from, to) && stands(&n->wires[i]))
            n->wires[i].flow[n->wires[i].party[1] == from].dark = true;
}

void network_cut_side(struct network *n, unsigned a, unsigned b, enum cut how, enum cut_side side)
{
    if (side == CUT_BOTH || how == CUT_RESET || how == CUT_FIN) {
        network_cut(n, a, b, how);
        return;
    }
    unsigned lower = a < b ? a : b, higher = a < b ? b : a;
    bool from_lower = side == CUT_FROM_LOWER;
    network_heal(n, a, b);
    struct path *path = network_path(n, a, b);
    path->state = how == CUT_STALL ? PATH_STALLS : PATH_SILENT;
    path->passes[from_lower] = true;
    if (how == CUT_SILENT)
        darken(n, from_lower ? lower : higher, from_lower ? higher : lower);
}

void network_cut(struct network *n, unsigned a, unsigned b, enum cut how)
{
    static const enum path_state states[CUT_KINDS] = {
        [CUT_RESET] = PATH_REFUSES,
        [CUT_FIN] = PATH_REFUSES,
        [CUT_STALL] = PATH_STALLS,
        [CUT_SILENT] = PATH_SILENT,
    };
    network_heal(n, a, b);
    network_path(n, a, b)->state = states[how];
    network_break(n, a, b, how);
}

void network_heal(struct network *n, unsigned a, unsigned b)
{
    struct path *path = network_path(n, a, b);
    bool stalled = path->state == PATH_STALLS;
    path->state = PATH_OPEN;
    path->passes[0] = path->passes[1] = false;
    for (uint32_t i = 0; stalled && i < n->wires_count; i++) {
        struct wire *w = &n->wires[i];
        for (unsigned end = 0; end < 2 && between(w, a, b); end++) {
            struct flow *f = &w->flow[end];
            if (f->held || f->fin_held)
                send_piece(n, i, end, f->held, f->fin_held);
            f->held = 0;
            f->fin_held = false;
        }
    }
}

void network_crash(struct network *n, unsigned party)
{
    for (uint32_t i = 0; i < n->wires_count; i++) {
        struct wire *w = &n->wires[i];
        for (unsigned end = 0; end < 2; end++)
            if (w->party[end] == party && !w->gone[end])
                w->dark = w->gone[end] = true;
    }
    n->parties[party].backlog_count = 0;
    n->parties[party].listens = false;
}

static bool is_link(const struct wire *w, unsigned a, unsigned b)
{
    bool dark = w->flow[0].dark || w->flow[1].dark;
    return between(w, a, b) && stands(w) && !dark && w->dial == DIAL_STANDS;
}

unsigned network_wires_between(const struct network *n, unsigned a, unsigned b)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < n->wires_count; i++)
        count += is_link(&n->wires[i], a, b);
    return count;
}

unsigned network_dialler(const struct network *n, unsigned a, unsigned b)
{
    unsigned dialler = n->parties_count;
    for (uint32_t i = 0; i < n->wires_count; i++)
        if (is_link(&n->wires[i], a, b))
            dialler = n->wires[i].party[0];
    return dialler;
}

/* -- time -------------------------------------------------------------------------------------- */

static void on_break(struct network *n, const struct event *e)
{
    struct wire *w = &n->wires[e->subject];
    if (w->gone[e->end])
        return;
    w->broken = true;
    w->sees[e->end] = true;
    wake_soon(n, w->party[e->end]);
}

bool network_next(struct network *n, int64_t until_ns, unsigned *party)
{
    while (n->heap_count && n->heap[0].at_ns <= until_ns) {
        struct event e = pop(n);
        n->now_ns = e.at_ns;
        if (e.kind == EVENT_WAKE && n->parties[e.subject].wake_ns != e.at_ns)
            continue;
        n->events++;
        trace_number(n, (uint64_t)e.at_ns);
        trace_number(n, (uint64_t)e.kind << 40 | (uint64_t)e.end << 36 | e.subject);
        switch (e.kind) {
        case EVENT_WAKE:
            n->parties[e.subject].wake_ns = NEVER_NS;
            *party = e.subject;
            return true;
        case EVENT_ASK:
            on_ask(n, e.subject);
            break;
        case EVENT_ANSWER:
            on_answer(n, e.subject, (enum dial_state)e.bytes);
            break;
        case EVENT_PIECE:
            on_piece(n, &e);
            break;
        case EVENT_BREAK:
            on_break(n, &e);
            break;
        }
    }
    n->now_ns = until_ns;
    return false;
}
