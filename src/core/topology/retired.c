/* retired.c — nodes that were removed from the herd, and whose stamps are still to be held.
 *
 * Their names are origins that the remaining nodes know; nobody has a link to them. PROTOCOL.md,
 * "Refused stamps". Holds always: each name could be a node's, and stands there once. */
#include "core/base/invariant.h"
#include "core/topology/draft.h"
#include <stdlib.h>

int draft_retired_line(const struct topology_draft *d, struct span name)
{
    for (unsigned i = 0; i < d->t.retired_count; i++)
        if (span_equal(span_of(d->t.retired[i].name), name))
            return d->t.retired[i].line;
    return 0;
}

/* Room for one name more. false: there is none; reported once. */
static bool make_room(struct topology_draft *d, int line)
{
    if (!d->t.retired && !d->retired_full)
        d->t.retired = calloc(TOPOLOGY_RETIRED_MAX, sizeof *d->t.retired);
    if (d->t.retired && d->t.retired_count < TOPOLOGY_RETIRED_MAX)
        return true;
    if (!d->retired_full && d->t.retired)
        draft_error(d, line, "there are too many names in retired; %d are possible",
            TOPOLOGY_RETIRED_MAX);
    else if (!d->retired_full)
        draft_error(d, 0, "memory has run out");
    d->retired_full = true;
    return false;
}

void draft_retired_add(struct topology_draft *d, int line, struct span name)
{
    ASSERT(line > 0 && name.len > 0 && name.len <= STAMPEDE_NODE_NAME_BYTES_MAX);
    int before = draft_retired_line(d, name);
    if (before) {
        draft_error(d, line, "%.*s is retired twice, in line %d already; once is enough",
            SHOWN(name), before);
        return;
    }
    if (!make_room(d, line))
        return;
    struct topology_retired *r = &d->t.retired[d->t.retired_count++];
    ASSERT(d->t.retired_count <= TOPOLOGY_RETIRED_MAX);
    r->line = line;
    memcpy(r->name, name.at, name.len);
}

void draft_retired_check(struct topology_draft *d)
{
    for (unsigned i = 0; i < d->t.retired_count; i++) {
        const struct topology_retired *r = &d->t.retired[i];
        int node = draft_find(d, r->name);
        if (node >= 0)
            draft_error(d, r->line,
                "%s is retired, but there is a node %s in line %d; take the name out of retired, "
                "or remove the node",
                r->name, r->name, d->nodes[node].line);
    }
}
