/* calls.h — the system calls that a sandbox around the node must allow, tried before they are
 * used.
 *
 * A container's seccomp profile or systemd's SystemCallFilter= can deny any of them, and several
 * fail where nobody would notice: without signalfd4 a node would ignore SIGTERM, without shutdown
 * no connection would ever close. So a node tries them all when it starts, and says which one is
 * missing. io_uring's own are tried by ring_open. Called by loop, ring and the program. */
#ifndef IO_CALLS_H
#define IO_CALLS_H

#include "core/base/span.h"

/* Whether an errno is one with which sandboxes deny a call: EPERM, EACCES or ENOSYS. */
bool calls_denied(int error);

/* Write to standard error that `call` is denied, and what to do about it. */
void calls_tell_denied(const char *call, int error);

/* The remedy alone, to be put behind a semicolon. */
#define CALLS_REMEDY                                                                     \
    "use a profile that allows it (docker: --security-opt seccomp=unconfined; systemd: " \
    "SystemCallFilter=)"

/* Try each call with arguments that no kernel accepts, so that nothing happens.
 *
 * false: one is denied, and that was written to standard error. */
MUST_USE bool calls_are_allowed(void);

#endif
