/* outbox.h — the unsent output of one connection, in order.
 *
 * A list of chunks from a pool; empty while there is nothing to send. A reply is never split
 * between two chunks, so that it goes to the kernel in one send. A reply that is not known yet (a
 * WHATSAT waits for places) is a gate: what is written behind it waits until it is filled, so
 * replies keep the order of their commands. One per connection. Holds always: `bytes`
 * and `memory` are the sums over all chunks; a gate has sent nothing. */
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
    uint32_t sent; /* bytes of these that the kernel has taken */
    bool gate; /* not to be sent yet */
    bool pooled; /* from the pool; else from malloc: a gate, or longer than a pooled chunk */
    char bytes[];
};

struct outbox {
    struct chunk *head;
    struct chunk *tail;
    size_t bytes; /* written and not sent, gates included */
    size_t memory; /* of all chunks: much more than `bytes` where gates and replies alternate */
};

/* Does the work of outbox_room when the last chunk has too little room. */
char *outbox_new_room(struct outbox *o, struct pool *chunks, size_t n);

/* Room for `n` more bytes in one piece at the end, n >= 1. NULL: no memory. Call outbox_wrote, or
 * outbox_trim if nothing was written. */
static inline char *outbox_room(struct outbox *o, struct pool *chunks, size_t n)
{
    struct chunk *c = o->tail;
    if (c && !c->gate && c->cap - c->len >= n)
        return c->bytes + c->len;
    return outbox_new_room(o, chunks, n);
}

/* The first `n` bytes of that room are written. */
void outbox_wrote(struct outbox *o, size_t n);

/* Write all of `s`, at least one byte, in one piece. false: no memory, and nothing is written. */
static inline bool outbox_put(struct outbox *o, struct pool *chunks, struct span s)
{
    char *room = outbox_room(o, chunks, s.len);
    if (!room)
        return false;
    memcpy(room, s.at, s.len);
    outbox_wrote(o, s.len);
    return true;
}

/* All room in the last chunk, its size in *n; in a new chunk when it is less than `least`. NULL: no
 * memory. */
char *outbox_rest(struct outbox *o, struct pool *chunks, size_t least, size_t *n);

/* A gate that already holds `head`; later bytes wait behind it. Stays in place until it is filled
 * or the outbox is cleared. NULL: no memory. */
struct chunk *outbox_gate(struct outbox *o, struct pool *chunks, struct span head);

/* Open a gate: write `rest` behind its head. Unless another gate is right before it, its bytes are
 * joined with those that may be sent with them, and `gate` is gone. false: no memory; the gate is
 * as it was. */
MUST_USE bool outbox_fill(
    struct outbox *o, struct pool *chunks, struct chunk *gate, struct span rest);

/* What may be sent next: everything unsent of the first chunk. Stays in place, also while more is
 * written, until outbox_sent acknowledges it. Empty: there is nothing, or a gate comes first. */
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

/* The first `n` bytes of the window were sent. */
void outbox_sent(struct outbox *o, struct pool *chunks, size_t n);

/* Free the first chunks while they hold nothing unsent. */
void outbox_trim(struct outbox *o, struct pool *chunks);

/* Discard everything. */
void outbox_clear(struct outbox *o, struct pool *chunks);

#endif
