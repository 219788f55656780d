/* outbox.c — see outbox.h. */
#include "core/outbox.h"
#include "core/invariant.h"
#include <stdlib.h>

static struct chunk *chunk_create(struct pool *chunks, size_t n)
{
    bool pooled = chunks && sizeof(struct chunk) + n <= chunks->block_bytes;
    size_t bytes = pooled ? chunks->block_bytes : sizeof(struct chunk) + n;
    struct chunk *c = pooled ? pool_get(chunks) : malloc(bytes);
    if (c)
        *c = (struct chunk){.cap = (uint32_t)(bytes - sizeof *c), .pooled = pooled};
    return c;
}

static void append(struct outbox *o, struct chunk *c)
{
    if (o->tail)
        o->tail->next = c;
    else
        o->head = c;
    o->tail = c;
    o->memory += sizeof *c + c->cap;
}

static void drop_head(struct outbox *o, struct pool *chunks)
{
    struct chunk *c = o->head;
    o->head = c->next;
    o->memory -= sizeof *c + c->cap;
    if (c->pooled)
        pool_put(chunks, c);
    else
        free(c);
}

char *outbox_new_room(struct outbox *o, struct pool *chunks, size_t n)
{
    struct chunk *c = chunk_create(chunks, n);
    if (!c)
        return NULL;
    append(o, c);
    return c->bytes;
}

char *outbox_rest(struct outbox *o, struct pool *chunks, size_t least, size_t *n)
{
    char *room = outbox_room(o, chunks, least);
    if (room)
        *n = o->tail->cap - o->tail->len;
    return room;
}

void outbox_wrote(struct outbox *o, size_t n)
{
    ASSERT(n <= o->tail->cap - o->tail->len);
    o->tail->len += (uint32_t)n;
    o->bytes += n;
}

struct chunk *outbox_gate(struct outbox *o, struct span head)
{
    struct chunk *c = chunk_create(NULL, head.len);
    if (!c)
        return NULL;
    c->gate = true;
    append(o, c);
    memcpy(c->bytes, head.at, head.len);
    outbox_wrote(o, head.len);
    return c;
}

/* The place that points to `c`: a gate has few chunks before it. */
static struct chunk **place_of(struct outbox *o, const struct chunk *c)
{
    struct chunk **place = &o->head;
    while (*place != c)
        place = &(*place)->next;
    return place;
}

bool outbox_fill(struct outbox *o, struct chunk *gate, struct span rest)
{
    ASSERT(gate->gate);
    size_t len = gate->len + rest.len;
    struct chunk **place = place_of(o, gate);
    bool last = o->tail == gate;
    struct chunk *filled = realloc(gate, sizeof *gate + len);
    if (!filled)
        return false;
    *place = filled;
    if (last)
        o->tail = filled;
    memcpy(filled->bytes + filled->len, rest.at, rest.len);
    o->memory += len - filled->cap;
    filled->cap = filled->len = (uint32_t)len;
    filled->gate = false;
    o->bytes += rest.len;
    return true;
}

void outbox_trim(struct outbox *o, struct pool *chunks)
{
    while (o->head && !o->head->gate && o->head->sent == o->head->len)
        drop_head(o, chunks);
    if (!o->head)
        o->tail = NULL;
}

void outbox_sent(struct outbox *o, struct pool *chunks, size_t n)
{
    struct chunk *c = o->head;
    ASSERT(c && !c->gate && n <= c->len - c->sent);
    c->sent += (uint32_t)n;
    o->bytes -= n;
    outbox_trim(o, chunks);
}

void outbox_clear(struct outbox *o, struct pool *chunks)
{
    while (o->head)
        drop_head(o, chunks);
    *o = (struct outbox){0};
}
