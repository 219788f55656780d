/* test_secret.c — the secrets' file: what is taken, what is refused, and with which
 * advice. Files lie in a folder of their own that goes away with the test. */
#include "files/secret.h"
#include "unit/files/folder.h"
#include "unit/secrets.h"
#include <stdio.h>

static struct topology topology;
static char conf[sizeof folder + 8];

static void leave(void)
{
    static const char *const names[] = {"secret", "fifo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    cr_assert_eq(rmdir(folder), 0);
}

TestSuite(secret, .init = enter, .fini = leave);

static bool load(const char *file, struct secret_file *f)
{
    strcpy(topology.secret_file, file);
    snprintf(conf, sizeof conf, "%s/f.conf", folder);
    return secret_file_open(f, &topology, conf);
}

static bool read_secret(const char *file, FILE *tell)
{
    struct secret_file f;
    strcpy(topology.secret_file, file);
    return secret_file_read(&f, &topology, "f.conf", tell);
}

static void holds(const struct secret_file *f, const char *list)
{
    struct secrets expected = secrets_of(list);
    cr_expect_eq(f->secrets.count, expected.count, "%s: %u", list, f->secrets.count);
    cr_expect(memcmp(&f->secrets, &expected, sizeof expected) == 0, "%s", list);
}

#define SIXTEEN "0123456789abcdef"
#define OTHER "another of sixteen and more"

Test(secret, takes)
{
    const struct {
        struct span in;
        const char *list;
        mode_t mode;
    } rows[] = {
        {SPAN(SIXTEEN), SIXTEEN, 0600},
        {SPAN(SIXTEEN "\n"), SIXTEEN, 0400},
        {SPAN(SIXTEEN "\r\n"), SIXTEEN, 0700},
        {SPAN(SIXTEEN "\n\n"), SIXTEEN, 0600},
        {SPAN("\n\r\n" SIXTEEN), SIXTEEN, 0600},
        {SPAN(" " SIXTEEN "\r\r\n"), " " SIXTEEN "\r", 0600},
        {SPAN(SIXTEEN "\n" OTHER), SIXTEEN "|" OTHER, 0600},
        {SPAN(OTHER "\r\n" SIXTEEN "\r\n"), OTHER "|" SIXTEEN, 0600},
        {SPAN(SIXTEEN "\n" SIXTEEN "\n" OTHER "\n" SIXTEEN "\n"), SIXTEEN "|" OTHER, 0600},
        {SPAN(SIXTEEN "\n" SIXTEEN "1\n" SIXTEEN "2\n" SIXTEEN "3\n"),
            SIXTEEN "|" SIXTEEN "1|" SIXTEEN "2|" SIXTEEN "3", 0600},
    };
    struct secret_file f;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unlink("secret");
        write_file("secret", rows[i].in.at, rows[i].in.len, rows[i].mode);
        cr_assert(load("secret", &f), "row %zu", i);
        holds(&f, rows[i].list);
    }
    cr_expect(load("", &f));
    cr_expect_eq(f.secrets.count, 0);
    fflush(stderr);
    cr_expect_stderr_eq_str("");
}

Test(secret, takes_the_longest_there_are)
{
    static char text[SECRETS_MAX * (SECRET_BYTES_MAX + 2)];
    struct secret_file f;
    memset(text, 's', sizeof text);
    for (size_t i = 0; i < SECRETS_MAX; i++) {
        char *end = text + (i + 1) * (SECRET_BYTES_MAX + 2) - 2;
        *(end - 1) = (char)('a' + i);
        memcpy(end, "\r\n", 2);
    }
    write_file("secret", text, sizeof text, 0600);
    cr_assert(load("secret", &f));
    cr_expect_eq(f.secrets.count, (unsigned)SECRETS_MAX);
    cr_expect_eq(f.secrets.bytes[3], (unsigned)SECRET_BYTES_MAX);
    cr_expect_eq(f.secrets.text[3][SECRET_BYTES_MAX - 1], 'd');
}

Test(secret, refuses_what_others_may_read)
{
    write_file("secret", SIXTEEN, 16, 0640);
    struct secret_file f;
    char path[sizeof folder + 8], said[256];
    snprintf(path, sizeof path, "%s/secret", folder);
    snprintf(said, sizeof said,
        "%s: others than its owner may use this secret (mode 640); run: chmod 600 %s\n", path,
        path);
    cr_expect_not(load("secret", &f));
    fflush(stderr);
    cr_expect_stderr_eq_str(said);
}

Test(secret, refuses_what_is_no_file)
{
    struct secret_file f;
    cr_expect_not(load("missing", &f));
    cr_expect_not(load(".", &f));
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    cr_expect_not(load("fifo", &f), "and it does not wait for a writer");
    cr_expect_eq(f.secrets.count, 0);
}

/* And tells the line. */
Test(secret, refuses_bad_lines)
{
    static char longer[2 * SECRETS_MAX * SECRET_BYTES_MAX];
    memset(longer, 's', sizeof longer);
    const struct {
        struct span in;
        const char *says;
    } rows[] = {
        {SPAN(""), "secret: there is no secret in this file; make one with: "},
        {SPAN("\n\r\n"), "secret: there is no secret in this file; make one with: "},
        {SPAN("0123456789abcde"), "secret:1: a secret has 16 to 1024 bytes, and one line; make "},
        {SPAN(SIXTEEN "\n\nshort\n" OTHER), "secret:3: a secret has 16 to 1024 bytes, and one "},
        {{longer, SECRET_BYTES_MAX + 1}, "secret:1: a secret has 16 to 1024 bytes, and one line"},
        {{longer, sizeof longer}, "secret: this is too long for 4 secrets of 1024 bytes"},
        {SPAN(SIXTEEN "\n" SIXTEEN "1\n" SIXTEEN "2\n" SIXTEEN "3\n" OTHER "\n"),
            "secret:5: there are more than 4 secrets; remove those that no node needs any more"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[512] = "";
        FILE *tell = fmemopen(said, sizeof said - 1, "w");
        write_file("secret", rows[i].in.at, rows[i].in.len, 0600);
        cr_expect_not(read_secret("secret", tell), "row %zu", i);
        fclose(tell);
        cr_expect_not_null(strstr(said, rows[i].says), "row %zu: %s", i, said);
    }
}
