/* node_judge.c — see node_judge.h. */
#include "fuzz/node_judge.h"
#include "core/base/decimal.h"
#include "core/node/private.h"
#include "core/protocol/command.h"
#include "core/protocol/foreign.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

enum { STAMPS_MAX = 256, ID_BYTES = 8, WORDS_MAX = 80 };

/* A line of a client that waits for its reply. */
struct said {
    struct said *next;
    bool cut; /* it was longer than limits.line */
    size_t len;
    char text[];
};

/* A stamp that a peer has said. */
struct told {
    char id[ID_BYTES + 1];
    int64_t time_ns;
    uint64_t mark; /* of the MARK behind it; 0: none yet */
};

struct judged {
    char *heard; /* not yet judged, because it is not whole */
    size_t heard_len, heard_room;
    /* clients */
    struct said *first, *last;
    char tail[STAMPEDE_LINE_BYTES_MAX + 2]; /* of a line without LF */
    size_t tail_len;
    bool skipping; /* the rest of a long line */
    enum { SWALLOWS_NOTHING, SWALLOWS_LF, SWALLOWS_LF_BEHIND_CR } swallows;
    bool any_said, http;
    unsigned replies;
    /* links */
    bool sealed; /* by TLS */
    bool bye;
    char hello_line[HELLO_LINE_BYTES_MAX];
    struct heard last_heard;
    struct told told[STAMPS_MAX];
    unsigned told_count;
};

static struct judged judged[SLOTS];

/* -- what clients say -------------------------------------------------------------------------- */

static uint32_t line_bytes_max(void)
{
    return driver.topology.limits.line_bytes;
}

static void push(struct judged *j, size_t len, bool cut)
{
    struct said *line = malloc(sizeof *line + len + 1);
    ASSERT(line);
    *line = (struct said){.cut = cut, .len = len};
    memcpy(line->text, j->tail, len);
    j->http |= !j->any_said && foreign_is_http((struct span){line->text, len}, cut);
    j->any_said = true;
    if (j->first)
        j->last->next = line;
    else
        j->first = line;
    j->last = line;
    j->tail_len = 0;
}

static size_t without_cr(const struct judged *j)
{
    return j->tail_len - (j->tail_len && j->tail[j->tail_len - 1] == '\r');
}

static void client_says(struct judged *j, char byte)
{
    if (j->swallows == SWALLOWS_LF && byte == '\r') {
        j->swallows = SWALLOWS_LF_BEHIND_CR;
        return;
    }
    bool swallowed = j->swallows != SWALLOWS_NOTHING && byte == '\n';
    if (j->swallows == SWALLOWS_LF_BEHIND_CR && !swallowed)
        j->tail[j->tail_len++] = '\r';
    j->swallows = SWALLOWS_NOTHING;
    if (swallowed)
        return;
    if (j->skipping) {
        j->skipping = byte != '\n';
        return;
    }
    if (byte == '\n') {
        push(j, without_cr(j), false);
        return;
    }
    j->tail[j->tail_len++] = byte;
    if (without_cr(j) > line_bytes_max()) {
        push(j, line_bytes_max(), true);
        j->skipping = true;
    }
}

static void take_tail(struct judged *j)
{
    struct command command;
    command_parse((struct span){j->tail, without_cr(j)}, &command);
    ASSERT(j->swallows == SWALLOWS_NOTHING && command.kind != COMMAND_INVALID);
    ASSERT(driver.topology.limits.partial_ms);
    push(j, without_cr(j), false);
    j->swallows = SWALLOWS_LF;
}

void judge_taken(unsigned slot)
{
    take_tail(&judged[slot]);
}

bool judge_has_taken(unsigned slot)
{
    return judged[slot].swallows != SWALLOWS_NOTHING;
}

/* -- what the store holds ---------------------------------------------------------------------- */

/* Once evicted, anything may be missing. */
static bool store_has(struct span id, int64_t time_ns)
{
    const struct store *s = node_store(driver.node);
    struct stamp_text text;
    struct feed_item item;
    bool held = store_get(s, id, store_hash(s, id), &item, &text);
    return (held && item.stamp.time_ns >= time_ns) || store_evicted(s);
}

/* `words` of a line AT; the stamp in it is held, or was. */
static struct stamp held_stamp(struct span line, struct span words[WORDS_MAX], int *count)
{
    struct stamp stamp;
    *count = command_split(line, words, WORDS_MAX);
    bool well = *count >= 6 && *count <= WORDS_MAX && stamp_parse(words, &stamp);
    ASSERT(well && store_has(stamp.id, stamp.time_ns));
    return stamp;
}

/* -- what clients hear ------------------------------------------------------------------------- */

static void check_json(struct span json)
{
    struct cJSON *parsed = cJSON_ParseWithLength(json.at, json.len);
    ASSERT(json.len && json.at[0] == '{' && cJSON_IsObject(parsed));
    cJSON_Delete(parsed);
}

/* The bytes of the reply at the beginning of `heard`; 0: it is not whole. */
static size_t reply(struct judged *j, struct span heard)
{
    const char *lf = memchr(heard.at, '\n', heard.len);
    if (!lf)
        return 0;
    if (!j->first) /* and it is closed behind the reply, so nobody saw that it was taken */
        take_tail(j);
    struct said *said = j->first;
    ASSERT(heard.len >= 3);
    struct span line = {heard.at, (size_t)(lf - heard.at)}, words[WORDS_MAX];
    struct command command;
    command_parse((struct span){said->text, said->len}, &command);
    if (line.at[0] == '?') {
        ASSERT(line.len == said->len + 2 && line.at[1] == ' ');
        ASSERT(memcmp(line.at + 2, said->text, said->len) == 0);
        return line.len + 1;
    }
    ASSERT(!said->cut && command.kind != COMMAND_INVALID);
    int count;
    struct stamp stamp = held_stamp(line, words, &count);
    ASSERT(count == 6 && span_equal(stamp.id, command.id));
    if (command.kind == COMMAND_IAMAT) {
        ASSERT(stamp.time_ns >= command.iamat.time_ns);
        return line.len + 1;
    }
    struct span json = span_from(heard, line.len + 1);
    const char *end = memmem(json.at, json.len, "\n\n", 2);
    if (!end)
        return 0;
    json.len = (size_t)(end - json.at);
    check_json(json);
    return line.len + 1 + json.len + 2;
}

static size_t client_hears(struct judged *j, struct span heard)
{
    size_t bytes = reply(j, heard);
    if (!bytes)
        return 0;
    struct said *said = j->first;
    j->first = said->next;
    free(said);
    j->replies++;
    ASSERT(!driver.config.close_reply || j->replies == 1);
    ASSERT(!j->http || j->replies == 1);
    return bytes;
}

/* -- links ------------------------------------------------------------------------------------- */

void judge_peer_stamp(unsigned slot, struct span id, int64_t time_ns)
{
    struct judged *j = &judged[slot];
    ASSERT(id.len <= ID_BYTES);
    if (j->told_count == STAMPS_MAX)
        return;
    struct told *told = &j->told[j->told_count++];
    *told = (struct told){.time_ns = time_ns};
    memcpy(told->id, id.at, id.len);
}

void judge_peer_mark(unsigned slot, uint64_t change)
{
    struct judged *j = &judged[slot];
    for (unsigned i = 0; i < j->told_count; i++)
        if (!j->told[i].mark)
            j->told[i].mark = change;
}

/* What was refused need not be held. */
static bool any_refused(void)
{
    const struct links *links = &driver.node->links;
    uint64_t refused = store_refused(node_store(driver.node));
    for (unsigned i = 0; i < links->peering.peers_count; i++)
        refused += peer_refused(&links->peers[i]);
    return refused != 0;
}

static void check_ack(const struct judged *j, uint64_t change)
{
    for (unsigned i = 0; i < j->told_count; i++) {
        const struct told *t = &j->told[i];
        bool confirmed = t->mark && t->mark <= change;
        ASSERT(!confirmed || any_refused() || store_has(span_of(t->id), t->time_ns));
    }
}

static void check_hello(struct judged *j, struct span line)
{
    ASSERT(line.len <= sizeof j->hello_line && !j->last_heard.hello_came);
    memcpy(j->hello_line, line.at, line.len);
    const char *wrong = hello_parse((struct span){j->hello_line, line.len}, &j->last_heard.hello);
    ASSERT(!wrong && span_equal(j->last_heard.hello.from, SPAN("Goloman")));
    j->last_heard.hello_came = true;
}

static void check_peer_at(struct span line)
{
    struct span words[WORDS_MAX];
    int count;
    (void)held_stamp(line, words, &count);
    ASSERT(count > 6 && span_equal(words[count - 1], SPAN("Goloman")));
}

static void check_peer_line(struct judged *j, struct span line)
{
    static const char *const others[] = {
        "AUTH", "PONG", "SEEN", "PRUNE", "GRAFT", "EAGER", "STOPPING", "TWIN", "BYE"};
    struct span words[WORDS_MAX];
    int count = command_split(line, words, WORDS_MAX);
    ASSERT(count > 0 && !j->bye);
    struct span word = words[0];
    uint64_t number = 0;
    bool numbered = count >= 2 && decimal_count(words[1], UINT64_MAX, &number);
    if (word.at[0] == '{') {
        check_json(line);
        return;
    }
    if (SPAN_IS(word, "HELLO")) {
        check_hello(j, line);
        return;
    }
    j->bye = SPAN_IS(word, "BYE");
    ASSERT(j->bye || j->last_heard.hello_came);
    if (SPAN_IS(word, "AT")) {
        check_peer_at(line);
    } else if (SPAN_IS(word, "MARK")) {
        ASSERT(numbered && number <= store_change(node_store(driver.node)));
        j->last_heard.mark = number;
    } else if (SPAN_IS(word, "ACK")) {
        ASSERT(numbered);
        check_ack(j, number);
    } else if (SPAN_IS(word, "PING")) {
        ASSERT(numbered);
        j->last_heard.ping_ns = (int64_t)number;
    } else {
        bool known = false;
        for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
            known |= span_equal(word, span_of(others[i]));
        ASSERT(known);
    }
}

static size_t link_hears(struct judged *j, struct span heard)
{
    j->sealed |= !j->last_heard.hello_came && heard.at[0] >= 20 && heard.at[0] <= 23;
    if (j->sealed)
        return heard.len;
    const char *lf = memchr(heard.at, '\n', heard.len);
    if (!lf)
        return 0;
    struct span line = {heard.at, (size_t)(lf - heard.at)};
    check_peer_line(j, line);
    return line.len + 1;
}

const struct heard *judge_heard(unsigned slot)
{
    return &judged[slot].last_heard;
}

/* -- all --------------------------------------------------------------------------------------- */

void judge_opens(unsigned slot)
{
    memset(&judged[slot], 0, sizeof judged[slot]);
}

void judge_says(unsigned slot, struct span bytes)
{
    if (slot_is_client(slot))
        for (size_t i = 0; i < bytes.len; i++)
            client_says(&judged[slot], bytes.at[i]);
}

void judge_ended(unsigned slot)
{
    struct judged *j = &judged[slot];
    if (slot_is_client(slot) && j->tail_len)
        push(j, without_cr(j), false);
}

void judge_hears(unsigned slot, struct span bytes)
{
    struct judged *j = &judged[slot];
    ASSERT(bytes.len > 0);
    if (slot >= PLACES)
        return;
    if (j->heard_len + bytes.len > j->heard_room) {
        j->heard_room = 2 * (j->heard_len + bytes.len);
        j->heard = realloc(j->heard, j->heard_room);
        ASSERT(j->heard);
    }
    memcpy(j->heard + j->heard_len, bytes.at, bytes.len);
    struct span heard = {j->heard, j->heard_len + bytes.len};
    size_t taken = 1;
    while (heard.len && taken) {
        taken = slot_is_client(slot) ? client_hears(j, heard) : link_hears(j, heard);
        heard = span_from(heard, taken);
    }
    memmove(j->heard, heard.at, heard.len);
    j->heard_len = heard.len;
}

void judge_settled(unsigned slot)
{
    const struct judged *j = &judged[slot];
    bool ends_early = driver.config.close_reply || j->http || driver.stopping;
    ASSERT(j->heard_len == 0 && (!j->first || ends_early));
}

void judge_closes(unsigned slot, bool orderly)
{
    struct judged *j = &judged[slot];
    ASSERT(!orderly || j->heard_len == 0);
    if (orderly && slot_is_client(slot)) {
        bool ends_early = driver.config.close_reply || j->http || driver.stopping;
        ASSERT(ends_early || driver.wires[slot].ended);
        judge_settled(slot);
    }
    while (j->first) {
        struct said *said = j->first;
        j->first = said->next;
        free(said);
    }
    free(j->heard);
    j->heard = NULL;
}
