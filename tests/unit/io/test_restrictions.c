/* test_restrictions.c — what the kernel refuses on the node's ring, and with Landlock. ring.h
 * cannot even say such a request, so ring.c is included. */
#include "io/file_rules.h"
#include "io/ring.c"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- the ring ---------------------------------------------------------------------------------- */

static struct ring *open_ring(bool files)
{
    struct ring *r = ring_open(
        &(struct ring_sizes){
            .submissions = 8, .completions = 16, .buffers = 1, .buffer_bytes = 64, .files = files},
        0);
    cr_assert_not_null(r);
    return r;
}

static struct ring *open_one(void)
{
    return open_ring(false);
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

/* How many requests the kernel has, allowed or not: newer ones than this program's headers know. */
static unsigned requests_of_kernel(void)
{
    struct io_uring_probe *probe = io_uring_get_probe();
    cr_assert_not_null(probe);
    unsigned count = probe->last_op + 1U;
    io_uring_free_probe(probe);
    return count;
}

/* What comes of a request without descriptor and memory: it fails in any case. */
static int32_t try_request(struct ring *r, unsigned opcode, unsigned flags)
{
    struct io_uring_sqe *e = entry(r);
    memset(e, 0, sizeof *e);
    e->opcode = (uint8_t)opcode;
    e->flags = (uint8_t)flags;
    e->fd = -1;
    int32_t result = answer(r);
    cr_assert_lt(result, 0, "request %u", opcode);
    return result;
}

static const uint8_t of_sockets[] = {IORING_OP_POLL_ADD, IORING_OP_ACCEPT, IORING_OP_ASYNC_CANCEL,
    IORING_OP_CONNECT, IORING_OP_WRITE, IORING_OP_SEND, IORING_OP_RECV};
static const uint8_t of_files[] = {IORING_OP_FSYNC, IORING_OP_OPENAT, IORING_OP_CLOSE,
    IORING_OP_STATX, IORING_OP_RENAMEAT, IORING_OP_UNLINKAT};

/* Each request that the kernel has: these are carried out, and no other. */
static void expect_requests(bool files)
{
    bool expected[UINT8_MAX + 1] = {false};
    for (size_t i = 0; i < sizeof of_sockets; i++)
        expected[of_sockets[i]] = true;
    for (size_t i = 0; i < sizeof of_files; i++)
        expected[of_files[i]] = files;
    unsigned count = requests_of_kernel();
    cr_assert_gt(count, IORING_OP_UNLINKAT);
    struct ring *r = open_ring(files);
    for (unsigned opcode = 0; opcode < count; opcode++) {
        bool is_allowed = try_request(r, opcode, 0) != -EACCES;
        cr_expect_eq(is_allowed, expected[opcode], "request %u is %s", opcode,
            is_allowed ? "allowed" : "refused");
    }
    ring_close(r);
}

Test(ring, allows_what_the_node_requests_and_nothing_else)
{
    expect_requests(false);
}

Test(ring, allows_what_a_journal_requests_and_nothing_else)
{
    expect_requests(true);
}

Test(ring, allows_three_flags)
{
    const unsigned allowed = IOSQE_ASYNC | IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;
    struct ring *r = open_ring(true);
    for (unsigned flag = IOSQE_FIXED_FILE; flag <= IOSQE_CQE_SKIP_SUCCESS; flag <<= 1)
        cr_expect_eq(try_request(r, IORING_OP_WRITE, flag) != -EACCES, (flag & allowed) != 0,
            "flag %u", flag);
    ring_close(r);
}

Test(ring, allows_one_registration)
{
    struct ring *r = open_ring(true);
    for (unsigned opcode = 0; opcode <= IORING_REGISTER_FILE_ALLOC_RANGE; opcode++)
        if (opcode != IORING_UNREGISTER_RING_FDS)
            cr_expect_eq(io_uring_register((unsigned)r->uring.ring_fd, opcode, NULL, 0), -EACCES,
                "registration %u", opcode);
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
    static const char *const files[] = {"own/a", "own/link", "own/new", "own/newer", "target/b",
        "target/new", "foreign/c", "foreign/fifo", "foreign/new"};
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

/* -- the files of a journal -------------------------------------------------------------------- */

/* The ring is made before the rules hold, as in a node. */
static struct ring *kept_by;
static int own;

static int keep_own(struct file_rules *r)
{
    kept_by = open_ring(true);
    own = open("own", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file_rules_keep_folder(r, "own");
}

static const struct ring_tag journal_tag = {.op = RING_JOURNAL};

static int32_t create_own(const char *name)
{
    ring_file_create(kept_by, own, journal_tag, name);
    return answer(kept_by);
}

static int32_t rename_own(const char *from, const char *to)
{
    ring_file_rename(kept_by, own, journal_tag, from, to);
    return answer(kept_by);
}

static int32_t remove_own(const char *name)
{
    ring_file_remove(kept_by, own, journal_tag, name);
    return answer(kept_by);
}

/* An open that ring_files.h cannot say. */
static int32_t open_own(const char *name, int flags)
{
    struct io_uring_sqe *e = entry(kept_by);
    io_uring_prep_openat(e, own, name, flags | O_CLOEXEC, 0600);
    e->flags = IOSQE_ASYNC;
    return answer(kept_by);
}

/* The number of the first try that did not come out as it should; 0: all did. */
#define EXPECT(condition)  \
    do {                   \
        number++;          \
        if (!(condition))  \
            return number; \
    } while (0)

static int keep_files(void)
{
    int number = 0;
    struct statx about = {0};
    int fd = create_own("new");
    EXPECT(fd >= 0);
    ring_file_write(kept_by, fd, journal_tag, SPAN("abc"), 0, true);
    EXPECT(answer(kept_by) == 3);
    ring_file_write(kept_by, fd, journal_tag, SPAN("def"), 3, false);
    EXPECT(answer(kept_by) == 3);
    ring_file_sync(kept_by, fd, journal_tag);
    EXPECT(answer(kept_by) == 0);
    ring_file_sync(kept_by, own, journal_tag);
    EXPECT(answer(kept_by) == 0);
    EXPECT(rename_own("new", "newer") == 0);
    ring_file_look(kept_by, own, journal_tag, "newer", &about);
    EXPECT(answer(kept_by) == 0 && about.stx_ino != 0);
    ring_file_close(kept_by, fd, journal_tag);
    EXPECT(answer(kept_by) == 0);
    EXPECT(fcntl(fd, F_GETFD) == -1);
    EXPECT(remove_own("newer") == 0);
    EXPECT(remove_own("newer") == -ENOENT);
    EXPECT(create_own("a") == -EEXIST);
    EXPECT(create_own("link") == -EEXIST);
    return 0;
}

static bool is_refused(int32_t result)
{
    return result == -EACCES || result == -EXDEV;
}

static int reach_out(void)
{
    int number = 0;
    EXPECT(create_own("../foreign/new") == -EACCES);
    EXPECT(create_own("../target/new") == -EACCES);
    EXPECT(remove_own("../foreign/c") == -EACCES);
    EXPECT(remove_own("../foreign/fifo") == -EACCES);
    EXPECT(is_refused(rename_own("../foreign/c", "new")));
    EXPECT(is_refused(rename_own("a", "../foreign/new")));
    EXPECT(is_refused(rename_own("a", "../foreign/c")));
    EXPECT(open_own("../foreign/c", O_WRONLY) == -EACCES);
    EXPECT(open_own("../foreign/c", O_RDONLY) == -EACCES);
    EXPECT(open_own("link", O_WRONLY) == -EACCES);
    EXPECT(open_own("a", O_RDONLY) == -EACCES);
    EXPECT(open_own(".", O_RDONLY | O_DIRECTORY) == -EACCES);
    EXPECT(symlink("../foreign", "own/new") == -1 && errno == EACCES);
    EXPECT(mkdir("own/new", 0700) == -1 && errno == EACCES);
    EXPECT(mkfifo("own/new", 0600) == -1 && errno == EACCES);
    EXPECT(link("foreign/c", "own/new") == -1 && (errno == EACCES || errno == EXDEV));
    return 0;
}

static int truncate_own(void)
{
    int number = 0;
    EXPECT(open_own("a", O_WRONLY) >= 0);
    EXPECT(open_own("a", O_WRONLY | O_TRUNC) == -EACCES);
    EXPECT(truncate("own/a", 0) == -1 && errno == EACCES);
    return 0;
}

Test(file_rules, let_a_ring_make_rename_and_remove_files_of_a_folder_that_is_kept)
{
    cr_expect_eq(under(keep_own, keep_files), 0);
}

Test(file_rules, let_a_ring_reach_nothing_else)
{
    int number = under(keep_own, reach_out);
    cr_expect_eq(number, 0, "try %d is not refused", number);
    cr_expect_eq(access("foreign/c", F_OK) | access("foreign/fifo", F_OK) | access("own/a", F_OK),
        0, "nothing is gone");
}

Test(file_rules, let_no_file_of_a_journal_be_cut)
{
    enum { WITH_TRUNCATE = 3 };
    if (syscall(SYS_landlock_create_ruleset, NULL, 0L, LANDLOCK_CREATE_RULESET_VERSION) <
        WITH_TRUNCATE)
        cr_skip_test("this kernel's Landlock cannot refuse it");
    int number = under(keep_own, truncate_own);
    cr_expect_eq(number, 0, "try %d came out otherwise", number);
}
