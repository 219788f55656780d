/* test_load_lines.c — the lines of several files, each with its file and number. */
#include "cli/load_lines.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static char *names[4];

/* A file with this text; its name is names[i]. */
static void file(int i, const char *text, size_t bytes)
{
    char name[] = "/tmp/load_lines_XXXXXX";
    int fd = mkstemp(name);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, bytes), (ssize_t)bytes);
    close(fd);
    names[i] = strdup(name);
}

static void removes_files(void)
{
    for (int i = 0; i < 4; i++) {
        if (names[i])
            unlink(names[i]);
        free(names[i]);
    }
}

static enum load_lines_result next(struct load_lines *l, struct span *line)
{
    enum load_lines_result result;
    while ((result = load_lines_next(l, line)) == LOAD_LINES_WAITS)
        load_lines_fill(l);
    return result;
}

static void is_line(struct load_lines *l, const char *text, unsigned number)
{
    struct span line;
    cr_assert_eq(next(l, &line), LOAD_LINES_LINE);
    cr_expect(
        span_equal(line, span_of(text)), "\"%.*s\", not \"%s\"", (int)line.len, line.at, text);
    cr_expect_eq(l->line, number);
}

Test(load_lines, come_file_by_file, .fini = removes_files)
{
    struct load_lines l;
    struct span line;
    file(0, "a\n\nb\r\nc", 7);
    names[1] = strdup("/tmp/load_lines_that_is_not_there");
    file(2, "", 0);
    file(3, "d\n", 2);
    cr_assert(load_lines_begin(&l, names, 4));
    is_line(&l, "a", 1);
    cr_expect_str_eq(l.name, names[0]);
    is_line(&l, "", 2);
    is_line(&l, "b", 3);
    is_line(&l, "c", 4);
    cr_expect_eq(next(&l, &line), LOAD_LINES_FILE_END);
    cr_expect_eq(next(&l, &line), LOAD_LINES_BROKEN);
    cr_expect_str_eq(l.name, names[1]);
    cr_expect_eq(l.error, ENOENT);
    cr_expect_eq(next(&l, &line), LOAD_LINES_FILE_END);
    is_line(&l, "d", 1);
    cr_expect_eq(next(&l, &line), LOAD_LINES_FILE_END);
    cr_expect_eq(next(&l, &line), LOAD_LINES_END);
    load_lines_end(&l);
}

/* Around the longest line, and around the window. */
Test(load_lines, that_are_too_long_are_skipped, .fini = removes_files)
{
    static const size_t lengths[] = {LOAD_LINES_BYTES_MAX - 1, LOAD_LINES_BYTES_MAX,
        LOAD_LINES_BYTES_MAX + 1, LOAD_LINES_BYTES_MAX + 2, LOAD_LINES_BYTES_MAX + 3,
        LOAD_LINES_WINDOW_BYTES - 3, LOAD_LINES_WINDOW_BYTES, 3 * LOAD_LINES_WINDOW_BYTES + 5};
    char *text = malloc(4 * LOAD_LINES_WINDOW_BYTES);
    cr_assert_not_null(text);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct load_lines l;
        struct span line;
        size_t n = lengths[i];
        memcpy(text, "a\n", 2);
        memset(text + 2, 'x', n);
        memcpy(text + 2 + n, "\nb\n", 3);
        file(0, text, n + 5);
        cr_assert(load_lines_begin(&l, names, 1));
        is_line(&l, "a", 1);
        enum load_lines_result result = next(&l, &line);
        bool fits = n <= LOAD_LINES_BYTES_MAX;
        cr_expect_eq(result, fits ? LOAD_LINES_LINE : LOAD_LINES_LONG, "%zu bytes", n);
        cr_expect_eq(l.line, 2);
        is_line(&l, "b", 3);
        cr_expect_eq(next(&l, &line), LOAD_LINES_FILE_END);
        load_lines_end(&l);
        unlink(names[0]);
        free(names[0]);
        names[0] = NULL;
    }
    free(text);
}
