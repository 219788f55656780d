/* topology_file.c — see topology_file.h. */
#include "files/topology_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
    case EISDIR:
        return "this is a folder; give the path of the topology.conf in it";
    default:
        return strerror(error);
    }
}

/* At most one byte above the limit; -1: errno has the reason. */
static ssize_t read_whole(const char *path, char *memory)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t total = 0, n;
    do {
        n = read(fd, memory + total, (size_t)(TOPOLOGY_FILE_BYTES_MAX + 1 - total));
        total += n > 0 ? n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
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
