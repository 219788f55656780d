/* ask.c — see ask.h. */
#include "cli/ask.h"
#include "cli/reach.h"
#include "files/clock.h"
#include "files/entropy.h"
#include "io/reason.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Text from the other end may contain control sequences for the terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

void ask_give_up(struct ask *a, const char *why)
{
    if (a->state == ASK_OVER)
        return;
    a->state = ASK_OVER;
    snprintf(a->why, sizeof a->why, "%s", why);
    make_printable(a->why);
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

static void begin_tls(struct ask *a, const struct tls_config *tls)
{
    unsigned char entropy[TLS_ENTROPY_BYTES];
    entropy_fill(entropy, sizeof entropy);
    a->tls = tls_client(tls, entropy, clock_now());
    if (!a->tls)
        ask_give_up(a, "out of memory");
}

void ask_begin(struct ask *a, const struct topology *topology, unsigned node,
    const struct secrets *secrets, const struct tls_config *tls, struct span question)
{
    *a = (struct ask){.topology = topology,
        .node = &topology->nodes[node],
        .secrets = secrets,
        .question = question};
    struct host_port at = reach_peer(a->node);
    char why[REACH_WHY_BYTES_MAX + 1];
    a->fd = reach_begin(&at, why);
    if (a->fd < 0) {
        ask_give_up(a, why);
        return;
    }
    struct hello *mine = &a->mine;
    entropy_fill(mine->nonce, sizeof mine->nonce);
    entropy_fill(&mine->boot, sizeof mine->boot);
    mine->boot |= 1; /* never 0 */
    mine->herd = span_of(topology->herd);
    mine->from = span_of(HELLO_OBSERVER);
    mine->to = span_of(a->node->name);
    mine->auth = mine->secrets = secrets->count > 0;
    if (tls)
        begin_tls(a, tls);
}

void ask_end(struct ask *a)
{
    ask_give_up(a, "");
    tls_destroy(a->tls);
    a->tls = NULL;
    free(a->answer);
    free(a->in);
    a->answer = a->in = NULL;
}

struct pollfd ask_poll(const struct ask *a)
{
    size_t unsent = a->tls ? tls_output(a->tls).len : a->out_len;
    bool writes = a->state == ASK_DIALS || unsent;
    return (struct pollfd){.fd = a->fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
}

/* -- what we say ------------------------------------------------------------------------------- */

static struct buf begin_line(struct ask *a)
{
    struct buf out = buf_over(a->out, sizeof a->out);
    out.len = a->out_len;
    return out;
}

static void end_line(struct ask *a, struct buf out, enum ask_state next)
{
    if (out.overflow) { /* the node has not read the lines before */
        ask_give_up(a, "does not read what it is sent");
        return;
    }
    a->out_len = out.len;
    a->state = next;
}

static void say_hello(struct ask *a)
{
    struct buf out = begin_line(a);
    hello_put(&out, &a->mine);
    end_line(a, out, ASK_HELLO);
}

/* A proof by each of `which`. 0: none yet; the node is of an older version, which takes one proof,
 * and whose own does not wait for ours. */
static void say_auth(struct ask *a, unsigned which)
{
    struct auth_exchange x = {.role = HELLO_DIALLED, .speaker = &a->mine, .other = &a->theirs};
    struct buf out = begin_line(a);
    a->auth_said = which != 0;
    if (which)
        auth_put(&out, a->secrets, which, &x);
    end_line(a, out, ASK_AUTH);
}

static void say_question(struct ask *a)
{
    struct buf out = begin_line(a);
    buf_span_put(&out, a->question);
    buf_byte(&out, '\n');
    end_line(a, out, ASK_ANSWER);
}

/* Send `bytes`. Returns how many were sent; fewer if the socket is full or the ask is OVER. */
static size_t send_bytes(struct ask *a, struct span bytes)
{
    size_t total = 0;
    while (total < bytes.len) {
        ssize_t sent = send(a->fd, bytes.at + total, bytes.len - total, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            ask_give_up(a, reason_of(errno));
        if (sent < 0)
            break;
        total += (size_t)sent;
    }
    return total;
}

static void take_off(struct ask *a, size_t bytes)
{
    a->out_len -= bytes;
    memmove(a->out, a->out + bytes, a->out_len);
}

static void send_sealed(struct ask *a)
{
    for (;;) {
        struct span sealed = tls_output(a->tls);
        tls_sent(a->tls, send_bytes(a, sealed));
        size_t room_bytes;
        char *room = a->state != ASK_OVER && a->out_len ? tls_room(a->tls, &room_bytes) : NULL;
        if (!room)
            return;
        if (!tls_names_hold(tls_names(a->tls), span_of(a->node->name))) {
            ask_give_up(a, "its certificate is for another name");
            return;
        }
        size_t bytes = a->out_len < room_bytes ? a->out_len : room_bytes;
        memcpy(room, a->out, bytes);
        tls_wrote(a->tls, bytes);
        take_off(a, bytes);
    }
}

static void send_out(struct ask *a)
{
    if (a->tls)
        send_sealed(a);
    else
        take_off(a, send_bytes(a, (struct span){a->out, a->out_len}));
}

/* -- what we hear ------------------------------------------------------------------------------ */

static bool begins(struct span line, const char *word)
{
    size_t len = strlen(word);
    return line.len >= len && memcmp(line.at, word, len) == 0;
}

static void hear_hello(struct ask *a, struct span line)
{
    if (line.len > sizeof a->theirs_text) {
        ask_give_up(a, "no node answers at this address");
        return;
    }
    memcpy(a->theirs_text, line.at, line.len);
    if (hello_parse((struct span){a->theirs_text, line.len}, &a->theirs)) {
        ask_give_up(a, "no node answers at this address");
        return;
    }
    char why[ASK_WHY_BYTES_MAX + 1];
    if (!span_equal(a->theirs.herd, a->mine.herd) || !span_equal(a->theirs.from, a->mine.to)) {
        snprintf(why, sizeof why, "node %.*s of herd %.*s answers at this address",
            (int)a->theirs.from.len, a->theirs.from.at, (int)a->theirs.herd.len, a->theirs.herd.at);
        ask_give_up(a, why);
        return;
    }
    unsigned all = (1u << a->secrets->count) - 1;
    if (all)
        say_auth(a, a->theirs.secrets || a->secrets->count == 1 ? all : 0);
    else if (a->theirs.auth && *a->topology->secret_file)
        ask_give_up(a, "requires the secret of this certificate; its topology.conf does not name "
                       "it in tls.operators");
    else if (a->theirs.auth)
        ask_give_up(a, "requires a secret, but topology.conf has no secret_file");
    else
        say_question(a);
}

static void hear_auth(struct ask *a, struct span line)
{
    struct auth_exchange x = {.role = HELLO_ACCEPTED, .speaker = &a->theirs, .other = &a->mine};
    unsigned proven = auth_proves(line, a->secrets, &x);
    if (!proven) {
        ask_give_up(a, "does not know the herd's secret");
        return;
    }
    if (!a->auth_said)
        say_auth(a, proven & -proven);
    if (a->state != ASK_OVER)
        say_question(a);
}

static void hear_answer(struct ask *a, struct span line)
{
    a->answer = malloc(line.len + 1);
    if (!a->answer) {
        ask_give_up(a, "out of memory");
        return;
    }
    memcpy(a->answer, line.at, line.len);
    a->answer[line.len] = '\0';
    ask_give_up(a, "");
}

static void hear(struct ask *a, struct span line)
{
    if (begins(line, "BYE ")) {
        char why[ASK_WHY_BYTES_MAX + 1];
        struct span reason = span_from(line, strlen("BYE "));
        snprintf(why, sizeof why, "refuses to answer: %.*s", (int)reason.len, reason.at);
        ask_give_up(a, why);
        return;
    }
    switch (a->state) {
    case ASK_HELLO:
        hear_hello(a, line);
        break;
    case ASK_AUTH:
        hear_auth(a, line);
        break;
    case ASK_ANSWER:
        if (begins(line, "{"))
            hear_answer(a, line);
        break; /* other lines, such as PING, are for neighbours */
    case ASK_DIALS:
    case ASK_OVER:
        break;
    }
}

static bool make_room(struct ask *a)
{
    if (a->in_len < a->in_cap)
        return true;
    size_t cap = a->in_cap ? 2 * a->in_cap : 4 * ASK_LINE_BYTES_MAX;
    char *in = cap <= ASK_ANSWER_BYTES_MAX ? realloc(a->in, cap) : NULL;
    if (!in) {
        ask_give_up(a, "its answer is too long");
        return false;
    }
    a->in = in;
    a->in_cap = cap;
    return true;
}

/* Whether nothing more is to be received: what follows is somebody else's, or nobody's. */
static bool has_all(const struct ask *a)
{
    return a->state == ASK_OVER || (a->streams && a->state == ASK_ANSWER);
}

/* Handle the complete lines of the input, whose first `seen` bytes are known to have no LF. */
static void take_lines(struct ask *a, size_t seen)
{
    size_t start = 0;
    char *end;
    while (!has_all(a) && (end = memchr(a->in + seen, '\n', a->in_len - seen))) {
        size_t stop = (size_t)(end - a->in);
        hear(a, (struct span){a->in + start, stop - start});
        start = seen = stop + 1;
    }
    a->in_len -= start;
    memmove(a->in, a->in + start, a->in_len);
}

/* As recv(2); 0 or less: nothing more for now, or the ask is OVER. */
static ssize_t receive_into(struct ask *a, char *memory, size_t room)
{
    ssize_t got = recv(a->fd, memory, room, 0);
    if (got == 0)
        ask_give_up(a, "closed the connection without an answer");
    else if (got < 0 && errno != EAGAIN && errno != EINTR)
        ask_give_up(a, reason_of(errno));
    return got;
}

static void take_in(struct ask *a, size_t bytes)
{
    a->in_len += bytes;
    take_lines(a, a->in_len - bytes);
}

static void open_sealed(struct ask *a, struct span in)
{
    while (in.len && a->state != ASK_OVER) {
        size_t before = in.len;
        tls_feed(a->tls, &in);
        struct span plain;
        while ((plain = tls_read(a->tls)).len && a->state != ASK_OVER && make_room(a)) {
            size_t room = a->in_cap - a->in_len, bytes = plain.len < room ? plain.len : room;
            memcpy(a->in + a->in_len, plain.at, bytes);
            tls_read_ack(a->tls, bytes);
            take_in(a, bytes);
        }
        send_sealed(a);
        if (tls_state(a->tls) == TLS_ENDED || in.len == before)
            ask_give_up(a, *tls_reason(a->tls) ? tls_reason(a->tls)
                                               : "closed the connection without an answer");
    }
}

static void receive(struct ask *a)
{
    char sealed[4096];
    ssize_t got;
    while (a->tls && !has_all(a) && (got = receive_into(a, sealed, sizeof sealed)) > 0)
        open_sealed(a, (struct span){sealed, (size_t)got});
    while (!a->tls && !has_all(a) && make_room(a) &&
           (got = receive_into(a, a->in + a->in_len, a->in_cap - a->in_len)) > 0)
        take_in(a, (size_t)got);
}

void ask_step(struct ask *a)
{
    if (a->state == ASK_OVER)
        return;
    if (a->state == ASK_DIALS) {
        int error = reach_result(a->fd);
        if (error) {
            ask_give_up(a, reason_of(error));
            return;
        }
        say_hello(a);
    }
    send_out(a);
    receive(a);
    if (a->state != ASK_OVER)
        send_out(a);
}
