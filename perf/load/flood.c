/* flood.c — measures how fast a herd, a chain of Redis replicas or a NATS cluster spreads
 * updates.
 *
 *     flood [options] SOURCE-PORT SINK-PORT[,SINK-PORT...]
 *
 * With --rate, updates are sent to the source at a fixed rate, for many clients. Every n-th of them
 * is a probe: it is for one client, which is watched at the first sink. The results are the times
 * from when a probe was due, and from its reply at the source, until it is seen at that sink. (A
 * NATS cluster sends only to nodes with subscribers, so each sink has one.)
 *
 * With --count, that many updates, each for another client, are sent as fast as the source takes
 * them, until all sinks have the last ones. One connection sends them, so the last one sent is the
 * last to leave the source. The LAST updates before it are checked as well, and the clock runs
 * until none is missing. NATS: until each sink received all.
 *
 * sight.h says how an update is seen, and why that is fair. */
#include "core/base/invariant.h"
#include "io/invariant.h"
#include "io/ring.h"
#include "load/connection.h"
#include "load/histogram.h"
#include "load/sight.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

enum {
    SINKS_MAX = 63,
    PROBES_MAX = 1 << 16, /* sent and not seen yet */
    LAST = 16, /* updates that are looked for at the end; few, for the clock runs on */
    COMMAND_BYTES_MAX = 160,
    ASK_BYTES_MAX = 64,
    BACKGROUND_IDS = 100000,
    DRAIN_S = 30,
    AWAKE_NS_MAX = 100000,
};

struct probe {
    char time[TRAFFIC_TIME_BYTES];
    int64_t due_ns, replied_ns; /* 0: not yet */
};

struct sink {
    struct connection c;
    unsigned asked; /* which of the last ones is asked for; LAST: all are there */
    uint64_t told;
};

static struct flood {
    const struct protocol *protocol;
    const struct sight *sight;
    struct traffic traffic;
    struct ring *ring;
    struct connection source;
    struct sink sinks[SINKS_MAX];
    unsigned sinks_count, depth, every;
    int64_t rate, warm_up_ns, duration_ns;
    uint64_t count, made, answered;
    int64_t now_ns, start_ns, end_ns, replied_all_ns, seen_all_ns;
    struct probe probes[PROBES_MAX];
    uint64_t probes_made, probes_replied, probes_seen;
    struct sighting last[LAST]; /* with --count */
    struct histogram from_due, from_reply;
} f;

_Noreturn static void fail(const char *what, struct span said)
{
    fprintf(stderr, "flood: %s: %.*s\n", what, (int)(said.len < 200 ? said.len : 200), said.at);
    exit(1);
}

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static struct connection *connection_of(uint32_t slot)
{
    return slot ? &f.sinks[slot - 1].c : &f.source;
}

static void push(uint32_t slot)
{
    struct connection *c = connection_of(slot);
    struct span unsent = connection_unsent(c);
    if (c->sending || !unsent.len)
        return;
    c->sending = true;
    ring_send(f.ring, c->fd, (struct ring_tag){.op = RING_SEND, .slot = slot}, unsent);
}

/* -- told -------------------------------------------------------------------------------------- */

static int64_t due_ns(void)
{
    return f.start_ns + (int64_t)f.made * SECOND_NS / f.rate;
}

/* Write the next update, for client `number`. Returns its bytes. */
static struct span tell(uint64_t number, int64_t due)
{
    char *room = connection_room(&f.source, COMMAND_BYTES_MAX), *at = room;
    if (f.source.aside)
        at = put(at, f.protocol->aside_answer.at, f.protocol->aside_answer.len);
    f.source.aside = false;
    f.traffic.next = number;
    at += f.protocol->write(&f.traffic, KIND_UPDATE, at);
    connection_wrote(&f.source, (size_t)(at - room), KIND_UPDATE, due);
    f.made++;
    return (struct span){room, (size_t)(at - room)};
}

static void time_of_last(char *out)
{
    memcpy(out, f.traffic.time_head, sizeof f.traffic.time_head);
    memcpy(out + sizeof f.traffic.time_head, &f.traffic.time_tail, 8);
}

static void tell_at_rate(void)
{
    while (due_ns() <= f.now_ns && due_ns() < f.end_ns && f.source.under_way < f.source.depth) {
        bool probe = f.made % f.every == 0;
        int64_t due = due_ns();
        if (!probe) {
            tell(1 + f.made % BACKGROUND_IDS, due);
            continue;
        }
        if (f.probes_made - f.probes_seen == PROBES_MAX)
            return;
        struct probe *p = &f.probes[f.probes_made % PROBES_MAX];
        tell(0, due);
        *p = (struct probe){.due_ns = due};
        time_of_last(p->time);
        f.probes_made++;
    }
}

static void tell_all(void)
{
    while (f.made < f.count && f.source.under_way < f.source.depth) {
        uint64_t place = f.count - f.made;
        struct span told = tell(f.made, f.now_ns);
        if (place > LAST || f.sight->told)
            continue;
        struct sighting *s = &f.last[LAST - place];
        time_of_last(s->time);
        const char *id = memmem(told.at, told.len, "client-", 7);
        memcpy(s->id, id, sizeof s->id);
    }
}

/* An update was answered by the source. */
static void replied(const struct asked *a)
{
    if (a->kind == KIND_GREETING)
        return;
    uint64_t number = f.answered++;
    if (f.rate && number % f.every == 0)
        f.probes[f.probes_replied++ % PROBES_MAX].replied_ns = f.now_ns;
    if (!f.rate && f.answered == f.count)
        f.replied_all_ns = f.now_ns;
}

static struct span read_source(struct span in)
{
    struct connection *c = &f.source;
    while (in.len) {
        const struct asked *a = &c->asked[c->first];
        struct span asked = {c->bytes + a->at, a->bytes};
        size_t used = 0;
        enum verdict v = f.protocol->check(in, asked, a->kind, &used);
        if (v == REPLY_PART)
            break;
        if (v == REPLY_WRONG || (v != REPLY_ASIDE && !c->under_way))
            fail("a wrong reply at the source", in);
        if (v == REPLY_ASIDE) {
            c->aside = true;
        } else {
            replied(a);
            c->first = (c->first + 1) & (c->commands - 1);
            c->under_way--;
        }
        in = span_from(in, used);
    }
    return in;
}

/* -- seen -------------------------------------------------------------------------------------- */

static void ask(struct sink *s, const char *id)
{
    char *room = connection_room(&s->c, ASK_BYTES_MAX);
    connection_wrote(&s->c, f.sight->ask(id, room), KIND_QUERY, f.now_ns);
    push((uint32_t)(s - f.sinks) + 1);
}

/* All probes up to the time seen have arrived. */
static void seen_probe(const struct sighting *s)
{
    while (f.probes_seen < f.probes_made) {
        const struct probe *p = &f.probes[f.probes_seen % PROBES_MAX];
        if (memcmp(s->time, p->time, sizeof p->time) < 0)
            return;
        /* The sink may have it before the source's reply arrives here. */
        bool replied = f.probes_seen < f.probes_replied;
        if (p->due_ns >= f.start_ns + f.warm_up_ns) {
            histogram_record(&f.from_due, f.now_ns - p->due_ns);
            histogram_record(&f.from_reply, replied ? f.now_ns - p->replied_ns : 0);
        }
        f.probes_seen++;
    }
}

static void seen(struct sink *s, const struct sighting *what)
{
    if (!f.sight->told)
        s->c.under_way--;
    s->told++;
    if (f.rate) {
        bool watched = memcmp(what->id + TRAFFIC_ID_BYTES - 8, "00000000", 8) == 0;
        if (s == f.sinks && watched)
            seen_probe(what);
        return;
    }
    if (f.sight->told) {
        s->asked = s->told == f.count ? LAST : 0;
    } else {
        const struct sighting *wanted = &f.last[s->asked];
        s->asked += memcmp(what->time, wanted->time, sizeof wanted->time) >= 0;
    }
    for (unsigned i = 0; i < f.sinks_count; i++)
        if (f.sinks[i].asked < LAST)
            return;
    f.seen_all_ns = f.now_ns;
}

static struct span read_sink(struct sink *s, struct span in)
{
    while (in.len) {
        struct sighting what;
        size_t used = 0;
        enum verdict v = f.sight->read(in, &what, &used);
        if (v == REPLY_PART)
            break;
        if (v == REPLY_WRONG)
            fail("a wrong reply at a sink", in);
        if (v == REPLY_RIGHT)
            seen(s, &what);
        in = span_from(in, used);
    }
    return in;
}

/* Ask the sinks that report nothing by themselves, one question at a time, the last update
 * first. */
static void look(void)
{
    static const char watched[] = "client-0000000000000";
    if (f.sight->told)
        return;
    if (f.rate) {
        if (f.probes_seen < f.probes_made && !f.sinks[0].c.under_way)
            ask(&f.sinks[0], watched);
        return;
    }
    for (unsigned i = 0; f.replied_all_ns && i < f.sinks_count; i++)
        if (f.sinks[i].asked < LAST && !f.sinks[i].c.under_way)
            ask(&f.sinks[i], f.last[f.sinks[i].asked].id);
}

/* -- turns ------------------------------------------------------------------------------------- */

static void listen_to(uint32_t slot)
{
    ring_receive(
        f.ring, connection_of(slot)->fd, (struct ring_tag){.op = RING_RECEIVE, .slot = slot});
}

static struct span read_any(uint32_t slot, struct span in)
{
    return slot ? read_sink(&f.sinks[slot - 1], in) : read_source(in);
}

static void completed(const struct ring_event *e)
{
    struct connection *c = connection_of(e->tag.slot);
    if (e->tag.op == RING_SEND) {
        c->sending = false;
        if (e->result < 0)
            fail("cannot send", span_of(strerror(-e->result)));
        connection_sent(c, (size_t)e->result);
        push(e->tag.slot);
        return;
    }
    if (e->result == 0 || (e->result < 0 && e->result != -ENOBUFS))
        fail("a server hung up", span_of(strerror(-e->result)));
    if (e->result > 0) {
        struct span all = c->held_bytes ? connection_hold(c, e->bytes) : e->bytes;
        size_t rest = read_any(e->tag.slot, all).len;
        if (c->held_bytes)
            connection_keep(c, rest);
        else if (rest && !connection_hold(c, span_from(all, all.len - rest)).at)
            fail("no memory", SPAN(""));
    }
    if (!e->more)
        listen_to(e->tag.slot);
}

static bool over(void)
{
    if (!f.rate)
        return f.seen_all_ns;
    return f.now_ns >= f.end_ns &&
           (f.probes_seen == f.probes_made || f.now_ns > f.end_ns + DRAIN_S * SECOND_NS);
}

/* How long to sleep until the next update is due. Stays awake for the last part, because a late
 * wake-up would count as the server's delay; for a tenth of the time at most, because the herd
 * needs the cores. */
static int64_t wait_ns(void)
{
    int64_t longest = SECOND_NS / 100;
    if (!f.rate || due_ns() >= f.end_ns)
        return longest;
    int64_t awake = SECOND_NS / f.rate / 10;
    if (awake > AWAKE_NS_MAX)
        awake = AWAKE_NS_MAX;
    int64_t left = due_ns() - f.now_ns;
    if (left > longest + awake)
        return longest;
    return left > awake ? left - awake : 0;
}

static void turns(void)
{
    struct ring_event e;
    while (!over()) {
        if (ring_enter(f.ring, wait_ns()) != 0)
            fail("io_uring", SPAN("cannot be used any more"));
        f.now_ns = clock_ns();
        while (ring_next(f.ring, &e))
            completed(&e);
        if (f.rate)
            tell_at_rate();
        else
            tell_all();
        push(0);
        look();
        ring_buffers_return(f.ring);
        if (!f.rate && f.now_ns > f.start_ns + 10 * DRAIN_S * SECOND_NS)
            fail("gave up waiting until all sinks have all updates", SPAN(""));
    }
}

/* -- begin and end ----------------------------------------------------------------------------- */

static void greet(uint32_t slot, struct span greeting, size_t room_bytes)
{
    struct connection *c = connection_of(slot);
    listen_to(slot);
    if (!greeting.len)
        return;
    memcpy(connection_room(c, room_bytes), greeting.at, greeting.len);
    connection_wrote(c, greeting.len, KIND_GREETING, 0);
    push(slot);
}

static double us(const struct histogram *h, double fraction)
{
    return (double)histogram_percentile(h, fraction) / 1e3;
}

static void print_outcome(void)
{
    if (f.rate) {
        printf("{\"protocol\": \"%s\", \"rate\": %lld, \"told\": %llu, \"watched\": %llu, "
               "\"unseen\": %llu, ",
            f.protocol->name, (long long)f.rate, (unsigned long long)f.answered,
            (unsigned long long)f.from_due.total,
            (unsigned long long)(f.probes_made - f.probes_seen));
        printf("\"p50_us\": %.3f, \"p99_us\": %.3f, \"max_us\": %.3f, ", us(&f.from_due, 0.5),
            us(&f.from_due, 0.99), us(&f.from_due, 1));
        printf("\"reply_p50_us\": %.3f, \"reply_p99_us\": %.3f, \"reply_max_us\": %.3f}\n",
            us(&f.from_reply, 0.5), us(&f.from_reply, 0.99), us(&f.from_reply, 1));
        return;
    }
    double replied = (double)(f.replied_all_ns - f.start_ns) / (double)SECOND_NS;
    double all = (double)(f.seen_all_ns - f.start_ns) / (double)SECOND_NS;
    printf("{\"protocol\": \"%s\", \"updates\": %llu, \"sinks\": %u, \"seconds_to_replies\": %.6f, "
           "\"seconds_to_all\": %.6f, \"per_second\": %.1f}\n",
        f.protocol->name, (unsigned long long)f.count, f.sinks_count, replied, all,
        (double)f.count / all);
}

static const char help[] =
    "Usage: flood [options] SOURCE-PORT SINK-PORT[,SINK-PORT...]\n"
    "\n"
    "Send updates to the node at SOURCE-PORT and measure when they reach the sinks.\n"
    "Print the result as one line of JSON.\n"
    "\n"
    "  -p, --protocol NAME  herd, redis-set or nats; default: herd\n"
    "  -r, --rate N         send N updates a second, time probes at the first sink\n"
    "  -e, --every N        one of N updates is a probe; default: 1\n"
    "  -t, --seconds S      how long; default: 2\n"
    "  -w, --warm-up S      do not count probes of the first S seconds; default: 0\n"
    "  -n, --count N        instead: send N updates as fast as possible, until all\n"
    "                       sinks have all of them\n"
    "  -d, --depth N        updates under way; default: 1024\n"
    "\n"
    "Exit codes: 0 measured, 1 failed, 2 wrong command line.\n";

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || (*end && *end != ',') || !(value >= least && value <= most)) {
        fprintf(stderr, "flood: not a valid number here: %s\n", text);
        exit(2);
    }
    return value;
}

static void read_command_line(int argc, char **argv)
{
    static const struct option options[] = {{"protocol", 1, 0, 'p'}, {"rate", 1, 0, 'r'},
        {"every", 1, 0, 'e'}, {"seconds", 1, 0, 't'}, {"warm-up", 1, 0, 'w'}, {"count", 1, 0, 'n'},
        {"depth", 1, 0, 'd'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    const char *protocol = "herd";
    for (int c; (c = getopt_long(argc, argv, "p:r:e:t:w:n:d:h", options, NULL)) != -1;) {
        if (c == 'p')
            protocol = optarg;
        else if (c == 'r')
            f.rate = (int64_t)number(optarg, 1, 1e7);
        else if (c == 'e')
            f.every = (unsigned)number(optarg, 1, 1e6);
        else if (c == 't')
            f.duration_ns = (int64_t)(number(optarg, 0.01, 86400) * 1e9);
        else if (c == 'w')
            f.warm_up_ns = (int64_t)(number(optarg, 0, 86400) * 1e9);
        else if (c == 'n')
            f.count = (uint64_t)number(optarg, LAST, TRAFFIC_IDS_MAX);
        else if (c == 'd')
            f.depth = (unsigned)number(optarg, 1, 1 << 16);
        else
            exit(c == 'h' ? (fputs(help, stdout), 0) : 2);
    }
    f.protocol = protocol_find(protocol);
    f.sight = sight_find(protocol);
    if (optind + 2 != argc || !f.protocol || !f.sight || (f.rate == 0) == (f.count == 0)) {
        fputs(help, stderr);
        exit(2);
    }
}

static void connect_all(const char *source, const char *sinks)
{
    if (!connection_open(
            &f.source, (uint16_t)number(source, 1, UINT16_MAX), f.depth, COMMAND_BYTES_MAX))
        exit(1);
    greet(0, f.protocol->greeting, COMMAND_BYTES_MAX);
    for (const char *at = sinks; at && f.sinks_count < SINKS_MAX; f.sinks_count++) {
        struct connection *c = &f.sinks[f.sinks_count].c;
        if (!connection_open(c, (uint16_t)number(at, 1, UINT16_MAX), 1, ASK_BYTES_MAX))
            exit(1);
        greet(f.sinks_count + 1, f.sight->greeting, ASK_BYTES_MAX);
        at = strchr(at, ',');
        at += at != NULL;
    }
}

/* Wait for the replies to greetings. In a cluster the nodes must also learn of the subscribers. */
static void settle(void)
{
    struct ring_event e;
    int64_t until = clock_ns() + SECOND_NS / 2;
    while ((f.now_ns = clock_ns()) < until) {
        if (ring_enter(f.ring, until - f.now_ns) != 0)
            fail("io_uring", SPAN("cannot be used any more"));
        while (ring_next(f.ring, &e))
            completed(&e);
        ring_buffers_return(f.ring);
    }
}

int main(int argc, char **argv)
{
    invariant_hook = invariant_report;
    f.depth = 1024;
    f.every = 1;
    f.duration_ns = 2 * SECOND_NS;
    read_command_line(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1);
    if (!traffic_init(&f.traffic, TRAFFIC_IDS_MAX, 0, IDS_SEQUENCE, 1))
        return 1;
    struct ring_sizes sizes = RING_SIZES;
    f.ring = ring_open(&sizes, 0);
    if (!f.ring)
        return 1;
    connect_all(argv[optind], argv[optind + 1]);
    settle();
    f.now_ns = f.start_ns = clock_ns();
    f.end_ns = f.start_ns + f.warm_up_ns + f.duration_ns;
    turns();
    print_outcome();
    ring_close(f.ring);
    return 0;
}
