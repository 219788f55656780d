/* progress.c — see progress.h. */
#include "cli/progress.h"
#include <inttypes.h>
#include <string.h>

void progress_note(struct progress *p, const struct report *r, uint64_t asked_ms)
{
    if (r->why)
        return;
    if (strcmp(p->boot, r->boot) != 0) {
        *p = (struct progress){.topology = p->topology, .node = p->node};
        strcpy(p->boot, r->boot);
    }
    for (unsigned i = 0; i < p->topology->nodes[p->node].neighbours_count; i++) {
        const struct report_link *l = &r->links[i];
        if (l->up && l->agreed && l->agreed_ms < asked_ms)
            p->level[i] = true;
        if (l->up && l->peer_partial && !l->full_send && l->lag == 0)
            p->left_out[i] = true;
    }
}

static void explain_link(
    const char *name, const char *other, const struct report_link *l, char *why)
{
    if (!l->up)
        snprintf(why, PROGRESS_REASON_BYTES, "%s has no link to %s%s%s", name, other,
            *l->error ? ": " : "", l->error);
    else if (l->full_send)
        snprintf(why, PROGRESS_REASON_BYTES,
            "%s is sending all its stamps to %s, and %" PRIu64 " are not confirmed", name, other,
            l->lag);
    else if (l->diverged)
        snprintf(why, PROGRESS_REASON_BYTES, "the digests of %s and %s differ", name, other);
    else
        snprintf(why, PROGRESS_REASON_BYTES,
            "the digests of %s and %s have not agreed since the call%s; %" PRIu64
            " stamps are not confirmed", name, other,
            l->lag ? ", as stamps kept coming" : "", l->lag);
}

bool progress_done(
    const struct progress *p, const struct report *r, char why[PROGRESS_REASON_BYTES])
{
    const struct topology_node *n = &p->topology->nodes[p->node];
    if (r->why) {
        snprintf(why, PROGRESS_REASON_BYTES, "%s does not answer: %s", n->name, r->why);
        return false;
    }
    for (unsigned i = 0; i < n->neighbours_count; i++) {
        if (p->level[i] || p->left_out[i])
            continue;
        if (r->partial && r->links[i].up)
            snprintf(why, PROGRESS_REASON_BYTES,
                "%s has refused or evicted stamps (limits.stamps, limits.future), and its digest "
                "differs from that of %s", n->name, p->topology->nodes[n->neighbours[i]].name);
        else
            explain_link(n->name, p->topology->nodes[n->neighbours[i]].name, &r->links[i], why);
        return false;
    }
    return true;
}
