/* progress.c — see progress.h. */
#include "cli/progress.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* One link, as both its ends say, and their names. */
struct both {
    const struct report *ours, *theirs;
    const struct report_link *here, *there; /* there: NULL, as the other end does not answer */
    const char *name, *other;
};

static struct both both_ends(
    const struct progress *p, const struct progress_answers *a, unsigned number)
{
    const struct topology_node *n = &p->topology->nodes[p->node];
    const struct topology_node *peer = &p->topology->nodes[n->neighbours[number]];
    struct both b = {.ours = a->node,
        .theirs = a->neighbours[number],
        .here = &a->node->links[number],
        .name = n->name,
        .other = peer->name};
    for (unsigned i = 0; !b.theirs->why && i < peer->neighbours_count; i++)
        if (peer->neighbours[i] == p->node)
            b.there = &b.theirs->links[i];
    return b;
}

static bool of_one_life(const struct both *b)
{
    return b->here->up && b->there->up && b->here->marked && b->there->marked &&
           strcmp(b->here->peer_boot, b->theirs->boot) == 0 &&
           strcmp(b->there->peer_boot, b->ours->boot) == 0;
}

static bool agreed_since(const struct report_link *l, uint64_t asked_ms)
{
    return l->agreed && l->agreed_ms < asked_ms;
}

static void note_link(struct progress_link *k, const struct both *b, uint64_t change,
    uint64_t asked_ms)
{
    if (!b->there)
        return;
    if (strcmp(k->boot, b->theirs->boot) != 0) {
        *k = (struct progress_link){.change = b->theirs->change};
        strcpy(k->boot, b->theirs->boot);
    }
    if (!of_one_life(b))
        return;
    bool sends_all = b->here->full_send || b->there->full_send;
    k->marked |= !sends_all && b->here->acked >= change && b->here->have >= k->change;
    k->agreed |= agreed_since(b->here, asked_ms) || agreed_since(b->there, asked_ms);
    bool partial = b->theirs->partial || b->here->peer_partial;
    k->level |= k->marked && (k->agreed || !(b->here->in_tree || b->here->diverged || partial));
    k->left_out |= k->marked && partial;
}

void progress_note(struct progress *p, const struct progress_answers *a, uint64_t asked_ms)
{
    const struct report *r = a->node;
    if (r->why)
        return;
    if (strcmp(p->boot, r->boot) != 0) {
        *p = (struct progress){.topology = p->topology, .node = p->node, .change = r->change};
        strcpy(p->boot, r->boot);
    }
    for (unsigned i = 0; i < p->topology->nodes[p->node].neighbours_count; i++) {
        struct both b = both_ends(p, a, i);
        note_link(&p->links[i], &b, p->change, asked_ms);
    }
}

/* -- why not ----------------------------------------------------------------------------------- */

static void say(char why[PROGRESS_REASON_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char why[PROGRESS_REASON_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, PROGRESS_REASON_BYTES, format, arguments);
    va_end(arguments);
}

static void explain_marks(const struct progress_link *k, const struct both *b, uint64_t change,
    char why[PROGRESS_REASON_BYTES])
{
    static const char sending[] =
        "%s is sending all its stamps to %s, and %" PRIu64 " are not confirmed";
    static const char missing[] =
        "%s has not confirmed all that %s held at the call; %" PRIu64 " stamps are not confirmed";
    if (b->here->full_send)
        say(why, sending, b->name, b->other, b->here->lag);
    else if (b->there->full_send)
        say(why, sending, b->other, b->name, b->there->lag);
    else if (b->here->acked < change)
        say(why, missing, b->other, b->name, b->here->lag);
    else if (b->here->have < k->change)
        say(why, missing, b->name, b->other, b->there->lag);
}

static void explain_link(const struct progress_link *k, const struct both *b, uint64_t change,
    char why[PROGRESS_REASON_BYTES])
{
    const char *name = b->name, *other = b->other;
    if (!b->here->up)
        say(why, "%s has no link to %s%s%s", name, other, *b->here->error ? ": " : "",
            b->here->error);
    else if (!b->there)
        say(why, "%s does not answer: %s", other, b->theirs->why);
    else if (!b->here->marked || !b->there->marked)
        say(why, "%s runs a version that does not say how far it is",
            b->here->marked ? other : name);
    else if (!of_one_life(b))
        say(why, "%s and %s do not say that they are linked to each other", name, other);
    else if (!k->marked)
        explain_marks(k, b, change, why);
    else if (b->ours->partial)
        say(why,
            "%s has refused or evicted stamps (limits.stamps, limits.future, limits.clock, "
            "retired), and its digest differs from that of %s", name, other);
    else if (b->here->diverged)
        say(why, "the digests of %s and %s differ", name, other);
    else
        say(why,
            "the digests of %s and %s have not been equal since the call; %" PRIu64
            " stamps are not confirmed", name, other, b->here->lag);
}

bool progress_done(const struct progress *p, const struct progress_answers *a,
    char why[PROGRESS_REASON_BYTES])
{
    const struct topology_node *n = &p->topology->nodes[p->node];
    if (a->node->why) {
        say(why, "%s does not answer: %s", n->name, a->node->why);
        return false;
    }
    for (unsigned i = 0; i < n->neighbours_count; i++) {
        const struct progress_link *k = &p->links[i];
        if (k->level || k->left_out)
            continue;
        struct both b = both_ends(p, a, i);
        why[0] = '\0';
        explain_link(k, &b, p->change, why);
        return false;
    }
    return true;
}
