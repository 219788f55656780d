/* client_log.h — what the log says, at debug, about clients' lines and their replies.
 *
 * Called by clients.c, which asks first whether that level is on: the hot path makes no call. */
#ifndef CORE_NODE_CLIENT_LOG_H
#define CORE_NODE_CLIENT_LOG_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include "core/protocol/line.h"

struct node;
struct connection;

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
