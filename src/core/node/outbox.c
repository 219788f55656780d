/* outbox.c — see outbox.h.
 *
 * An outbox of a client has few chunks before its first gate, so a gate finds the chunk before it
 * by a walk from the head, and the list needs no links backwards. */
#include "core/node/outbox.h"
#include "core/base/invariant.h"
#include <stdlib.h>

/* One that is not of the pool, but counted there. */
static struct chunk *chunk_beside(struct pool *chunks, size_t n)
{
    struct chunk *c = malloc(sizeof *c + n);
    if (!c)
        return NULL;
    *c = (struct chunk){.cap = (uint32_t)n};
    if (chunks)
        pool_beside_more(chunks, sizeof *c + n);
    return c;
}

static struct chunk *chunk_create(struct pool *chunks, size_t n)
{
    if (!chunks || sizeof(struct chunk) + n > chunks->block_bytes)
        return chunk_beside(chunks, n);
    struct chunk *c = pool_get(chunks);
    if (c)
        *c = (struct chunk){.cap = (uint32_t)(chunks->block_bytes - sizeof *c), .pooled = true};
    return c;
}

/* Make `next`, which may be NULL, the chunk after `before`; `before` NULL: the first chunk. */
static void follow(struct outbox *o, struct chunk *before, struct chunk *next)
{
    if (before)
        before->next = next;
    else
        o->head = next;
}

/* Insert behind `before`; NULL: as the first. */
static void chunk_insert(struct outbox *o, struct chunk *before, struct chunk *c)
{
    c->next = before ? before->next : o->head;
    follow(o, before, c);
    if (o->tail == before)
        o->tail = c;
    o->memory += sizeof *c + c->cap;
}

/* Free the chunk behind `before`; NULL: the first. */
static void chunk_drop(struct outbox *o, struct pool *chunks, struct chunk *before)
{
    struct chunk *c = before ? before->next : o->head;
    ASSERT(c);
    follow(o, before, c->next);
    if (o->tail == c)
        o->tail = before;
    o->memory -= sizeof *c + c->cap;
    if (c->pooled) {
        pool_put(chunks, c);
        return;
    }
    if (chunks)
        pool_beside_less(chunks, sizeof *c + c->cap);
    free(c);
}

char *outbox_new_room(struct outbox *o, struct pool *chunks, size_t n)
{
    struct chunk *c = chunk_create(chunks, n);
    if (!c)
        return NULL;
    chunk_insert(o, o->tail, c);
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

struct chunk *outbox_gate(struct outbox *o, struct pool *chunks, struct span head)
{
    struct chunk *c = chunk_beside(chunks, head.len); /* for it will grow */
    if (!c)
        return NULL;
    c->gate = true;
    chunk_insert(o, o->tail, c);
    memcpy(c->bytes, head.at, head.len);
    outbox_wrote(o, head.len);
    return c;
}

/* Write behind what `c` holds. */
static void chunk_write(struct chunk *c, struct span bytes)
{
    ASSERT(bytes.len <= c->cap - c->len);
    memcpy(c->bytes + c->len, bytes.at, bytes.len);
    c->len += (uint32_t)bytes.len;
}

static bool has_room(const struct chunk *c, size_t n)
{
    return c && c->cap - c->len >= n;
}

/* The chunk before `c`; NULL: it is the first. */
static struct chunk *chunk_before(const struct outbox *o, const struct chunk *c)
{
    struct chunk *before = o->head == c ? NULL : o->head;
    while (before && before->next != c)
        before = before->next;
    ASSERT(before || o->head == c);
    return before;
}

/* Insert a pooled chunk behind `before`. NULL: no memory, or `n` bytes do not fit. */
static struct chunk *insert_pooled(
    struct outbox *o, struct chunk *before, struct pool *chunks, size_t n)
{
    struct chunk *c = sizeof *c + n <= chunks->block_bytes ? chunk_create(chunks, n) : NULL;
    if (c)
        chunk_insert(o, before, c);
    return c;
}

/* Open a gate that is next to be sent into a pooled chunk, and append the answers behind it that
 * waited for it alone, so that they go out in one send. false: no memory, or too long. */
static bool open_joined(struct outbox *o, struct chunk *before, struct chunk *gate,
    struct pool *chunks, struct span rest)
{
    size_t len = gate->len + rest.len;
    struct chunk *into = has_room(before, len) ? before : insert_pooled(o, before, chunks, len);
    if (!into)
        return false;
    chunk_write(into, (struct span){gate->bytes, gate->len});
    chunk_write(into, rest);
    chunk_drop(o, chunks, into);
    for (struct chunk *c; (c = into->next) && !c->gate && !c->pooled && has_room(into, c->len);) {
        chunk_write(into, (struct span){c->bytes, c->len});
        chunk_drop(o, chunks, into);
    }
    return true;
}

/* Open the gate where it is. */
static bool open_alone(struct outbox *o, struct chunk *before, struct chunk *gate,
    struct pool *chunks, struct span rest)
{
    size_t len = gate->len + rest.len;
    bool last = o->tail == gate;
    struct chunk *opened = realloc(gate, sizeof *gate + len);
    if (!opened)
        return false;
    follow(o, before, opened);
    if (last)
        o->tail = opened;
    pool_beside_more(chunks, len - opened->cap);
    o->memory += len - opened->cap;
    opened->cap = (uint32_t)len;
    chunk_write(opened, rest);
    opened->gate = false;
    return true;
}

bool outbox_fill(struct outbox *o, struct pool *chunks, struct chunk *gate, struct span rest)
{
    ASSERT(gate->gate && gate->sent == 0);
    struct chunk *before = chunk_before(o, gate);
    bool waits = before && before->gate;
    if ((waits || !open_joined(o, before, gate, chunks, rest)) &&
        !open_alone(o, before, gate, chunks, rest))
        return false;
    o->bytes += rest.len;
    return true;
}

void outbox_trim(struct outbox *o, struct pool *chunks)
{
    while (o->head && !o->head->gate && o->head->sent == o->head->len)
        chunk_drop(o, chunks, NULL);
}

void outbox_sent(struct outbox *o, struct pool *chunks, size_t n)
{
    struct chunk *c = o->head;
    ASSERT(c && !c->gate && n <= c->len - c->sent && n <= o->bytes);
    c->sent += (uint32_t)n;
    o->bytes -= n;
    outbox_trim(o, chunks);
}

void outbox_clear(struct outbox *o, struct pool *chunks)
{
    while (o->head)
        chunk_drop(o, chunks, NULL);
    ASSERT(!o->tail && !o->memory);
    *o = (struct outbox){0};
}
