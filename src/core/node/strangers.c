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
    ASSERT(!l->stranger.is && s->count < s->max && !s->oldest == !s->count);
    l->stranger = (struct stranger){.is = true, .older = s->newest};
    if (s->newest)
        s->newest->stranger.newer = l;
    else
        s->oldest = l;
    s->newest = l;
    s->count++;
}

void strangers_remove(struct node *n, struct link *l)
{
    struct strangers *s = &n->strangers;
    struct stranger was = l->stranger;
    if (!was.is)
        return;
    struct link **older = was.older ? &was.older->stranger.newer : &s->oldest;
    struct link **newer = was.newer ? &was.newer->stranger.older : &s->newest;
    ASSERT(s->count > 0 && *older == l && *newer == l);
    *older = was.newer;
    *newer = was.older;
    l->stranger = (struct stranger){0};
    s->count--;
}

struct link *strangers_in_the_way(const struct node *n)
{
    ASSERT(n->strangers.count <= n->strangers.max);
    return n->strangers.count < n->strangers.max ? NULL : n->strangers.oldest;
}
