/* ring.c — see ring.h. Written against liburing 2.3, the version in Debian 12.
 *
 * What this version lacks is done here: the set-up of the buffer ring (mmap, one call), the
 * restrictions, and io_uring_enter with a time-out and newer flags. Holds always: a buffer goes to
 * the kernel only in ring_buffers_return, so received bytes stay readable until the end of the
 * turn. Under AddressSanitizer, buffers that belong to the kernel are poisoned, so that a later
 * access is reported. */
#include "io/ring_files.h"
#include "core/base/instant.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "io/calls.h"
#include "io/sanitized.h"
#include <liburing.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/utsname.h>

/* Only then: clang installs this header with its sanitizer runtime, which need not be there. */
#if IS_SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

enum {
    BUFFER_GROUP = 0,
    SUBMISSIONS_MIN = 8, /* smaller queues are not tried */
    SUBMIT_TRIES_MAX = 1000, /* to hand over a full queue of which the kernel takes nothing */
    SPIN_PAUSE_MAX = 1024, /* turns */
    BUFFERS_MAX = 32768, /* the kernel's limit for a buffer ring */
};

/* From Linux 6.15; Debian 12's headers lack them. */
#define FEATURE_NO_IOWAIT (1U << 17)
#define ENTER_NO_IOWAIT (1U << 7)

struct ring {
    struct io_uring uring;
    struct ring_sizes sizes;
    unsigned enter_flags;
    struct io_uring_buf_ring *free; /* shared with the kernel: buffers that it may fill */
    char *memory; /* sizes.buffers times sizes.buffer_bytes */
    unsigned back; /* entries written to `free` that the kernel does not see yet */
    int64_t spin_ns;
    unsigned spin_pause; /* how many turns the last pause from spinning lasted; doubles */
    unsigned spin_skip; /* turns left of the present pause */
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
            "io_uring is disabled on this machine (kernel.io_uring_disabled = %d); as root, enable "
            "it with: sysctl kernel.io_uring_disabled=0\n",
            disabled);
    else if (error == EPERM || error == EACCES)
        fputs("io_uring is forbidden here, probably by a container's seccomp profile; " CALLS_REMEDY
              "\n",
            stderr);
    else if (error == ENOSYS)
        fputs("this kernel has no io_uring, or a container's seccomp profile hides it; use Linux "
              "6.1 or newer, and " CALLS_REMEDY "\n",
            stderr);
    else if (error == EINVAL)
        fprintf(
            stderr, "needs the io_uring of Linux 6.1 or newer; this is Linux %s\n", system.release);
    else if (error == ENOMEM)
        fputs(
            "no memory for io_uring; raise the limit of locked memory (ulimit -l, or LimitMEMLOCK= "
            "in a systemd unit)\n",
            stderr);
    else
        fprintf(stderr, "io_uring cannot be set up: %s\n", strerror(error));
}

static int open_queues(struct ring *r)
{
    struct io_uring_params how = {
        /* Only one thread submits, so the kernel can omit locks. */
        .flags = IORING_SETUP_SINGLE_ISSUER
                 /* When a socket becomes ready, the rest of a request runs inside ring_enter, in
                  * one batch, instead of interrupting this thread during a turn. Completions
                  * appear only there, too. Saves a fifth of the CPU. Linux 6.1. */
                 | IORING_SETUP_DEFER_TASKRUN
                 /* Announce such pending work in a flag in shared memory, which spin polls. */
                 | IORING_SETUP_TASKRUN_FLAG
                 /* A request that fails at submission does not hold up those behind it. */
                 | IORING_SETUP_SUBMIT_ALL
                 /* Nothing can be submitted before close_to_others has said what may be. */
                 | IORING_SETUP_R_DISABLED
                 /* A completion queue larger than the default of twice the submissions, because
                  * a multishot request completes many times. */
                 | IORING_SETUP_CQSIZE,
        .cq_entries = r->sizes.completions,
    };
    int error = -io_uring_queue_init_params(r->sizes.submissions, &r->uring, &how);
    if (error)
        return error;
    r->enter_flags = IORING_ENTER_EXT_ARG;
    /* Count the time spent waiting for clients as idle, not as waiting for a disk. */
    if (how.features & FEATURE_NO_IOWAIT)
        r->enter_flags |= ENTER_NO_IOWAIT;
    /* Saves a descriptor look-up per call. Some kernels have the feature but refuse it. */
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

/* The buffer ring must begin on a page; the buffers follow it. MAP_POPULATE because the kernel uses
 * the buffers one after the other: without it each first use would be a page fault. */
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

/* Files are written by threads of the kernel, one for each request under way, of which there are
 * two at most: a log and a base. */
static int few_threads(struct ring *r)
{
    unsigned most[2] = {2, 0}; /* of files; 0: as it is */
    return -io_uring_register_iowq_max_workers(&r->uring, most);
}

/* The kernel refuses all but these requests, flags and registrations from now on: the queue lies in
 * memory, so whoever can write there could otherwise have any file opened. */
static int close_to_others(struct ring *r)
{
    static const uint8_t requests[] = {IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND,
        IORING_OP_CONNECT, IORING_OP_POLL_ADD, IORING_OP_WRITE, IORING_OP_ASYNC_CANCEL,
        /* of files: */ IORING_OP_OPENAT, IORING_OP_FSYNC, IORING_OP_RENAMEAT, IORING_OP_UNLINKAT,
        IORING_OP_STATX, IORING_OP_CLOSE};
    enum { OF_FILES = 6, REQUESTS = sizeof requests / sizeof *requests };
    unsigned count = r->sizes.files ? REQUESTS : REQUESTS - OF_FILES;
    struct io_uring_restriction allowed[REQUESTS + 2] = {
        {.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
            .sqe_flags = IOSQE_BUFFER_SELECT | IOSQE_ASYNC | IOSQE_CQE_SKIP_SUCCESS},
        /* which io_uring_queue_exit does */
        {.opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_UNREGISTER_RING_FDS},
    };
    for (unsigned i = 0; i < count; i++)
        allowed[2 + i] = (struct io_uring_restriction){
            .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = requests[i]};
    unsigned fd = (unsigned)r->uring.ring_fd;
    int error = -io_uring_register(fd, IORING_REGISTER_RESTRICTIONS, allowed, count + 2);
    return error ? error : -io_uring_register(fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/* A sandbox may allow all of the set-up and deny the call that every turn makes. */
static int try_to_enter(const struct ring *r)
{
    return -io_uring_enter2((unsigned)r->uring.enter_ring_fd, 0, 0,
        r->enter_flags & IORING_ENTER_REGISTERED_RING, NULL, 0);
}

static bool is_power_of_two(unsigned n)
{
    return n && !(n & (n - 1));
}

struct ring *ring_open(const struct ring_sizes *sizes, int64_t spin_ns)
{
    ASSERT(is_power_of_two(sizes->submissions) && is_power_of_two(sizes->completions));
    ASSERT(is_power_of_two(sizes->buffers) && is_power_of_two(sizes->buffer_bytes));
    ASSERT(sizes->completions / 2 >= sizes->submissions && sizes->buffers <= BUFFERS_MAX);
    ASSERT(spin_ns >= 0);
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
    if (!error && r->sizes.files)
        error = few_threads(r);
    if (!error)
        error = close_to_others(r);
    if (!error)
        error = try_to_enter(r);
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

/* Make the entries written since the last call visible to the kernel. Returns how many requests
 * are waiting to be submitted. */
static unsigned flush(struct ring *r)
{
    struct io_uring_sq *queue = &r->uring.sq;
    queue->sqe_head = queue->sqe_tail;
    io_uring_smp_store_release(queue->ktail, queue->sqe_tail);
    return queue->sqe_tail - io_uring_smp_load_acquire(queue->khead);
}

/* One system call: submit everything and wait, at most wait_ns, for `wanted` completions. */
static int enter(struct ring *r, unsigned wanted, int64_t wait_ns)
{
    ASSERT(wait_ns >= 0);
    struct __kernel_timespec limit = {
        .tv_sec = wait_ns / SECOND_NS, .tv_nsec = wait_ns % SECOND_NS};
    struct io_uring_getevents_arg how = {
        .sigmask_sz = _NSIG / 8, .ts = wait_ns == NEVER_NS ? 0 : (uintptr_t)&limit};
    int taken = io_uring_enter2((unsigned)r->uring.enter_ring_fd, flush(r), wanted,
        r->enter_flags | IORING_ENTER_GETEVENTS, (sigset_t *)&how, sizeof how);
    switch (taken) {
    case -ETIME:
    case -EINTR:
    case -EAGAIN: /* no memory for a request; what was not taken stays in the queue */
    case -EBUSY: /* the completion queue is full; ring_next makes room */
        return 0;
    default:
        return taken < 0 ? -taken : 0;
    }
}

static bool answers_wait(const struct ring *r)
{
    return io_uring_cq_ready(&r->uring) > 0;
}

/* Poll for work before sleeping, because being woken costs more than the rest of a short turn. Each
 * attempt that finds nothing is followed by a pause of turns without one, twice as long each time,
 * so a loop that is idle or must share its core soon stops polling. */
void ring_spin(struct ring *r, int64_t spin_ns)
{
    ASSERT(spin_ns >= 0);
    r->spin_ns = spin_ns;
}

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
        ASSERT(number < r->sizes.buffers && r->back < r->sizes.buffers);
        ASSERT(answer->res <= (int32_t)r->sizes.buffer_bytes);
        char *at = buffer_at(r, number);
        out->bytes = (struct span){at, answer->res > 0 ? (size_t)answer->res : 0};
        ASAN_UNPOISON_MEMORY_REGION(at, out->bytes.len);
        /* The entry can be written now: the kernel reads only up to the tail, which
         * ring_buffers_return moves. */
        io_uring_buf_ring_add(r->free, at, r->sizes.buffer_bytes, (uint16_t)number,
            (int)r->sizes.buffers - 1, (int)r->back++);
    }
    io_uring_cq_advance(&r->uring, 1);
    return true;
}

void ring_buffers_return(struct ring *r)
{
    ASSERT(r->back <= r->sizes.buffers);
    for (unsigned i = 0; i < r->back; i++) {
        const struct io_uring_buf *each =
            &r->free->bufs[(r->free->tail + i) & (r->sizes.buffers - 1)];
        ASAN_POISON_MEMORY_REGION((char *)(uintptr_t)each->addr, each->len);
    }
    io_uring_buf_ring_advance(r->free, (int)r->back);
    r->back = 0;
}

/* -- requests ---------------------------------------------------------------------------------- */

/* The next free entry of the submission queue. A full queue is submitted first; a kernel that takes
 * nothing in a thousand attempts will not recover. */
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
    ASSERT(fd >= 0);
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_accept(e, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    e->user_data = ring_tag_pack(tag);
}

/* IORING_RECVSEND_POLL_FIRST is never used, not even after the pool ran empty: on Linux 6.18 such a
 * receive is woken once for bytes and the reset that follows them, delivers the bytes, and never
 * reports the reset. */
void ring_receive(struct ring *r, int fd, struct ring_tag tag)
{
    ASSERT(fd >= 0);
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_recv_multishot(e, fd, NULL, 0, 0);
    e->flags = IOSQE_BUFFER_SELECT;
    e->buf_group = BUFFER_GROUP;
    e->user_data = ring_tag_pack(tag);
}

void ring_send(struct ring *r, int fd, struct ring_tag tag, struct span bytes)
{
    ASSERT(fd >= 0 && bytes.len > 0);
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
    ASSERT(fd >= 0 && bytes.len > 0 && bytes.len <= UINT_MAX);
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_write(e, fd, bytes.at, (unsigned)bytes.len, (uint64_t)-1);
    if (may_block)
        e->flags = IOSQE_ASYNC;
    e->user_data = ring_tag_pack(tag);
}

static struct io_uring_sqe *file_entry(struct ring *r)
{
    ASSERT(r->sizes.files);
    return entry(r);
}

static void finish_file_entry(struct io_uring_sqe *e, struct ring_tag tag)
{
    e->flags = IOSQE_ASYNC;
    e->user_data = ring_tag_pack(tag);
}

void ring_file_create(struct ring *r, int folder, struct ring_tag tag, const char *name)
{
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_openat(e, folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    finish_file_entry(e, tag);
}

void ring_file_write(struct ring *r, int fd, struct ring_tag tag, struct span bytes,
    uint64_t offset, bool durable)
{
    ASSERT(fd >= 0 && bytes.len > 0 && bytes.len <= UINT_MAX);
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_write(e, fd, bytes.at, (unsigned)bytes.len, offset);
    e->rw_flags = durable ? RWF_DSYNC : 0;
    finish_file_entry(e, tag);
}

void ring_file_sync(struct ring *r, int fd, struct ring_tag tag)
{
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_fsync(e, fd, IORING_FSYNC_DATASYNC);
    finish_file_entry(e, tag);
}

void ring_file_rename(
    struct ring *r, int folder, struct ring_tag tag, const char *from, const char *to)
{
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_renameat(e, folder, from, folder, to, 0);
    finish_file_entry(e, tag);
}

void ring_file_remove(struct ring *r, int folder, struct ring_tag tag, const char *name)
{
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_unlinkat(e, folder, name, 0);
    finish_file_entry(e, tag);
}

void ring_file_look(
    struct ring *r, int folder, struct ring_tag tag, const char *name, struct statx *about)
{
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_statx(e, folder, name, AT_SYMLINK_NOFOLLOW, STATX_INO, about);
    finish_file_entry(e, tag);
}

void ring_file_close(struct ring *r, int fd, struct ring_tag tag)
{
    struct io_uring_sqe *e = file_entry(r);
    io_uring_prep_close(e, fd);
    finish_file_entry(e, tag);
}

void ring_cancel(struct ring *r, struct ring_tag target)
{
    struct io_uring_sqe *e = entry(r);
    io_uring_prep_cancel64(e, ring_tag_pack(target), 0);
    e->flags = IOSQE_CQE_SKIP_SUCCESS;
    e->user_data = ring_tag_pack((struct ring_tag){.op = RING_CANCEL});
}
