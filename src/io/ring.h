/* ring.h — the one io_uring of a node; ring.c alone knows liburing.
 *
 * Requests are written into a queue in shared memory and handed to the kernel all at once by
 * ring_enter, which also waits; answers come back by ring_next. So a turn of the loop costs one
 * system call, however many sockets had something to say. A request carries a tag and its answer
 * brings it back. Received bytes lie in buffers of the ring, which the kernel picks when bytes are
 * there, so a silent connection holds none. Every function here is for the thread that opened the
 * ring. Linux 6.1 or newer. */
#ifndef IO_RING_H
#define IO_RING_H

#include "core/base/span.h"
#include <stdint.h>
#include <sys/socket.h>

struct ring;

/* -- tags -------------------------------------------------------------------------------------- */

enum ring_op {
    RING_ACCEPT = 1,
    RING_RECEIVE,
    RING_SEND,
    RING_CONNECT,
    RING_POLL, /* of the signals */
    RING_RESOLVE, /* a poll, too */
    RING_WRITE,
    RING_CANCEL,
};

enum { RING_SLOT_BITS = 24, RING_SLOT_MAX = (1 << RING_SLOT_BITS) - 1 };

/* Whose request: 64 bits that go to the kernel and come back. `slot` is a place in a table,
 * `generation` counts how often the place was given to somebody new, `sequence` how often its owner
 * asked the same again: an answer that comes late matches nobody. */
struct ring_tag {
    uint8_t op;
    uint8_t sequence;
    uint32_t generation; /* 24 bits */
    uint32_t slot; /* 24 bits */
};

static inline uint64_t ring_tag_pack(struct ring_tag t)
{
    return (uint64_t)t.op << 56 | (uint64_t)t.sequence << 48 |
           (uint64_t)(t.generation & RING_SLOT_MAX) << 24 | (t.slot & RING_SLOT_MAX);
}

static inline struct ring_tag ring_tag_unpack(uint64_t packed)
{
    return (struct ring_tag){.op = (uint8_t)(packed >> 56),
        .sequence = (uint8_t)(packed >> 48),
        .generation = packed >> 24 & RING_SLOT_MAX,
        .slot = packed & RING_SLOT_MAX};
}

/* -- set-up ------------------------------------------------------------------------------------ */

/* All powers of two; completions at least twice the submissions, buffers at most 32,768. */
struct ring_sizes {
    unsigned submissions;
    unsigned completions;
    unsigned buffers;
    unsigned buffer_bytes;
};

/* Submissions are flushed when they run out, so 1,024 is no bound. Completions should hold what a
 * turn can bring, or every multishot request has to be asked again: 16,384 take 256 KiB.
 *
 * Buffers of 16 KiB take a batch of 128 commands in one piece; 8 KiB cost an echo a tenth more
 * CPU, and more than 16 gain nothing. 256 of them, 4 MiB, are also what a turn can receive at the
 * most: more were never faster, 512 a tenth slower at 1,000 connections (they fall out of the
 * cache), and with 4,000 connections speaking at once waiting for buffers did not show. */
#define RING_SIZES        \
    ((struct ring_sizes){ \
        .submissions = 1024, .completions = 16384, .buffers = 256, .buffer_bytes = 16384})

/* sizes    queues are halved as often as the kernel has no memory for them; ring_sizes tells
 * spin_ns  how long ring_enter may poll before it sleeps; 0: never
 * NULL: a sentence with cause and remedy went to standard error. */
struct ring *ring_open(const struct ring_sizes *sizes, int64_t spin_ns);
void ring_close(struct ring *r);
const struct ring_sizes *ring_sizes(const struct ring *r);

/* -- turns ------------------------------------------------------------------------------------- */

/* Hand over all requests and wait for an answer, at most `wait_ns`; at or below 0 do not wait,
 * NEVER_NS is for ever. Returns early at will (a signal, a full kernel): only ring_next says what
 * came. 0, or the errno of a ring that can no longer be used. */
MUST_USE int ring_enter(struct ring *r, int64_t wait_ns);

struct ring_event {
    struct ring_tag tag;
    int32_t result; /* bytes, a descriptor, or -errno */
    bool more; /* the request is still alive and will answer again */
    struct span bytes; /* what was received; lent until ring_buffers_return */
};

/* The next answer; false: no more until ring_enter. */
MUST_USE bool ring_next(struct ring *r, struct ring_event *out);

/* Give back the buffers of all answers read so far: the end of a turn. */
void ring_buffers_return(struct ring *r);

/* -- requests ------------------------------------------------------------------------------------
 * None fails: a full queue is handed to the kernel first. Memory that a request points at must stay
 * until its answer, or (connect) until the next ring_enter. */

/* Answers with a descriptor per connection while `more`; close-on-exec and non-blocking. */
void ring_accept(struct ring *r, int fd, struct ring_tag tag);

/* Answers with bytes while `more`; result 0 is the end, -ENOBUFS an empty pool. */
void ring_receive(struct ring *r, int fd, struct ring_tag tag);

/* Answers once with how many of the bytes the kernel took, at least one. */
void ring_send(struct ring *r, int fd, struct ring_tag tag, struct span bytes);

void ring_connect(
    struct ring *r, int fd, struct ring_tag tag, const struct sockaddr *to, socklen_t to_bytes);

/* Answers once, with poll(2)'s revents, when one of `events` (POLLIN, POLLOUT) or an error is
 * there. */
void ring_poll(struct ring *r, int fd, struct ring_tag tag, unsigned events);

/* At the file's own position.
 * may_block: a thread of the kernel's does it, so that a file that blocks whatever it is asked (a
 * stopped terminal does) blocks nobody else. */
void ring_write(struct ring *r, int fd, struct ring_tag tag, struct span bytes, bool may_block);

/* Ask that `target` be given up; it answers in any case, before or after the RING_CANCEL of
 * this. */
void ring_cancel(struct ring *r, struct ring_tag target);

#endif
