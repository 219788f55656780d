/* clock.h — the two clocks of the machine, read once a turn. */
#ifndef FILES_CLOCK_H
#define FILES_CLOCK_H

#include "core/base/instant.h"

struct instant clock_now(void);

/* The monotonic clock alone. */
int64_t clock_mono_ns(void);

#endif
