/* up.c — `stampede up`: runs all nodes of this machine.
 *
 *   phase      ends when                                next
 *   STARTING   every node answers and is linked, or     RUNNING, prints a table of the nodes
 *              UP_START_MS are over
 *   STARTING   a node ends                              STOPPING, exit code 1
 *   RUNNING    the last node ends                       over; exit code 0 if all ended with 0,
 *                                                       since they were drained, else 1
 *   any        SIGINT, SIGTERM                          STOPPING, exit code 0
 *   STOPPING   all have ended                           over
 *   STOPPING   UP_STOP_MS are over, or a second signal  SIGKILL to those still running
 *
 * One poll(2) waits for everything: signals, the ends of nodes, their output, their answers, and
 * whoever reads ours. */
#include "cli/ask.h"
#include "cli/child.h"
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/lookup.h"
#include "cli/outlet.h"
#include "cli/report.h"
#include "files/clock.h"
#include "io/calls.h"
#include "io/sockaddr.h"
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { UP_START_MS = 10000, UP_STOP_MS = 2000 /* beside limits.stop */, UP_ASK_AGAIN_MS = 20 };

static const char help[] =
    "Usage: stampede up [-c FILE] [--log]\n\n"
    "Run every node whose addresses belong to this machine, and print a table of them\n"
    "when they are linked. Ctrl-C stops all. A node that ends by itself is reported;\n"
    "the others go on.\n\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -l, --log            print everything that the nodes log, not only warnings\n"
    "                       and errors\n"
    "  -h, --help           print this text\n\n"
    "Exit codes: 0 stopped by Ctrl-C or SIGTERM, or all nodes were drained, 1 a node\n"
    "could not be started or all have ended, 2 wrong command line.\n\n"
    "Example: stampede up -c topology.conf\n";

struct member {
    unsigned node; /* its index in the topology */
    struct child child;
    struct ask ask;
    int64_t started_ns;
    int64_t ask_at_ns; /* when to ask it again; NEVER_NS: it is being asked, or linked */
    struct report report;
};

enum { POLLS_FIRST = 3, POLLS_OF_MEMBER = 3 };

struct up {
    const struct options *options;
    const struct topology *topology;
    const struct secrets *secrets;
    const struct tls_config *tls;
    struct member *members;
    unsigned count, running;
    /* The signals, our output, our errors; then three per member: its end, its output, its
     * answer. */
    struct pollfd *polls;
    struct outlet out, errors; /* of stdout and stderr */
    sigset_t mask; /* of signals, as we were given it */
    unsigned stop_signals;
    enum child_lines lines;
    bool failed; /* a node ended while starting */
    bool broken; /* a node ended otherwise than by an order */
    const struct member *told; /* the last whose words on its end were shown */
    bool killing; /* SIGKILL was sent to nodes that did not stop */
};

/* -- whose node is it? ------------------------------------------------------------------------- */

static bool is_address_here(const struct address *a, const struct ifaddrs *interfaces)
{
    if (address_is_loopback(a) || address_is_any(a))
        return true;
    for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next) {
        if (!i->ifa_addr ||
            (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
            continue;
        struct address own =
            sockaddr_address((const union sockaddr_any *)(const void *)i->ifa_addr);
        if (address_same_host(&own, a))
            return true;
    }
    return false;
}

/* Whether one of its addresses is this machine's. What listens on all addresses is where others
 * reach it. */
static bool is_here(const struct host_port *listen, const struct host_port *reached,
    const struct ifaddrs *interfaces)
{
    struct lookup found;
    const struct host_port *of = host_port_is_any(listen) ? reached : listen;
    lookup_run(&found, of);
    if (!found.count)
        complain("cannot look up %s: %s; a node there is not started", of->name, found.why);
    for (unsigned i = 0; i < found.count; i++)
        if (is_address_here(&found.each[i], interfaces))
            return true;
    return false;
}

/* Allocate room for all nodes of the topology, then collect those of this machine. */
static bool gather(struct up *u)
{
    const struct topology *t = u->topology;
    struct ifaddrs *interfaces = NULL;
    u->members = calloc(t->nodes_count, sizeof *u->members);
    u->polls = calloc(POLLS_FIRST + (size_t)t->nodes_count * POLLS_OF_MEMBER, sizeof *u->polls);
    if (!u->members || !u->polls) {
        complain("out of memory");
        return false;
    }
    if (getifaddrs(&interfaces) != 0)
        interfaces = NULL; /* loopback addresses are recognized without it */
    for (unsigned i = 0; i < t->nodes_count; i++)
        if (is_here(&t->nodes[i].client_listen, &t->nodes[i].client, interfaces) &&
            is_here(&t->nodes[i].peer_listen, &t->nodes[i].peer, interfaces))
            u->members[u->count++] = (struct member){.node = i,
                .ask_at_ns = 0,
                .child = {.ended_fd = -1, .said_fd = -1},
                .ask = {.state = ASK_OVER, .fd = -1}};
    freeifaddrs(interfaces);
    if (!u->count)
        complain("no node of %s has an address of this machine", u->options->topology_file);
    return u->count > 0;
}

/* -- waiting ----------------------------------------------------------------------------------- */

static const char *name_of(const struct up *u, const struct member *m)
{
    return u->topology->nodes[m->node].name;
}

/* Whether it is linked with all its neighbours on this machine; nodes elsewhere need not be running
 * yet. A process with a longer uptime than ours is another one that has the port; ours will end and
 * report that. */
static bool is_linked(const struct up *u, const struct member *m)
{
    if (m->report.uptime_ms > (uint64_t)((clock_now().mono_ns - m->started_ns) / MS_NS))
        return false;
    const struct topology_node *n = &u->topology->nodes[m->node];
    for (unsigned i = 0; i < n->neighbours_count; i++)
        for (unsigned j = 0; j < u->count; j++)
            if (u->members[j].node == n->neighbours[i] && !m->report.links[i].up)
                return false;
    return m->report.why == NULL;
}

static void answered(struct up *u, struct member *m)
{
    report_read(&m->report, u->topology, m->node, m->ask.answer, m->ask.why, NULL);
    ask_end(&m->ask);
    if (!is_linked(u, m))
        m->ask_at_ns = clock_now().mono_ns + UP_ASK_AGAIN_MS * MS_NS;
}

/* Print the lines held back, which have the reason. If several fail for the same reason, it is
 * printed once. A node that was stopped before it could fail has printed none. */
static void say_why(struct up *u, const struct member *m)
{
    if (!m->child.held || (u->told && child_held_equal(&u->told->child, &m->child)))
        return;
    u->told = m;
    child_print_held(&m->child, stderr);
}

static void ended(struct up *u, struct member *m, bool starting)
{
    char how[CHILD_END_BYTES];
    child_ended(&m->child);
    child_listen(&m->child, u->lines, stderr);
    u->running--;
    if (m->child.status != 0 && !u->killing)
        say_why(u, m);
    if (u->stop_signals || u->failed)
        return;
    child_end_text(&m->child, how);
    u->failed = starting;
    u->broken = u->broken || m->child.status != 0;
    if (starting)
        complain("%s did not start: %s", name_of(u, m), how);
    else if (m->child.status == 0)
        complain("%s was stopped, or drained; start it again with: %s", name_of(u, m),
            options_command(u->options, "node", name_of(u, m)));
    else
        complain("%s has ended: %s; start it again with: %s", name_of(u, m), how,
            options_command(u->options, "node", name_of(u, m)));
}

static void read_signals(struct up *u)
{
    struct signalfd_siginfo signal;
    while (read(u->polls[0].fd, &signal, sizeof signal) == sizeof signal)
        u->stop_signals++;
}

/* The nodes are not read from while nobody reads from us. */
static void prepare_polls(struct up *u)
{
    bool unread = outlet_waits(&u->out) || outlet_waits(&u->errors);
    u->polls[1] = outlet_poll(&u->out);
    u->polls[2] = outlet_poll(&u->errors);
    for (unsigned i = 0; i < u->count; i++) {
        struct pollfd *p = &u->polls[POLLS_FIRST + i * POLLS_OF_MEMBER];
        const struct child *child = &u->members[i].child;
        p[0] = (struct pollfd){.fd = child->ended_fd, .events = POLLIN};
        p[1] = (struct pollfd){.fd = unread ? -1 : child->said_fd, .events = POLLIN};
        p[2] = ask_poll(&u->members[i].ask);
    }
}

/* Wait until `until_ns` for anything to happen, and handle it. */
static void wait_until(struct up *u, int64_t until_ns, bool starting)
{
    int64_t left_ns = until_ns - clock_now().mono_ns;
    int wait_ms = until_ns == NEVER_NS ? -1 : left_ns <= 0 ? 0 : (int)(left_ns / MS_NS) + 1;
    prepare_polls(u);
    if (poll(u->polls, POLLS_FIRST + u->count * POLLS_OF_MEMBER, wait_ms) <= 0)
        return;
    if (u->polls[0].revents)
        read_signals(u);
    if (u->polls[1].revents)
        outlet_push(&u->out);
    if (u->polls[2].revents)
        outlet_push(&u->errors);
    for (unsigned i = 0; i < u->count; i++) {
        const struct pollfd *p = &u->polls[POLLS_FIRST + i * POLLS_OF_MEMBER];
        struct member *m = &u->members[i];
        if (p[1].revents)
            child_listen(&m->child, u->lines, stderr);
        if (p[2].revents) {
            ask_step(&m->ask);
            if (m->ask.state == ASK_OVER)
                answered(u, m);
        }
        if (p[0].revents)
            ended(u, m, starting);
    }
}

/* -- phases ------------------------------------------------------------------------------------ */

static bool start_all(struct up *u)
{
    for (; u->running < u->count; u->running++) {
        struct member *m = &u->members[u->running];
        char *argv[] = {program_invocation_name, "node", u->topology->nodes[m->node].name, "-c",
            (char *)u->options->topology_file, NULL};
        m->started_ns = clock_now().mono_ns;
        if (!child_start(&m->child, argv, &u->mask)) {
            complain("cannot start a process for %s: %s", name_of(u, m), strerror(errno));
            return false;
        }
    }
    return true;
}

/* Ask the nodes that are due. Returns the time of the next question; 0: all are linked. */
static int64_t ask_those_due(struct up *u)
{
    int64_t now_ns = clock_now().mono_ns, next_ns = NEVER_NS;
    bool all_linked = true;
    for (unsigned i = 0; i < u->count; i++) {
        struct member *m = &u->members[i];
        if (m->ask_at_ns <= now_ns) {
            m->ask_at_ns = NEVER_NS;
            ask_begin(&m->ask, u->topology, m->node, u->secrets, u->tls, SPAN("STATUS"));
            if (m->ask.state == ASK_OVER)
                answered(u, m);
        }
        next_ns = earlier_ns(next_ns, m->ask_at_ns);
        all_linked = all_linked && m->ask.state == ASK_OVER && m->ask_at_ns == NEVER_NS;
    }
    return all_linked ? 0 : next_ns;
}

/* Wait until all are linked, UP_START_MS are over, one has ended, or a signal says to stop. */
static void await_links(struct up *u)
{
    int64_t until_ns = clock_now().mono_ns + UP_START_MS * MS_NS, next_ns;
    while (!u->failed && !u->stop_signals && clock_now().mono_ns < until_ns &&
           (next_ns = ask_those_due(u)) != 0)
        wait_until(u, earlier_ns(next_ns, until_ns), true);
    for (unsigned i = 0; i < u->count; i++) {
        struct member *m = &u->members[i];
        if (m->ask.state != ASK_OVER) {
            ask_give_up(&m->ask, "does not answer yet");
            answered(u, m);
        }
    }
}

/* What to type in another terminal: tell the first node of a client, ask the last one about it. */
static void show_how(const struct up *u)
{
    const char *send = options_command(u->options, "send", NULL);
    printf("\nIn another terminal, send a position to %s, ask %s what is near it:\n"
           "  %s -n %s 'IAMAT kiwi +34.068930-118.445127 1520023934.9'\n"
           "  %s -n %s 'WHATSAT kiwi 10 3'\n",
        name_of(u, &u->members[0]), name_of(u, &u->members[u->count - 1]), send,
        name_of(u, &u->members[0]), send, name_of(u, &u->members[u->count - 1]));
    printf("Show the state of all nodes:\n  %s\n", options_command(u->options, "status", NULL));
    puts("Ctrl-C stops them all.");
}

static void widen(int *width, const char *text)
{
    int len = (int)strlen(text);
    *width = len > *width ? len : *width;
}

/* The widths of the columns of names and addresses. */
static void measure(const struct up *u, int widths[3])
{
    char text[HOST_PORT_TEXT_BYTES_MAX + 1];
    for (unsigned i = 0; i < u->count; i++) {
        const struct topology_node *n = &u->topology->nodes[u->members[i].node];
        widen(&widths[0], n->name);
        host_port_text(&n->client, text);
        widen(&widths[1], text);
        host_port_text(&n->peer, text);
        widen(&widths[2], text);
    }
}

static void show_herd(const struct up *u)
{
    static const char *const heads[] = {"NODE", "CLIENT PORT", "PEER PORT"};
    const struct topology *t = u->topology;
    char client[HOST_PORT_TEXT_BYTES_MAX + 1], peer[HOST_PORT_TEXT_BYTES_MAX + 1];
    int w[] = {(int)strlen(heads[0]), (int)strlen(heads[1]), (int)strlen(heads[2])};
    measure(u, w);
    printf("%-*s  %-*s  %-*s  LINKS\n", w[0], heads[0], w[1], heads[1], w[2], heads[2]);
    for (unsigned i = 0; i < u->count; i++) {
        const struct member *m = &u->members[i];
        host_port_text(&t->nodes[m->node].client, client);
        host_port_text(&t->nodes[m->node].peer, peer);
        printf("%-*s  %-*s  %-*s  ", w[0], name_of(u, m), w[1], client, w[2], peer);
        if (m->report.why)
            fputs(m->report.why, stdout);
        else
            report_links(stdout, t, m->node, &m->report);
        putchar('\n');
    }
    if (u->count < t->nodes_count)
        printf("%u of the herd's %u nodes run on this machine.\n", u->count, t->nodes_count);
    show_how(u);
    fflush(stdout);
}

static void signal_all(struct up *u, int signal)
{
    for (unsigned i = 0; i < u->count; i++)
        if (u->members[i].child.ended_fd >= 0)
            kill(u->members[i].child.pid, signal);
}

static void stop_all(struct up *u)
{
    int64_t stop_ms = (int64_t)u->topology->limits.stop_ms + UP_STOP_MS;
    int64_t until_ns = clock_now().mono_ns + stop_ms * MS_NS;
    unsigned signals_before = u->stop_signals;
    u->lines = u->options->log ? CHILD_LOG : CHILD_HOLD; /* links break now, which is no news */
    signal_all(u, SIGTERM);
    while (u->running && clock_now().mono_ns < until_ns && u->stop_signals == signals_before)
        wait_until(u, until_ns, false);
    u->killing = u->running > 0;
    signal_all(u, SIGKILL);
    while (u->running)
        wait_until(u, NEVER_NS, false);
}

static int run(struct up *u)
{
    u->lines = u->options->log ? CHILD_LOG : CHILD_HOLD;
    if (!start_all(u))
        u->failed = true;
    if (!u->failed)
        await_links(u);
    if (!u->failed && !u->stop_signals) {
        show_herd(u);
        u->lines = u->options->log ? CHILD_LOG : CHILD_SHOW;
        for (unsigned i = 0; i < u->count; i++)
            child_listen(&u->members[i].child, u->lines, stderr);
        while (u->running && !u->stop_signals)
            wait_until(u, NEVER_NS, false);
    }
    bool asked_to = u->stop_signals > 0 || (!u->failed && !u->broken && !u->running);
    stop_all(u);
    return asked_to ? EXIT_WELL : EXIT_SAID_NO;
}

/* Signals are read from a descriptor; the nodes start with the mask that we had. */
static bool catch_signals(struct up *u)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    signal(SIGPIPE, SIG_IGN); /* the herd goes on when the reader of our output has gone */
    sigprocmask(SIG_BLOCK, &ours, &u->mask);
    u->polls[0] =
        (struct pollfd){.fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC), .events = POLLIN};
    if (u->polls[0].fd < 0)
        calls_denied(errno) ? calls_tell_denied("signalfd4", errno)
                            : complain("cannot listen to signals: %s", strerror(errno));
    return u->polls[0].fd >= 0;
}

/* From here on nothing that is printed waits for its reader; glibc lets programs set both. */
static bool open_outlets(struct up *u)
{
    fflush(stdout);
    FILE *out = outlet_open(&u->out, STDOUT_FILENO);
    FILE *errors = outlet_open(&u->errors, STDERR_FILENO);
    if (!out || !errors) {
        complain("out of memory");
        return false;
    }
    stdout = out;
    stderr = errors;
    return true;
}

/* Neither this process nor a node needs more rights than it has. Whatever else a node gives up, it
 * gives up itself; this one must go on starting programs. */
static bool gain_no_privileges(const struct topology *t)
{
    bool well = !t->sandbox || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (!well)
        complain("no_new_privs cannot be set: %s", strerror(errno));
    return well;
}

int cli_up(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "cl", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count) {
        complain("up takes no argument \"%s\"; see `stampede up --help`", o.words[0]);
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    files_limit_raise();
    bool well = herd_observes(&herd, &o);
    static struct up u; /* the streams, which outlive this function, write to it */
    u = (struct up){.options = &o,
        .topology = &herd.topology,
        .secrets = &herd.secret_file.secrets,
        .tls = herd.tls};
    well = well && gain_no_privileges(u.topology) && gather(&u) && catch_signals(&u);
    code = well && open_outlets(&u) ? run(&u) : EXIT_SAID_NO;
    outlet_finish(&u.out);
    outlet_finish(&u.errors);
    for (unsigned i = 0; i < u.count; i++)
        if (u.members[i].child.said_fd >= 0)
            close(u.members[i].child.said_fd);
    free(u.members);
    free(u.polls);
    herd_close(&herd);
    return code;
}
