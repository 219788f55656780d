/* promises.c — see promises.h. */
#include "sim/promises.h"
#include <stdlib.h>
#include <string.h>

static struct span copy(char **to, struct span text)
{
    char *at = *to;
    memcpy(at, text.at, text.len);
    *to += text.len;
    return (struct span){at, text.len};
}

void promises_add(struct promises *p, const struct stamp *s, uint64_t change, int64_t at_ns)
{
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->each = realloc(p->each, p->room * sizeof *p->each);
    }
    char *at = malloc(s->id.len + s->position.len + s->time.len + s->origin.len);
    if (!p->each || !at)
        abort();
    struct promise *added = &p->each[p->count++];
    *added = (struct promise){.stamp = *s, .texts = at, .change = change, .at_ns = at_ns};
    added->stamp.id = copy(&at, s->id);
    added->stamp.position = copy(&at, s->position);
    added->stamp.time = copy(&at, s->time);
    added->stamp.origin = copy(&at, s->origin);
}

void promises_drop(struct promises *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->each[i].texts);
    free(p->each);
    *p = (struct promises){0};
}

bool promise_is_kept(const struct promise *p, const struct store *store)
{
    struct feed_item item;
    struct stamp_text text;
    struct span id = p->stamp.id;
    return store_get(store, id, store_hash(store, id), &item, &text) &&
           stamp_compare(&item.stamp, &p->stamp) >= 0;
}

const struct promise *promises_broken(
    const struct promises *p, const struct store *store, uint64_t change, int64_t at_ns)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct promise *one = &p->each[i];
        if ((one->change <= change || one->at_ns <= at_ns) && !promise_is_kept(one, store))
            return one;
    }
    return NULL;
}
