/* client_log.h — what the log says, at debug, about clients: their connections, lines and
 * replies.
 *
 * Of connections that open and close by the hundred, CLIENT_LOG_LINES a second are told one by one,
 * and the others in a sum when the second is over. Called by clients.c, which asks first whether
 * that level is on before it tells of lines: the hot path makes no call. Written by client_log.c
 * alone. */
#ifndef CORE_NODE_CLIENT_LOG_H
#define CORE_NODE_CLIENT_LOG_H

#include "core/base/address.h"
#include "core/base/instant.h"
#include "core/base/span.h"
#include "core/protocol/line.h"

enum { CLIENT_LOG_LINES = 100, CLIENT_LOG_SECOND_MS = 1000 };

struct node;
struct connection;

/* What a connection has said while that level was on, and why the node has ended it. */
struct client_session {
    int64_t opened_ns; /* monotonic */
    uint64_t lines, bytes; /* received */
    const char *why; /* NULL: the node has not ended it */
};

/* The sessions, which only this level needs, and connections that were not told one by one. */
struct client_log {
    struct client_session *sessions; /* by the connection's number; NULL: none was told yet */
    bool more; /* there were some */
    int64_t second_ns; /* monotonic; when the second began that is counted */
    unsigned told; /* in it */
    uint64_t opened, closed; /* in it, and not told */
    uint64_t lines, bytes; /* of those that closed */
};

/* A connection has begun. */
void client_log_opened(
    struct node *n, const struct connection *c, const struct address *from, struct instant now);
/* Its bytes have come in; only where the level is on. */
void client_log_received(struct node *n, const struct connection *c, size_t bytes);
/* The node ends it; the first reason counts. A literal. */
void client_log_ends(struct node *n, const struct connection *c, const char *why);
/* It is gone; `why`, by the driver, for the log. */
void client_log_closed(
    struct node *n, const struct connection *c, const char *why, struct instant now);

/* When the sum is to be told, where there are `more`. */
static inline int64_t client_log_deadline(const struct client_log *k)
{
    return k->second_ns + CLIENT_LOG_SECOND_MS * MS_NS;
}
/* Tell it: when it is due, or before, when the node stops. */
void client_log_sum(struct node *n, struct instant now);
/* Free what it holds. */
void client_logs_end(struct node *n);

/* A line has come in: LINE_WHOLE, or the beginning of one that is LINE_LONG. If it is no command,
 * `why` says what is wrong with it. */
void client_log_line(struct node *n, const struct connection *c, struct span line,
    enum line_result found, struct instant now);
/* A command is refused for what the node holds or what its clock shows. Empty: for its line. */
void client_log_refusal(
    struct node *n, const struct connection *c, struct span why, struct instant now);
/* A reply, or the first line of one, goes out. */
void client_log_reply(
    struct node *n, const struct connection *c, struct span reply, struct instant now);

#endif
