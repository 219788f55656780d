/* test_trust_file.c — CA certificates from files: what is said of those that cannot be used, and
 * Debian's own bundle. */
#include "files/trust_file.h"
#include "unit/tls/side.h"
#include <sys/stat.h>

static char *told; /* by the last read_file */

static struct tls_trust *read_file(const char *path)
{
    size_t bytes;
    free(told);
    FILE *tell = open_memstream(&told, &bytes);
    struct tls_trust *trust = trust_file_read(path, TRUST_SYSTEM_REMEDY, tell);
    fclose(tell);
    return trust;
}

static void begin(void)
{
    make_certificates("Hands expired:Hands");
}

static void end(void)
{
    free(told);
    remove_certificates();
}

TestSuite(trust_file, .init = begin, .fini = end);

/* `name` in the folder of certificates, with `content`; NULL: as it is. */
static const char *file(const char *name, const char *content)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", certificates, name);
    if (content) {
        FILE *f = fopen(path, "w");
        cr_assert_not_null(f);
        fputs(content, f);
        fclose(f);
    }
    return path;
}

Test(trust_file, says_what_is_wrong)
{
    static const struct {
        const char *name, *content, *said;
    } rows[] = {
        {"none", NULL,
            "the CA certificate cannot be opened: No such file or directory; install it "
            "with: apt-get install ca-certificates"},
        {"", NULL, "the CA certificate must be a regular file"},
        {"empty", "", "holds no certificate"},
        {"words", "no certificate\n", "holds no certificate"},
        {"Hands.pem", NULL, "holds certificates, but of no CA"},
        {"Hands.key", NULL, "holds no certificate"},
        {"broken", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "holds no certificate that can be read"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *path = file(rows[i].name, rows[i].content);
        cr_expect_null(read_file(path), "row %zu", i);
        cr_expect_eq(strncmp(told, path, strlen(path)), 0, "row %zu: %s", i, told);
        cr_expect_not_null(strstr(told, rows[i].said), "row %zu: %s", i, told);
        cr_expect_str_eq(strchr(told, '\n'), "\n", "one line");
    }
}

Test(trust_file, warns_of_what_is_left_out)
{
    struct tls_trust *trust = read_file(file("ca.pem", NULL));
    cr_assert_not_null(trust, "%s", told);
    cr_expect_str_eq(told, "");
    tls_trust_destroy(trust);
    char command[256];
    snprintf(command, sizeof command, "cd %s && cat ca.pem Hands.pem >both.pem", certificates);
    cr_assert_eq(system(command), 0);
    trust = read_file(file("both.pem", NULL));
    cr_assert_not_null(trust, "%s", told);
    cr_expect_eq(tls_trust_count(trust), 1);
    cr_expect_not_null(strstr(told, "0 that are not valid now, 1 that are of no CA"), "%s", told);
    tls_trust_destroy(trust);
}

Test(trust_file, reads_the_bundle_of_the_system)
{
    struct tls_trust *trust = read_file(TRUST_SYSTEM_FILE);
    cr_assert_not_null(trust, "%s", told);
    cr_expect_gt(tls_trust_count(trust), 100);
    tls_trust_destroy(trust);
}
