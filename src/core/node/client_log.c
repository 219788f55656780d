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
