/* private_file.c — see private_file.h.
 *
 * A file is opened first and examined through its descriptor, so that the file that is checked is
 * the one that is read; without blocking, so that a FIFO does not hang the start. */
#include "files/private_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_path_beside(const char *topology_path, const char *file, char out[FILE_PATH_ROOM])
{
    const char *slash = strrchr(topology_path, '/');
    int folder = slash && *file != '/' ? (int)(slash - topology_path) + 1 : 0;
    int len = snprintf(out, FILE_PATH_ROOM, "%.*s%s", folder, topology_path, file);
    return len < FILE_PATH_ROOM;
}

/* NULL: this is no service with credentials. */
static const char *credentials(void)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    return folder && *folder == '/' ? folder : NULL;
}

static bool is_credential(const char *path)
{
    const char *folder = credentials();
    size_t len = folder ? strlen(folder) : 0;
    return folder && strncmp(path, folder, len) == 0 && path[len] == '/';
}

bool file_path_of_node(
    const char *pattern, struct span name, char out[TOPOLOGY_PATH_BYTES_MAX + 1])
{
    struct buf b = buf_over(out, TOPOLOGY_PATH_BYTES_MAX);
    for (; *pattern; pattern++) {
        bool stands_for_name = pattern[0] == '%' && pattern[1] == 'n';
        if (stands_for_name)
            buf_span_put(&b, name);
        else
            buf_byte(&b, *pattern);
        pattern += stands_for_name;
    }
    out[b.len] = '\0';
    return !b.overflow;
}

bool file_path_to_read(const char *topology_path, const char *file, char out[FILE_PATH_ROOM])
{
    const char *folder = credentials();
    if (!folder || *file == '/')
        return file_path_beside(topology_path, file, out);
    int len = snprintf(out, FILE_PATH_ROOM, "%s/%s", folder, file);
    if (len < FILE_PATH_ROOM)
        for (char *c = out + strlen(folder) + 1; *c; c++)
            if (*c == '/')
                *c = '_';
    if (len < FILE_PATH_ROOM && access(out, F_OK) == 0)
        return true;
    return file_path_beside(topology_path, file, out);
}

void file_tell_copy(const char *path, FILE *tell)
{
    if (is_credential(path))
        fprintf(tell,
            "%s: this is the copy that systemd made when the service started; for a new one, "
            "restart it\n",
            path);
}

/* systemd gives the files of a folder that nobody else can enter to a service's user by an access
 * list, which shows as a mode for the group. */
static bool check(int fd, const char *path, const struct private_kind *kind, FILE *tell)
{
    struct stat is;
    if (fstat(fd, &is) != 0)
        fprintf(tell, "%s: the %s cannot be looked at: %s\n", path, kind->noun, strerror(errno));
    else if (!S_ISREG(is.st_mode))
        fprintf(tell, "%s: the %s must be a regular file; %s\n", path, kind->noun, kind->remedy);
    else if (kind->owner_only && is.st_mode & 077 && !is_credential(path))
        fprintf(tell, "%s: others than its owner may use this %s (mode %03o); run: chmod 600 %s\n",
            path, kind->noun, is.st_mode & 0777u, path);
    else
        return true;
    return false;
}

static ssize_t read_all(
    int fd, const char *path, const char *noun, char *memory, size_t room, FILE *tell)
{
    size_t total = 0;
    while (total < room) {
        ssize_t n = read(fd, memory + total, room - total);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(tell, "%s: the %s cannot be read: %s\n", path, noun, strerror(errno));
            return -1;
        }
        if (n == 0)
            break;
        total += (size_t)n;
    }
    return (ssize_t)total;
}

ssize_t file_read(
    const char *path, const struct private_kind *kind, char *memory, size_t room, FILE *tell)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        fprintf(tell, "%s: the %s cannot be opened: %s; %s\n", path, kind->noun, strerror(errno),
            kind->remedy);
        return -1;
    }
    ssize_t bytes =
        check(fd, path, kind, tell) ? read_all(fd, path, kind->noun, memory, room, tell) : -1;
    close(fd);
    return bytes;
}

bool file_text_read(struct file_text *x, const char *path, const struct private_kind *kind,
    unsigned mib_max, FILE *tell)
{
    const size_t bytes_max = (size_t)mib_max << 20;
    x->span = SPAN("");
    x->memory = malloc(bytes_max + 1);
    if (!x->memory) {
        fprintf(tell, "%s: memory has run out\n", path);
        return false;
    }
    ssize_t bytes = file_read(path, kind, x->memory, bytes_max + 1, tell);
    if (bytes > (ssize_t)bytes_max)
        fprintf(tell, "%s: a %s has at most %u MiB\n", path, kind->noun, mib_max);
    x->span = (struct span){x->memory, bytes > 0 ? (size_t)bytes : 0};
    return bytes >= 0 && bytes <= (ssize_t)bytes_max;
}

void file_text_forget(struct file_text *x)
{
    if (x->memory)
        explicit_bzero(x->memory, x->span.len);
    free(x->memory);
    x->memory = NULL;
}
