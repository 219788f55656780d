/* fuzz_answers.c — what the command line reads from nodes, or from whatever answers in their
 * place.
 *
 * Covers: src/cli/report.c, src/cli/report_table.c, src/cli/grid.c, src/cli/health.c,
 * src/cli/progress.c, src/cli/way.c, src/cli/way_show.c, src/cli/replies.c, src/cli/show.c
 *
 * Each line is the answer of one of four nodes, in turn, to STATUS and to TRACE; one that begins
 * with `!` is the reason why there is none. More than four lines are answers to a second question.
 * All bytes together are also taken for replies on a client port.
 *
 * Whatever comes, tables are printable text and JSON is JSON, without a byte that a terminal obeys;
 * numbers and links are those of the topology; the newest stamp is the newest; replies are counted
 * the same however they are split. */
#include "cli/health.h"
#include "cli/progress.h"
#include "cli/replies.h"
#include "cli/show.h"
#include "cli/way.h"
#include "core/base/invariant.h"
#include "core/base/utf8.h"
#include "unit/boxed.h"
#include <stdlib.h>

enum { NODES = 4, HANDS = 1, LINES_MAX = 2 * NODES };

/* A line, so that differences of clocks add up. */
static uint16_t of_goloman[] = {1}, of_hands[] = {0, 2}, of_holiday[] = {1, 3}, of_wilkes[] = {2};
static struct topology_node nodes[NODES] = {
    {.name = "Goloman", .neighbours = of_goloman, .neighbours_count = 1},
    {.name = "Hands", .neighbours = of_hands, .neighbours_count = 2},
    {.name = "Holiday", .neighbours = of_holiday, .neighbours_count = 2},
    {.name = "Wilkes", .neighbours = of_wilkes, .neighbours_count = 1},
};
static const struct topology herd = {.herd = "demo", .nodes = nodes, .nodes_count = NODES};
static const unsigned all[NODES] = {0, 1, 2, 3};

/* -- what was printed -------------------------------------------------------------------------- */

static char *printed;
static size_t printed_bytes;

static FILE *print(void)
{
    FILE *out = open_memstream(&printed, &printed_bytes);
    ASSERT(out);
    return out;
}

/* ascii: only that; otherwise any text that a terminal only shows. */
static void check_printed(FILE *out, bool ascii)
{
    ASSERT(fclose(out) == 0);
    struct span text = {printed, printed_bytes};
    for (size_t bytes; text.len; text = span_from(text, bytes)) {
        unsigned char c = (unsigned char)*text.at;
        bytes = utf8_sequence(text);
        ASSERT(bytes > 0 && (c >= ' ' || c == '\n') && c != 0x7f);
        ASSERT(!ascii || bytes == 1);
        ASSERT(c != 0xc2 || (unsigned char)text.at[1] >= 0xa0); /* C1 */
    }
}

static void check_json(const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    ASSERT(text);
    FILE *out = print();
    show_json(out, text);
    check_printed(out, false);
    cJSON *again = cJSON_Parse(printed);
    ASSERT(again);
    cJSON_Delete(again);
    free(printed);
    cJSON_free(text);
}

/* -- answers ----------------------------------------------------------------------------------- */

struct answer {
    char *text; /* NULL: none, for this reason: */
    const char *why;
};

/* Cut the input into lines. Returns how many there are. */
static unsigned read_answers(struct span in, struct answer out[LINES_MAX])
{
    unsigned count = 0;
    while (in.len && count < LINES_MAX) {
        const char *lf = memchr(in.at, '\n', in.len);
        size_t len = lf ? (size_t)(lf - in.at) : in.len;
        bool silent = *in.at == '!';
        char *text = silent ? NULL : malloc(len + 1);
        if (text) {
            memcpy(text, in.at, len);
            text[len] = '\0';
        }
        out[count++] = (struct answer){text, silent ? "connection refused" : NULL};
        in = span_from(in, len + (lf != NULL));
    }
    return count;
}

/* The answer of a node in a round of questions. */
static struct answer answer_at(const struct answer *each, unsigned count, unsigned index)
{
    return index < count ? each[index] : (struct answer){NULL, "no answer within 2 s"};
}

static void check_report(const struct report *r, const struct topology_node *n)
{
    unsigned up = 0;
    for (unsigned i = 0; i < TOPOLOGY_NEIGHBOURS_MAX; i++) {
        const struct report_link *l = &r->links[i];
        up += l->up;
        ASSERT(i < n->neighbours_count || !l->up);
        ASSERT(!l->up || (l->lag <= r->lag && l->lag_ms <= r->lag_ms));
        ASSERT(strlen(l->error) <= REPORT_ERROR_BYTES_MAX);
    }
    ASSERT(r->links_up == up && (!r->why || (!up && !r->stamps && !r->uptime_ms)));
    ASSERT(r->updates_per_s >= 0 && strlen(r->digest) == (r->why ? 0 : REPORT_HEX_DIGITS));
}

static void take_status(
    struct progress *p, const struct answer *each, unsigned count, unsigned round)
{
    static struct report reports[NODES];
    for (unsigned i = 0; i < NODES; i++) {
        struct answer a = answer_at(each, count, round * NODES + i);
        cJSON *json;
        report_read(&reports[i], &herd, i, a.text, a.why, &json);
        check_report(&reports[i], &nodes[i]);
        if (!reports[i].why)
            check_json(json);
        cJSON_Delete(json);
    }
    FILE *out = print();
    report_table(out, &herd, all, reports, NODES);
    health_print(out, &herd, all, reports, NODES, 1700000000);
    health_notes(out, &herd, all, reports, NODES);
    for (unsigned i = 0; i < NODES; i++) {
        report_links(out, &herd, i, &reports[i]);
        report_links_table(out, &herd, i, &reports[i]);
    }
    check_printed(out, true);
    free(printed);
    struct progress_answers a = {&reports[HANDS], {&reports[0], &reports[2]}};
    char why[PROGRESS_REASON_BYTES];
    progress_note(p, &a, round * 1000);
    bool done = progress_done(p, &a, why);
    for (unsigned i = 0; done && i < nodes[HANDS].neighbours_count; i++)
        ASSERT(p->links[i].level || p->links[i].left_out);
    ASSERT(done || strnlen(why, sizeof why) < sizeof why);
}

static void check_way(const struct way *w)
{
    unsigned newest = 0;
    for (unsigned i = 0; i < NODES; i++) {
        const struct sight *s = &w->sights[i];
        ASSERT(s->parent >= -1 && s->parent < NODES && (!s->why || !s->known));
        ASSERT(!s->known || (w->newest && stamp_compare(&s->stamp, w->newest) <= 0));
        ASSERT(!s->newest || stamp_compare(&s->stamp, w->newest) == 0);
        ASSERT(s->clock_known || s->clock_ns == 0);
        newest += s->newest;
    }
    ASSERT(w->holders == newest && (w->newest != NULL) == (newest > 0));
}

static void take_trace(const struct answer *each, unsigned count)
{
    struct sight sights[NODES] = {{.why = NULL}};
    struct way w;
    way_begin(&w, &herd, SPAN("kiwi"), sights);
    for (unsigned i = 0; i < NODES; i++) {
        struct answer a = answer_at(each, count, i);
        way_read(&w, i, a.text, a.why);
    }
    way_find(&w);
    check_way(&w);
    if (w.newest) {
        FILE *out = print();
        ASSERT(way_table(out, &w));
        check_printed(out, true);
        free(printed);
        out = print();
        ASSERT(way_json(out, &w));
        check_printed(out, false);
        cJSON *again = cJSON_Parse(printed);
        ASSERT(cJSON_GetArraySize(cJSON_GetObjectItem(again, "nodes")) == NODES);
        cJSON_Delete(again);
        free(printed);
    }
    way_end(&w);
}

/* -- replies ----------------------------------------------------------------------------------- */

static struct replies count_replies(struct span in, size_t piece)
{
    struct replies r = {.state = REPLIES_BETWEEN};
    while (in.len) {
        struct span block = boxed((struct span){in.at, piece < in.len ? piece : in.len}),
                    rest = block, line;
        while (replies_next(&r, &rest, &line))
            ASSERT(line.len <= STAMPEDE_LINE_BYTES_MAX && r.refused > 0);
        ASSERT(rest.len == 0);
        in = span_from(in, block.len);
        unbox(block);
    }
    ASSERT(r.refused <= r.count);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = {(const char *)data, size};
    struct answer each[LINES_MAX];
    struct progress p = {.topology = &herd, .node = HANDS};
    unsigned count = read_answers(in, each);
    take_status(&p, each, count, 0);
    take_status(&p, each, count, 1);
    take_trace(each, count);
    for (unsigned i = 0; i < count; i++)
        free(each[i].text);
    struct replies whole = count_replies(in, size), split = count_replies(in, 1);
    ASSERT(whole.state == split.state && whole.count == split.count);
    ASSERT(whole.refused == split.refused);
    return 0;
}
