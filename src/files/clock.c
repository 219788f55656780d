/* clock.c — see clock.h. The clocks of an instant are read in the vDSO, without a system call. */
#include "files/clock.h"
#include <time.h>

static int64_t read_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

struct instant clock_now(void)
{
    return (struct instant){
        .mono_ns = read_ns(CLOCK_MONOTONIC), .real_ns = read_ns(CLOCK_REALTIME)};
}

int64_t clock_processor_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}
