/* cpu.h — processor time of other processes, in nanoseconds. */
#ifndef PERF_LOAD_CPU_H
#define PERF_LOAD_CPU_H

#include <stdint.h>

/* User and kernel time of all threads of a process, from /proc/PID/task/TID/schedstat. Threads that
 * have ended are not included. 0 if there is no such process. */
int64_t cpu_ns(int pid);

/* The same for the calling thread. */
int64_t cpu_own_ns(void);

#endif
