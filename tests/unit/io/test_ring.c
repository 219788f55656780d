/* test_ring.c — tags, failures to set up a ring, and what ring.h promises, on real sockets. */
#include "core/base/instant.h"
#include "io/ring.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct ring_sizes small = {
    .submissions = 8, .completions = 16, .buffers = 2, .buffer_bytes = 16};

static const struct ring_tag tag = {.op = RING_RECEIVE, .sequence = 7, .generation = 5, .slot = 3};

Test(ring, tags_survive_the_kernel)
{
    static const struct ring_tag tags[] = {
        {0},
        {RING_CANCEL, 255, RING_SLOT_MAX, RING_SLOT_MAX},
        {RING_SEND, 0, RING_SLOT_MAX, 0},
        {RING_ACCEPT, 1, 0, RING_SLOT_MAX},
        {RING_RECEIVE, 0x80, 0x800000, 0x7fffff},
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        struct ring_tag back = ring_tag_unpack(ring_tag_pack(tags[i]));
        cr_assert_eq(back.op, tags[i].op);
        cr_assert_eq(back.sequence, tags[i].sequence);
        cr_assert_eq(back.generation, tags[i].generation);
        cr_assert_eq(back.slot, tags[i].slot);
    }
    struct ring_tag beyond = {.generation = RING_SLOT_MAX + 1};
    cr_assert_eq(
        ring_tag_pack(beyond), 0, "a generation beyond 24 bits wraps, and hits nothing else");
}

/* -- where there is no ring -------------------------------------------------------------------- */

/* From now on io_uring_setup for more than `entries` entries fails with `error`, as under a
 * container's seccomp profile or a kernel short of memory. */
static void forbid_setup(unsigned entries, int error)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, entries, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof *program, .filter = program};
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

static const struct {
    int error;
    const char *cause, *remedy;
} refusals[] = {
    {EPERM, "io_uring is", "io_uring"},
    {ENOSYS, "no io_uring", "6.1 or newer"},
    {EINVAL, "6.1 or newer", "this is "},
    {ENOMEM, "no memory", "ulimit -l"},
    {EMFILE, "cannot be set up", "Too many open files"},
};

ParameterizedTestParameters(refusal, tells_cause_and_remedy)
{
    static size_t each[] = {0, 1, 2, 3, 4};
    _Static_assert(sizeof each / sizeof *each == sizeof refusals / sizeof *refusals, "");
    return cr_make_param_array(size_t, each, sizeof each / sizeof *each);
}

ParameterizedTest(const size_t *which, refusal, tells_cause_and_remedy)
{
    int out[2];
    char told[512] = "";
    cr_assert_eq(pipe(out), 0);
    int standard_error = dup(STDERR_FILENO);
    dup2(out[1], STDERR_FILENO);
    forbid_setup(0, refusals[*which].error);
    struct ring *r = ring_open(&small, 0);
    dup2(standard_error, STDERR_FILENO);
    cr_assert_null(r);
    cr_assert_gt(read(out[0], told, sizeof told - 1), 0);
    cr_assert_eq(strncmp(told, "stampede: ", 10), 0, "%s", told);
    cr_assert_not_null(strstr(told, refusals[*which].cause), "%s", told);
    cr_assert_not_null(strstr(told, refusals[*which].remedy), "%s", told);
}

Test(refusal, of_a_large_ring_leads_to_a_smaller_one)
{
    struct ring_sizes sizes = RING_SIZES;
    forbid_setup(sizes.submissions / 4, ENOMEM);
    struct ring *r = ring_open(&sizes, 0);
    cr_assert_not_null(r);
    cr_assert_eq(ring_sizes(r)->submissions, sizes.submissions / 4);
    cr_assert_eq(ring_sizes(r)->completions, sizes.completions / 4);
    cr_assert_eq(ring_sizes(r)->buffers, sizes.buffers);
    ring_close(r);
}

/* -- on sockets -------------------------------------------------------------------------------- */

static struct ring *ring;
static int ours, theirs;

static void set_up(void)
{
    int pair[2];
    ring = ring_open(&small, 0);
    cr_assert_not_null(ring);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ours = pair[0];
    theirs = pair[1];
}

static void tear_down(void)
{
    ring_close(ring);
    close(ours);
    close(theirs);
}

TestSuite(sockets, .init = set_up, .fini = tear_down, .timeout = 20);

static void say(const char *text)
{
    cr_assert_eq(write(theirs, text, strlen(text)), (ssize_t)strlen(text));
}

/* Wait for the next completion. */
static struct ring_event next(void)
{
    struct ring_event e;
    while (!ring_next(ring, &e))
        cr_assert_eq(ring_enter(ring, NEVER_NS), 0);
    return e;
}

static void expect_bytes(struct ring_event e, const char *text)
{
    cr_assert_eq(ring_tag_pack(e.tag), ring_tag_pack(tag));
    cr_assert_eq(e.result, (int32_t)strlen(text), "%d", e.result);
    cr_assert_eq(e.bytes.len, strlen(text));
    cr_assert_arr_eq(e.bytes.at, text, e.bytes.len);
}

Test(sockets, one_receive_answers_as_long_as_there_is_more)
{
    ring_receive(ring, ours, tag);
    for (int i = 0; i < 5; i++) {
        say("hello");
        struct ring_event e = next();
        expect_bytes(e, "hello");
        cr_assert(e.more);
        ring_buffers_return(ring);
    }
    close(theirs);
    struct ring_event end = next();
    cr_assert_eq(end.result, 0);
    cr_assert_not(end.more);
    theirs = dup(ours);
}

Test(sockets, received_bytes_stay_until_the_buffers_are_returned)
{
    ring_receive(ring, ours, tag);
    say("0123456789abcdef");
    struct ring_event first = next();
    say("fedcba9876543210");
    struct ring_event second = next();
    expect_bytes(first, "0123456789abcdef");
    expect_bytes(second, "fedcba9876543210");
    say("more");
    struct ring_event starved = next(); /* both buffers are in use */
    cr_assert_eq(starved.result, -ENOBUFS);
    cr_assert_not(starved.more);
    expect_bytes(first, "0123456789abcdef");
    ring_buffers_return(ring);
    ring_receive(ring, ours, tag);
    expect_bytes(next(), "more");
}

Test(sockets, waiting_ends_at_its_time)
{
    struct ring_event e;
    ring_receive(ring, ours, tag);
    cr_assert_eq(ring_enter(ring, 1), 0);
    cr_assert_not(ring_next(ring, &e));
    cr_assert_eq(ring_enter(ring, 0), 0);
    cr_assert_not(ring_next(ring, &e));
    cr_assert_eq(ring_enter(ring, -SECOND_NS), 0);
    cr_assert_not(ring_next(ring, &e));
}

Test(sockets, a_cancelled_receive_answers_and_a_late_cancel_hits_nobody)
{
    ring_receive(ring, ours, tag);
    cr_assert_eq(ring_enter(ring, 0), 0);
    ring_cancel(ring, tag);
    struct ring_event e = next();
    cr_assert_eq(e.tag.op, RING_RECEIVE);
    cr_assert_eq(e.result, -ECANCELED);
    cr_assert_not(e.more);

    struct ring_tag again = tag;
    again.sequence++;
    ring_receive(ring, ours, again);
    ring_cancel(ring, tag);
    cr_assert_eq(next().tag.op, RING_CANCEL, "there was nothing to cancel");
    say("still here");
    e = next();
    cr_assert_eq(e.tag.sequence, again.sequence);
    cr_assert_eq(e.result, 10);
}

Test(sockets, more_requests_than_the_queue_holds_are_all_done)
{
    enum { REQUESTS = 100 };
    bool answered[REQUESTS] = {false};
    say("readable");
    for (unsigned i = 0; i < REQUESTS; i++)
        ring_poll(ring, ours, (struct ring_tag){.op = RING_POLL, .slot = i}, POLLIN);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct ring_event e = next();
        cr_assert(e.tag.slot < REQUESTS && !answered[e.tag.slot]);
        answered[e.tag.slot] = true;
    }
}

Test(sockets, a_poll_answers_with_what_was_asked_for)
{
    ring_poll(ring, ours, tag, POLLOUT);
    cr_assert_eq(next().result, POLLOUT);
    ring_poll(ring, ours, tag, POLLIN);
    cr_assert_eq(ring_enter(ring, 0), 0);
    say("readable");
    cr_assert_eq(next().result, POLLIN);
    ring_poll(ring, ours, tag, POLLIN | POLLOUT);
    cr_assert_eq(next().result, POLLIN | POLLOUT);
}

Test(sockets, a_send_takes_what_fits_and_says_how_much)
{
    static const char bulk[4 << 20];
    ring_send(ring, ours, tag, (struct span){bulk, sizeof bulk});
    int32_t taken = next().result;
    cr_assert(taken > 0 && (size_t)taken < sizeof bulk, "%d", taken);
    shutdown(ours, SHUT_RDWR);
    ring_send(ring, ours, tag, (struct span){bulk, 1});
    cr_assert_eq(next().result, -EPIPE, "an errno, not a signal");
}

Test(sockets, spinning_finds_what_sleeping_finds)
{
    ring_close(ring);
    ring = ring_open(&small, SECOND_NS);
    ring_receive(ring, ours, tag);
    for (int i = 0; i < 10; i++) {
        say("ping");
        expect_bytes(next(), "ping");
        ring_buffers_return(ring);
        cr_assert_eq(ring_enter(ring, 1000), 0); /* nothing to find */
    }
}

Test(sockets, an_accept_takes_one_connection)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    int door = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(door, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(door, 8), 0);
    cr_assert_eq(getsockname(door, (struct sockaddr *)&at, &bytes), 0);
    ring_accept(ring, door, (struct ring_tag){.op = RING_ACCEPT});
    for (int i = 0; i < 3; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        struct ring_tag to = {.op = RING_CONNECT};
        ring_connect(ring, fd, to, (struct sockaddr *)&at, sizeof at);
        bool accepted = false, connected = false;
        while (!accepted || !connected) {
            struct ring_event e = next();
            cr_assert(e.result >= 0);
            if (e.tag.op == RING_ACCEPT) {
                accepted = !e.more;
                close(e.result);
                ring_accept(ring, door, (struct ring_tag){.op = RING_ACCEPT});
            } else {
                connected = true;
            }
        }
        close(fd);
    }
    shutdown(door, SHUT_RDWR);
    struct ring_event end = next();
    cr_assert_eq(end.tag.op, RING_ACCEPT);
    cr_assert_lt(end.result, 0);
    cr_assert_not(end.more);
    close(door);
}
