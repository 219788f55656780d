/* operator.c — see operator.h. */
#include "sim/operator.h"
#include "core/base/decimal.h"
#include "core/protocol/auth.h"
#include "core/protocol/command.h"
#include <inttypes.h>
#include <stdlib.h>

enum { LATER_MS = 5, KEPT_BYTES = 8 << 20, SAYS_LINES = 100 };

void operator_init(
    struct operator *o, struct network *network, struct judge *judge, unsigned party)
{
    *o = (struct operator){
        .network = network, .judge = judge, .party = party, .wire = WIRE_NONE};
    o->coming = buf_over(malloc(KEPT_BYTES), KEPT_BYTES);
    o->kept = buf_over(malloc(KEPT_BYTES), KEPT_BYTES);
    if (!o->coming.at || !o->kept.at)
        abort();
}

void operator_deinit(struct operator *o)
{
    free(o->coming.at);
    free(o->kept.at);
}

void operator_leaves(struct operator *o)
{
    if (o->wire != WIRE_NONE)
        network_close(o->network, o->wire, 0, false);
    o->wire = WIRE_NONE;
}

static void say(struct operator *o, struct buf out)
{
    ASSERT(!out.overflow);
    o->out_len = out.len;
}

static struct buf room(struct operator *o)
{
    struct buf out = buf_over(o->out, sizeof o->out);
    out.len = o->out_len;
    return out;
}

static void comes(struct operator *o, struct host *host, bool loads)
{
    operator_leaves(o);
    o->host = host;
    o->life = host->life;
    o->loads = loads;
    o->met = false;
    o->out_len = o->line_len = o->coming.len = 0;
    o->lines = o->sum = o->said = o->counted = o->fresh = 0;
    o->said_to = o->counted_to = 0;
    o->secrets = host->secrets;
    o->mine = (struct hello){.herd = span_of(host->topology.herd),
        .from = SPAN(HELLO_OBSERVER),
        .to = span_of(host->topology.nodes[host->self].name),
        .boot = 1,
        .auth = o->secrets.count > 0,
        .secrets = o->secrets.count > 0};
    struct buf out = room(o);
    hello_put(&out, &o->mine);
    say(o, out);
    o->wire = network_dial(o->network, o->party, host->party, NODE_PEER_PORT);
    network_wake(o->network, o->party, o->network->now_ns);
}

void operator_dumps(struct operator *o, struct host *host)
{
    comes(o, host, false);
}

void operator_loads(struct operator *o, struct host *host)
{
    comes(o, host, true);
}

static bool is_same_life(const struct operator *o)
{
    return o->host->node && o->host->life == o->life;
}

/* -- dumps ------------------------------------------------------------------------------------- */

static bool parse(struct span line, struct stamp *out)
{
    struct span fields[6];
    return command_split(line, fields, 6) == 6 && span_equal(fields[0], SPAN("AT")) &&
           stamp_parse(fields, out);
}

static bool next_line(struct span *rest, struct span *line)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *line = (struct span){rest->at, (size_t)(end - rest->at)};
    *rest = span_from(*rest, line->len + 1);
    return true;
}

struct entry {
    struct span id;
    uint64_t hash;
    size_t number;
};

static int by_id(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int by = span_compare(x->id, y->id);
    return by ? by : (x->number > y->number) - (x->number < y->number);
}

/* Of the last lines of all ids: how many they are, and the sum of their hashes. */
static uint64_t count_last(const struct operator *o, uint64_t *digest)
{
    struct entry *all = calloc(o->lines + 1, sizeof *all);
    struct span rest = buf_span(&o->coming), line;
    uint64_t stamps = 0;
    size_t count = 0;
    if (!all)
        abort();
    for (struct stamp stamp; next_line(&rest, &line); count++) {
        bool well = parse(line, &stamp);
        ASSERT(well && count < o->lines);
        all[count] = (struct entry){stamp.id, stamp_hash(&stamp), count};
    }
    qsort(all, count, sizeof *all, by_id);
    *digest = 0;
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || !span_equal(all[i].id, all[i + 1].id)) {
            *digest += all[i].hash;
            stamps++;
        }
    free(all);
    return stamps;
}

static void end_dump(struct operator *o, const struct span *words)
{
    uint64_t change, lines, sum, stamps, digest, own_digest;
    bool well = decimal_count(words[1], UINT64_MAX, &change) &&
                decimal_count(words[2], UINT64_MAX, &lines) && hello_hex64(words[3], &sum) &&
                decimal_count(words[4], UINT64_MAX, &stamps) && hello_hex64(words[5], &digest);
    uint64_t own = count_last(o, &own_digest);
    if (!well || lines != o->lines || sum != o->sum)
        judge_violated(o->judge, "a dump has %" PRIu64 " lines, not as many as it says", o->lines);
    else if (!o->judge->forgetful && (own != stamps || own_digest != digest))
        judge_violated(o->judge, "a dump of %" PRIu64 " stamps holds %" PRIu64 ", or other ones",
            stamps, own);
    struct buf last = o->kept;
    o->kept = o->coming;
    o->coming = last;
    o->dumps++;
}

static void hear_dump(struct operator *o, struct span line)
{
    struct span words[6];
    struct stamp stamp;
    if (parse(line, &stamp)) {
        o->lines++;
        o->sum += stamp_hash(&stamp);
        buf_span_put(&o->coming, line);
        buf_byte(&o->coming, '\n');
        ASSERT(!o->coming.overflow);
        return;
    }
    int count = command_split(line, words, 6);
    if (count == 6 && span_equal(words[0], SPAN("DUMPED")))
        end_dump(o, words);
    else if (count < 3 || !span_equal(words[0], SPAN("DUMPING")))
        judge_violated(o->judge, "a dump says %.*s", (int)line.len, line.at);
}

/* -- loads ------------------------------------------------------------------------------------- */

/* The node has said of this stamp that it holds it, or a newer one. */
static void check_held(struct operator *o, const struct stamp *stamp)
{
    const struct store *store = node_store(o->host->node);
    struct feed_item item;
    struct stamp_text text;
    bool held = store_get(store, stamp->id, store_hash(store, stamp->id), &item, &text);
    if (!held || stamp_compare(&item.stamp, stamp) < 0)
        judge_violated(o->judge, "a stamp was loaded, and is not held: %.*s",
            (int)stamp->id.len, stamp->id.at);
}

static void hear_loaded(struct operator *o, struct span line)
{
    struct span words[3], rest = span_from(buf_span(&o->kept), o->counted_to), stamp_line;
    struct stamp stamp;
    uint64_t counted = 0;
    int count = command_split(line, words, 3);
    struct span letters = count == 3 ? words[2] : SPAN("");
    bool well = count >= 2 && count <= 3 && span_equal(words[0], SPAN("LOADED")) &&
                decimal_count(words[1], UINT64_MAX, &counted);
    if (!well || counted > o->said || counted != o->counted + letters.len) {
        judge_violated(o->judge, "a load of %" PRIu64 " lines is told: %.*s", o->said,
            (int)line.len, line.at);
        return;
    }
    for (size_t i = 0; i < letters.len && next_line(&rest, &stamp_line); i++) {
        bool is_taken = letters.at[i] == 'n' || letters.at[i] == 'o';
        bool is_stamp = parse(stamp_line, &stamp);
        ASSERT(is_stamp);
        o->fresh += letters.at[i] == 'n';
        if (is_taken && is_same_life(o) && !o->judge->forgetful)
            check_held(o, &stamp);
    }
    o->counted = counted;
    o->counted_to = o->kept.len - rest.len;
}

static void say_stamps(struct operator *o)
{
    struct buf out = room(o);
    struct span rest = span_from(buf_span(&o->kept), o->said_to), line;
    uint64_t most = 1 + network_draw(o->network, SAYS_LINES);
    while (most-- && o->said - o->counted < OPERATOR_WINDOW &&
           buf_room(&out) > OPERATOR_LINE_BYTES_MAX && next_line(&rest, &line)) {
        buf_span_put(&out, line);
        buf_byte(&out, '\n');
        o->said++;
        o->said_to = o->kept.len - rest.len;
    }
    say(o, out);
    if (o->said_to == o->kept.len && o->counted == o->said) {
        o->loaded++;
        operator_leaves(o);
    }
}

/* -- his turn ---------------------------------------------------------------------------------- */

static void meet(struct operator *o, struct span line)
{
    struct hello theirs;
    struct buf out = room(o);
    if (hello_parse(line, &theirs))
        return; /* AUTH, which he believes */
    o->met = true;
    struct auth_exchange x = {.role = HELLO_DIALLED, .speaker = &o->mine, .other = &theirs};
    if (o->secrets.count)
        auth_put(&out, &o->secrets, (1u << o->secrets.count) - 1, &x);
    buf_text(&out, o->loads ? "LOAD\n" : "DUMP\n");
    say(o, out);
}

static bool begins(struct span line, const char *word)
{
    size_t len = strlen(word);
    return line.len >= len && memcmp(line.at, word, len) == 0;
}

static void hear(struct operator *o, struct span line)
{
    if (begins(line, "BYE ")) {
        snprintf(o->bye, sizeof o->bye, "%.*s", (int)line.len - 4, line.at + 4);
        operator_leaves(o);
    } else if (!o->met) {
        meet(o, line);
    } else if (begins(line, "AUTH ") || begins(line, "PING ")) {
        return;
    } else if (o->loads) {
        hear_loaded(o, line);
    } else {
        hear_dump(o, line);
    }
}

static void listen(struct operator *o)
{
    char heard[4096];
    size_t left = o->reads_at_most ? o->reads_at_most : SIZE_MAX;
    while (o->wire != WIRE_NONE && left) {
        size_t count = network_readable(o->network, o->wire, 0);
        count = count < left ? count : left;
        count = count < sizeof heard ? count : sizeof heard;
        if (!count)
            return;
        network_read(o->network, o->wire, 0, heard, count);
        left -= count;
        for (size_t i = 0; i < count && o->wire != WIRE_NONE; i++) {
            if (heard[i] != '\n') {
                ASSERT(o->line_len < sizeof o->line);
                o->line[o->line_len++] = heard[i];
                continue;
            }
            struct span line = {o->line, o->line_len};
            o->line_len = 0;
            hear(o, line);
        }
    }
}

void operator_act(struct operator *o)
{
    struct network *n = o->network;
    if (o->wire == WIRE_NONE)
        return;
    enum dial_state state = network_dialled(n, o->wire);
    if (state == DIAL_UNDER_WAY)
        return;
    if (state != DIAL_STANDS || network_broken(n, o->wire, 0)) {
        operator_leaves(o);
        return;
    }
    if (!o->stands_still && n->now_ns >= o->reads_ns) {
        if (o->reads_at_most)
            o->reads_ns = n->now_ns + LATER_MS * MS_NS;
        listen(o);
    }
    if (o->wire != WIRE_NONE && network_ended(n, o->wire, 0))
        operator_leaves(o);
    if (o->wire != WIRE_NONE && o->loads && o->met && !o->out_len)
        say_stamps(o);
    if (o->wire == WIRE_NONE)
        return;
    size_t taken = network_write(n, o->wire, 0, o->out, o->out_len);
    o->out_len -= taken;
    memmove(o->out, o->out + taken, o->out_len);
    network_wake(n, o->party, n->now_ns + LATER_MS * MS_NS);
}
