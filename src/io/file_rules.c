/* file_rules.c — see file_rules.h. Landlock is described in landlock(7) and the kernel's
 * userspace-api/landlock.rst. The C library has no functions for it, and Debian 12's header knows
 * less than newer kernels, which must be told of each right that they are to hold. */
#include "io/file_rules.h"
#include "core/base/invariant.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHT_TRUNCATE (1ULL << 14) /* LANDLOCK_ACCESS_FS_TRUNCATE, from version 3 */

/* All rights over files of version 1, of which EXECUTE is the first and MAKE_SYM the last. */
#define RIGHTS_FIRST (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)

/* What a kernel with this version of Landlock can deny. */
static uint64_t rights_of(int version)
{
    uint64_t rights = RIGHTS_FIRST;
    if (version >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        rights |= RIGHT_TRUNCATE;
    return rights;
}

bool file_rules_begin(struct file_rules *r)
{
    *r = (struct file_rules){.fd = -1};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0L, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return false;
    struct landlock_ruleset_attr all = {.handled_access_fs = rights_of((int)version)};
    r->fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0L);
    return r->fd >= 0;
}

void file_rules_end(struct file_rules *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

/* -- one rule ---------------------------------------------------------------------------------- */

static void note(char text[FILE_RULES_TEXT_BYTES], const char *path)
{
    size_t len = strlen(text);
    snprintf(text + len, FILE_RULES_TEXT_BYTES - len, "%s%s", len ? "," : "", path);
}

/* 0, also if there is nothing at `path`; or an errno. */
static int allow(
    struct file_rules *r, const char *path, uint64_t rights, char text[FILE_RULES_TEXT_BYTES])
{
    ASSERT(r->fd >= 0 && rights);
    struct landlock_path_beneath_attr rule = {
        .allowed_access = rights, .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
    long failed = syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0L);
    int error = failed ? errno : 0;
    close(rule.parent_fd);
    if (!error)
        note(text, path);
    return error;
}

static bool is_other_than_file(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 && !S_ISREG(is.st_mode);
}

/* For the folder of `path`, or for the file itself where that is safer or needs to be. */
static int allow_around(struct file_rules *r, const char *path, uint64_t of_file,
    uint64_t of_folder, char text[FILE_RULES_TEXT_BYTES])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof folder)
        return ENAMETOOLONG;
    if (slash)
        memcpy(folder, path, len);
    else
        folder[len++] = '.';
    folder[len] = '\0';
    char real[PATH_MAX] = "";
    bool is_root = !len || (realpath(folder, real) && strcmp(real, "/") == 0);
    if (is_root || is_other_than_file(path))
        return allow(r, path, of_file, text);
    return allow(r, *real ? real : folder, of_file | of_folder, text);
}

static int allow_both_ends(struct file_rules *r, const char *path, uint64_t of_file,
    uint64_t of_folder, char text[FILE_RULES_TEXT_BYTES])
{
    char target[PATH_MAX];
    struct stat is;
    int error = allow_around(r, path, of_file, of_folder, text);
    if (error || lstat(path, &is) != 0 || !S_ISLNK(is.st_mode) || !realpath(path, target))
        return error;
    return allow_around(r, target, of_file, of_folder, text);
}

/* -- all of them ------------------------------------------------------------------------------- */

int file_rules_read(struct file_rules *r, const char *path)
{
    return allow_both_ends(r, path, LANDLOCK_ACCESS_FS_READ_FILE, 0, r->read);
}

int file_rules_write(struct file_rules *r, const char *path)
{
    return allow_both_ends(
        r, path, LANDLOCK_ACCESS_FS_WRITE_FILE, LANDLOCK_ACCESS_FS_MAKE_REG, r->written);
}

int file_rules_read_folder(struct file_rules *r, const char *folder)
{
    return allow(r, folder, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR, r->read);
}

int file_rules_keep_folder(struct file_rules *r, const char *folder)
{
    return allow(r, folder,
        LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
            LANDLOCK_ACCESS_FS_REMOVE_FILE,
        r->written);
}

int file_rules_hold(struct file_rules *r)
{
    ASSERT(r->fd >= 0);
    int error = syscall(SYS_landlock_restrict_self, r->fd, 0L) ? errno : 0;
    file_rules_end(r);
    return error;
}
