/* ticker.c — see ticker.h. */
#include "cli/ticker.h"
#include "files/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void ticker_begin(struct ticker *t, bool wanted)
{
    *t = (struct ticker){.on = wanted && isatty(STDERR_FILENO)};
}

void ticker_show(struct ticker *t, uint64_t done, uint64_t total)
{
    if (!t->on || clock_mono_ns() < t->next_ns)
        return;
    t->next_ns = clock_mono_ns() + TICKER_PAUSE_MS * MS_NS;
    fprintf(stderr, "\r%" PRIu64, done);
    if (total)
        fprintf(stderr, " of %" PRIu64, total);
    fputs(" stamps\033[K", stderr);
    t->shown = true;
}

void ticker_end(struct ticker *t)
{
    if (t->shown)
        fputs("\r\033[K", stderr);
    t->shown = false;
}
