/* entropy.c — see entropy.h. */
#include "files/entropy.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void entropy_fill(void *out, size_t bytes)
{
    char *at = out;
    while (bytes) {
        ssize_t got = getrandom(at, bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fprintf(stderr, "stampede: no random bytes from the kernel: %s\n", strerror(errno));
            exit(1);
        }
        at += got;
        bytes -= (size_t)got;
    }
}
