/* send.c — `stampede send`: sends lines to a node and prints its replies.
 *
 * Two streams run in parallel, each through one bounded window: what was read is passed on before
 * more is read. So a million lines take no more memory than one, and neither end can block the
 * other for ever. It ends when the node closes the connection, which the node does after its last
 * reply. */
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/reach.h"
#include "cli/refusals.h"
#include "cli/replies.h"
#include "core/base/escape.h"
#include "files/topology_file.h"
#include "io/reason.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SEND_WINDOW_BYTES = 64 << 10,
    SEND_SHOWN_BYTES = SEND_WINDOW_BYTES / ESCAPE_GROWTH, /* at a time, for a terminal */
    SEND_DIAL_MS = 5000,
};

static const char help[] =
    "Usage: stampede send [-n NODE] [-c FILE] [LINE...]\n\n"
    "Send each LINE to a node and print its replies. Without a LINE, send standard\n"
    "input as it arrives, until its end. Standard error says what was wrong with\n"
    "each line that the node refused (`? ...`). On a terminal, what could control it\n"
    "is shown as \\xHH or \\uXXXX; elsewhere replies are printed as they are.\n\n"
    "  -n, --node NODE      the node to talk to; default: the first of the topology\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -h, --help           print this text\n\n"
    "Exit codes: 0 every line was accepted, 1 a line was refused (`? ...`), a reply\n"
    "is missing or the node cannot be reached, 2 wrong command line.\n\n"
    "Examples: stampede send 'IAMAT kiwi +34.068930-118.445127 1520023934.9'\n"
    "          stampede send -n Hands 'WHATSAT kiwi 10 3'\n"
    "          stampede send <lines.txt >replies.txt\n";

struct window {
    char bytes[SEND_WINDOW_BYTES];
    size_t start, len; /* what still has to be passed on */
};

struct talk {
    char **words; /* lines of the command line that are still to be sent */
    int words_left;
    size_t word_said; /* bytes of words[0] that are in the window already */
    bool from_stdin;
    bool input_ended, half_closed;
    int input_error; /* an errno: standard input could not be read */
    struct window to_node;
    uint64_t lines;
    bool in_line; /* the last byte of the input was no LF */

    int node;
    bool connected, node_ended;
    int error; /* an errno: the connection failed */
    char why[REACH_WHY_BYTES_MAX + 1]; /* no connection could be begun; "": it could */
    struct window to_output;
    bool to_terminal; /* so what the node sends is escaped; see hear() */
    char shown[SEND_SHOWN_BYTES]; /* what came in and is not escaped yet: */
    size_t shown_len; /* the beginning of a character, between two receives */
    struct replies replies;
    struct refusals refusals;
    bool output_closed;
    int output_error; /* an errno: standard output failed; 0 if its reader has gone */
};

static void count_lines(struct talk *t, struct span bytes)
{
    for (const char *lf; (lf = memchr(bytes.at, '\n', bytes.len)) != NULL;) {
        t->lines++;
        bytes = span_from(bytes, (size_t)(lf - bytes.at) + 1);
        t->in_line = false;
    }
    if (bytes.len)
        t->in_line = true;
}

/* Take as many of the words as fit, each followed by an LF. */
static void take_words(struct talk *t)
{
    struct window *w = &t->to_node;
    while (t->words_left && w->len < sizeof w->bytes) {
        struct span rest = span_from(span_of(t->words[0]), t->word_said);
        size_t room = sizeof w->bytes - w->len, part = rest.len < room ? rest.len : room;
        memcpy(w->bytes + w->len, rest.at, part);
        w->len += part;
        t->word_said += part;
        if (part == rest.len && w->len < sizeof w->bytes) {
            w->bytes[w->len++] = '\n';
            t->words++;
            t->words_left--;
            t->word_said = 0;
        }
    }
    t->input_ended = !t->words_left;
}

static void take_stdin(struct talk *t)
{
    struct window *w = &t->to_node;
    ssize_t got = read(STDIN_FILENO, w->bytes, sizeof w->bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0)
        t->input_error = errno;
    if (got <= 0)
        t->input_ended = true;
    else
        w->len = (size_t)got;
}

static void take_input(struct talk *t)
{
    t->to_node.start = 0;
    if (t->from_stdin)
        take_stdin(t);
    else
        take_words(t);
    count_lines(t, (struct span){t->to_node.bytes, t->to_node.len});
}

/* The node takes no more input. What it sent before can still be read. */
static void stop_saying(struct talk *t, int error)
{
    t->error = error;
    t->input_ended = t->half_closed = true;
    t->to_node.len = 0;
}

static void say(struct talk *t)
{
    struct window *w = &t->to_node;
    ssize_t sent = send(t->node, w->bytes + w->start, w->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        w->start += (size_t)sent;
        w->len -= (size_t)sent;
    } else if (errno != EAGAIN && errno != EINTR) {
        stop_saying(t, errno);
    }
}

static void take_replies(struct talk *t, struct span heard)
{
    struct span line;
    while (replies_next(&t->replies, &heard, &line))
        refusals_tell(&t->refusals, t->replies.count, line);
}

/* Escape the first `bytes` of t->shown for the terminal. */
static void escape(struct talk *t, size_t bytes)
{
    struct window *w = &t->to_output;
    struct buf out = buf_over(w->bytes, sizeof w->bytes);
    escape_put(&out, ESCAPE_TERMINAL, (struct span){t->shown, bytes});
    w->start = 0;
    w->len = out.len;
    t->shown_len -= bytes;
    memmove(t->shown, t->shown + bytes, t->shown_len);
}

static void hear(struct talk *t)
{
    struct window *w = &t->to_output;
    char *to = t->to_terminal ? t->shown + t->shown_len : w->bytes;
    size_t room = t->to_terminal ? sizeof t->shown - t->shown_len : sizeof w->bytes;
    ssize_t got = recv(t->node, to, room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        t->node_ended = true;
        t->error = got < 0 ? errno : t->error;
        escape(t, t->shown_len);
        return;
    }
    take_replies(t, (struct span){to, (size_t)got});
    if (t->to_terminal) {
        t->shown_len += (size_t)got;
        escape(t, escape_whole((struct span){t->shown, t->shown_len}));
    } else {
        w->start = 0;
        w->len = (size_t)got;
    }
}

/* A pipe that poll(2) reports as writable takes PIPE_BUF bytes without blocking, but perhaps no
 * more. */
static void print(struct talk *t)
{
    struct window *w = &t->to_output;
    ssize_t done = write(STDOUT_FILENO, w->bytes + w->start, w->len < PIPE_BUF ? w->len : PIPE_BUF);
    if (done >= 0) {
        w->start += (size_t)done;
        w->len -= (size_t)done;
    } else if (errno != EAGAIN && errno != EINTR) {
        t->output_closed = true;
        t->output_error = errno == EPIPE ? 0 : errno;
    }
}

/* The connection attempt has a result. */
static void connect_end(struct talk *t)
{
    int error = reach_result(t->node);
    t->connected = error == 0;
    t->node_ended = error != 0;
    t->error = error;
}

/* Wait until something can be done, and do it. */
static void step(struct talk *t)
{
    bool wants_input = t->connected && !t->input_ended && !t->to_node.len;
    short node_events = (short)((t->to_output.len || !t->connected ? 0 : POLLIN) |
                                (t->to_node.len || !t->connected ? POLLOUT : 0));
    struct pollfd polls[] = {
        {.fd = wants_input && t->from_stdin ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = node_events ? t->node : -1, .events = node_events},
        {.fd = STDOUT_FILENO, .events = t->to_output.len ? POLLOUT : 0},
    };
    if (wants_input && !t->from_stdin) {
        take_input(t);
        return;
    }
    int ready = poll(polls, 3, t->connected ? -1 : SEND_DIAL_MS);
    if (ready == 0) {
        t->node_ended = true;
        t->error = ETIMEDOUT;
    }
    if (ready <= 0)
        return;
    if (polls[0].revents)
        take_input(t);
    if (polls[1].revents && !t->connected) {
        connect_end(t);
        return;
    }
    if (polls[1].revents && t->to_node.len)
        say(t);
    if (polls[1].revents && !t->to_output.len)
        hear(t);
    if (polls[2].revents & POLLOUT)
        print(t);
    else if (polls[2].revents)
        t->output_closed = true;
}

static void converse(struct talk *t)
{
    while (!t->output_closed && !(t->node_ended && !t->to_output.len)) {
        if (t->connected && t->input_ended && !t->to_node.len && !t->half_closed) {
            shutdown(t->node, SHUT_WR);
            t->half_closed = true;
        }
        step(t);
    }
}

/* The exit code, and a message unless the replies speak for themselves. */
static int judge(const struct options *o, const struct talk *t, const struct topology_node *node)
{
    uint64_t lines = t->lines + t->in_line;
    if (t->output_closed) {
        if (t->output_error)
            complain("cannot write the replies: %s", reason_of(t->output_error));
        return EXIT_SAID_NO;
    }
    if (!t->connected) {
        char at[HOST_PORT_TEXT_BYTES_MAX + 1];
        struct host_port client = reach_client(node);
        host_port_text(&client, at);
        complain("cannot reach %s at %s: %s; start it with: %s", node->name, at,
            *t->why ? t->why : reason_of(t->error), options_command(o, "node", node->name));
        return EXIT_SAID_NO;
    }
    if (t->replies.count != lines || replies_cut(&t->replies)) {
        complain("%s closed the connection after %" PRIu64 " %s to %" PRIu64 " %s%s%s", node->name,
            t->replies.count, t->replies.count == 1 ? "reply" : "replies", lines,
            lines == 1 ? "line" : "lines", t->error ? ": " : "", reason_of(t->error));
        return EXIT_SAID_NO;
    }
    if (!t->half_closed) {
        complain("%s closed the connection", node->name);
        return EXIT_SAID_NO;
    }
    if (t->input_error) {
        complain("cannot read standard input: %s", reason_of(t->input_error));
        return EXIT_SAID_NO;
    }
    return t->replies.refused ? EXIT_SAID_NO : EXIT_WELL;
}

static int talk_to(
    const struct options *o, const struct topology_limits *limits, const struct topology_node *node)
{
    struct host_port to = reach_client(node);
    struct talk *t = calloc(1, sizeof *t);
    if (!t) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    signal(SIGPIPE, SIG_IGN); /* a reader that leaves is no reason to die of a signal */
    t->refusals.limits = limits;
    t->words = o->words;
    t->words_left = o->words_count;
    t->from_stdin = !o->words_count;
    t->to_terminal = isatty(STDOUT_FILENO);
    t->node = reach_begin(&to, t->why);
    t->node_ended = t->node < 0;
    converse(t);
    int code = judge(o, t, node);
    if (t->node >= 0)
        close(t->node);
    free(t);
    return code;
}

int cli_send(int argc, char **argv)
{
    struct options o;
    struct topology topology;
    int code = options_read(&o, argc, argv, "cn", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (!topology_load(o.topology_file, &topology))
        return EXIT_SAID_NO;
    int at = o.node ? herd_node(&topology, &o, o.node) : 0;
    code = at < 0 ? EXIT_SAID_NO : talk_to(&o, &topology.limits, &topology.nodes[at]);
    topology_destroy(&topology);
    return code;
}
