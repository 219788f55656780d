/* secret.c — see secret.h. The file is opened first and looked at through its descriptor, so that
 * what is checked is what is read; without blocking, so that a FIFO does not hang the start. */
#include "io/secret.h"
#include "core/hello.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 2 * (TOPOLOGY_PATH_BYTES_MAX + 1) };

static bool path_beside(const char *topology_path, const char *file, char out[PATH_ROOM])
{
    const char *slash = strrchr(topology_path, '/');
    int folder = slash && *file != '/' ? (int)(slash - topology_path) + 1 : 0;
    int len = snprintf(out, PATH_ROOM, "%.*s%s", folder, topology_path, file);
    return len < PATH_ROOM;
}

/* Room for the line end and one byte above the limit is the caller's. */
static ssize_t read_all(int fd, char *memory, size_t room)
{
    size_t total = 0;
    for (;;) {
        ssize_t n = read(fd, memory + total, room - total);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0 || (total += (size_t)n) == room)
            return (ssize_t)total;
    }
}

static bool is_private_file(int fd, const char *path)
{
    struct stat is;
    if (fstat(fd, &is) != 0) {
        fprintf(stderr, "%s: the secret cannot be looked at: %s\n", path, strerror(errno));
    } else if (!S_ISREG(is.st_mode)) {
        fprintf(stderr,
            "%s: the secret must be a regular file; make one with: (umask 077; head -c 32 "
            "/dev/urandom | base64 > herd.secret)\n",
            path);
    } else if (is.st_mode & 077) {
        fprintf(stderr,
            "%s: others than its owner may use this secret (mode %03o); run: chmod 600 %s\n", path,
            is.st_mode & 0777u, path);
    } else {
        return true;
    }
    return false;
}

static bool read_secret(int fd, const char *path, char *out, size_t *len)
{
    char memory[SECRET_BYTES_MAX + 3];
    ssize_t n = read_all(fd, memory, sizeof memory);
    if (n < 0) {
        fprintf(stderr, "%s: the secret cannot be read: %s\n", path, strerror(errno));
        return false;
    }
    size_t bytes = (size_t)n;
    if (bytes && memory[bytes - 1] == '\n')
        bytes--;
    if (bytes && memory[bytes - 1] == '\r')
        bytes--;
    bool well = bytes >= SECRET_BYTES_MIN && bytes <= SECRET_BYTES_MAX;
    if (well) {
        memcpy(out, memory, bytes);
        *len = bytes;
    } else {
        fprintf(stderr,
            "%s: a secret has %d to %d bytes; make one with: (umask 077; head -c 32 /dev/urandom | "
            "base64 > %s)\n",
            path, SECRET_BYTES_MIN, SECRET_BYTES_MAX, path);
    }
    explicit_bzero(memory, sizeof memory);
    return well;
}

bool secret_load(const struct topology *t, const char *topology_path, char *out, size_t *len)
{
    *len = 0;
    if (t->secret_file[0] == '\0')
        return true;
    char path[PATH_ROOM];
    if (!path_beside(topology_path, t->secret_file, path)) {
        fprintf(stderr, "%s: the path of secret_file is too long\n", topology_path);
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        fprintf(stderr,
            "%s: the secret cannot be opened: %s; copy the herd's secret here from another node, "
            "or "
            "make one with: (umask 077; head -c 32 /dev/urandom | base64 > %s)\n",
            path, strerror(errno), path);
        return false;
    }
    bool well = is_private_file(fd, path) && read_secret(fd, path, out, len);
    close(fd);
    return well;
}
