/* topology_file.c — see topology_file.h. */
#include "files/topology_file.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITER_WAIT_MS = 1000, WRITER_LOOK_MS = 10 }; /* of a FIFO */

/* The file could not be read: its only fault. *faults stays as it is when memory runs out. */
static void report_unread(struct topology_faults *faults, const char *why)
{
    faults->each = calloc(1, sizeof *faults->each);
    if (!faults->each)
        return;
    faults->count = 1;
    snprintf(faults->each->text, sizeof faults->each->text, "%s", why);
}

static const char *why_not_read(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "there is no such file; give the path of your topology.conf";
    case EACCES:
        return "this user may not read it; let its owner run chmod +r on it";
    case ENXIO:
        return "this is a FIFO into which nobody writes; give the path of your topology.conf";
    case EISDIR:
        return "this is a folder; give the path of the topology.conf in it";
    default:
        return strerror(error);
    }
}

/* A FIFO gives nothing before somebody has opened it for writing, which may be about to happen, as
 * with <(command) of a shell; but not for ever. From then on reads wait. -1: errno has the
 * reason. */
static ssize_t read_first(int fd, char *memory)
{
    struct stat is;
    bool is_fifo = fstat(fd, &is) == 0 && S_ISFIFO(is.st_mode);
    ssize_t n = read(fd, memory, TOPOLOGY_FILE_BYTES_MAX + 1);
    for (int waited_ms = 0; n == 0 && is_fifo; waited_ms += WRITER_LOOK_MS) {
        if (waited_ms >= WRITER_WAIT_MS) {
            errno = ENXIO;
            return -1;
        }
        poll(NULL, 0, WRITER_LOOK_MS);
        n = read(fd, memory, TOPOLOGY_FILE_BYTES_MAX + 1);
    }
    bool has_writer = n < 0 && errno == EAGAIN;
    fcntl(fd, F_SETFL, 0);
    return has_writer ? read(fd, memory, TOPOLOGY_FILE_BYTES_MAX + 1) : n;
}

/* At most one byte above the limit; -1: errno has the reason. */
static ssize_t read_whole(const char *path, char *memory)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t n = read_first(fd, memory), total = n > 0 ? n : 0;
    while (n > 0 || (n < 0 && errno == EINTR)) {
        n = read(fd, memory + total, (size_t)(TOPOLOGY_FILE_BYTES_MAX + 1 - total));
        total += n > 0 ? n : 0;
    }
    int error = errno;
    close(fd);
    errno = error;
    return n < 0 ? -1 : total;
}

bool topology_read(const char *path, struct topology *out, struct topology_faults *faults)
{
    *faults = (struct topology_faults){.errors = 1};
    char *memory = malloc(TOPOLOGY_FILE_BYTES_MAX + 1);
    if (!memory)
        return false;
    ssize_t len = read_whole(path, memory);
    bool well = false;
    if (len < 0)
        report_unread(faults, why_not_read(errno));
    else if (len == 0)
        report_unread(
            faults, "the file is empty; begin with the topology.conf that comes with stampede");
    else if (len > TOPOLOGY_FILE_BYTES_MAX)
        report_unread(faults, "the file is larger than 1 MiB; is this the right one?");
    else
        well = topology_read_text((struct span){memory, (size_t)len}, out, faults);
    free(memory);
    return well;
}

void topology_faults_print(
    FILE *to, const char *path, const struct topology_faults *faults, bool warnings)
{
    for (unsigned i = 0; i < faults->count; i++) {
        const struct topology_fault *f = &faults->each[i];
        if (f->warning && !warnings)
            continue;
        fprintf(to, "%s:", path);
        if (f->line)
            fprintf(to, "%d:", f->line);
        fprintf(to, " %s%s\n", f->warning ? "warning: " : "", f->text);
    }
    if (faults->errors && faults->count == 0)
        fprintf(to, "%s: memory has run out\n", path);
}

bool topology_load(const char *path, struct topology *out)
{
    struct topology_faults faults;
    bool well = topology_read(path, out, &faults);
    topology_faults_print(stderr, path, &faults, false);
    topology_faults_destroy(&faults);
    return well;
}
