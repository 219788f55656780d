/* test_restrictions.c — what the kernel refuses on the node's ring, and with Landlock. ring.h
 * cannot even say such a request, so ring.c is included. */
#include "io/file_rules.h"
#include "io/ring.c"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the ring ---------------------------------------------------------------------------------- */

static struct ring *open_one(void)
{
    struct ring *r = ring_open(
        &(struct ring_sizes){.submissions = 8, .completions = 16, .buffers = 1, .buffer_bytes = 64},
        0);
    cr_assert_not_null(r);
    return r;
}

static int32_t answer(struct ring *r)
{
    struct ring_event e;
    do
        cr_assert_eq(ring_enter(r, NEVER_NS), 0);
    while (!ring_next(r, &e));
    return e.result;
}

Test(ring, refuses_requests_that_the_node_never_makes)
{
    struct ring *r = open_one();
    io_uring_prep_openat(entry(r), AT_FDCWD, "/dev/null", O_RDONLY, 0);
    cr_expect_eq(answer(r), -EACCES);
    io_uring_prep_close(entry(r), STDIN_FILENO);
    cr_expect_eq(answer(r), -EACCES);
    io_uring_prep_unlinkat(entry(r), AT_FDCWD, "/nowhere", 0);
    cr_expect_eq(answer(r), -EACCES);
    struct io_uring_sqe *linked = entry(r);
    io_uring_prep_poll_add(linked, STDOUT_FILENO, POLLOUT);
    linked->flags = IOSQE_IO_DRAIN;
    cr_expect_eq(answer(r), -EACCES);
    ring_poll(r, STDOUT_FILENO, (struct ring_tag){.op = RING_POLL}, POLLOUT);
    cr_expect_gt(answer(r), 0, "its own requests are carried out");
    ring_close(r);
}

Test(ring, takes_no_files_and_no_restrictions_any_more)
{
    struct ring *r = open_one();
    int files[] = {STDIN_FILENO};
    struct io_uring_restriction any = {
        .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_OPENAT};
    unsigned fd = (unsigned)r->uring.ring_fd;
    cr_expect_eq(io_uring_register(fd, IORING_REGISTER_FILES, files, 1), -EACCES);
    cr_expect_lt(io_uring_register(fd, IORING_REGISTER_RESTRICTIONS, &any, 1), 0);
    ring_close(r);
}

/* -- files ------------------------------------------------------------------------------------- */

static char folder[64];

static void create(void)
{
    struct file_rules r;
    if (!file_rules_begin(&r))
        cr_skip_test("this kernel has no Landlock");
    file_rules_end(&r);
    strcpy(folder, "/tmp/stampede-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(mkdir("own", 0700), 0);
    cr_assert_eq(mkdir("target", 0700), 0);
    cr_assert_eq(mkdir("foreign", 0700), 0);
    static const char *const files[] = {"own/a", "target/b", "foreign/c"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        close(open(files[i], O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(symlink("../target/b", "own/link"), 0);
    cr_assert_eq(mkfifo("foreign/fifo", 0600), 0);
}

static void destroy(void)
{
    static const char *const files[] = {"own/a", "own/link", "own/new", "target/b", "target/new",
        "foreign/c", "foreign/fifo", "foreign/new"};
    static const char *const folders[] = {"own", "target", "foreign", folder};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        rmdir(folders[i]);
}

TestSuite(file_rules, .init = create, .fini = destroy);

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    else
        cr_assert_eq(errno, EACCES, "%s: %s", path, strerror(errno));
    return fd >= 0;
}

/* Runs in a process of its own, because nothing takes the rules off again; the sum of the results'
 * bits is its exit code. */
static int under(int (*rules)(struct file_rules *), int (*tries)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct file_rules r;
        bool well = file_rules_begin(&r) && rules(&r) == 0 &&
                    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && file_rules_hold(&r) == 0;
        _exit(well ? tries() : 255);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

enum { APPENDS = O_WRONLY | O_APPEND | O_CREAT };

static int try_all(void)
{
    return opens("own/a", O_RDONLY) << 0 | opens("target/b", O_RDONLY) << 1 |
           opens("foreign/c", O_RDONLY) << 2 | opens("own/new", APPENDS) << 3 |
           opens("target/new", APPENDS) << 4 | opens("foreign/new", APPENDS) << 5 |
           opens("foreign/fifo", O_RDWR) << 6;
}

static int nothing(struct file_rules *r)
{
    (void)r;
    return 0;
}

static int read_link(struct file_rules *r)
{
    return file_rules_read(r, "own/link");
}

static int write_link(struct file_rules *r)
{
    return file_rules_write(r, "own/link");
}

static int read_what_is_not_there(struct file_rules *r)
{
    return file_rules_read(r, "own/later") | file_rules_read(r, "nowhere/at/all");
}

static int read_folder_of_process(struct file_rules *r)
{
    return file_rules_read(r, "here");
}

static int read_root(struct file_rules *r)
{
    return file_rules_read(r, "/vmlinuz") | file_rules_read(r, "//.//vmlinuz");
}

static int fifo(struct file_rules *r)
{
    return file_rules_write(r, "foreign/fifo");
}

Test(file_rules, hold_for_the_folders_of_what_was_named)
{
    cr_expect_eq(under(nothing, try_all), 0);
    cr_expect_eq(under(read_link, try_all), 1 | 2, "the link's folder and its target's");
    cr_expect_eq(under(write_link, try_all), 8 | 16);
    cr_expect_eq(under(read_what_is_not_there, try_all), 1);
    cr_expect_eq(under(read_folder_of_process, try_all), 1 | 2 | 4);
}

Test(file_rules, never_open_the_root_folder)
{
    cr_expect_eq(under(read_root, try_all), 0);
}

/* Writing to it works while somebody reads. */
static int try_fifo(void)
{
    return opens("foreign/fifo", O_WRONLY) << 0 | opens("foreign/fifo", O_RDONLY) << 1 |
           opens("foreign/new", APPENDS) << 2;
}

Test(file_rules, allow_a_fifo_without_its_folder)
{
    int reader = open("foreign/fifo", O_RDONLY | O_NONBLOCK);
    cr_assert_geq(reader, 0);
    cr_expect_eq(under(fifo, try_fifo), 1);
    close(reader);
}

Test(file_rules, name_what_they_allow)
{
    struct file_rules r;
    char own[PATH_MAX], target[PATH_MAX], expected[2 * PATH_MAX];
    cr_assert(file_rules_begin(&r));
    cr_assert_eq(read_link(&r), 0);
    cr_assert(realpath("own", own) && realpath("target", target));
    snprintf(expected, sizeof expected, "%s,%s", own, target);
    cr_expect_str_eq(r.read, expected);
    cr_expect_str_eq(r.written, "");
    file_rules_end(&r);
}
