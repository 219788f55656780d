/* places.c — `stampede places`: asks the configured places provider once, as a node would.
 *
 * A child process runs a node without neighbours and ports, and this process is its only client. So
 * everything is tried that a node of the herd would do, including key, certificates, name server
 * and quota. When its client has gone, the child prints how the time was spent. */
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/show.h"
#include "core/node/node.h"
#include "files/clock.h"
#include "files/entropy.h"
#include "files/places_provider.h"
#include "io/loop.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PLACES_LOG_BYTES = 64 << 10,
    PLACES_CONNECTIONS_MAX = 64,
    PLACES_WORDS = 4,
    PLACES_ARGUMENTS_MAX = 16,
    PLACES_LINES_BYTES = 2 * STAMPEDE_LINE_BYTES_DEFAULT,
};

static const char help[] =
    "Usage: stampede places [-c FILE] LAT LON RADIUS COUNT\n\n"
    "Ask the places provider of topology.conf for up to COUNT places (at most 20)\n"
    "within RADIUS km (at most 50) of a position in degrees. Print its answer and, to\n"
    "standard error, how the time was spent. No node need be running: this tests the\n"
    "key, the certificates and the connection to the service.\n\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -h, --help           print this text\n\n"
    "Exit codes: 0 the answer is OK or ZERO_RESULTS, 1 it is another one or there is\n"
    "none, 2 wrong command line.\n\n"
    "Example: stampede places 34.06893 -118.445127 10 5\n";

/* -- the node ---------------------------------------------------------------------------------- */

static void print_ms(const char *what, int64_t ns, const char *note)
{
    if (ns)
        fprintf(stderr, "  %-11s %9.1f ms%s%s\n", what, (double)ns / 1e6, *note ? "   " : "", note);
}

static void print_times(const struct places_provision *p)
{
    const struct exchange_times *t = p->exchange ? exchange_times(p->exchange) : NULL;
    if (!t || !t->tries)
        return;
    char note[64] = "";
    if (t->http_status)
        snprintf(note, sizeof note, "HTTP %u%s", t->http_status, t->tries > 1 ? ", retried" : "");
    fprintf(stderr, "%s, %.*s:\n", p->files.provider, (int)p->files.google.host.len,
        p->files.google.host.at);
    print_ms("waited", t->wait_ns, "");
    print_ms("name", t->resolve_ns, "");
    print_ms("connection", t->connect_ns, "");
    print_ms("TLS", t->tls_ns, t->resumed ? "resumed" : "full handshake");
    print_ms("first byte", t->first_byte_ns, note);
    print_ms("rest", t->body_ns, "");
}

/* The child: runs until its parent has the answer. */
static int serve(const struct herd *herd, const struct options *o, int client)
{
    static char log_memory[PLACES_LOG_BYTES];
    struct topology_node alone = herd->topology.nodes[0];
    struct topology t = herd->topology;
    struct places_provision places;
    struct log log;
    alone.neighbours_count = 0;
    t.nodes = &alone;
    t.nodes_count = 1;
    t.limits.connections = PLACES_CONNECTIONS_MAX;
    log_init(&log, LOG_ERROR, SPAN(""), log_memory, sizeof log_memory);
    if (!places_provide(&places, &t, o->topology_file, &log))
        return EXIT_SAID_NO;
    struct node_config config = {.topology = &t,
        .connections_max = PLACES_CONNECTIONS_MAX + LOOP_CONNECTIONS_SPARE,
        .places = places.provider,
        .exchange = places.exchange,
        .log = &log};
    entropy_fill(config.seed, sizeof config.seed);
    struct node *node = node_create(&config, clock_now());
    int code = EXIT_SAID_NO;
    if (node)
        code = loop_run(&(struct loop_config){.node = node,
            .log = &log,
            .log_file = "",
            .only_client = &client,
            .connections_max = config.connections_max,
            .spare = LOOP_CONNECTIONS_SPARE / 2,
            .sizes = RING_SIZES});
    else
        complain("out of memory");
    if (node && code == 0)
        print_times(&places);
    node_destroy(node);
    places_provision_close(&places);
    return code;
}

/* -- its client -------------------------------------------------------------------------------- */

/* A number as the protocol has it, with a sign. */
static const char *sign_of(const char *degrees)
{
    return *degrees == '+' || *degrees == '-' ? "" : "+";
}

/* Read the replies to both lines, without the final empty line. false: the node ended, or it
 * refused a line. */
static bool read_replies(FILE *in, char **json)
{
    char *line = NULL;
    size_t room = 0;
    bool well = true;
    for (int lines = 0; well && lines < 2; lines++)
        well = getline(&line, &room, in) > 0 && *line == 'A';
    if (well) {
        size_t json_room = 0;
        ssize_t bytes = getdelim(json, &json_room, '\0', in); /* up to the end: there is no NUL */
        well = bytes > 2;
        if (well)
            (*json)[bytes - 1] = '\0'; /* one of the two LFs is enough */
    } else if (line && *line == '?') {
        complain("a node would not accept this question; see `stampede places --help`");
    }
    free(line);
    return well;
}

static bool is_well(const char *json)
{
    return strstr(json, "\"status\":\t\"OK\"") || strstr(json, "\"status\":\t\"ZERO_RESULTS\"");
}

static int talk(int fd, char *const words[PLACES_WORDS])
{
    char lines[PLACES_LINES_BYTES], *json = NULL;
    int len = snprintf(lines, sizeof lines, "IAMAT here %s%s%s%s 0\nWHATSAT here %s %s\n",
        sign_of(words[0]), words[0], sign_of(words[1]), words[1], words[2], words[3]);
    if (len >= (int)sizeof lines) {
        complain("a number is too long");
        return EXIT_USAGE;
    }
    bool said = send(fd, lines, (size_t)len, MSG_NOSIGNAL) == len && shutdown(fd, SHUT_WR) == 0;
    FILE *in = said ? fdopen(fd, "r") : NULL;
    bool heard = in && read_replies(in, &json);
    int code = heard && is_well(json) ? EXIT_WELL : EXIT_SAID_NO;
    if (heard)
        show_json(stdout, json);
    fflush(stdout);
    free(json);
    if (in)
        fclose(in);
    return code;
}

/* Run the node in a child, which owns its ring, and its client here. */
static int ask_once(const struct herd *herd, const struct options *o, char *const words[])
{
    int ends[2];
    fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        complain("cannot create a socket: %s", strerror(errno));
        return EXIT_SAID_NO;
    }
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        _exit(serve(herd, o, ends[1]));
    }
    close(ends[1]);
    if (child < 0) {
        complain("cannot start a process: %s", strerror(errno));
        close(ends[0]);
        return EXIT_SAID_NO;
    }
    int code = talk(ends[0], words), status;
    kill(child, SIGTERM);
    bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status);
    return ended && WEXITSTATUS(status) == 0 ? code : EXIT_SAID_NO;
}

/* -- the command line -------------------------------------------------------------------------- */

/* Negative numbers are no options: from the first one on, all arguments are words. */
static int options_read_numbers(
    struct options *o, int argc, char **argv, char *all[PLACES_ARGUMENTS_MAX + 2])
{
    int number = 1;
    while (number < argc &&
           !(argv[number][0] == '-' && argv[number][1] >= '0' && argv[number][1] <= '9'))
        number++;
    memcpy(all, argv, (size_t)number * sizeof *all);
    all[number] = "--";
    memcpy(all + number + 1, argv + number, (size_t)(argc - number) * sizeof *all);
    all[argc + 1] = NULL;
    return options_read(o, argc + 1, all, "c", help);
}

int cli_places(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    char *all[PLACES_ARGUMENTS_MAX + 2]; /* what o.words points into */
    int code =
        argc > PLACES_ARGUMENTS_MAX ? OPTIONS_GO_ON : options_read_numbers(&o, argc, argv, all);
    if (code != OPTIONS_GO_ON)
        return code;
    if (argc > PLACES_ARGUMENTS_MAX || o.words_count != PLACES_WORDS) {
        complain("places needs a latitude, a longitude, a radius and a count; see `stampede places "
                 "--help`");
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    code = ask_once(&herd, &o, o.words);
    herd_close(&herd);
    return code;
}
