/* cpu.h — processor time of other processes, to the nanosecond. */
#ifndef PERF_LOAD_CPU_H
#define PERF_LOAD_CPU_H

#include <stdint.h>

/* What all threads of a process have used, user and kernel, by /proc/PID/task/TID/schedstat.
 * Threads that have ended are not in it. 0 when there is no such process. */
int64_t cpu_ns(int pid);

/* And of this thread. */
int64_t cpu_own_ns(void);

#endif
