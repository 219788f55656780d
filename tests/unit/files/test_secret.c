/* test_secret.c — the secret's file: what is taken, what is refused, and with which advice. Files
 * lie in a folder of their own that goes away with the test. */
#include "files/secret.h"
#include "unit/files/folder.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void leave(void)
{
    static const char *const names[] = {"secret", "fifo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    cr_assert_eq(rmdir(folder), 0);
}

static bool load(const char *file, char *out, size_t *len)
{
    struct topology t = {0};
    strcpy(t.secret_file, file);
    char beside[sizeof folder + 8];
    snprintf(beside, sizeof beside, "%s/f.conf", folder);
    return secret_load(&t, beside, out, len);
}

#define SIXTEEN "0123456789abcdef"

Test(secret, takes, .init = enter, .fini = leave)
{
    static char longest[SECRET_BYTES_MAX + 2];
    memset(longest, 's', sizeof longest);
    longest[SECRET_BYTES_MAX] = '\r';
    longest[SECRET_BYTES_MAX + 1] = '\n';
    const struct {
        struct span in;
        size_t len;
        mode_t mode;
    } rows[] = {
        {SPAN(SIXTEEN), 16, 0600},
        {SPAN(SIXTEEN "\n"), 16, 0400},
        {SPAN(SIXTEEN "\r\n"), 16, 0700},
        {SPAN(SIXTEEN "\n\n"), 17, 0600},
        {SPAN("\0" SIXTEEN), 17, 0600},
        {{longest, sizeof longest}, SECRET_BYTES_MAX, 0600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unlink("secret");
        write_file("secret", rows[i].in.at, rows[i].in.len, rows[i].mode);
        char out[SECRET_BYTES_MAX];
        size_t len;
        cr_assert(load("secret", out, &len), "row %zu", i);
        cr_assert_eq(len, rows[i].len, "row %zu: %zu", i, len);
        cr_assert_arr_eq(out, rows[i].in.at, len, "row %zu", i);
    }
    char out[SECRET_BYTES_MAX];
    size_t len = 1;
    cr_expect(load("", out, &len));
    cr_expect_eq(len, 0);
    fflush(stderr);
    cr_expect_stderr_eq_str("");
}

Test(secret, refuses_what_others_may_read, .init = enter, .fini = leave)
{
    write_file("secret", SIXTEEN, 16, 0640);
    char out[SECRET_BYTES_MAX], path[sizeof folder + 8], said[256];
    size_t len;
    snprintf(path, sizeof path, "%s/secret", folder);
    snprintf(said, sizeof said,
        "%s: others than its owner may use this secret (mode 640); run: chmod 600 %s\n", path,
        path);
    cr_expect_not(load(path, out, &len));
    fflush(stderr);
    cr_expect_stderr_eq_str(said);
}

Test(secret, refuses_bad_files, .init = enter, .fini = leave)
{
    static char longer[SECRET_BYTES_MAX + 1];
    char out[SECRET_BYTES_MAX];
    size_t len;
    cr_expect_not(load("missing", out, &len));
    cr_expect_not(load(".", out, &len));
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    cr_expect_not(load("fifo", out, &len), "and it does not wait for a writer");
    write_file("secret", SIXTEEN, 15, 0600);
    cr_expect_not(load("secret", out, &len));
    write_file("secret", longer, sizeof longer, 0600);
    cr_expect_not(load("secret", out, &len));
    cr_expect_eq(len, 0);
}
