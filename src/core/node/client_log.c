/* client_log.c — see client_log.h. */
#include "core/node/private.h"
#include "core/protocol/explain.h"

static void begin(
    struct node *n, const struct connection *c, const char *event, struct instant now)
{
    ASSERT(c->kind == CONNECTION_CLIENT);
    log_begin(n->log, LOG_DEBUG, event, now);
    log_number(n->log, "conn", c->number);
}

void client_log_line(struct node *n, const struct connection *c, struct span line,
    enum line_result found, struct instant now)
{
    ASSERT(found == LINE_WHOLE || found == LINE_LONG);
    struct span why = found == LINE_LONG ? SPAN("the line is longer than limits.line")
                                         : command_fault_text(command_explain(line));
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
    if (!log_on(n->log, LOG_DEBUG))
        return false;
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
    struct node *n, struct connection *c, const struct address *from, struct instant now)
{
    char text[ADDRESS_TEXT_BYTES_MAX + 1];
    c->client.session = (struct client_session){.opened_ns = now.mono_ns};
    if (!has_room(n, now)) {
        if (log_on(n->log, LOG_DEBUG)) {
            n->client_log.more = true;
            n->client_log.opened++;
        }
        return;
    }
    address_text(from, text);
    begin(n, c, "client_opened", now);
    log_text(n->log, "from", span_of(text));
    log_end(n->log);
}

void client_log_ends(struct connection *c, const char *why)
{
    ASSERT(c->kind == CONNECTION_CLIENT);
    if (!c->client.session.why)
        c->client.session.why = why;
}

void client_log_closed(
    struct node *n, const struct connection *c, const char *why, struct instant now)
{
    const struct client_session *s = &c->client.session;
    ASSERT(now.mono_ns >= s->opened_ns);
    if (!has_room(n, now)) {
        if (log_on(n->log, LOG_DEBUG)) {
            n->client_log.more = true;
            n->client_log.closed++;
            n->client_log.lines += s->lines;
            n->client_log.bytes += s->bytes;
        }
        return;
    }
    begin(n, c, "client_closed", now);
    log_text(n->log, "why", span_of(s->why ? s->why : *why ? why : "the client has closed"));
    log_number(n->log, "lines", (int64_t)s->lines);
    log_number(n->log, "bytes", (int64_t)s->bytes);
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
