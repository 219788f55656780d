/* strangers.c — see strangers.h. Called by links.c.
 *
 * Holds always: there are `max` at most; who is none stands in no list. */
#include "core/node/strangers.h"
#include "core/node/private.h"

void strangers_begin(struct node *n, unsigned max)
{
    n->strangers.max = max ? max : NODE_STRANGERS_MAX;
}

void strangers_add(struct node *n, struct link *l)
{
    struct strangers *s = &n->strangers;
    struct strangers_list *in = l->rank == ADMISSION_OTHER ? &s->other : &s->known;
    ASSERT(!l->stranger.in && s->count < s->max && !in->oldest == !in->newest);
    l->stranger = (struct stranger){.in = in, .older = in->newest};
    if (in->newest)
        in->newest->stranger.newer = l;
    else
        in->oldest = l;
    in->newest = l;
    s->count++;
}

void strangers_remove(struct node *n, struct link *l)
{
    struct strangers *s = &n->strangers;
    struct stranger was = l->stranger;
    if (!was.in)
        return;
    struct link **older = was.older ? &was.older->stranger.newer : &was.in->oldest;
    struct link **newer = was.newer ? &was.newer->stranger.older : &was.in->newest;
    ASSERT(s->count > 0 && *older == l && *newer == l);
    *older = was.newer;
    *newer = was.older;
    l->stranger = (struct stranger){0};
    s->count--;
}

struct link *strangers_in_the_way(const struct node *n)
{
    const struct strangers *s = &n->strangers;
    ASSERT(s->count <= s->max);
    if (s->count < s->max)
        return NULL;
    return s->other.oldest ? s->other.oldest : s->known.oldest;
}
