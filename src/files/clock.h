/* clock.h — the two clocks of the machine, read once a turn. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include "core/base/instant.h"

struct instant clock_now(void);

#endif
