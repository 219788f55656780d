/* test_topology_file.c — topology.conf from the disk: why it cannot be read, and what is printed.
 * Files lie in a folder of their own that goes away with the test. */
#include "files/topology_file.h"
#include "unit/files/folder.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(void)
{
    static const char *const names[] = {"f.conf", "empty", "fifo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    cr_assert_eq(rmdir(folder), 0);
}

static void expect_fault(const char *path, const char *text)
{
    struct topology t;
    struct topology_faults faults;
    cr_expect_not(topology_read(path, &t, &faults), "%s", path);
    cr_assert_eq(faults.count, 1, "%s", path);
    cr_expect_eq(faults.errors, 1);
    cr_expect_str_eq(faults.each[0].text, text);
    topology_faults_destroy(&faults);
}

Test(topology_file, tells_why_a_file_cannot_be_read, .init = enter, .fini = leave)
{
    write_file("empty", "", 0, 0600);
    expect_fault("missing", "there is no such file; give the path of your topology.conf");
    expect_fault(".", "this is a folder; give the path of the topology.conf in it");
    expect_fault(
        "empty", "the file is empty; begin with the topology.conf that comes with stampede");
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    expect_fault(
        "fifo", "this is a FIFO into which nobody writes; give the path of your topology.conf");
    size_t size = TOPOLOGY_FILE_BYTES_MAX + 1;
    char *big = malloc(size);
    memset(big, '\n', size);
    write_file("f.conf", big, size, 0600);
    expect_fault("f.conf", "the file is larger than 1 MiB; is this the right one?");
    free(big);
}

/* As a shell's <(command) does it, which may be slow. */
Test(topology_file, is_read_from_a_fifo_that_somebody_writes, .init = enter, .fini = leave)
{
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        int fd = open("fifo", O_WRONLY);
        struct pollfd never = {.fd = -1};
        poll(&never, 1, 50); /* the reader finds a writer, and nothing to read */
        dprintf(fd, "herd = h\nnode a { client = \"127.0.0.1:1\"\n");
        dprintf(fd, "peer = \"127.0.0.1:2\" }\n");
        _exit(0);
    }
    struct topology t;
    cr_expect(topology_load("fifo", &t));
    cr_expect_eq(t.nodes_count, 1);
    topology_destroy(&t);
    cr_assert_eq(waitpid(writer, NULL, 0), writer);
}

Test(topology_file, loads_and_prints_errors_only, .init = enter, .fini = leave)
{
    static const char well[] =
        "herd = h\n"
        "node a { client = \"127.0.0.1:1\" peer = \"127.0.0.1:2\" talks_to = b }\n"
        "node b { client = \"127.0.0.1:3\" peer = \"127.0.0.1:4\" talks_to = c }\n"
        "node c { client = \"127.0.0.1:5\" peer = \"127.0.0.1:6\" }\n";
    struct topology t;
    write_file("f.conf", well, sizeof well - 1, 0600);
    cr_assert(topology_load("f.conf", &t), "though it has a warning");
    cr_expect_eq(t.nodes_count, 3);
    topology_destroy(&t);
    write_file("f.conf", well, sizeof well - 3, 0600);
    cr_expect_not(topology_load("f.conf", &t));
    fflush(stderr);
    cr_expect_stderr_eq_str("f.conf:4: the \"{\" in this line is not closed; a \"}\" is missing\n");
}
