/* folder.h — for tests: a fresh folder to write files into. */
#ifndef TESTS_UNIT_FILES_FOLDER_H
#define TESTS_UNIT_FILES_FOLDER_H

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/stampede-test-XXXXXX";

/* Make the folder the current one, and hear standard error. */
static inline void enter(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_redirect_stderr();
}

static inline void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, len), (ssize_t)len);
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

#endif
