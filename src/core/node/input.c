/* input.c — see input.h.
 *
 * The list is in the order in which its entries are due, since all wait for the same time: whoever
 * is put into it, for the first time or again, goes to its end. A client without a part of a line
 * costs nothing here. Holds always: who is listed is a client that WAITS; nobody is listed where
 * lines wait for their LF. */
#include "core/node/private.h"
#include <stdlib.h>

/* -- the list ---------------------------------------------------------------------------------- */

void inputs_begin(struct node *n)
{
    connection_list_begin(&n->inputs.list);
    n->inputs.silence_ns = (int64_t)n->topology->limits.partial_ms * MS_NS;
    ASSERT(n->inputs.silence_ns >= 0);
}

static void leave(struct node *n, struct connection *c)
{
    if (!c->client.input.listed)
        return;
    ASSERT(c->client.input.state == INPUT_WAITS);
    connection_list_remove(&n->connections, &n->inputs.list, LIST_SILENT_INPUT, c);
    c->client.input.listed = false;
}

static void join(struct node *n, struct connection *c, struct instant now)
{
    struct client_input *in = &c->client.input;
    ASSERT(!in->listed && in->state == INPUT_WAITS && n->inputs.silence_ns);
    in->came_ns = now.mono_ns;
    connection_list_append(&n->connections, &n->inputs.list, LIST_SILENT_INPUT, c);
    in->listed = true;
}

static void turn_to(struct node *n, struct connection *c, enum input_state state)
{
    leave(n, c);
    c->client.input.state = state;
}

void inputs_take_limits(struct node *n)
{
    n->inputs.silence_ns = (int64_t)n->topology->limits.partial_ms * MS_NS;
    while (!n->inputs.silence_ns && n->inputs.list.first != CONNECTION_NONE)
        turn_to(n, connection_of(&n->connections, n->inputs.list.first), INPUT_TYPED);
}

int64_t inputs_deadline(const struct node *n)
{
    if (n->inputs.list.first == CONNECTION_NONE)
        return NEVER_NS;
    const struct connection *c = connection_of(&n->connections, n->inputs.list.first);
    ASSERT(c->client.input.listed);
    return c->client.input.came_ns + n->inputs.silence_ns;
}

/* -- a line without LF ------------------------------------------------------------------------- */

/* Whether the part of a line that is kept is a whole command. */
static bool is_command(const struct line_reader *lines)
{
    struct command command;
    struct span line = {lines->room, lines->kept};
    if (!line.len || lines->kept > lines->bytes_max)
        return false;
    line.len -= line.at[line.len - 1] == '\r';
    command_parse(line, &command);
    return command.kind == COMMAND_IAMAT || command.kind == COMMAND_WHATSAT;
}

struct connection *inputs_silent(struct node *n, struct instant now)
{
    while (inputs_deadline(n) <= now.mono_ns) {
        struct connection *c = connection_of(&n->connections, n->inputs.list.first);
        ASSERT(!c->finishing);
        if (c->choked) { /* it is asked again when it may go on */
            leave(n, c);
            join(n, c, now);
        } else if (c->aborted || !is_command(&c->client.lines)) {
            turn_to(n, c, INPUT_TYPED);
        } else {
            turn_to(n, c, INPUT_TAKEN);
            return c;
        }
    }
    return NULL;
}

/* What comes behind a command that was taken. */
static bool behind_taken(struct client_input *i, struct span *in)
{
    if (i->state == INPUT_TAKEN && in->len && in->at[0] == '\r') {
        i->state = INPUT_TAKEN_CR;
        *in = span_from(*in, 1);
    }
    if (!in->len)
        return false;
    bool swallowed = in->at[0] == '\n', cr = i->state == INPUT_TAKEN_CR;
    if (swallowed)
        *in = span_from(*in, 1);
    i->state = INPUT_NONE;
    return cr && !swallowed;
}

bool input_comes(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    struct client_input *i = &c->client.input;
    ASSERT(i->state != INPUT_NONE);
    if (i->state == INPUT_TAKEN || i->state == INPUT_TAKEN_CR)
        return behind_taken(i, in);
    if (in->len && memchr(in->at, '\n', in->len))
        turn_to(n, c, INPUT_NONE);
    else if (i->state == INPUT_WAITS && now.mono_ns - i->came_ns > INPUT_GAP_MS * MS_NS)
        turn_to(n, c, INPUT_TYPED);
    return false;
}

void input_kept(struct node *n, struct connection *c, struct instant now)
{
    struct client_input *i = &c->client.input;
    ASSERT(c->client.lines.kept && c->client.lines.room);
    if (!n->inputs.silence_ns || i->state == INPUT_TYPED || c->finishing || c->aborted)
        return;
    turn_to(n, c, INPUT_WAITS);
    join(n, c, now);
}

/* -- held input -------------------------------------------------------------------------------- */

bool input_hold(struct connection *c, struct span in)
{
    struct client_input *i = &c->client.input;
    if (in.len == 0)
        return true;
    if (!i->held)
        i->held = calloc(1, sizeof *i->held);
    return i->held && outbox_put(i->held, NULL, in);
}

void input_forget_held(struct connection *c)
{
    if (!c->client.input.held)
        return;
    outbox_clear(c->client.input.held, NULL);
    free(c->client.input.held);
    c->client.input.held = NULL;
}

void input_forget(struct node *n, struct connection *c)
{
    input_forget_held(c);
    turn_to(n, c, INPUT_NONE);
}
