/* main.c — the command line of the load generator, and its result as one line of JSON. */
#include "core/base/invariant.h"
#include "io/invariant.h"
#include "load/engine.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define SECOND_NS INT64_C(1000000000)

static const char help[] =
    "Usage: load [options] PORT[,PORT...]\n"
    "\n"
    "Apply load to a server on 127.0.0.1, check every reply, and print the result as\n"
    "one line of JSON.\n"
    "\n"
    "  -p, --protocol NAME    herd, near, redis-set, redis-geoadd, redis-geosearch,\n"
    "                         memcached, nats, http or echo; default: herd\n"
    "  -c, --connections N    distributed over the ports in turn; default: 50\n"
    "  -d, --depth N          commands under way on each connection; default: 1\n"
    "  -i, --ids N[,ORDER]    number of clients, and their order: uniform, zipf or\n"
    "                         sequence; default: 1000000,uniform\n"
    "  -f, --first N          number of the first client; default: 0\n"
    "  -q, --queries PERCENT  of the commands, such as WHATSAT or NEAR; the others\n"
    "                         are updates; default: 0\n"
    "  -a, --around KM,COUNT  radius and number of places of WHATSAT; default: 10,5\n"
    "  -r, --rate N           open loop: N commands a second, with latencies counted\n"
    "                         from when each was due; default: closed loop\n"
    "  -t, --seconds S        length of the counted time; default: 1\n"
    "  -w, --warm-up S        time before that, which is not counted; default: 0.2\n"
    "  -n, --count N          instead of -t and -w: end after N commands, count all\n"
    "  -s, --spin             never sleep while waiting for replies\n"
    "  -P, --pid PID[,PID...] the server's processes, to report their processor time\n"
    "  -S, --seed N           of random numbers; default: 1\n"
    "\n"
    "Exit codes: 0 all replies were right, 1 one was wrong or the load could not be\n"
    "applied, 2 wrong command line.\n";

struct request {
    struct plan plan;
    uint64_t ids, first, seed;
    enum ids_order order;
};

_Noreturn static void refuse(const char *what, const char *value)
{
    fprintf(stderr, "load: %s: %s\n", what, value);
    exit(2);
}

static double number(const char *text, const char **rest, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || (*end && !rest) || !(value >= least && value <= most))
        refuse("not a valid number here", text);
    if (rest)
        *rest = *end == ',' ? end + 1 : end;
    return value;
}

static void read_ids(struct request *r, const char *text)
{
    static const char *const orders[] = {"uniform", "zipf", "sequence"};
    const char *rest;
    r->ids = (uint64_t)number(text, &rest, 1, TRAFFIC_IDS_MAX);
    r->order = IDS_UNIFORM;
    if (!*rest)
        return;
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(rest, orders[i]) == 0) {
            r->order = (enum ids_order)i;
            return;
        }
    refuse("unknown order of ids", rest);
}

static void read_around(char *text)
{
    const char *rest;
    number(text, &rest, 0, 50);
    if (rest == text || rest[-1] != ',')
        refuse("a radius and a count, like 10,5", text);
    text[rest - text - 1] = 0;
    herd_radius_km = text;
    herd_results = rest;
}

static void read_ports(struct plan *p, const char *text)
{
    while (*text) {
        if (p->ports_count == PORTS_MAX)
            refuse("too many ports", text);
        p->ports[p->ports_count++] = (uint16_t)number(text, &text, 1, UINT16_MAX);
    }
}

static void read_pids(struct plan *p, const char *text)
{
    while (*text) {
        if (p->pids_count == PIDS_MAX)
            refuse("too many processes", text);
        p->pids[p->pids_count++] = (int)number(text, &text, 1, INT32_MAX);
    }
}

static void read_option(struct request *r, int letter)
{
    struct plan *p = &r->plan;
    switch (letter) {
    case 'p':
        p->protocol = protocol_find(optarg);
        if (!p->protocol)
            refuse("unknown protocol", optarg);
        break;
    case 'c':
        p->connections = (unsigned)number(optarg, NULL, 1, CONNECTIONS_MAX);
        break;
    case 'd':
        p->depth = (unsigned)number(optarg, NULL, 1, DEPTH_MAX);
        break;
    case 'i':
        read_ids(r, optarg);
        break;
    case 'f':
        r->first = (uint64_t)number(optarg, NULL, 0, TRAFFIC_IDS_MAX - 1);
        break;
    case 'q':
        p->queries_percent = (unsigned)number(optarg, NULL, 0, 100);
        break;
    case 'a':
        read_around(optarg);
        break;
    case 'r':
        p->rate = (int64_t)number(optarg, NULL, 1, 1e8);
        break;
    case 't':
        p->duration_ns = (int64_t)(number(optarg, NULL, 0.001, 86400) * (double)SECOND_NS);
        break;
    case 'w':
        p->warm_up_ns = (int64_t)(number(optarg, NULL, 0, 86400) * (double)SECOND_NS);
        break;
    case 'n':
        p->count = (uint64_t)number(optarg, NULL, 1, 1e12);
        break;
    case 's':
        p->poll = true;
        break;
    case 'P':
        read_pids(p, optarg);
        break;
    case 'S':
        r->seed = (uint64_t)number(optarg, NULL, 1, 1e15);
        break;
    case 'h':
        fputs(help, stdout);
        exit(0);
    default:
        exit(2);
    }
}

static void read_command_line(struct request *r, int argc, char **argv)
{
    static const struct option options[] = {{"protocol", 1, 0, 'p'}, {"connections", 1, 0, 'c'},
        {"depth", 1, 0, 'd'}, {"ids", 1, 0, 'i'}, {"first", 1, 0, 'f'}, {"queries", 1, 0, 'q'},
        {"around", 1, 0, 'a'}, {"rate", 1, 0, 'r'}, {"seconds", 1, 0, 't'}, {"warm-up", 1, 0, 'w'},
        {"count", 1, 0, 'n'}, {"spin", 0, 0, 's'}, {"pid", 1, 0, 'P'}, {"seed", 1, 0, 'S'},
        {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    for (int letter;
         (letter = getopt_long(argc, argv, "p:c:d:i:f:q:a:r:t:w:n:sP:S:h", options, NULL)) != -1;)
        read_option(r, letter);
    if (optind + 1 != argc)
        refuse("no port given; see", "load --help");
    read_ports(&r->plan, argv[optind]);
}

static void print_outcome(const struct plan *p, const struct outcome *o)
{
    double operations = o->answered ? (double)o->answered : 1;
    const struct histogram *h = &o->latency;
    printf("{\"protocol\": \"%s\", \"connections\": %u, \"depth\": %u, \"rate\": %lld, "
           "\"seconds\": %.6f, "
           "\"answered\": %llu, \"unanswered\": %llu, \"overtaken\": %llu, \"backlog_max\": %lld, "
           "\"per_second\": %.1f, ",
        p->protocol->name, p->connections, p->depth, (long long)p->rate, o->seconds,
        (unsigned long long)o->answered, (unsigned long long)o->unanswered,
        (unsigned long long)o->overtaken, (long long)o->backlog_max,
        (double)o->answered / o->seconds);
    printf("\"mean_us\": %.3f, \"p50_us\": %.3f, \"p90_us\": %.3f, \"p99_us\": %.3f, "
           "\"p999_us\": %.3f, \"max_us\": %.3f, ",
        (double)h->sum / (double)(h->total ? h->total : 1) / 1e3,
        (double)histogram_percentile(h, 0.5) / 1e3, (double)histogram_percentile(h, 0.9) / 1e3,
        (double)histogram_percentile(h, 0.99) / 1e3, (double)histogram_percentile(h, 0.999) / 1e3,
        (double)h->max / 1e3);
    printf("\"server_cpu_us\": %.4f, \"load_cpu_us\": %.4f}\n",
        (double)o->servers_cpu_ns / operations / 1e3, (double)o->own_cpu_ns / operations / 1e3);
}

int main(int argc, char **argv)
{
    invariant_hook = invariant_report;
    static struct outcome outcome;
    static struct traffic traffic;
    struct request r = {.ids = 1000000,
        .seed = 1,
        .plan = {.protocol = &herd_protocol,
            .connections = 50,
            .depth = 1,
            .warm_up_ns = SECOND_NS / 5,
            .duration_ns = SECOND_NS}};
    read_command_line(&r, argc, argv);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (!traffic_init(&traffic, r.ids, r.first, r.order, r.seed)) {
        fputs("load: no memory\n", stderr);
        return 1;
    }
    bool well = engine_run(&r.plan, &traffic, &outcome);
    if (well)
        print_outcome(&r.plan, &outcome);
    traffic_release(&traffic);
    return well ? 0 : 1;
}
