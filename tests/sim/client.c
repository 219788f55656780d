/* client.c — see client.h. */
#include "sim/client.h"
#include "sim/provider.h"
#include <stdlib.h>

struct asked {
    char *line;
    struct command command; /* points into line */
    bool known; /* WHATSAT: the node held the id when this was said */
    int64_t said_ns;
};

void client_init(struct client *c, struct network *network, struct judge *judge, unsigned party)
{
    *c = (struct client){.network = network, .judge = judge, .party = party, .wire = WIRE_NONE};
}

static void forget(struct client *c)
{
    for (unsigned i = 0; i < c->asked_count; i++)
        free(c->asked[i].line);
    c->asked_count = 0;
    c->out_len = c->in_len = c->held_back = 0;
    c->leaves = c->shut = false;
    c->reads_ns = 0;
    c->state = CLIENT_AWAY;
}

void client_deinit(struct client *c)
{
    forget(c);
    free(c->asked);
    free(c->out);
    free(c->in);
}

/* Make room for `count` more at the end of an array, which is returned. */
static char *room_for(char **text, size_t len, size_t *room, size_t count)
{
    if (!*text || len + count > *room) {
        *room = 2 * (len + count) + 64;
        *text = realloc(*text, *room);
        if (!*text)
            abort();
    }
    return *text + len;
}

static void say(struct client *c, const char *bytes, size_t count)
{
    memcpy(room_for(&c->out, c->out_len, &c->out_room, count), bytes, count);
    c->out_len += count;
}

static void drop_front(char *text, size_t *len, size_t count)
{
    *len -= count;
    if (count)
        memmove(text, text + count, *len);
}

void client_join(struct client *c, struct host *host)
{
    forget(c);
    c->host = host;
    c->life = host->life;
    c->starved = host->memory.failed;
    c->state = CLIENT_DIALS;
    c->wire = network_dial(c->network, c->party, host->party, NODE_CLIENT_PORT);
}

void client_say(struct client *c, const char *line)
{
    if (c->asked_count == c->asked_room) {
        c->asked_room = c->asked_room ? 2 * c->asked_room : 8;
        c->asked = realloc(c->asked, c->asked_room * sizeof *c->asked);
        if (!c->asked)
            abort();
    }
    struct asked *a = &c->asked[c->asked_count++];
    a->line = strdup(line);
    a->said_ns = c->network->now_ns;
    command_parse(span_of(a->line), &a->command);
    if (a->command.kind == COMMAND_IAMAT)
        judge_said(c->judge, c->host->party, &a->command);
    char id[STAMPEDE_CLIENT_ID_BYTES_MAX + 1] = "";
    if (a->command.kind == COMMAND_WHATSAT)
        memcpy(id, a->command.id.at, a->command.id.len);
    a->known = judge_held(c->judge, c->host->party, id) != NULL;
    say(c, line, strlen(line));
    say(c, "\n", 1);
    network_wake(c->network, c->party, c->network->now_ns);
}

void client_say_without_lf(struct client *c, const char *line)
{
    client_say(c, line);
    c->out_len--;
}

void client_hold_back(struct client *c, size_t bytes)
{
    c->held_back = bytes;
    network_wake(c->network, c->party, c->network->now_ns);
}

void client_leave(struct client *c, bool without_last_lf)
{
    if (c->leaves)
        return;
    c->leaves = true;
    bool line_remains = c->out_len && *c->asked[c->asked_count - 1].line;
    c->out_len -= without_last_lf && line_remains; /* an empty line without LF is no line */
    network_wake(c->network, c->party, c->network->now_ns);
}

void client_vanish(struct client *c)
{
    if (c->state == CLIENT_AWAY)
        return;
    /* FIN after half a line would turn it into a whole one */
    network_close(c->network, c->wire, 0, c->out_len || network_once_in(c->network, 2));
    forget(c);
}

void client_dawdle(struct client *c, int64_t ns)
{
    if (c->network->now_ns < c->reads_ns)
        return; /* the node rightly drops a client that never reads */
    c->reads_ns = c->network->now_ns + ns;
    network_wake(c->network, c->party, c->reads_ns);
}

#define SAYS_CROWDED "too many questions wait for an answer at this node"

/* -- replies ----------------------------------------------------------------------------------- */

/* Whether the node that it connected to is still running. */
static bool host_lives(const struct client *c)
{
    return c->host->node && c->host->life == c->life && !c->host->stopping;
}

static const char *name_of(const struct client *c)
{
    return c->host->topology.nodes[c->host->self].name;
}

static void wrong(struct client *c, const struct asked *a, struct span reply)
{
    judge_violated(c->judge, "%s answered \"%s\" with \"%.*s\"", name_of(c), a->line,
        (int)reply.len, reply.at);
}

/* Whether allocations failed since it connected: then it may be refused, and its lines, too. */
static bool host_starved(const struct client *c)
{
    return c->life != c->host->life || c->host->memory.failed != c->starved;
}

static bool may_be_refused(const struct client *c, const struct asked *a)
{
    switch (a->command.kind) {
    case COMMAND_INVALID:
    case COMMAND_LIVE: /* clients here ask none */
        return true;
    case COMMAND_IAMAT:
        return c->judge->forgetful || host_starved(c) ||
               judge_finds_future(c->judge, c->host->party, a->said_ns, a->command.iamat.time_ns);
    case COMMAND_WHATSAT:
        return !a->known || c->judge->forgetful || c->life != c->host->life;
    }
    return false;
}

static void check_refusal(struct client *c, const struct asked *a, struct span reply)
{
    if (!may_be_refused(c, a) || !span_equal(span_from(reply, 2), span_of(a->line)))
        wrong(c, a, reply);
}

/* Check the answer of places, including its two LFs. */
static void check_json(
    struct client *c, const struct asked *a, const struct stamp *stamp, struct span json)
{
    struct places_question question = {
        .radius_um = a->command.whatsat.radius_um, .count = a->command.whatsat.count};
    char text[PROVIDER_ANSWER_BYTES_MAX];
    if (!position_parse(stamp->position, &question.centre))
        abort();
    if (c->host->caller.service) {
        bool excused = host_starved(c) || !host_lives(c);
        if (!caller_may_say(c->host, &question, json, a->said_ns) && !excused)
            wrong(c, a, json);
        return;
    }
    bool crowd = c->host->caller.crowded_ns >= a->said_ns &&
                 memmem(json.at, json.len, SAYS_CROWDED, sizeof SAYS_CROWDED - 1);
    if (crowd)
        return;
    size_t len = provider_text(text, &question);
    if (!span_equal(json, (struct span){text, len}) && !span_equal(json, SPAN(PROVIDER_FAILURE)))
        wrong(c, a, json);
}

/* Remove one complete reply from the front of *rest. */
static bool take_reply(struct client *c, const struct asked *a, struct span *rest)
{
    const char *lf = memchr(rest->at, '\n', rest->len);
    if (!lf)
        return false;
    struct span line = {rest->at, (size_t)(lf - rest->at)}, after = span_from(*rest, line.len + 1);
    struct stamp stamp;
    bool refused = line.len >= 2 && memcmp(line.at, "? ", 2) == 0;
    if (refused) {
        check_refusal(c, a, line);
    } else if (a->command.kind == COMMAND_INVALID) {
        wrong(c, a, line);
    } else if (a->command.kind == COMMAND_IAMAT) {
        if (judge_told(c->judge, c->host->party, host_lives(c), &a->command, line, &stamp))
            disk_host_tells(c->host, c->life, &stamp);
    } else {
        const char *end = memmem(after.at, after.len, "\n\n", 2);
        if (!end)
            return false;
        struct span json = {after.at, (size_t)(end - after.at) + 2};
        if (judge_told(c->judge, c->host->party, host_lives(c), &a->command, line, &stamp)) {
            disk_host_tells(c->host, c->life, &stamp);
            check_json(c, a, &stamp, json);
        }
        after = span_from(after, json.len);
    }
    *rest = after;
    return true;
}

static void understand(struct client *c)
{
    struct span rest = {c->in, c->in_len};
    unsigned done = 0;
    while (done < c->asked_count && !c->judge->violated && take_reply(c, &c->asked[done], &rest))
        free(c->asked[done++].line);
    c->answers += done;
    c->asked_count -= done;
    if (done)
        memmove(c->asked, c->asked + done, c->asked_count * sizeof *c->asked);
    if (!c->asked_count && rest.len)
        judge_violated(
            c->judge, "%s sent a reply to nothing: %.*s", name_of(c), (int)rest.len, rest.at);
    drop_front(c->in, &c->in_len, c->in_len - rest.len);
}

/* -- its turn ---------------------------------------------------------------------------------- */

static void write_out(struct client *c)
{
    size_t part = c->out_len - c->held_back;
    if (part && network_once_in(c->network, 3))
        part = 1 + network_draw(c->network, part);
    part = network_write(c->network, c->wire, 0, c->out, part);
    drop_front(c->out, &c->out_len, part);
    if (c->out_len > c->held_back && part)
        network_wake(c->network, c->party,
            c->network->now_ns + (int64_t)network_draw(c->network, 3 * MS_NS));
    if (!c->out_len && c->leaves && !c->shut) {
        c->shut = true;
        network_shut(c->network, c->wire, 0);
    }
}

static void read_in(struct client *c)
{
    size_t count = network_readable(c->network, c->wire, 0);
    if (!count)
        return;
    network_read(c->network, c->wire, 0, room_for(&c->in, c->in_len, &c->in_room, count), count);
    c->in_len += count;
    understand(c);
}

static void part(struct client *c, const char *how)
{
    bool owed = c->asked_count > 0;
    if (host_lives(c) && !host_starved(c) && !c->host->sheds && (owed || !c->leaves))
        judge_violated(
            c->judge, "%s %s a client that waits for %u replies", name_of(c), how, c->asked_count);
    client_vanish(c);
}

void client_act(struct client *c)
{
    if (c->state == CLIENT_DIALS && network_dialled(c->network, c->wire) == DIAL_STANDS)
        c->state = CLIENT_TALKS;
    if (c->state == CLIENT_DIALS && network_dialled(c->network, c->wire) != DIAL_UNDER_WAY)
        forget(c);
    if (c->state != CLIENT_TALKS)
        return;
    if (network_broken(c->network, c->wire, 0)) {
        part(c, "reset");
        return;
    }
    write_out(c);
    if (c->network->now_ns < c->reads_ns) {
        network_wake(c->network, c->party, c->reads_ns);
        return;
    }
    read_in(c);
    if (network_ended(c->network, c->wire, 0))
        part(c, "closed");
}
