/* refusals.c — see refusals.h. */
#include "cli/refusals.h"
#include "cli/options.h"
#include "core/protocol/command.h"
#include "core/protocol/explain.h"
#include "files/clock.h"
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { STDERR_WAIT_MS = 1000 };

#define OLDER ", or the node has a version without live queries"

/* A command of live queries: limits of the node's topology.conf may be others than here. */
static void explain_live(
    const struct topology_limits *limits, const struct command *c, char text[REFUSAL_TEXT_BYTES])
{
    struct live_command live;
    command_live(c, &live);
    switch (live.kind) {
    case LIVE_COMMAND_NEAR:
        if (live.count > limits->near) {
            snprintf(text, REFUSAL_TEXT_BYTES, "the count is above limits.near (%" PRIu32 ")",
                limits->near);
            return;
        }
        snprintf(text, REFUSAL_TEXT_BYTES, "too many live queries wait at the node" OLDER);
        return;
    case LIVE_COMMAND_WATCH_NEAR:
        snprintf(text, REFUSAL_TEXT_BYTES,
            "more than limits.fence (%" PRIu32 ") stamps are within, limits.watches or "
            "watches_total is reached, too many live queries wait" OLDER, limits->fence);
        return;
    case LIVE_COMMAND_WATCH_ID:
    case LIVE_COMMAND_WATCH_ALL:
        snprintf(text, REFUSAL_TEXT_BYTES, "limits.watches (%" PRIu32 ")%s or watches_total is "
            "reached" OLDER, limits->watches,
            live.kind == LIVE_COMMAND_WATCH_ALL ? ", watch_all" : "");
        return;
    case LIVE_COMMAND_UNWATCH:
        snprintf(text, REFUSAL_TEXT_BYTES, "this connection has no watch with that number" OLDER);
        return;
    }
}

/* A well-formed line: only the node's state can have been the reason. Its clock need not be this
 * machine's. */
static void explain_state(const struct topology_limits *limits, const struct command *c,
    int64_t real_ns, char text[REFUSAL_TEXT_BYTES])
{
    if (c->kind == COMMAND_WHATSAT) {
        snprintf(text, REFUSAL_TEXT_BYTES, "this node holds no stamp of that client id");
        return;
    }
    if (c->kind == COMMAND_LIVE) {
        explain_live(limits, c, text);
        return;
    }
    bool ahead = c->iamat.time_ns > real_ns;
    uint64_t ahead_ns = ahead ? (uint64_t)(c->iamat.time_ns - real_ns) : 0;
    if (ahead_ns > limits->future_ns) {
        snprintf(text, REFUSAL_TEXT_BYTES,
            "the time is %" PRIu64 " s ahead of the clock; limits.future is %" PRIu64 " s",
            ahead_ns / SECOND_NS, limits->future_ns / SECOND_NS);
        return;
    }
    snprintf(text, REFUSAL_TEXT_BYTES, "the node %s%s",
        limits->stamps_evict ? "has no memory left for the stamp"
                             : "holds limits.stamps ids and this one is new, or has no memory left",
        ahead ? ", or by its clock the time is too far ahead" : "");
}

void refusal_explain(const struct topology_limits *limits, struct span line, int64_t real_ns,
    char text[REFUSAL_TEXT_BYTES])
{
    struct command c;
    char why[REFUSAL_TEXT_BYTES];
    command_parse(line, &c);
    if (c.kind == COMMAND_INVALID)
        snprintf(why, sizeof why, "%s", command_fault_text(command_explain(line)).at);
    else
        explain_state(limits, &c, real_ns, why);
    /* the node repeats no more of a line, so a longer one looks just the same */
    if (line.len >= limits->line_bytes)
        snprintf(text, REFUSAL_TEXT_BYTES, "the line is longer than limits.line (%" PRIu32
            " bytes), or just as long and: %.150s", limits->line_bytes, why);
    else
        snprintf(text, REFUSAL_TEXT_BYTES, "%s", why);
}

/* A pipe that poll(2) reports as writable takes PIPE_BUF bytes without blocking. */
void refusals_tell(struct refusals *r, uint64_t number, struct span line)
{
    _Static_assert(REFUSAL_TEXT_BYTES + 64 <= PIPE_BUF, "a message is written at once");
    struct pollfd errors = {.fd = STDERR_FILENO, .events = POLLOUT};
    char why[REFUSAL_TEXT_BYTES];
    if (!r->unread)
        r->unread = poll(&errors, 1, STDERR_WAIT_MS) != 1 || !(errors.revents & POLLOUT);
    if (r->unread)
        return;
    refusal_explain(r->limits, line, clock_now().real_ns, why);
    complain("line %" PRIu64 ": %s", number, why);
}
