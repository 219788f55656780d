/* client_log.c — see client_log.h. */
#include "core/node/private.h"
#include "core/protocol/explain.h"
#include <stdlib.h>

static void begin(
    struct node *n, const struct connection *c, const char *event, struct instant now)
{
    ASSERT(c->kind == CONNECTION_CLIENT);
    log_begin(n->log, LOG_DEBUG, event, now);
    log_number(n->log, "conn", c->number);
}

/* NULL: nothing is kept of it. */
static struct client_session *session_of(struct node *n, const struct connection *c)
{
    ASSERT(c->kind == CONNECTION_CLIENT && c->number < n->connections.max);
    return n->client_log.sessions ? &n->client_log.sessions[c->number] : NULL;
}

void client_log_line(struct node *n, const struct connection *c, struct span line,
    enum line_result found, struct instant now)
{
    ASSERT(found == LINE_WHOLE || found == LINE_LONG);
    struct span why = found == LINE_LONG ? SPAN("the line is longer than limits.line")
                                         : command_fault_text(command_explain(line));
    struct client_session *s = session_of(n, c);
    if (s)
        s->lines++;
    begin(n, c, "line_in", now);
    log_text(n->log, "text", line);
    if (why.len)
        log_text(n->log, "why", why);
    log_end(n->log);
}

void client_log_refusal(
    struct node *n, const struct connection *c, struct span why, struct instant now)
{
    if (!why.len)
        return;
    begin(n, c, "command_refused", now);
    log_text(n->log, "why", why);
    log_end(n->log);
}

void client_log_reply(
    struct node *n, const struct connection *c, struct span reply, struct instant now)
{
    begin(n, c, "line_out", now);
    log_text(n->log, "text", reply);
    log_end(n->log);
}

/* -- connections ------------------------------------------------------------------------------- */

/* Whether one more may be told by itself. */
static bool has_room(struct node *n, struct instant now)
{
    struct client_log *k = &n->client_log;
    ASSERT(log_on(n->log, LOG_DEBUG));
    if (now.mono_ns - k->second_ns >= CLIENT_LOG_SECOND_MS * MS_NS) {
        client_log_sum(n, now);
        k->second_ns = now.mono_ns;
        k->told = 0;
    }
    ASSERT(k->told <= CLIENT_LOG_LINES);
    if (k->told == CLIENT_LOG_LINES)
        return false;
    k->told++;
    return true;
}

void client_log_opened(
    struct node *n, const struct connection *c, const struct address *from, struct instant now)
{
    struct client_log *k = &n->client_log;
    char text[ADDRESS_TEXT_BYTES_MAX + 1];
    if (!k->sessions && log_on(n->log, LOG_DEBUG))
        k->sessions = calloc(n->connections.max, sizeof *k->sessions);
    struct client_session *s = session_of(n, c);
    if (s)
        *s = (struct client_session){.opened_ns = now.mono_ns};
    if (!log_on(n->log, LOG_DEBUG))
        return;
    if (!has_room(n, now)) {
        k->more = true;
        k->opened++;
        return;
    }
    address_text(from, text);
    begin(n, c, "client_opened", now);
    log_text(n->log, "from", span_of(text));
    log_end(n->log);
}

void client_log_received(struct node *n, const struct connection *c, size_t bytes)
{
    struct client_session *s = session_of(n, c);
    if (s)
        s->bytes += bytes;
}

void client_log_ends(struct node *n, const struct connection *c, const char *why)
{
    struct client_session *s = session_of(n, c);
    if (s && !s->why)
        s->why = why;
}

/* A connection that began while the level was off, or for which there was no memory. */
static const struct client_session unknown;

void client_log_closed(
    struct node *n, const struct connection *c, const char *why, struct instant now)
{
    struct client_log *k = &n->client_log;
    const struct client_session *s = session_of(n, c);
    if (!log_on(n->log, LOG_DEBUG))
        return;
    s = s ? s : &unknown;
    ASSERT(now.mono_ns >= s->opened_ns);
    if (!has_room(n, now)) {
        k->more = true;
        k->closed++;
        k->lines += s->lines;
        k->bytes += s->bytes;
        return;
    }
    begin(n, c, "client_closed", now);
    log_text(n->log, "why", span_of(s->why ? s->why : *why ? why : "the client has closed"));
    log_number(n->log, "lines", (int64_t)s->lines);
    log_number(n->log, "bytes", (int64_t)s->bytes);
    if (s->opened_ns)
        log_number(n->log, "seconds", (now.mono_ns - s->opened_ns) / SECOND_NS);
    if (c->out.bytes)
        log_number(n->log, "unread_bytes", (int64_t)c->out.bytes);
    log_end(n->log);
}

void client_log_sum(struct node *n, struct instant now)
{
    struct client_log *k = &n->client_log;
    if (!k->more)
        return;
    ASSERT(k->opened || k->closed);
    log_begin(n->log, LOG_DEBUG, "clients_more", now);
    log_number(n->log, "opened", (int64_t)k->opened);
    log_number(n->log, "closed", (int64_t)k->closed);
    log_number(n->log, "lines", (int64_t)k->lines);
    log_number(n->log, "bytes", (int64_t)k->bytes);
    log_end(n->log);
    k->opened = k->closed = k->lines = k->bytes = 0;
    k->more = false;
}

void client_logs_end(struct node *n)
{
    free(n->client_log.sessions);
    n->client_log.sessions = NULL;
}
