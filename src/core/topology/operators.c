/* operators.c — tls.operators: a certificate is an operator's or a node's, never both.
 *
 * A node with a name that the pattern fits could not link: its certificate would be an operator's.
 * That of a node that was removed could drain the others. PROTOCOL.md, "Observers". */
#include "core/base/pattern.h"
#include "core/topology/draft.h"

static void refuse(struct topology_draft *d, int line, const char *name, const char *what)
{
    draft_error(d, line,
        "tls.operators fits %s, which is the name of %s; operators' certificates have names of "
        "their own, and no node's, like ops-*",
        name, what);
}

void draft_operators_check(struct topology_draft *d)
{
    struct span pattern = span_of(d->t.tls_operators);
    int line = draft_key_line(d, "tls", "operators");
    for (unsigned i = 0; i < d->nodes_count; i++)
        if (!d->nodes[i].doubled && pattern_fits(pattern, span_of(d->nodes[i].name)))
            refuse(d, line, d->nodes[i].name, "a node");
    for (unsigned i = 0; i < d->t.retired_count; i++)
        if (pattern_fits(pattern, span_of(d->t.retired[i].name)))
            refuse(d, line, d->t.retired[i].name, "a node that is retired");
}
