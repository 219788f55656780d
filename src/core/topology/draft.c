/* draft.c — what is wrong with a topology, gathered while it is read.
 *
 * The floor under the other files of `topology`: each of them finds mistakes, and all are reported
 * together, TOPOLOGY_FAULTS_MAX - 1 at most; the rest is counted. Holds always: a fault's text is
 * fit for a terminal, whatever the file held, and errors + warnings is the number of all faults. */
#include "core/topology/draft.h"
#include "core/base/escape.h"
#include "core/base/invariant.h"
#include "core/base/utf8.h"
#include <stdarg.h>
#include <stdio.h>

/* Bytes that are no UTF-8, and characters that a terminal obeys, become "?". */
static void make_printable(char *text)
{
    struct span left = span_of(text);
    while (left.len) {
        size_t shown = escape_shows(left), bytes = shown ? shown : utf8_sequence(left);
        if (!shown)
            memset(text + (left.at - text), '?', bytes ? bytes : 1);
        left = span_from(left, bytes ? bytes : 1);
    }
}

static void fault_add(
    struct topology_draft *d, int line, bool warning, const char *format, va_list arguments)
{
    ASSERT(line >= 0);
    *(warning ? &d->warnings : &d->errors) += 1;
    if (draft_faults_full(d))
        return;
    struct topology_fault *f = &d->faults[d->faults_count++];
    f->line = line;
    f->warning = warning;
    vsnprintf(f->text, sizeof f->text, format, arguments);
    make_printable(f->text);
    ASSERT(f->text[0] && d->faults_count <= d->errors + d->warnings);
}

void topology_draft_fault(struct topology_draft *d, int line, bool warning, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault_add(d, line, warning, format, arguments);
    va_end(arguments);
}

void draft_error(struct topology_draft *d, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault_add(d, line, false, format, arguments);
    va_end(arguments);
}

void topology_draft_doubt(struct topology_draft *d, const char *section)
{
    ASSERT(d->errors);
    if (strcmp(section, "node") != 0) { /* limits and places lack nothing that must be there */
        d->unsure |=
            *section == '\0' || strcmp(section, "tls") == 0 || strcmp(section, "http") == 0;
        return;
    }
    ASSERT(d->nodes_count);
    struct draft_node *n = &d->nodes[d->nodes_count - 1];
    n->patchy = n->unsure = d->edges_unsure = true;
}

void topology_draft_cut(struct topology_draft *d)
{
    ASSERT(d->errors);
    d->cut = true;
}

static void sort(struct topology_fault *each, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct topology_fault moving = each[i];
        unsigned to = i;
        for (; to > 0 && each[to - 1].line > moving.line; to--)
            each[to] = each[to - 1];
        each[to] = moving;
    }
}

static void put_count(struct buf *b, unsigned count, const char *what, const char *before)
{
    if (count == 0)
        return;
    buf_text(b, before);
    buf_u64(b, count);
    buf_text(b, what);
    buf_text(b, count == 1 ? "" : "s");
}

struct topology_faults draft_faults_take(struct topology_draft *d)
{
    struct topology_faults taken = {d->faults, d->faults_count, d->errors, d->warnings};
    unsigned left_out = d->errors + d->warnings - d->faults_count;
    ASSERT(d->faults && (left_out == 0 || draft_faults_full(d)));
    sort(taken.each, taken.count);
    if (left_out) {
        struct topology_fault *f = &taken.each[taken.count++];
        unsigned errors = d->errors, warnings;
        for (unsigned i = 0; i < d->faults_count; i++)
            errors -= !taken.each[i].warning;
        warnings = left_out - errors;
        *f = (struct topology_fault){.warning = errors == 0};
        struct buf b = buf_over(f->text, sizeof f->text - 1);
        put_count(&b, errors, " more error", "");
        put_count(&b, warnings, " more warning", errors ? " and " : "");
        buf_text(&b, left_out == 1 ? " is not shown" : " are not shown");
    }
    d->faults = NULL;
    ASSERT(taken.count <= TOPOLOGY_FAULTS_MAX);
    return taken;
}

int draft_find(const struct topology_draft *d, const char *name)
{
    for (unsigned i = 0; i < d->nodes_count; i++)
        if (strcmp(d->nodes[i].name, name) == 0)
            return (int)i;
    return -1;
}
