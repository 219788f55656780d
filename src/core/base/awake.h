/* awake.h — a monotonic clock that stands still while the loop does not run.
 *
 * A process is stopped (SIGSTOP), a virtual machine paused or migrated. When it goes on, the
 * system's clock says that everybody has been silent for all that time, although nobody was read
 * or written to. So a driver of the core gives its turns the time of this clock: a turn that begins
 * much later than the deadline that was named for it takes place just before that deadline. What
 * was due then is judged by the next turn, when what came in meanwhile has been read and what was
 * due to go out has been handed over. PROTOCOL.md, "Limits and time-outs".
 *
 * Time that passes before the deadline counts: nobody can tell it from waiting. */
#ifndef CORE_BASE_AWAKE_H
#define CORE_BASE_AWAKE_H

#include <stdbool.h>
#include <stdint.h>

enum { AWAKE_LATE_MS = 100 }; /* a turn that begins so long after its deadline was slept before */

struct awake {
    int64_t now_ns; /* of the present turn */
    int64_t slept_ns; /* in all: by so much this clock is behind the system's */
    bool late; /* the present turn takes place before its deadline */
};

/* mono_ns: the system's monotonic clock, from which this one begins. */
void awake_begin(struct awake *a, int64_t mono_ns);

/* A turn begins; its time is now_ns from now on.
 *
 * mono_ns  the system's monotonic clock
 * due_ns   by this clock, when the turn was due even if nothing happened; NEVER_NS: never
 *
 * Returns how long the loop has slept; mostly 0. Of two turns in a row that are late the second
 * takes place AWAKE_LATE_MS behind its deadline, so that time passes even if every turn is slow. */
int64_t awake_turn(struct awake *a, int64_t mono_ns, int64_t due_ns);

#endif
