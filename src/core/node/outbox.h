/* outbox.h — what one connection is still to be sent, in order.
 *
 * A list of chunks out of a pool, none while there is nothing to send. A reply lies in one chunk
 * whole, so that it goes to the kernel in one send. A reply that is not there yet (a WHATSAT waits
 * for places) is a gate: what is written behind it waits until it is filled, which is how replies
 * keep the order of their commands. One an outbox a connection; called by node. */
#ifndef CORE_NODE_OUTBOX_H
#define CORE_NODE_OUTBOX_H

#include "core/base/pool.h"
#include "core/base/span.h"
#include <stdint.h>

enum {
    OUTBOX_CHUNK_BYTES = 16384, /* of a pooled chunk, its header included */
    OUTBOX_SPARE_CHUNKS = 256, /* 4 MiB */
};

struct chunk {
    struct chunk *next;
    uint32_t cap; /* bytes in all */
    uint32_t len; /* bytes written */
    uint32_t sent; /* of these, taken by the kernel */
    bool gate; /* not to be sent yet */
    bool pooled; /* from the pool; else from malloc, for a reply longer than a pooled chunk */
    char bytes[];
};

struct outbox {
    struct chunk *head;
    struct chunk *tail;
    size_t bytes; /* written and not sent, gates included */
    size_t memory; /* of all its chunks: more than `bytes` where gates and replies alternate */
};

/* outbox_room in a new chunk. */
char *outbox_new_room(struct outbox *o, struct pool *chunks, size_t n);

/* Room for `n` more bytes in one piece at the end; NULL when memory is out. n >= 1. */
static inline char *outbox_room(struct outbox *o, struct pool *chunks, size_t n)
{
    struct chunk *c = o->tail;
    if (c && !c->gate && c->cap - c->len >= n)
        return c->bytes + c->len;
    return outbox_new_room(o, chunks, n);
}

/* The first `n` bytes of that room are written. */
void outbox_wrote(struct outbox *o, size_t n);

/* What is left of the last chunk, in *n; a new chunk when it is less than `least`. NULL: no
 * memory. */
char *outbox_rest(struct outbox *o, struct pool *chunks, size_t least, size_t *n);

/* A gate that already holds `head`; later bytes wait behind it. Stays in place until it is filled
 * or the outbox is cleared. NULL: no memory. */
struct chunk *outbox_gate(struct outbox *o, struct span head);

/* Open a gate: `rest` is written behind its head. Where no other gate is right before it, it is
 * joined with what may be sent with it: it is not in its place then. false: no memory; the gate is
 * as it was. */
MUST_USE bool outbox_fill(
    struct outbox *o, struct pool *chunks, struct chunk *gate, struct span rest);

/* What may be sent next: all that is unsent of the first chunk. Stays in place, also while more is
 * written, until it is acknowledged by outbox_sent. Empty: nothing, or a gate comes first. */
static inline struct span outbox_window(const struct outbox *o)
{
    const struct chunk *c = o->head;
    if (!c || c->gate)
        return (struct span){"", 0};
    return (struct span){c->bytes + c->sent, c->len - c->sent};
}

/* Whether a gate comes first: nothing can be sent until it is filled. */
static inline bool outbox_waits(const struct outbox *o)
{
    return o->head && o->head->gate;
}

void outbox_sent(struct outbox *o, struct pool *chunks, size_t n);

/* Give back what holds nothing, after room that was not written to. */
void outbox_trim(struct outbox *o, struct pool *chunks);

/* Forget all. */
void outbox_clear(struct outbox *o, struct pool *chunks);

#endif
