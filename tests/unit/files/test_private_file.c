/* test_private_file.c — where a file that topology.conf names is looked for, among a service's
 * credentials too, and whose mode may be what. */
#include "files/private_file.h"
#include "unit/files/folder.h"
#include <stdio.h>
#include <string.h>

static void leave(void)
{
    unlink("keys_one");
    unlink("plain");
    cr_assert_eq(rmdir(folder), 0);
}

TestSuite(private_file, .init = enter, .fini = leave);

static void leads(const char *file, const char *expected)
{
    char path[FILE_PATH_ROOM];
    cr_assert(file_path_to_read("/etc/x/topology.conf", file, path));
    cr_expect_str_eq(path, expected, "%s: %s", file, path);
}

Test(private_file, credentials_come_first)
{
    char one[64], plain[64];
    snprintf(one, sizeof one, "%s/keys_one", folder);
    snprintf(plain, sizeof plain, "%s/plain", folder);
    write_file("keys_one", "x", 1, 0440);
    write_file("plain", "x", 1, 0440);
    unsetenv("CREDENTIALS_DIRECTORY");
    leads("keys/one", "/etc/x/keys/one");
    setenv("CREDENTIALS_DIRECTORY", "", 1);
    leads("keys/one", "/etc/x/keys/one");
    setenv("CREDENTIALS_DIRECTORY", ".", 1); /* systemd's begins with a slash */
    leads("keys/one", "/etc/x/keys/one");
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    leads("keys/one", one);
    leads("plain", plain);
    leads("keys/two", "/etc/x/keys/two");
    leads("/plain", "/plain");
    leads("../keys/one", "/etc/x/../keys/one");
}

Test(private_file, a_path_that_is_too_long)
{
    static char file[TOPOLOGY_PATH_BYTES_MAX + 1], at[TOPOLOGY_PATH_BYTES_MAX + 3];
    char path[FILE_PATH_ROOM];
    memset(file, 'x', sizeof file - 1);
    memset(at, 'y', sizeof at - 1);
    at[TOPOLOGY_PATH_BYTES_MAX + 1] = '/';
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    cr_expect_not(file_path_to_read(at, file, path));
}

static ssize_t read_as(const char *path, bool owner_only)
{
    char memory[8];
    const struct private_kind kind = {
        .noun = "key", .remedy = "make one", .owner_only = owner_only};
    return file_read(path, &kind, memory, sizeof memory, stderr);
}

/* An access list for the service's user shows as a mode for the group. */
Test(private_file, systemd_guards_credentials)
{
    char one[64], beside[64];
    write_file("keys_one", "x", 1, 0440);
    snprintf(one, sizeof one, "%s/keys_one", folder);
    cr_expect_eq(read_as(one, true), -1);
    cr_expect_eq(read_as(one, false), 1);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    cr_expect_eq(read_as(one, true), 1);
    snprintf(beside, sizeof beside, "%.*s", (int)strlen(folder) - 1, folder);
    setenv("CREDENTIALS_DIRECTORY", beside, 1); /* the path begins like that, that is all */
    cr_expect_eq(read_as(one, true), -1);
}

Test(private_file, a_copy_is_called_one)
{
    char said[256] = "";
    FILE *tell = fmemopen(said, sizeof said - 1, "w");
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
    file_tell_copy("/etc/x/keys/one", tell);
    fflush(tell);
    cr_expect_str_empty(said);
    file_tell_copy("/run/credentials/x/keys_one", tell);
    fclose(tell);
    cr_expect(strstr(said, "/run/credentials/x/keys_one: this is the copy"), "%s", said);
}
