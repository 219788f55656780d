/* stream.c — see stream.h.
 *
 * Holds always: what was received and not yet returned lies in `in`, from in_start on; what was
 * said and not yet taken by the kernel lies in `out`, or in TLS. */
#include "cli/stream.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "io/reason.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

volatile int stream_interrupted;

static void on_interrupt(int number)
{
    (void)number;
    stream_interrupted = 1;
}

/* Without SA_RESTART: a write to a full pipe is to return, too. */
void stream_catch_interrupt(void)
{
    struct sigaction act = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void end_because(struct stream *s, const char *why)
{
    if (s->over)
        return;
    s->over = true;
    snprintf(s->why, sizeof s->why, "%s", why);
}

/* -- the beginning ----------------------------------------------------------------------------- */

static void shake(struct stream *s)
{
    struct ask *a = &s->ask;
    int64_t until_ns = clock_now().mono_ns + STREAM_OPEN_MS * MS_NS;
    while (a->state != ASK_OVER && !(a->state == ASK_ANSWER && !a->out_len)) {
        struct pollfd poll_for = ask_poll(a);
        int64_t left_ns = until_ns - clock_now().mono_ns;
        if (left_ns <= 0 || stream_interrupted)
            ask_give_up(a, stream_interrupted ? "was not waited for" : "does not answer");
        else if (poll(&poll_for, 1, (int)(left_ns / MS_NS) + 1) > 0)
            ask_step(a);
    }
}

bool stream_open(struct stream *s, const struct herd *herd, unsigned node, struct span question)
{
    struct ask *a = &s->ask;
    memset(s, 0, sizeof *s);
    s->name = herd->topology.nodes[node].name;
    s->in = malloc(STREAM_WINDOW_BYTES);
    s->out = malloc(STREAM_WINDOW_BYTES);
    if (!s->in || !s->out) {
        complain("out of memory");
        free(s->in);
        free(s->out);
        return false;
    }
    ask_begin(a, &herd->topology, node, &herd->secret_file.secrets, herd->tls, question);
    a->streams = true;
    shake(s);
    if (a->state == ASK_OVER) {
        complain("%s: %s", s->name, a->why);
        stream_end(s);
        return false;
    }
    ASSERT(a->in_len <= STREAM_WINDOW_BYTES);
    if (a->in_len)
        memcpy(s->in, a->in, a->in_len);
    s->in_len = a->in_len;
    return true;
}

void stream_end(struct stream *s)
{
    ask_end(&s->ask);
    free(s->in);
    free(s->out);
    s->in = s->out = NULL;
}

/* -- lines ------------------------------------------------------------------------------------- */

static void hear_bye(struct stream *s, struct span reason)
{
    char why[ASK_WHY_BYTES_MAX + 1];
    bool is_old = span_equal(reason, SPAN("an observer may only ask"));
    snprintf(why, sizeof why, "%s%.*s", is_old ? "runs an older version, which says: " : "says: ",
        (int)reason.len, reason.at);
    for (char *at = why; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    end_because(s, why);
}

bool stream_line(struct stream *s, struct span *line)
{
    char *at = s->in + s->in_start;
    size_t left = s->in_len - s->in_start;
    char *end = left ? memchr(at, '\n', left) : NULL;
    if (!end) {
        memmove(s->in, at, left);
        s->in_start = 0;
        s->in_len = left;
        if (left == STREAM_WINDOW_BYTES)
            end_because(s, "sent a line without an end");
        return false;
    }
    *line = (struct span){at, (size_t)(end - at)};
    s->in_start += line->len + 1;
    if (line->len < 4 || memcmp(line->at, "BYE ", 4) != 0)
        return true;
    hear_bye(s, span_from(*line, 4));
    return false;
}

struct buf stream_room(struct stream *s)
{
    struct buf out = buf_over(s->out, STREAM_WINDOW_BYTES);
    out.len = s->out_len;
    return out;
}

void stream_said(struct stream *s, struct buf out)
{
    ASSERT(!out.overflow && out.at == s->out && out.len >= s->out_len);
    s->out_len = out.len;
}

/* -- bytes ------------------------------------------------------------------------------------- */

static size_t send_some(struct stream *s, struct span bytes)
{
    size_t total = 0;
    while (total < bytes.len && !s->over) {
        ssize_t sent = send(s->ask.fd, bytes.at + total, bytes.len - total, MSG_NOSIGNAL);
        if (sent >= 0)
            total += (size_t)sent;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR) /* what it said before that can still be read */
            return bytes.len;
    }
    return total;
}

static void take_off(struct stream *s, size_t bytes)
{
    s->out_len -= bytes;
    memmove(s->out, s->out + bytes, s->out_len);
}

static void send_out(struct stream *s)
{
    struct tls *tls = s->ask.tls;
    if (!tls) {
        take_off(s, send_some(s, (struct span){s->out, s->out_len}));
        return;
    }
    for (;;) {
        struct span sealed = tls_output(tls);
        size_t sent = send_some(s, sealed), room_bytes;
        tls_sent(tls, sent);
        char *room = sent == sealed.len && s->out_len ? tls_room(tls, &room_bytes) : NULL;
        if (!room)
            return;
        size_t bytes = s->out_len < room_bytes ? s->out_len : room_bytes;
        memcpy(room, s->out, bytes);
        tls_wrote(tls, bytes);
        take_off(s, bytes);
    }
}

/* As recv(2); 0 or less: nothing more for now, or it is over. */
static ssize_t receive_into(struct stream *s, char *at, size_t room)
{
    ssize_t got = room ? recv(s->ask.fd, at, room, 0) : -1;
    if (room && got == 0)
        end_because(s, "closed the connection");
    else if (room && got < 0 && errno != EAGAIN && errno != EINTR)
        end_because(s, reason_of(errno));
    return got;
}

/* Let TLS open what it holds, as far as there is room. */
static void open_sealed(struct stream *s)
{
    struct tls *tls = s->ask.tls;
    for (;;) {
        struct span plain = tls_read(tls);
        size_t room = STREAM_WINDOW_BYTES - s->in_len;
        size_t bytes = plain.len < room ? plain.len : room;
        memcpy(s->in + s->in_len, plain.at, bytes);
        tls_read_ack(tls, bytes);
        s->in_len += bytes;
        if (bytes < plain.len)
            return;
        struct span rest = {s->sealed + s->sealed_start, s->sealed_len - s->sealed_start};
        size_t before = rest.len;
        tls_feed(tls, &rest);
        s->sealed_start = s->sealed_len - rest.len;
        if (rest.len == before && !tls_read(tls).len)
            break;
    }
    if (tls_state(tls) == TLS_ENDED)
        end_because(s, *tls_reason(tls) ? tls_reason(tls) : "closed the connection");
}

static void receive(struct stream *s)
{
    if (!s->ask.tls) {
        ssize_t got = receive_into(s, s->in + s->in_len, STREAM_WINDOW_BYTES - s->in_len);
        s->in_len += got > 0 ? (size_t)got : 0;
        return;
    }
    s->sealed_len -= s->sealed_start;
    memmove(s->sealed, s->sealed + s->sealed_start, s->sealed_len);
    s->sealed_start = 0;
    ssize_t got =
        receive_into(s, s->sealed + s->sealed_len, STREAM_SEALED_BYTES - s->sealed_len);
    s->sealed_len += got > 0 ? (size_t)got : 0;
    open_sealed(s);
}

/* What TLS holds back for want of room does not come by poll(2). Whether some of it was opened. */
static bool open_rest(struct stream *s)
{
    size_t before = s->in_len;
    if (s->ask.tls && (s->sealed_start < s->sealed_len || tls_read(s->ask.tls).len))
        open_sealed(s);
    return s->in_len > before;
}

bool stream_wait(struct stream *s, int fd, int wait_ms)
{
    if (open_rest(s))
        return false;
    bool writes = s->out_len || (s->ask.tls && tls_output(s->ask.tls).len);
    struct pollfd polls[] = {
        {.fd = s->ask.fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))},
        {.fd = fd, .events = POLLIN},
    };
    if (s->over || stream_interrupted || poll(polls, 2, wait_ms) <= 0)
        return false;
    if (polls[0].revents & (POLLOUT | POLLERR | POLLHUP))
        send_out(s);
    if (polls[0].revents & ~POLLOUT)
        receive(s);
    return polls[1].revents != 0;
}
