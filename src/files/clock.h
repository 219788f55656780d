/* clock.h — the two clocks of the machine, read once a turn, and that of this thread. */
#ifndef FILES_CLOCK_H
#define FILES_CLOCK_H

#include "core/base/instant.h"

struct instant clock_now(void);

/* The monotonic clock alone. */
int64_t clock_mono_ns(void);

/* How long this thread has computed; a system call. Unlike the clocks of an instant it stands still
 * while others have the processor. */
int64_t clock_processor_ns(void);

#endif
