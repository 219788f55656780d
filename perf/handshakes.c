/* handshakes.c — measures TLS: the processor time of a handshake, full and resumed, and its
 * longest single step; the memory of a connection and of the system's CAs; the length of a node's
 * turn when many strangers start handshakes at once.
 *
 *     build/release/perf/handshakes CERTIFICATES_SH
 *
 * CERTIFICATES_SH is tests/tools/certificates.sh. HTTPS servers are `openssl s_server` on loopback;
 * peers are other TLS engines in this process. Times are this thread's processor time in the steps
 * of one end, without what the other end computes. Each handshake is made HANDSHAKES times; medians
 * are printed, and for single steps the worst, too. */
#include "core/base/invariant.h"
#include "core/node/node.h"
#include "core/places/gazetteer_provider.h"
#include "files/clock.h"
#include "files/entropy.h"
#include "files/trust_file.h"
#include <arpa/inet.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HANDSHAKES = 41, STRANGERS = 60, TURNS_MAX = 4096, PATH_ROOM = 256, COMMAND_ROOM = 1024 };

static void on_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, what);
    abort();
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "handshakes: %s\n", what);
    exit(1);
}

static char folder[] = "/tmp/stampede-perf-XXXXXX";

static void shell(const char *format, const char *first, const char *second)
{
    char command[COMMAND_ROOM];
    snprintf(command, sizeof command, format, first, second);
    if (system(command) != 0)
        fail(command);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct samples {
    int64_t ns[TURNS_MAX];
    unsigned count;
};

static void sample(struct samples *s, int64_t ns)
{
    if (s->count < TURNS_MAX)
        s->ns[s->count++] = ns;
}

/* Sorts them, so the last one is the worst. */
static double median_ms(struct samples *s)
{
    if (!s->count)
        fail("nothing was measured");
    qsort(s->ns, s->count, sizeof *s->ns, by_size);
    return (double)s->ns[s->count / 2] / 1e6;
}

static double worst_ms(const struct samples *s)
{
    return (double)s->ns[s->count - 1] / 1e6;
}

/* Print the times of handshakes of one kind, and the longest step of each. */
static void print_handshakes(const char *what, struct samples *all, struct samples *steps)
{
    double full = median_ms(all), step = median_ms(steps);
    printf("%-44s median %6.2f ms; longest step median %6.2f, worst of %u %6.2f\n", what, full,
        step, steps->count, worst_ms(steps));
}

/* -- what comes out of files ------------------------------------------------------------------- */

static struct tls_trust *read_trust(const char *path)
{
    struct tls_trust *trust = trust_file_read(path, TRUST_SYSTEM_REMEDY, stderr);
    if (!trust)
        exit(1);
    return trust;
}

static struct tls_trust *trust_of(const char *name)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s.pem", folder, name);
    return read_trust(path);
}

static struct span text_of(const char *name, const char *ending)
{
    static char memory[2][65536];
    static unsigned turn;
    char path[PATH_ROOM], *to = memory[turn++ % 2];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    FILE *f = fopen(path, "r");
    if (!f)
        fail(path);
    size_t len = fread(to, 1, sizeof memory[0], f);
    fclose(f);
    return (struct span){to, len};
}

static struct tls_identity *identity_of(const char *name)
{
    const char *why;
    bool of_key;
    struct tls_identity *i =
        tls_identity_create(text_of(name, "pem"), text_of(name, "key"), &why, &of_key);
    if (!i)
        fail(why);
    return i;
}

/* -- a client of HTTPS ------------------------------------------------------------------------- */

static pid_t start_server(const char *name, uint16_t *port)
{
    char command[COMMAND_ROOM], line[256];
    int out[2], in[2];
    snprintf(command, sizeof command,
        "cd %s && exec openssl s_server -accept 127.0.0.1:0 -tls1_2 -cert %s.pem -key %s.key 2>&1",
        folder, name, name);
    if (pipe(out) != 0 || pipe(in) != 0)
        fail("no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *says = fdopen(out[0], "r"); /* open to the end, as its standard input is */
    *port = 0;
    while (*port == 0 && says && fgets(line, sizeof line, says))
        (void)!sscanf(line, "ACCEPT 127.0.0.1:%hu", port);
    if (*port == 0)
        fail("openssl s_server does not listen");
    return pid;
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("cannot connect to openssl s_server");
    return fd;
}

/* Continue until it is no longer in `state`. Returns the time computed; *longest is that of the
 * longest tls_feed. */
static int64_t talk(int fd, struct tls *t, enum tls_state state, int64_t *longest)
{
    static char bytes[16384];
    int64_t total = 0;
    for (ssize_t got = 1; got > 0;) {
        for (struct span out; (out = tls_output(t)).len;) {
            if (send(fd, out.at, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
                fail("openssl s_server hangs up");
            tls_sent(t, out.len);
        }
        if (tls_state(t) != state)
            break;
        got = recv(fd, bytes, sizeof bytes, 0);
        struct span in = {bytes, got > 0 ? (size_t)got : 0};
        int64_t began = cpu_ns();
        tls_feed(t, &in);
        int64_t took = cpu_ns() - began;
        total += took;
        *longest = took > *longest ? took : *longest;
    }
    return total;
}

static void measure_https(const char *what, const char *name, const char *ca)
{
    static struct samples all, steps;
    struct tls_config config = {.trust = trust_of(ca)};
    uint16_t port;
    pid_t server = start_server(name, &port);
    for (int resumed = 0; resumed < 2; resumed++) {
        struct tls_session session = {0};
        all.count = steps.count = 0;
        for (int i = 0; i < HANDSHAKES + resumed; i++) {
            unsigned char entropy[TLS_ENTROPY_BYTES];
            entropy_fill(entropy, sizeof entropy);
            int fd = dial(port);
            int64_t longest = 0, began = cpu_ns();
            struct tls *t =
                tls_https(&config, "localhost", resumed ? &session : NULL, entropy, clock_now());
            int64_t took = cpu_ns() - began;
            took += talk(fd, t, TLS_SHAKES, &longest);
            if (tls_state(t) != TLS_OPEN)
                fail(tls_reason(t));
            bool as_wanted = tls_resumed(t) == (resumed && i > 0);
            tls_close(t); /* a session is kept only if its connection was closed properly */
            talk(fd, t, TLS_OPEN, &(int64_t){0});
            tls_destroy(t);
            close(fd);
            if (!as_wanted)
                fail("a session was not resumed");
            if (resumed && i == 0)
                continue;
            sample(&all, took);
            sample(&steps, longest);
        }
        print_handshakes(resumed ? "the same, resumed" : what, &all, &steps);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    tls_trust_destroy(config.trust);
}

/* -- links ------------------------------------------------------------------------------------- */

/* Pass the output of `from` to `to`; the time that `to` needs is added. */
static bool carry(struct tls *from, struct tls *to, int64_t *total, int64_t *longest)
{
    char flight[32768];
    size_t len = 0;
    for (struct span out; (out = tls_output(from)).len && len + out.len <= sizeof flight;) {
        memcpy(flight + len, out.at, out.len);
        len += out.len;
        tls_sent(from, out.len);
    }
    struct span in = {flight, len};
    int64_t began = cpu_ns();
    tls_feed(to, &in);
    int64_t took = cpu_ns() - began;
    *total += took;
    *longest = took > *longest ? took : *longest;
    return len > 0;
}

static void measure_link(const struct tls_config *hands)
{
    static struct samples dials, takes, steps;
    for (int i = 0; i < HANDSHAKES; i++) {
        unsigned char entropy[TLS_ENTROPY_BYTES];
        int64_t dialling = 0, taking = 0, longest = 0;
        entropy_fill(entropy, sizeof entropy);
        struct tls *client = tls_client(hands, entropy, clock_now());
        entropy_fill(entropy, sizeof entropy);
        struct tls *server = tls_server(hands, entropy, clock_now());
        while (
            carry(client, server, &taking, &longest) || carry(server, client, &dialling, &longest))
            continue;
        if (tls_state(client) != TLS_OPEN || tls_state(server) != TLS_OPEN)
            fail(tls_reason(server));
        tls_destroy(client);
        tls_destroy(server);
        sample(&dials, dialling);
        sample(&takes, taking);
        sample(&steps, longest);
    }
    print_handshakes("link, P-256 both, the end that dials", &dials, &steps);
    printf("%-44s median %6.2f ms\n", "the same, the end that is dialled", median_ms(&takes));
}

/* -- a node and its strangers ------------------------------------------------------------------ */

static struct node *create_node(
    const struct topology *topology, const struct tls_config *tls, struct log *log)
{
    struct node_config config = {
        .topology = topology, .tls = tls, .connections_max = 2 * STRANGERS, .log = log};
    entropy_fill(config.seed, sizeof config.seed);
    if (!places_gazetteer(&config.places))
        fail("no gazetteer");
    struct node *node = node_create(&config, clock_now());
    if (!node)
        fail("no node");
    return node;
}

/* STRANGERS peers connect and answer at once: the processor time of each turn of the node. */
static void measure_strangers(const struct tls_config *tls)
{
    static struct topology_node nodes[2] = {
        {.name = "Goloman"},
        {.name = "Hands", .peer = {.address = {.ip = {127, 0, 0, 1}, .port = 5}}},
    };
    static struct topology topology = {.herd = "perf",
        .nodes = nodes,
        .nodes_count = 2,
        .limits = {.line_bytes = 1024,
            .output_bytes = 1 << 20,
            .output_total_bytes = 1 << 30,
            .connections = 8,
            .connections_per_address = 8,
            .stamps = 1000,
            .idle_ms = 600000,
            .stall_ms = 30000}};
    static struct samples turns;
    static char log_memory[1 << 16], bytes[STRANGERS][32768];
    struct log log;
    log_init(&log, LOG_ERROR, SPAN("Goloman"), log_memory, sizeof log_memory);
    struct node *node = create_node(&topology, tls, &log);
    struct tls *strangers[STRANGERS];
    const struct address stranger = nodes[1].peer.address; /* the others wait for a budget */
    for (uint32_t i = 0; i < STRANGERS; i++) {
        unsigned char entropy[TLS_ENTROPY_BYTES];
        entropy_fill(entropy, sizeof entropy);
        strangers[i] = tls_client(tls, entropy, clock_now());
        if (!node_accepted(node, i, NODE_PEER_PORT, &stranger, clock_now()))
            fail("no memory");
    }
    int64_t all_ns = 0;
    for (bool moved = true; moved;) {
        size_t lens[STRANGERS] = {0};
        moved = node_deadline(node) == 0;
        for (uint32_t i = 0; i < STRANGERS; i++) { /* the strangers' work is not timed */
            struct span in = node_output(node, i), out;
            size_t said = in.len;
            tls_feed(strangers[i], &in);
            if (said > in.len)
                node_sent(node, i, said - in.len, clock_now());
            bool heard = node_wants(node, i) & NODE_WANT_READ;
            while (heard && (out = tls_output(strangers[i])).len) {
                memcpy(bytes[i] + lens[i], out.at, out.len);
                lens[i] += out.len;
                tls_sent(strangers[i], out.len);
            }
            moved |= said || lens[i];
        }
        int64_t began = cpu_ns();
        for (uint32_t i = 0; i < STRANGERS; i++)
            if (lens[i])
                node_received(node, i, (struct span){bytes[i], lens[i]}, clock_now());
        if (node_shakes(node, clock_now()) && node_shake(node, clock_now()))
            node_shook(node, 0, clock_now()); /* all are let in */
        node_turn(node, clock_now());
        sample(&turns, cpu_ns() - began);
        all_ns += cpu_ns() - began;
    }
    for (uint32_t i = 0; i < STRANGERS; i++) {
        if (tls_state(strangers[i]) != TLS_OPEN)
            fail("a stranger was not let in");
        tls_destroy(strangers[i]);
    }
    node_destroy(node);
    median_ms(&turns);
    printf("%-44s worst  %6.2f ms, of %u turns; %.0f ms in all\n",
        "a turn while 60 strangers shake hands", worst_ms(&turns), turns.count,
        (double)all_ns / 1e6);
}

/* -- memory and files -------------------------------------------------------------------------- */

static void measure_trust(void)
{
    static struct samples loads;
    size_t before = mallinfo2().uordblks, taken = 0, count = 0;
    for (int i = 0; i < HANDSHAKES; i++) {
        int64_t began = cpu_ns();
        struct tls_trust *trust = read_trust(TRUST_SYSTEM_FILE);
        sample(&loads, cpu_ns() - began);
        taken = mallinfo2().uordblks - before;
        count = tls_trust_count(trust);
        tls_trust_destroy(trust);
    }
    printf("%-44s median %6.2f ms; %zu CAs, %zu bytes\n", "the system's CAs are read",
        median_ms(&loads), count, taken);
    printf("%-44s %zu bytes\n", "memory of a connection", tls_bytes());
}

int main(int argc, char **argv)
{
    invariant_hook = on_broken;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2 || !mkdtemp(folder))
        fail("usage: handshakes tests/tools/certificates.sh");
    shell("%s %s Hands localhost under384:localhost under4096:localhost", argv[1], folder);
    measure_trust();
    measure_https("HTTPS, P-256 leaf and CA", "localhost", "ca");
    measure_https("HTTPS, P-256 leaf, P-384 CA", "under384", "ca384");
    measure_https("HTTPS, RSA 2048 leaf, RSA 4096 CA", "under4096", "ca4096");
    struct tls_config hands = {.trust = trust_of("ca"), .identity = identity_of("Hands")};
    measure_link(&hands);
    measure_strangers(&hands);
    tls_trust_destroy(hands.trust);
    tls_identity_destroy(hands.identity);
    shell("rm -r %s%s", folder, "");
    return 0;
}
