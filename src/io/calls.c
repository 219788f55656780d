/* calls.c — see calls.h.
 *
 * A filter answers before the kernel looks at arguments. So -1 in place of a descriptor, or of a
 * process, is enough to tell: the kernel itself says EBADF, EINVAL or ESRCH. */
#include "io/calls.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    long number;
} needed[] = {
    {"read", SYS_read},
    {"write", SYS_write},
    {"close", SYS_close},
    {"fcntl", SYS_fcntl},
    {"ioctl", SYS_ioctl},
    {"signalfd4", SYS_signalfd4},
    {"socket", SYS_socket},
    {"bind", SYS_bind},
    {"listen", SYS_listen},
    {"connect", SYS_connect},
    {"setsockopt", SYS_setsockopt},
    {"getsockname", SYS_getsockname},
    {"getpeername", SYS_getpeername},
    {"shutdown", SYS_shutdown},
    {"prlimit64", SYS_prlimit64},
};

bool calls_denied(int error)
{
    return error == EPERM || error == EACCES || error == ENOSYS;
}

void calls_tell_denied(const char *call, int error)
{
    fprintf(stderr,
        "stampede: the system call %s is forbidden here (%s), probably by a container's seccomp "
        "profile; " CALLS_REMEDY "\n",
        call, strerror(error));
}

bool calls_are_allowed(void)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (syscall(needed[i].number, -1, 0L, 0L, 0L, 0L, 0L) >= 0 || !calls_denied(errno))
            continue;
        calls_tell_denied(needed[i].name, errno);
        return false;
    }
    return true;
}
