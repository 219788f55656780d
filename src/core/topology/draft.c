/* draft.c — what is wrong with a topology, gathered while it is read.
 *
 * The floor under the other files of `topology`: each of them finds mistakes, all are told
 * together, TOPOLOGY_FAULTS_MAX at most. A fault's text is made fit for a terminal here, whatever
 * the file held. */
#include "core/topology/draft.h"
#include <stdarg.h>
#include <stdio.h>

static void fault_add(
    struct topology_draft *d, int line, bool warning, const char *format, va_list arguments)
{
    struct topology_fault *f = &d->faults[d->faults_count];
    if (d->faults_count == TOPOLOGY_FAULTS_MAX - 1) {
        f->warning = warning && (!d->faults_over || f->warning);
        f->line = 0;
        snprintf(f->text, sizeof f->text, "there is more to say than the %d things told here",
            TOPOLOGY_FAULTS_MAX - 1);
        d->faults_over = true;
        return;
    }
    d->faults_count++;
    f->line = line;
    f->warning = warning;
    vsnprintf(f->text, sizeof f->text, format, arguments);
    for (char *c = f->text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
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

void topology_draft_cut(struct topology_draft *d)
{
    d->cut = true;
}

void draft_faults_sort(struct topology_fault *each, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct topology_fault moving = each[i];
        unsigned to = i;
        for (; to > 0 && each[to - 1].line > moving.line; to--)
            each[to] = each[to - 1];
        each[to] = moving;
    }
}

int draft_find(const struct topology_draft *d, const char *name)
{
    for (unsigned i = 0; i < d->nodes_count; i++)
        if (strcmp(d->nodes[i].name, name) == 0)
            return (int)i;
    return -1;
}
