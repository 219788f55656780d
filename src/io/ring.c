/* ring.c — see ring.h. Written against liburing 2.3, the one of Debian 12.
 *
 * What that version lacks is small and is done here by hand: registering the buffers (mmap and one
 * call), and io_uring_enter with a time-out and the newer flags. Holds always: the kernel sees a
 * buffer again only after ring_buffers_return, so whoever was told of received bytes may look at
 * them until the end of the turn. Under AddressSanitizer, looking later is an error: buffers that
 * nobody holds are poisoned. */
#include "io/ring.h"
#include "core/base/instant.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include <liburing.h>
#include <poll.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/utsname.h>

enum {
    BUFFER_GROUP = 0,
    SUBMISSIONS_MIN = 8, /* halving ends here */
    SUBMIT_TRIES_MAX = 1000, /* of a full queue, when the kernel takes none */
    SPIN_PAUSE_MAX = 1024, /* turns */
};

/* Newer than the headers of Debian 12: Linux 6.15. */
#define FEATURE_NO_IOWAIT (1U << 17)
#define ENTER_NO_IOWAIT (1U << 7)

struct ring {
    struct io_uring uring;
    struct ring_sizes sizes;
    unsigned enter_flags;
    struct io_uring_buf_ring *free; /* shared with the kernel: buffers that it may fill */
    char *memory; /* sizes.buffers times sizes.buffer_bytes */
    unsigned back; /* entries of `free` written but not yet shown to the kernel */
    int64_t spin_ns;
    unsigned spin_pause; /* turns not to poll after the next vain try; doubles */
    unsigned spin_skip; /* turns left of such a pause */
};

/* -- set-up ------------------------------------------------------------------------------------ */

static void tell_refusal(int error)
{
    struct utsname system;
    uname(&system);
    FILE *knob = fopen("/proc/sys/kernel/io_uring_disabled", "r");
    int disabled = knob ? fgetc(knob) - '0' : 0;
    if (knob)
        fclose(knob);

    fputs("stampede: ", stderr);
    if (error == EPERM && disabled > 0)
        fprintf(stderr,
            "io_uring is switched off on this machine (kernel.io_uring_disabled = %d); its "
            "administrator can allow it with: sysctl kernel.io_uring_disabled=0\n",
            disabled);
    else if (error == EPERM || error == EACCES)
        fputs(
            "io_uring is forbidden here, most likely by the seccomp profile of a container; run it "
            "with a profile that allows io_uring (docker: --security-opt seccomp=unconfined)\n",
            stderr);
    else if (error == ENOSYS)
        fputs(
            "this kernel has no io_uring, or a container's seccomp profile hides it; run on Linux "
            "6.1 or newer, with a profile that allows io_uring\n",
            stderr);
    else if (error == EINVAL)
        fprintf(stderr, "io_uring of Linux 6.1 or newer is needed, this is %s\n", system.release);
    else if (error == ENOMEM)
        fputs(
            "no memory for io_uring; raise the limit of locked memory (ulimit -l, or LimitMEMLOCK "
            "of a service)\n",
            stderr);
    else
        fprintf(stderr, "io_uring cannot be set up: %s\n", strerror(error));
}

static int open_queues(struct ring *r)
{
    struct io_uring_params how = {
        /* One thread submits: the kernel may leave out its locks. */
        .flags = IORING_SETUP_SINGLE_ISSUER
                 /* What a request still has to do when its socket is ready is done inside
                  * ring_enter, in one go, rather than by interrupting us in the middle of a turn.
                  * Nothing is then completed behind our back either. Worth a fifth. Linux 6.1 */
                 | IORING_SETUP_DEFER_TASKRUN
                 /* ... and say in shared memory when there is such work: what spin looks at. */
                 | IORING_SETUP_TASKRUN_FLAG
                 /* A request that fails at once does not keep those behind it back. */
                 | IORING_SETUP_SUBMIT_ALL
                 /* More completions than twice the submissions: one request of a multishot kind
                  * gives many. */
                 | IORING_SETUP_CQSIZE,
        .cq_entries = r->sizes.completions,
    };
    int error = -io_uring_queue_init_params(r->sizes.submissions, &r->uring, &how);
    if (error)
        return error;
    r->enter_flags = IORING_ENTER_EXT_ARG;
    /* A node that waits for its clients is idle; do not let it look like one that waits for a
     * disk. */
    if (how.features & FEATURE_NO_IOWAIT)
        r->enter_flags |= ENTER_NO_IOWAIT;
    /* Saves looking up the descriptor at every call; not all kernels that have it allow it. */
    if (io_uring_register_ring_fd(&r->uring) == 1)
        r->enter_flags |= IORING_ENTER_REGISTERED_RING;
    return 0;
}

static char *buffer_at(const struct ring *r, unsigned number)
{
    return r->memory + (size_t)number * r->sizes.buffer_bytes;
}

static size_t pool_bytes(const struct ring_sizes *s)
{
    return (size_t)s->buffers * (sizeof(struct io_uring_buf) + s->buffer_bytes);
}

/* The array that the kernel takes buffers from must begin on a page; the buffers follow it. All are
 * in memory from the start: the kernel fills them in turn, so each of the first would wait. */
static int open_buffers(struct ring *r)
{
    void *memory = mmap(NULL, pool_bytes(&r->sizes), PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        return errno;
    r->free = memory;
    r->memory = (char *)memory + r->sizes.buffers * sizeof(struct io_uring_buf);
    struct io_uring_buf_reg reg = {
        .ring_addr = (uintptr_t)memory, .ring_entries = r->sizes.buffers, .bgid = BUFFER_GROUP};
    int error = -io_uring_register_buf_ring(&r->uring, &reg, 0);
    if (error)
        return error;
    io_uring_buf_ring_init(r->free);
    for (unsigned i = 0; i < r->sizes.buffers; i++)
        io_uring_buf_ring_add(r->free, buffer_at(r, i), r->sizes.buffer_bytes, (uint16_t)i,
            (int)r->sizes.buffers - 1, (int)i);
    r->back = r->sizes.buffers;
    ring_buffers_return(r);
    return 0;
}

struct ring *ring_open(const struct ring_sizes *sizes, int64_t spin_ns)
{
    struct ring *r = calloc(1, sizeof *r);
    if (!r) {
        tell_refusal(ENOMEM);
        return NULL;
    }
    r->sizes = *sizes;
    r->spin_ns = spin_ns;
    r->uring.ring_fd = -1;
    int error = open_queues(r);
    while (error == ENOMEM && r->sizes.submissions > SUBMISSIONS_MIN) {
        r->sizes.submissions /= 2;
        r->sizes.completions /= 2;
        error = open_queues(r);
    }
    bool queues = !error;
    if (!error)
        error = open_buffers(r);
    if (error) {
        tell_refusal(error);
        if (queues)
            ring_close(r);
        else
            free(r);
        return NULL;
    }
    return r;
}

void ring_close(struct ring *r)
{
    io_uring_queue_exit(&r->uring);
    if (r->free) {
        ASAN_UNPOISON_MEMORY_REGION(r->free, pool_bytes(&r->sizes));
        munmap(r->free, pool_bytes(&r->sizes));
    }
    free(r);
}

const struct ring_sizes *ring_sizes(const struct ring *r)
{
    return &r->sizes;
}

/* -- turns ------------------------------------------------------------------------------------- */

/* Show the kernel what was written since the last time; how many requests that makes. */
static unsigned flush(struct ring *r)
{
    struct io_uring_sq *queue = &r->uring.sq;
    queue->sqe_head = queue->sqe_tail;
    io_uring_smp_store_release(queue->ktail, queue->sqe_tail);
    return queue->sqe_tail - io_uring_smp_load_acquire(queue->khead);
}

/* One system call for everything: submit, wait until `wanted` answers are there, at most
 * wait_ns. */
static int enter(struct ring *r, unsigned wanted, int64_t wait_ns)
{
    struct __kernel_timespec limit = {
        .tv_sec = wait_ns / SECOND_NS, .tv_nsec = wait_ns % SECOND_NS};
    struct io_uring_getevents_arg how = {
        .sigmask_sz = _NSIG / 8, .ts = wait_ns == NEVER_NS ? 0 : (uintptr_t)&limit};
    int taken = io_uring_enter2((unsigned)r->uring.enter_ring_fd, flush(r), wanted,
        r->enter_flags | IORING_ENTER_GETEVENTS, (sigset_t *)&how, sizeof how);
    switch (taken) {
    case -ETIME:
    case -EINTR:
    case -EAGAIN: /* no memory for a request: those not taken stay in the queue */
    case -EBUSY: /* answers wait in the kernel for room: ring_next makes some */
        return 0;
    default:
        return taken < 0 ? -taken : 0;
    }
}

static bool answers_wait(const struct ring *r)
{
    return io_uring_cq_ready(&r->uring) > 0;
}

/* Being woken costs more than anything that a short turn does: where a core is to spare, look for
 * work a while before sleeping. A vain try is followed by turns without one, twice as many each
 * time, so a loop that has nothing to do or must share its core soon stops. */
static int spin(struct ring *r, int64_t wait_ns)
{
    int error = io_uring_sq_ready(&r->uring) ? enter(r, 0, 0) : 0;
    if (error || answers_wait(r))
        return error;
    int64_t now_ns = clock_now().mono_ns;
    int64_t until_ns = now_ns + earlier_ns(r->spin_ns, wait_ns);
    const unsigned work = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    for (; now_ns < until_ns; now_ns = clock_now().mono_ns) {
        if (IO_URING_READ_ONCE(*r->uring.sq.kflags) & work) {
            r->spin_pause = 0;
            return 0;
        }
    }
    r->spin_pause = r->spin_pause ? r->spin_pause * 2 : 1;
    if (r->spin_pause > SPIN_PAUSE_MAX)
        r->spin_pause = SPIN_PAUSE_MAX;
    r->spin_skip = r->spin_pause;
    return 0;
}

int ring_enter(struct ring *r, int64_t wait_ns)
{
    if (wait_ns <= 0)
        return enter(r, 0, 0);
    if (r->spin_skip) {
        r->spin_skip--;
    } else if (r->spin_ns) {
        int error = spin(r, wait_ns);
        if (error || answers_wait(r))
            return error;
    }
    return enter(r, 1, wait_ns);
}

bool ring_next(struct ring *r, struct ring_event *out)
{
    struct io_uring_cq *queue = &r->uring.cq;
    unsigned head = *queue->khead;
    if (head == io_uring_smp_load_acquire(queue->ktail))
        return false;
    const struct io_uring_cqe *answer = &queue->cqes[head & queue->ring_mask];
    *out = (struct ring_event){.tag = ring_tag_unpack(answer->user_data),
        .result = answer->res,
        .more = answer->flags & IORING_CQE_F_MORE};
    if (answer->flags & IORING_CQE_F_BUFFER) {
        unsigned number = answer->flags >> IORING_CQE_BUFFER_SHIFT;
        char *at = buffer_at(r, number);
        out->bytes = (struct span){at, answer->res > 0 ? (size_t)answer->res : 0};
        ASAN_UNPOISON_MEMORY_REGION(at, out->bytes.len);
        /* Its entry can be written at once: the kernel reads no further than the tail that
         * ring_buffers_return moves. */
        io_uring_buf_ring_add(r->free, at, r->sizes.buffer_bytes, (uint16_t)number,
            (int)r->sizes.buffers - 1, (int)r->back++);
    }
    io_uring_cq_advance(&r->uring, 1);
    return true;
}

void ring_buffers_return(struct ring *r)
{
    for (unsigned i = 0; i < r->back; i++) {
        const struct io_uring_buf *each =
            &r->free->bufs[(r->free->tail + i) & (r->sizes.buffers - 1)];
        ASAN_POISON_MEMORY_REGION((char *)(uintptr_t)each->addr, each->len);
    }
    io_uring_buf_ring_advance(r->free, (int)r->back);
    r->back = 0;
}

/* -- requests ---------------------------------------------------------------------------------- */

/* The next free entry of the queue. When it is full it is handed over; a kernel that then takes not
 * one request in a thousand tries is out of memory for good. */
static struct io_uring_sqe *entry(struct ring *r)
{
    struct io_uring_sqe *e = io_uring_get_sqe(&r->uring);
    for (unsigned tries = 0; !e; tries++) {
        ASSERT(tries < SUBMIT_TRIES_MAX);
        io_uring_enter2((unsigned)r->uring.enter_ring_fd, flush(r), 0,
            r->enter_flags & IORING_ENTER_REGISTERED_RING, NULL, 0);
        e = io_uring_get_sqe(&r->uring);
    }
    return e;
}

void ring_accept(struct ring *r, int fd, struct ring_tag tag)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_multishot_accept(e, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    e->user_data = ring_tag_pack(tag);
}

/* Without IORING_RECVSEND_POLL_FIRST, also after an empty pool: on Linux 6.18 a receive that polls
 * first is woken once for bytes and the reset behind them, takes the bytes, and never hears of the
 * reset. */
void ring_receive(struct ring *r, int fd, struct ring_tag tag)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_recv_multishot(e, fd, NULL, 0, 0);
    e->flags = IOSQE_BUFFER_SELECT;
    e->buf_group = BUFFER_GROUP;
    e->user_data = ring_tag_pack(tag);
}

void ring_send(struct ring *r, int fd, struct ring_tag tag, struct span bytes)
{
    struct io_uring_sqe *e = entry(r);
    size_t most = bytes.len < INT32_MAX ? bytes.len : INT32_MAX;
    io_uring_prep_send(e, fd, bytes.at, most, MSG_NOSIGNAL);
    e->user_data = ring_tag_pack(tag);
}

void ring_connect(
    struct ring *r, int fd, struct ring_tag tag, const struct sockaddr *to, socklen_t to_bytes)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_connect(e, fd, to, to_bytes);
    e->user_data = ring_tag_pack(tag);
}

void ring_poll(struct ring *r, int fd, struct ring_tag tag, unsigned events)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_poll_add(e, fd, events);
    e->user_data = ring_tag_pack(tag);
}

void ring_write(struct ring *r, int fd, struct ring_tag tag, struct span bytes, bool may_block)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_write(e, fd, bytes.at, (unsigned)bytes.len, (uint64_t)-1);
    if (may_block)
        e->flags = IOSQE_ASYNC;
    e->user_data = ring_tag_pack(tag);
}

void ring_cancel(struct ring *r, struct ring_tag target)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_cancel64(e, ring_tag_pack(target), 0);
    e->flags = IOSQE_CQE_SKIP_SUCCESS;
    e->user_data = ring_tag_pack((struct ring_tag){.op = RING_CANCEL});
}
