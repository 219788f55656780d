/* nobody.c — a core that tells both of two twins to leave, each for the other's sake. */
#include "core/node/private.h"

static struct twins_order owed; /* what the one that should stay is told next; no link: nothing */

bool __real_twins_next(struct node *n, struct twins_order *out, struct instant now);
bool __wrap_twins_next(struct node *n, struct twins_order *out, struct instant now);
const char *__real_twin_parse(
    const struct span *words, const struct peering_node *node, struct twin *out);
const char *__wrap_twin_parse(
    const struct span *words, const struct peering_node *node, struct twin *out);

bool __wrap_twins_next(struct node *n, struct twins_order *out, struct instant now)
{
    if (owed.link) {
        *out = owed;
        owed.link = NULL;
        return true;
    }
    bool is_there = __real_twins_next(n, out, now);
    if (is_there && out->deed == TWINS_TELL) {
        const struct contest *c = &n->twins.each[out->link->peering.peer->number];
        owed = *out;
        owed.link = c->rival_leaves ? c->asked : c->rival;
        owed.stays.boot = out->link->peering.theirs.boot;
        owed.stays.started = out->link->peering.theirs.started;
    }
    return is_there;
}

const char *__wrap_twin_parse(
    const struct span *words, const struct peering_node *node, struct twin *out)
{
    struct peering_node last = *node;
    last.started = UINT64_MAX; /* all are earlier */
    return __real_twin_parse(words, &last, out);
}
