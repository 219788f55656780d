/* reason.c — see reason.h. Common errors in this program's words, all others in the C
 * library's. */
#include "io/reason.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    int error;
    const char *text;
} reasons[] = {
    {0, ""},
    {ECONNREFUSED, "connection refused"},
    {ECONNRESET, "connection reset by the other end"},
    {EPIPE, "the other end is gone"},
    {ETIMEDOUT, "timed out"},
    {EHOSTUNREACH, "no route to the host"},
    {ENETUNREACH, "no route to the network"},
    {EMFILE, "out of file descriptors (ulimit -n)"},
    {ENFILE, "the machine is out of file descriptors"},
    {ENOBUFS, "no room"},
    {ENOSPC, "the disk is full"},
    {EDQUOT, "the quota of the disk is used up"},
    {EIO, "the disk has failed"},
    {EROFS, "the file system can only be read"},
    {ESTALE, "the file is gone"},
    {ENXIO, "it is a FIFO that nobody reads, or a socket"},
};

const char *reason_of(int error)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].error == error)
            return reasons[i].text;
    const char *text = strerrordesc_np(error);
    return text ? text : "unknown error";
}
