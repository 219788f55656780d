/* cpu.c — see cpu.h. /proc/PID/stat counts in hundredths of a second, which is too coarse for a
 * burst. */
#include "load/cpu.h"
#include <dirent.h>
#include <stdio.h>
#include <time.h>

int64_t cpu_ns(int pid)
{
    char path[512];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (!threads)
        return 0;
    long long sum = 0;
    for (struct dirent *e; (e = readdir(threads));) {
        long long used = 0;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!f)
            continue;
        if (fscanf(f, "%lld", &used) == 1)
            sum += used;
        fclose(f);
    }
    closedir(threads);
    return sum;
}

int64_t cpu_own_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}
