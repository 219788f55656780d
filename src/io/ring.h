/* ring.h — the node's only io_uring; ring.c is the only file that includes liburing.h.
 *
 * Requests are written into a queue in shared memory. ring_enter submits all of them at once and
 * waits; ring_next reads the completions. A turn of the loop thus costs one system call, however
 * many sockets were active. Each request carries a tag, and its completions carry the same tag.
 * Received bytes lie in buffers that the kernel takes from a shared pool when data arrives, so an
 * idle connection holds no buffer. All functions must be called by the thread that opened the ring.
 * Needs Linux 6.1 or newer. */
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
    RING_POLL, /* the signal descriptor is readable */
    RING_RESOLVE, /* also a poll: a socket of c-ares */
    RING_WRITE,
    RING_NOTIFY, /* a send: to the service manager */
    RING_JOURNAL,
    RING_CANCEL,
};

enum { RING_SLOT_BITS = 24, RING_SLOT_MAX = (1 << RING_SLOT_BITS) - 1 };

/* Identifies a request: 64 bits that the kernel returns with each completion. `slot` is an index
 * into the owner's table, `generation` counts how often that slot was reused, and `sequence` counts
 * how often the same request was repeated. A stale completion therefore matches nothing. */
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
    bool files; /* a journal's requests are allowed, too (ring_files.h) */
};

/* A full submission queue is handed over early, so 1,024 does not limit a turn. The completion
 * queue should hold everything that one turn can bring: when it overflows, every multishot request
 * ends and must be submitted again. 16,384 entries take 256 KiB.
 *
 * A buffer of 16 KiB holds 128 commands. With 8 KiB an echo costs a tenth more CPU; more than
 * 16 KiB gains nothing. 256 buffers, 4 MiB, limit what one turn can receive. More were never
 * faster; 512 were a tenth slower at 1,000 connections because they fall out of the cache. With
 * 4,000 connections sending at once the wait for buffers was not measurable. */
#define RING_SIZES        \
    ((struct ring_sizes){ \
        .submissions = 1024, .completions = 16384, .buffers = 256, .buffer_bytes = 16384})

/* sizes    while the kernel has no memory for queues of this size, they are halved; ring_sizes
 *          returns the sizes in use
 * spin_ns  how long ring_enter may poll before it sleeps; 0: never
 * NULL: failed; cause and remedy were written to standard error. */
struct ring *ring_open(const struct ring_sizes *sizes, int64_t spin_ns);

/* From now on, spin_ns is this. */
void ring_spin(struct ring *r, int64_t spin_ns);
void ring_close(struct ring *r);
const struct ring_sizes *ring_sizes(const struct ring *r);

/* -- turns ------------------------------------------------------------------------------------- */

/* Submit all requests and wait at most `wait_ns` for a completion. 0 or less: do not wait;
 * NEVER_NS: no limit. May return early (a signal, a kernel short of memory); only ring_next tells
 * what completed. Returns 0, or an errno after which the ring cannot be used. */
MUST_USE int ring_enter(struct ring *r, int64_t wait_ns);

struct ring_event {
    struct ring_tag tag;
    int32_t result; /* bytes, a descriptor, or -errno */
    bool more; /* the request stays armed; further completions follow */
    struct span bytes; /* received data; valid until ring_buffers_return */
};

/* The next completion; false: none until ring_enter is called again. */
MUST_USE bool ring_next(struct ring *r, struct ring_event *out);

/* At the end of a turn: return the buffers of all completions read so far to the kernel. */
void ring_buffers_return(struct ring *r);

/* -- requests ------------------------------------------------------------------------------------
 * The kernel carries out these requests and no others, whatever is written into the queue: others
 * open files and make sockets, which no seccomp filter sees.
 *
 * None of these can fail: a full queue is submitted first. Memory that a request refers to must
 * stay valid until its completion; for a connect, until the next ring_enter. */

/* One completion: the descriptor of a new connection, close-on-exec and non-blocking. */
void ring_accept(struct ring *r, int fd, struct ring_tag tag);

/* Multishot: each completion brings bytes. Result 0 is the end of the stream; -ENOBUFS: no buffer
 * was free. */
void ring_receive(struct ring *r, int fd, struct ring_tag tag);

/* bytes: not empty. One completion: how many of them the kernel took, at least one. */
void ring_send(struct ring *r, int fd, struct ring_tag tag, struct span bytes);

void ring_connect(
    struct ring *r, int fd, struct ring_tag tag, const struct sockaddr *to, socklen_t to_bytes);

/* One completion, with the revents of poll(2), once one of `events` (POLLIN, POLLOUT) or an error
 * occurred. */
void ring_poll(struct ring *r, int fd, struct ring_tag tag, unsigned events);

/* Write at the file's current position.
 * bytes      not empty
 * may_block  a kernel thread does the write, so that a file that blocks in spite of O_NONBLOCK (a
 *            terminal stopped by Ctrl-S) does not block the loop */
void ring_write(struct ring *r, int fd, struct ring_tag tag, struct span bytes, bool may_block);

/* Cancel the request with the tag `target`. The request itself completes in any case, before or
 * after the RING_CANCEL completion, which comes only if there was nothing to cancel. */
void ring_cancel(struct ring *r, struct ring_tag target);

#endif
