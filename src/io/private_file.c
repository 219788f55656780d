/* private_file.c — see private_file.h. A file is opened first and looked at through its
 * descriptor, so that what is checked is what is read; without blocking, so that a FIFO does not
 * hang the start. */
#include "io/private_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_path_beside(const char *topology_path, const char *file, char out[FILE_PATH_ROOM])
{
    const char *slash = strrchr(topology_path, '/');
    int folder = slash && *file != '/' ? (int)(slash - topology_path) + 1 : 0;
    int len = snprintf(out, FILE_PATH_ROOM, "%.*s%s", folder, topology_path, file);
    return len < FILE_PATH_ROOM;
}

static bool check(int fd, const char *path, const struct file_kind *kind)
{
    struct stat is;
    if (fstat(fd, &is) != 0)
        fprintf(stderr, "%s: the %s cannot be looked at: %s\n", path, kind->noun, strerror(errno));
    else if (!S_ISREG(is.st_mode))
        fprintf(stderr, "%s: the %s must be a regular file; %s\n", path, kind->noun, kind->remedy);
    else if (kind->owner_only && is.st_mode & 077)
        fprintf(stderr,
            "%s: others than its owner may use this %s (mode %03o); run: chmod 600 %s\n", path,
            kind->noun, is.st_mode & 0777u, path);
    else
        return true;
    return false;
}

static ssize_t read_all(int fd, const char *path, const char *noun, char *memory, size_t room)
{
    size_t total = 0;
    while (total < room) {
        ssize_t n = read(fd, memory + total, room - total);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "%s: the %s cannot be read: %s\n", path, noun, strerror(errno));
            return -1;
        }
        if (n == 0)
            break;
        total += (size_t)n;
    }
    return (ssize_t)total;
}

ssize_t file_read(const char *path, const struct file_kind *kind, char *memory, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        fprintf(stderr, "%s: the %s cannot be opened: %s; %s\n", path, kind->noun, strerror(errno),
            kind->remedy);
        return -1;
    }
    ssize_t bytes = check(fd, path, kind) ? read_all(fd, path, kind->noun, memory, room) : -1;
    close(fd);
    return bytes;
}
