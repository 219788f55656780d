/* engine.c — see engine.h. It uses the program's ring (io/ring.h), so the load costs the same for
 * every server. */
#include "load/engine.h"
#include "io/ring.h"
#include "load/connection.h"
#include "load/cpu.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

enum {
    DRAIN_S = 10, /* how long to wait for the last command's reply */
    SHOWN_BYTES_MAX = 300, /* of a wrong reply */
    SMALL_DEPTH = 8, /* up to this depth, the replies of a turn fit small buffers */
    FEW_CONNECTIONS = 256,
};

struct engine {
    const struct plan *plan;
    struct traffic *traffic;
    struct outcome *out;
    struct ring *ring;
    struct connection *each;
    uint32_t *touched; /* connections to fill or to send from */
    uint32_t touched_count;
    uint32_t turn; /* open loop: the connection that gets the next command */
    uint64_t made; /* commands, without greetings */
    uint64_t under_way, answered; /* of the commands */
    uint64_t dice;
    int64_t now_ns, start_ns, begin_ns, end_ns; /* counted is what lies between the last two */
    int64_t counted_until_ns; /* the last answer that is */
    int64_t cpu_at_begin_ns, own_at_begin_ns;
    bool counting, counted, failed;
};

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static void fail(struct engine *e, const char *what, struct span in, struct span asked)
{
    if (!e->failed)
        fprintf(stderr, "load: %s\n  asked: %.*s\n  got:   %.*s\n", what,
            (int)(asked.len < SHOWN_BYTES_MAX ? asked.len : SHOWN_BYTES_MAX), asked.at,
            (int)(in.len < SHOWN_BYTES_MAX ? in.len : SHOWN_BYTES_MAX), in.at);
    e->failed = true;
}

static void touch(struct engine *e, struct connection *c)
{
    if (c->touched)
        return;
    c->touched = true;
    e->touched[e->touched_count++] = (uint32_t)(c - e->each);
}

static void receive(struct engine *e, struct connection *c)
{
    ring_receive(
        e->ring, c->fd, (struct ring_tag){.op = RING_RECEIVE, .slot = (uint32_t)(c - e->each)});
}

/* -- what comes in ----------------------------------------------------------------------------- */

static void count_answer(struct engine *e, const struct asked *a, bool overtaken)
{
    e->under_way--;
    e->answered++;
    int64_t at = e->plan->rate ? a->due_ns : e->now_ns;
    if (at < e->begin_ns || at >= e->end_ns)
        return;
    histogram_record(&e->out->latency, e->now_ns - a->due_ns);
    e->out->answered++;
    e->out->overtaken += overtaken;
    e->counted_until_ns = e->now_ns;
}

/* Check the replies at the beginning of `in`. Returns what remains. */
static struct span judge(struct engine *e, struct connection *c, struct span in)
{
    const struct protocol *p = e->plan->protocol;
    while (in.len && !e->failed) {
        const struct asked *a = &c->asked[c->first];
        struct span asked = {c->bytes + a->at, a->bytes};
        size_t used = 0;
        if (!c->under_way && p->aside_answer.len == 0) {
            fail(e, "nothing was asked", in, SPAN(""));
            break;
        }
        enum verdict verdict = p->check(in, asked, a->kind, &used);
        if (verdict == REPLY_PART)
            break;
        if (verdict == REPLY_ASIDE) {
            c->aside = true;
        } else if (verdict == REPLY_WRONG || !c->under_way) {
            fail(e, "a wrong reply", in, asked);
        } else {
            if (a->kind != KIND_GREETING)
                count_answer(e, a, verdict == REPLY_OVERTAKEN);
            c->first = (c->first + 1) & (c->commands - 1);
            c->under_way--;
        }
        in = span_from(in, used);
    }
    return in;
}

static void take_in(struct engine *e, struct connection *c, const struct ring_event *event)
{
    if (event->result == -ENOBUFS) {
        receive(e, c);
        return;
    }
    if (event->result <= 0) {
        errno = -event->result;
        fprintf(stderr, "load: the server hung up: %m\n");
        e->failed = true;
        return;
    }
    if (c->held_bytes) {
        struct span all = connection_hold(c, event->bytes);
        if (all.at)
            connection_keep(c, judge(e, c, all).len);
        e->failed |= !all.at;
    } else {
        struct span rest = judge(e, c, event->bytes);
        e->failed |= rest.len && !connection_hold(c, rest).at;
    }
    if (!event->more)
        receive(e, c);
    touch(e, c);
}

static void completed(struct engine *e, const struct ring_event *event)
{
    struct connection *c = &e->each[event->tag.slot];
    if (event->tag.op == RING_RECEIVE) {
        take_in(e, c, event);
        return;
    }
    c->sending = false;
    if (event->result < 0) {
        errno = -event->result;
        fprintf(stderr, "load: cannot send: %m\n");
        e->failed = true;
        return;
    }
    connection_sent(c, (size_t)event->result);
    if (connection_unsent(c).len)
        touch(e, c);
}

/* -- what goes out ----------------------------------------------------------------------------- */

static void command(struct engine *e, struct connection *c, int64_t due_ns)
{
    const struct protocol *p = e->plan->protocol;
    enum kind kind = KIND_UPDATE;
    if (e->plan->queries_percent) {
        e->dice = e->dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        if ((e->dice >> 33) % 100 < e->plan->queries_percent)
            kind = KIND_QUERY;
    }
    char *room = connection_room(c, p->command_bytes_max), *at = room;
    if (c->aside)
        at = put(at, p->aside_answer.at, p->aside_answer.len);
    c->aside = false;
    at += p->write(e->traffic, kind, at);
    connection_wrote(c, (size_t)(at - room), kind, due_ns);
    e->made++;
    e->under_way++;
}

static int64_t due_ns(const struct engine *e)
{
    return e->start_ns + (int64_t)e->made * SECOND_NS / e->plan->rate;
}

static bool all_made(const struct engine *e)
{
    if (e->plan->count)
        return e->made >= e->plan->count;
    return e->plan->rate ? due_ns(e) >= e->end_ns : e->now_ns >= e->end_ns;
}

static void fill_open(struct engine *e)
{
    unsigned full = 0; /* consecutive connections that can take no command */
    while (!all_made(e) && due_ns(e) <= e->now_ns) {
        if (full == e->plan->connections) {
            int64_t late = (e->now_ns - due_ns(e)) / (SECOND_NS / e->plan->rate);
            if (late > e->out->backlog_max)
                e->out->backlog_max = late;
            return;
        }
        struct connection *c = &e->each[e->turn];
        e->turn = e->turn + 1 < e->plan->connections ? e->turn + 1 : 0;
        full = c->under_way < c->depth ? 0 : full + 1;
        if (!full) {
            command(e, c, due_ns(e));
            touch(e, c);
        }
    }
}

static void send_touched(struct engine *e)
{
    /* The time that this turn has taken so far is not the server's. */
    int64_t asked_ns = e->plan->rate ? 0 : clock_ns();
    for (uint32_t i = 0; i < e->touched_count; i++) {
        struct connection *c = &e->each[e->touched[i]];
        c->touched = false;
        if (!e->plan->rate)
            while (c->under_way < c->depth && !all_made(e))
                command(e, c, asked_ns);
        struct span unsent = connection_unsent(c);
        if (c->sending || !unsent.len)
            continue;
        c->sending = true;
        ring_send(
            e->ring, c->fd, (struct ring_tag){.op = RING_SEND, .slot = e->touched[i]}, unsent);
    }
    e->touched_count = 0;
}

/* -- time -------------------------------------------------------------------------------------- */

static int64_t servers_cpu_ns(const struct engine *e)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < e->plan->pids_count; i++)
        sum += cpu_ns(e->plan->pids[i]);
    return sum;
}

/* Note the first turn within the counted time, and the first after it. */
static void pass_marks(struct engine *e)
{
    if (!e->counting && e->now_ns >= e->begin_ns) {
        e->counting = true;
        e->cpu_at_begin_ns = servers_cpu_ns(e);
        e->own_at_begin_ns = cpu_own_ns();
    }
    bool over = e->plan->count ? e->answered >= e->plan->count : e->now_ns >= e->end_ns;
    if (e->counting && !e->counted && over) {
        e->counted = true;
        e->out->servers_cpu_ns = servers_cpu_ns(e) - e->cpu_at_begin_ns;
        e->out->own_cpu_ns = cpu_own_ns() - e->own_at_begin_ns;
        e->out->seconds = (double)(e->now_ns - e->begin_ns) / (double)SECOND_NS;
    }
}

static int64_t wait_ns(const struct engine *e)
{
    if (e->plan->poll)
        return 0;
    int64_t until = e->end_ns;
    if (!e->counting)
        until = e->begin_ns;
    if (e->counted)
        until = e->now_ns + SECOND_NS / 10;
    if (e->plan->rate && !all_made(e) && due_ns(e) < until)
        until = due_ns(e);
    return until > e->now_ns ? until - e->now_ns : 0;
}

static bool over(const struct engine *e)
{
    if (e->failed)
        return true;
    if (e->plan->count)
        return e->counted;
    return e->counted &&
           ((all_made(e) && !e->under_way) || e->now_ns > e->end_ns + DRAIN_S * SECOND_NS);
}

static void turns(struct engine *e)
{
    struct ring_event event;
    while (!over(e)) {
        int error = ring_enter(e->ring, wait_ns(e));
        e->now_ns = clock_ns();
        if (error) {
            errno = error;
            fprintf(stderr, "load: io_uring: %m\n");
            e->failed = true;
        }
        pass_marks(e);
        while (ring_next(e->ring, &event))
            completed(e, &event);
        if (e->plan->rate)
            fill_open(e);
        send_touched(e);
        ring_buffers_return(e->ring);
        if (e->plan->count)
            pass_marks(e);
    }
}

/* -- a run ------------------------------------------------------------------------------------- */

static bool connect_all(struct engine *e)
{
    const struct plan *p = e->plan;
    for (unsigned i = 0; i < p->connections; i++) {
        struct connection *c = &e->each[i];
        if (!connection_open(
                c, p->ports[i % p->ports_count], p->depth, p->protocol->command_bytes_max))
            return false;
        receive(e, c);
        if (p->protocol->greeting.len) {
            memcpy(connection_room(c, p->protocol->command_bytes_max), p->protocol->greeting.at,
                p->protocol->greeting.len);
            connection_wrote(c, p->protocol->greeting.len, KIND_GREETING, 0);
        }
        touch(e, c);
    }
    return true;
}

static bool open_all(struct engine *e)
{
    const struct plan *p = e->plan;
    bool large = p->depth > SMALL_DEPTH || p->queries_percent || p->connections <= FEW_CONNECTIONS;
    struct ring_sizes sizes = RING_SIZES;
    if (!large) {
        sizes.buffers = 4096;
        sizes.buffer_bytes = 1024;
    }
    e->ring = ring_open(&sizes, 0);
    e->each = calloc(p->connections, sizeof *e->each);
    e->touched = calloc(p->connections, sizeof *e->touched);
    for (unsigned i = 0; e->each && i < p->connections; i++)
        e->each[i].fd = -1;
    return e->ring && e->each && e->touched && connect_all(e);
}

static void close_all(struct engine *e)
{
    if (e->ring)
        ring_close(e->ring);
    for (unsigned i = 0; e->each && i < e->plan->connections; i++)
        connection_close(&e->each[i]);
    free(e->each);
    free(e->touched);
}

/* Open loop: a command that was never answered counts with the time that it has waited so far. */
static void count_unanswered(struct engine *e)
{
    for (unsigned i = 0; i < e->plan->connections; i++) {
        const struct connection *c = &e->each[i];
        for (uint32_t k = 0; k < c->under_way; k++) {
            int64_t due = c->asked[(c->first + k) & (c->commands - 1)].due_ns;
            histogram_record(&e->out->latency, e->now_ns - due);
            e->out->unanswered++;
        }
    }
    for (; !all_made(e); e->made++) {
        histogram_record(&e->out->latency, e->now_ns - due_ns(e));
        e->out->unanswered++;
    }
}

bool engine_run(const struct plan *p, struct traffic *t, struct outcome *out)
{
    struct engine e = {.plan = p, .traffic = t, .out = out, .dice = 1};
    memset(out, 0, sizeof *out);
    prctl(PR_SET_TIMERSLACK, 1); /* else every sleep of an open loop takes up to 50 us too long */
    bool well = open_all(&e);
    if (well) {
        e.now_ns = e.start_ns = clock_ns();
        e.begin_ns = e.start_ns + (p->count ? 0 : p->warm_up_ns);
        e.end_ns = p->count ? INT64_MAX : e.begin_ns + p->duration_ns;
        send_touched(&e);
        turns(&e);
        if (!p->rate && e.under_way && !e.failed) {
            fprintf(stderr, "load: %llu commands were not answered within %d s\n",
                (unsigned long long)e.under_way, DRAIN_S);
            e.failed = true;
        }
        well = !e.failed;
    }
    if (well && p->rate) {
        count_unanswered(&e);
        if (e.counted_until_ns > e.end_ns) /* the server could not keep up */
            out->seconds = (double)(e.counted_until_ns - e.begin_ns) / (double)SECOND_NS;
    }
    close_all(&e);
    return well;
}
