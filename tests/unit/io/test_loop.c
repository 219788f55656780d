/* test_loop.c — the loop and its sockets, with parrot.h instead of the node.
 *
 * The loop runs in a child process; the test is its client, and reads its log to learn what the
 * node was told. Tests wait for events, never for time to pass. */
#include "io/listen.h"
#include "io/loop.h"
#include "unit/io/parrot.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the running loop -------------------------------------------------------------------------- */

struct setting {
    struct ring_sizes sizes; /* zero: RING_SIZES */
    uint32_t connections_max; /* zero: PARROT_MAX */
    rlim_t files; /* the limit of open files; zero: unchanged */
    uint16_t client, dial, dial_instead; /* ports */
    int64_t dial_ms; /* zero: no limit */
    const char *host; /* to look up */
    const char *log_file;
    bool terminal; /* standard error is a terminal */
};

static pid_t child;
static FILE *heard; /* its standard error */
static uint16_t client_port, peer_port;

static int run_parrot(const struct setting *with)
{
    static struct node parrots = {.first_touched = PARROT_MAX, .waiter = PARROT_MAX};
    static char memory[16384];
    struct log log;
    log_init(&log, LOG_INFO, SPAN(""), memory, sizeof memory);
    struct address here = {.ip = {127, 0, 0, 1}};
    parrots.log = &log;
    parrots.dial = parrots.dial_instead = here;
    parrots.dial.port = with->dial;
    parrots.dial_instead.port = with->dial_instead;
    parrots.host = with->host;
    parrots.dial_ns = with->dial_ms ? with->dial_ms * MS_NS : 1000 * SECOND_NS;
    struct loop_config config = {.node = &parrots,
        .log = &log,
        .log_file = with->log_file ? with->log_file : "",
        .at = {{.address = here}, {.address = here}},
        .connections_max = with->connections_max ? with->connections_max : PARROT_MAX,
        .sizes = with->sizes.buffers ? with->sizes : RING_SIZES};
    config.spare = config.connections_max < LOOP_CONNECTIONS_SPARE ? config.connections_max / 2
                                                                   : LOOP_CONNECTIONS_SPARE / 2;
    config.at[NODE_CLIENT_PORT].address.port = with->client;
    if (with->files)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){with->files, with->files});
    return loop_run(&config);
}

static void launch(struct setting with)
{
    int line[2];
    cr_assert_eq(with.terminal ? openpty(&line[0], &line[1], NULL, NULL, NULL) : pipe(line), 0);
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(line[1], STDERR_FILENO);
        close(line[0]);
        close(line[1]);
        _exit(run_parrot(&with));
    }
    close(line[1]);
    heard = fdopen(line[0], "r");
}

/* The next line of the log that contains `word`. Lines before it are skipped, but none may be
 * missing: it could be the one. */
static const char *hear(const char *word)
{
    static char line[1024];
    do {
        cr_assert_not_null(fgets(line, sizeof line, heard), "waiting for \"%s\"", word);
        cr_assert(!strstr(line, "lines_dropped_before="),
            "waiting for \"%s\", but the log dropped lines: %s", word, line);
    } while (!strstr(line, word));
    return line;
}

static void hear_of(const char *event, const char *detail)
{
    const char *line = hear(event);
    cr_assert_not_null(strstr(line, detail), "\"%s\" has no \"%s\"", line, detail);
}

static void start(struct setting with)
{
    launch(with);
    client_port = (uint16_t)atoi(strrchr(hear("port=client"), ':') + 1);
    peer_port = (uint16_t)atoi(strrchr(hear("port=peer"), ':') + 1);
}

static int exit_code(void)
{
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void stop(void)
{
    cr_assert_eq(kill(child, SIGTERM), 0);
    cr_assert_eq(exit_code(), 0);
    fclose(heard);
}

/* -- its clients ------------------------------------------------------------------------------- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0, "%s", strerror(errno));
    return fd;
}

static void say(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void expect(int fd, const char *text)
{
    char got[64] = "";
    cr_assert_eq(recv(fd, got, strlen(text), MSG_WAITALL), (ssize_t)strlen(text));
    cr_assert_str_eq(got, text);
}

static void expect_end(int fd)
{
    char byte;
    cr_assert_eq(recv(fd, &byte, 1, 0), 0, "%s", strerror(errno));
    close(fd);
}

static void reset(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fd);
}

/* Wait until the loop has closed all connections made so far. It is asked, because its log may drop
 * lines when many connections end in one turn. */
static void wait_for_all_closed(void)
{
    int fd = connect_to(client_port);
    say(fd, "W");
    expect(fd, "W");
    close(fd);
}

/* Byte `i` of a stream of digits, which contains none of the parrot's commands. */
static char byte_at(size_t i)
{
    return (char)('0' + i * 2654435761u / 65536 % 10);
}

/* Send `bytes` bytes of that stream while reading them back, then half-close and wait for the
 * end. */
static void echo_bulk(int fd, size_t bytes)
{
    size_t out = 0, in = 0;
    char block[4096];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (in < bytes) {
        struct pollfd p = {.fd = fd, .events = out < bytes ? POLLIN | POLLOUT : POLLIN};
        poll(&p, 1, -1);
        if (p.revents & POLLOUT) {
            size_t n = bytes - out < sizeof block ? bytes - out : sizeof block;
            for (size_t i = 0; i < n; i++)
                block[i] = byte_at(out + i);
            ssize_t sent = send(fd, block, n, MSG_NOSIGNAL);
            cr_assert(sent > 0 || errno == EAGAIN);
            out += sent > 0 ? (size_t)sent : 0;
        }
        if (p.revents & POLLIN) {
            ssize_t got = recv(fd, block, sizeof block, 0);
            cr_assert_gt(got, 0, "ended after %zu of %zu", in, bytes);
            for (ssize_t i = 0; i < got; i++)
                cr_assert_eq(block[i], byte_at(in++));
        }
    }
    fcntl(fd, F_SETFL, 0);
    shutdown(fd, SHUT_WR);
    expect_end(fd);
}

/* Send that stream to a loop that cannot send it back, until it takes no more; how many bytes it
 * took. Another client is served in between. So the loop has a turn for each block, and a full
 * socket means that the loop does not read. */
static size_t fill_up(int deaf, int other)
{
    size_t sent = 0;
    for (int full_times = 0; full_times < 100;) {
        char block[4096];
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = byte_at(sent + i);
        ssize_t n = send(deaf, block, sizeof block, MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        full_times = n < 0 ? full_times + 1 : 0;
        cr_assert_lt(sent, 64u << 20, "it takes without end");
        say(other, "?");
        expect(other, "?");
    }
    return sent;
}

static void expect_stream(int fd, size_t bytes)
{
    for (size_t got = 0; got < bytes;) {
        char block[4096];
        ssize_t n = recv(fd, block, sizeof block, 0);
        cr_assert_gt(n, 0, "ended after %zu of %zu", got, bytes);
        for (ssize_t i = 0; i < n; i++)
            cr_assert_eq(block[i], byte_at(got++));
    }
}

/* -- connections ------------------------------------------------------------------------------- */

TestSuite(loop, .timeout = 30);

Test(loop, says_back_and_closes_after_a_half_close)
{
    start((struct setting){0});
    int fd = connect_to(client_port);
    say(fd, "hello");
    expect(fd, "hello");
    say(fd, "last words");
    shutdown(fd, SHUT_WR);
    expect(fd, "last words");
    expect_end(fd);
    hear_of("closed", "why=\"\"");
    stop();
}

Test(loop, bulk_passes_whole_and_in_order)
{
    start((struct setting){0});
    echo_bulk(connect_to(client_port), 3000000);
    stop();
}

Test(loop, both_ports_take_connections)
{
    start((struct setting){0});
    int client = connect_to(client_port), peer = connect_to(peer_port);
    hear("peer_opened");
    say(peer, "peer");
    say(client, "client");
    expect(peer, "peer");
    expect(client, "client");
    stop();
}

Test(loop, a_client_that_does_not_read_is_not_read_from)
{
    start((struct setting){0});
    int deaf = connect_to(client_port);
    expect_stream(deaf, fill_up(deaf, connect_to(client_port)));
    shutdown(deaf, SHUT_WR); /* it can be closed, so it is read from again */
    expect_end(deaf);
    stop();
}

/* Bytes in the kernel that the other end's has not confirmed; `fd` is that other end. */
static size_t unconfirmed_to(int fd)
{
    struct sockaddr_in own;
    socklen_t bytes = sizeof own;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &bytes), 0);
    FILE *table = fopen("/proc/net/tcp", "r");
    cr_assert_not_null(table);
    char line[512];
    unsigned from, to, state;
    unsigned long queued, found = ULONG_MAX;
    while (fgets(line, sizeof line, table))
        if (sscanf(line, "%*s %*8x:%4x %*8x:%4x %2x %8lx", &from, &to, &state, &queued) == 4 &&
            from == client_port && to == ntohs(own.sin_port))
            found = queued;
    fclose(table);
    cr_assert_neq(found, ULONG_MAX);
    return found;
}

Test(loop, the_kernel_is_given_no_more_than_a_little_that_cannot_be_sent)
{
    start((struct setting){0});
    int deaf = connect_to(client_port), other = connect_to(client_port);
    size_t bytes = fill_up(deaf, other);
    cr_expect_leq(unconfirmed_to(deaf), LISTEN_UNSENT_BYTES + 65536); /* and what was in one send */
    expect_stream(deaf, bytes);
    close(deaf);
    close(other);
    stop();
}

Test(loop, a_half_close_ends_nothing_that_is_still_to_be_said)
{
    start((struct setting){0});
    int deaf = connect_to(client_port);
    size_t bytes = fill_up(deaf, connect_to(client_port));
    shutdown(deaf, SHUT_WR);
    expect_stream(deaf, bytes);
    expect_end(deaf);
    stop();
}

Test(loop, what_comes_after_the_close_is_drained_not_reset)
{
    start((struct setting){0});
    int fd = connect_to(client_port);
    say(fd, "C");
    struct pollfd end = {.fd = fd, .events = POLLRDHUP};
    cr_assert_eq(poll(&end, 1, -1), 1);
    for (int i = 0; i < 3; i++)
        say(fd, "too late"); /* after a reset, the second would fail with EPIPE */
    expect(fd, "C");
    expect_end(fd);
    hear_of("closed", "why=\"\"");
    stop();
}

Test(loop, a_client_that_never_closes_is_closed_in_the_end)
{
    start((struct setting){0});
    int fd = connect_to(client_port);
    say(fd, "C");
    hear_of("closed", "why=\"\"");
    stop();
    close(fd);
}

Test(loop, an_abort_forgets_what_was_not_sent)
{
    start((struct setting){0});
    int fd = connect_to(client_port);
    say(fd, "A");
    char byte;
    cr_assert_leq(recv(fd, &byte, 1, 0), 0, "an end or a reset, but no reply");
    hear_of("closed", "why=\"\"");
    stop();
    close(fd);
}

Test(loop, a_reset_is_told_with_its_reason)
{
    start((struct setting){0});
    int fd = connect_to(client_port);
    say(fd, "x");
    expect(fd, "x");
    reset(fd);
    hear_of("closed", "connection reset by the other end");
    stop();
}

/* -- scarcity ---------------------------------------------------------------------------------- */

static const struct setting scarce[] = {
    {.sizes = {.submissions = 8, .completions = 16, .buffers = 1, .buffer_bytes = 64}},
    {.sizes = {.submissions = 8, .completions = 16, .buffers = 1024, .buffer_bytes = 8192}},
    {.sizes = {.submissions = 1024, .completions = 16384, .buffers = 4, .buffer_bytes = 16}},
};

Test(loop, everybody_is_served_with_tiny_pools_and_queues)
{
    enum { CLIENTS = 300 };
    for (size_t s = 0; s < sizeof scarce / sizeof *scarce; s++) {
        start(scarce[s]);
        int fd[CLIENTS];
        for (int i = 0; i < CLIENTS; i++)
            fd[i] = connect_to(client_port);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < CLIENTS; i++)
                say(fd[i], "12345678901234567890123456789012345678901234567890");
            for (int i = 0; i < CLIENTS; i++)
                expect(fd[i], "12345678901234567890123456789012345678901234567890");
        }
        echo_bulk(fd[0], 100000);
        for (int i = 1; i < CLIENTS; i++)
            i % 2 ? reset(fd[i]) : close(fd[i]);
        wait_for_all_closed();
        stop();
    }
}

Test(loop, resets_behind_bytes_are_heard_though_buffers_run_out)
{
    enum { CLIENTS = 200 };
    start(scarce[0]);
    cr_assert_eq(kill(child, SIGSTOP), 0); /* so that the bytes and the reset arrive together */
    for (int i = 0; i < CLIENTS; i++) {
        int fd = connect_to(client_port);
        say(fd, "S"); /* sending a reply would fail and reveal the reset, too */
        reset(fd);
    }
    cr_assert_eq(kill(child, SIGCONT), 0);
    wait_for_all_closed();
    stop();
}

Test(loop, however_many_connect_at_once_a_turn_takes_few)
{
    enum { COUNT = 900 };
    for (unsigned p = NODE_CLIENT_PORT; p <= NODE_PEER_PORT; p++) {
        start((struct setting){0});
        int fd[COUNT];
        char most[8] = "";
        cr_assert_eq(kill(child, SIGSTOP), 0);
        for (int i = 0; i < COUNT; i++)
            fd[i] = connect_to(p == NODE_PEER_PORT ? peer_port : client_port);
        cr_assert_eq(kill(child, SIGCONT), 0);
        for (int i = 0; i < COUNT; i++)
            say(fd[i], "here");
        for (int i = 0; i < COUNT; i++)
            expect(fd[i], "here");
        say(fd[0], "M");
        cr_assert_eq(recv(fd[0], most, 4, MSG_WAITALL), 4);
        cr_assert_leq(atoi(most), LISTEN_ACCEPTS_MAX);
        cr_assert_geq(atoi(most), LISTEN_ACCEPTS_MAX / 2, "they did not come at once: %s", most);
        for (int i = 0; i < COUNT; i++)
            i % 2 ? reset(fd[i]) : close(fd[i]);
        wait_for_all_closed();
        stop();
    }
}

Test(loop, however_many_are_to_be_closed_a_turn_closes_few)
{
    static struct node parrots = {.first_touched = PARROT_MAX, .waiter = PARROT_MAX};
    static char memory[65536];
    struct log log;
    struct instant now = clock_now();
    struct address from = {.ip = {127, 0, 0, 1}, .port = 1};
    struct conns conns;
    struct ring *ring = ring_open(&RING_SIZES, 0);
    log_init(&log, LOG_INFO, SPAN(""), memory, sizeof memory);
    parrots.log = &log;
    cr_assert(ring && conns_init(&conns, ring, &parrots, PARROT_MAX, 0));
    for (uint32_t i = 0; i < 2 * CONN_CLOSES_MAX + 1; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert(conn_accepted(&conns, fd, NODE_PEER_PORT, &from, now));
        parrots.each[i].aborted = true;
    }
    for (unsigned left = CONN_CLOSES_MAX + 1;; left -= CONN_CLOSES_MAX) {
        conns_settle(&conns, now);
        cr_assert_eq(parrots.open, left);
        cr_assert_eq(conns.slots.used, left);
        cr_assert_eq(conns_deadline(&conns), 0, "the others are closed soon");
        if (left == 1)
            break;
    }
    conns_settle(&conns, now);
    cr_assert_eq(parrots.open, 0);
    cr_assert_eq(conns_deadline(&conns), NEVER_NS);
    ring_close(ring);
    conns_deinit(&conns);
}

Test(loop, clients_beyond_the_table_are_turned_away_but_peers_are_not)
{
    start((struct setting){.connections_max = 4}); /* of which two are reserved for links */
    int one = connect_to(client_port), two = connect_to(client_port);
    say(one, "1");
    expect(one, "1");
    say(two, "2");
    expect(two, "2");
    expect_end(connect_to(client_port));
    hear_of("connections_turned_away", "count=1");
    int peer = connect_to(peer_port);
    say(peer, "peer");
    expect(peer, "peer");
    close(peer);
    hear("closed");
    shutdown(one, SHUT_WR);
    expect_end(one);
    hear("closed");
    int three = connect_to(client_port);
    say(three, "3");
    expect(three, "3");
    stop();
}

/* Within the time in which it is not told again. */
Test(loop, what_was_not_told_yet_is_told_when_the_node_stops)
{
    start((struct setting){.connections_max = 2});
    int one = connect_to(client_port);
    say(one, "1");
    expect(one, "1");
    for (int i = 0; i < 3; i++) {
        expect_end(connect_to(client_port));
        if (i == 0)
            hear_of("connections_turned_away", "count=1");
    }
    cr_assert_eq(kill(child, SIGTERM), 0);
    hear_of("connections_turned_away", "count=2");
    expect_end(one);
    cr_assert_eq(exit_code(), 0);
    fclose(heard);
}

Test(loop, out_of_descriptors_it_waits_for_one)
{
    enum { CLIENTS = 40 };
    start((struct setting){.files = 32});
    int fd[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        fd[i] = connect_to(client_port); /* most wait in the kernel's backlog */
    hear_of("accept_fails", "ulimit -n");
    for (int i = 0; i < CLIENTS; i++) {
        say(fd[i], "me too");
        expect(fd[i], "me too"); /* it is accepted once earlier ones were closed */
        close(fd[i]);
    }
    stop();
}

/* -- dials ------------------------------------------------------------------------------------- */

/* A bound socket and its port. Connections to it are refused until listen(2) is called. */
static int bound(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

Test(loop, a_dial_becomes_a_connection)
{
    struct setting with = {0};
    int door = bound(&with.dial);
    cr_assert_eq(listen(door, 1), 0);
    start(with);
    int fd = accept(door, NULL, NULL);
    hear_of("dialled", "conn=143");
    say(fd, "hello");
    expect(fd, "hello");
    close(fd);
    hear("closed");
    stop();
}

Test(loop, a_refused_dial_is_told_with_its_reason)
{
    struct setting with = {0};
    int door = bound(&with.dial);
    start(with);
    hear_of("dial_failed", "connection refused");
    stop();
    close(door);
}

/* A port that does not answer: its accept queue is full, so the kernel drops further SYNs. */
static int crowded(uint16_t *port, int *inside)
{
    int door = bound(port);
    cr_assert_eq(listen(door, 0), 0);
    *inside = connect_to(*port);
    return door;
}

Test(loop, a_dial_that_nobody_answers_is_given_up_at_its_deadline)
{
    struct setting with = {.dial_ms = 10};
    int inside, door = crowded(&with.dial, &inside);
    start(with);
    hear_of("dial_failed", "timed out");
    stop();
    close(inside);
    close(door);
}

/* How many descriptors the loop has open. */
static unsigned open_files(void)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
    DIR *folder = opendir(path);
    unsigned count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

Test(loop, a_dial_that_is_no_longer_wanted_is_heard_of_no_more)
{
    struct setting with = {0};
    int inside, door = crowded(&with.dial, &inside);
    int other = bound(&with.dial_instead);
    cr_assert_eq(listen(other, 1), 0);
    start(with);
    int client = connect_to(client_port);
    say(client, "hello");
    expect(client, "hello");
    unsigned before = open_files();
    say(client, "D");
    expect(client, "D");
    int fd = accept(other, NULL, NULL);
    hear_of("dial", "dialled"); /* under the same id; nothing was reported of the first attempt */
    say(fd, "hello");
    expect(fd, "hello");
    cr_assert_eq(open_files(), before, "the first attempt's socket was not closed");
    cr_assert_eq(kill(child, SIGTERM), 0);
    for (char line[1024]; fgets(line, sizeof line, heard);)
        cr_assert_null(strstr(line, "dial"), "%s", line);
    cr_assert_eq(exit_code(), 0);
    fclose(heard);
    close(inside);
    close(door);
}

/* -- hosts ------------------------------------------------------------------------------------- */

Test(loop, a_host_is_looked_up_and_then_another)
{
    start((struct setting){.host = "localhost"});
    int fd = connect_to(client_port);
    for (int i = 0; i < 3; i++) {
        say(fd, "H");
        hear("127.0.0.1:0");
    }
    stop();
}

Test(loop, a_host_that_cannot_be_looked_up_is_told_with_the_reason)
{
    start((struct setting){.host = "two..dots"});
    say(connect_to(client_port), "H");
    hear_of("resolve_failed", "this is not a host name");
    stop();
}

/* -- start, end, log --------------------------------------------------------------------------- */

Test(loop, a_port_in_use_is_a_sentence_with_a_remedy)
{
    struct setting with = {0};
    int door = bound(&with.client);
    cr_assert_eq(listen(door, 1), 0);
    launch(with);
    hear_of("stampede: cannot listen on 127.0.0.1:", "the port is in use");
    cr_assert_eq(exit_code(), 1);
}

Test(loop, a_log_file_that_cannot_be_is_a_sentence)
{
    launch((struct setting){.log_file = "/nonexistent/log"});
    hear_of("stampede: cannot write the log to /nonexistent/log", "log_file");
    cr_assert_eq(exit_code(), 1);
}

Test(loop, a_log_that_is_a_fifo_without_a_reader_is_a_sentence)
{
    char folder[] = "/tmp/stampede-XXXXXX", path[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    launch((struct setting){.log_file = path});
    hear_of("stampede: cannot write the log to ", "a FIFO that nobody reads");
    cr_assert_eq(exit_code(), 1);
    unlink(path);
    rmdir(folder);
}

Test(loop, a_log_that_becomes_a_fifo_without_a_reader_holds_up_nobody)
{
    char folder[] = "/tmp/stampede-XXXXXX", path[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    int pipe_end = open(path, O_RDWR);
    launch((struct setting){.log_file = path});
    fclose(heard);
    heard = fdopen(pipe_end, "r");
    client_port = (uint16_t)atoi(strrchr(hear("port=client"), ':') + 1);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(kill(child, SIGHUP), 0);
    hear_of("log_reopen_failed", "a FIFO that nobody reads");
    int fd = connect_to(client_port);
    say(fd, "hello");
    expect(fd, "hello");
    close(fd);
    stop();
    unlink(path);
    rmdir(folder);
}

Test(loop, ends_though_a_client_holds_on)
{
    start((struct setting){0});
    int fd = connect_to(client_port);
    say(fd, "x");
    expect(fd, "x");
    cr_assert_eq(kill(child, SIGINT), 0);
    expect_end(fd); /* not a reset */
    hear("stopping");
    hear("stopped");
    cr_assert_eq(exit_code(), 0);
}

Test(loop, a_rotated_log_goes_on_in_a_new_file)
{
    char folder[] = "/tmp/stampede-XXXXXX", path[64], moved[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(moved, sizeof moved, "%s/log.1", folder);
    cr_assert_eq(mkfifo(path, 0600), 0); /* unlike a file, reading it waits for data */
    int pipe_end = open(path, O_RDWR);
    launch((struct setting){.log_file = path});
    fclose(heard);
    heard = fdopen(pipe_end, "r");
    hear("port=peer");
    cr_assert_eq(rename(path, moved), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    FILE *old = heard;
    pipe_end = open(path, O_RDWR);
    heard = fdopen(pipe_end, "r");
    cr_assert_eq(kill(child, SIGHUP), 0);
    hear("log_reopened");
    stop();
    fclose(old);
    unlink(path);
    unlink(moved);
    rmdir(folder);
}

/* Read the log until it says that lines were dropped. Only a later line says so, and when there was
 * room again nobody knows, so new connections cause lines until one does. */
static void hear_of_dropped_lines(void)
{
    static const char dropped[] = "lines_dropped_before=";
    static char text[65536];
    size_t kept = 0;
    int log = fileno(heard);
    fcntl(log, F_SETFL, O_NONBLOCK);
    for (;;) {
        int fd = connect_to(client_port);
        say(fd, "x");
        expect(fd, "x");
        close(fd);
        ssize_t got;
        while ((got = read(log, text + kept, sizeof text - kept)) > 0) {
            size_t len = kept + (size_t)got;
            if (memmem(text, len, dropped, strlen(dropped)))
                return;
            kept = len < strlen(dropped) ? len : strlen(dropped);
            memmove(text, text + len - kept, kept);
        }
    }
}

static void expect_service_without_a_reader(struct setting with)
{
    start(with);
    int fd = connect_to(client_port);
    for (int i = 0; i < 20; i++) { /* far more than the pipe and the log's memory hold */
        say(fd, "L");
        expect(fd, "L");
    }
    hear_of_dropped_lines();
    stop();
}

Test(loop, a_log_that_nobody_reads_holds_up_nobody)
{
    expect_service_without_a_reader((struct setting){0});
}

Test(loop, a_terminal_that_was_stopped_holds_up_nobody)
{
    expect_service_without_a_reader((struct setting){.terminal = true});
}
