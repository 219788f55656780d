/* sandbox.h — what a running node gives up, so that whoever makes it run other code gets little.
 *
 * Four locks of the kernel, none of which can be taken off again: no_new_privs (no program that
 * it starts gets more rights), a list of the system calls that the loop makes (seccomp), a list of
 * the folders whose files it opens again on SIGHUP or reads to look up names (Landlock), and no
 * capabilities but those that override the permissions of files, if it had them. The
 * ring has a list of its own, in ring.c, because seccomp does not see its requests.
 *
 * A call that is not on the list fails with ENOSYS: no call of the loop fails like that for another
 * reason, and libraries take it for an older kernel and do without. Where the kernel has auditing,
 * its log reports the call. A call that only an attacker has a use for, such as execve, ends the
 * process with SIGSYS: a node that was made to do it runs other code already, so nothing that it
 * would still send or store could be believed.
 *
 * Called by loop, once everything is open. */
#ifndef IO_SANDBOX_H
#define IO_SANDBOX_H

#include "core/base/log.h"

enum { SANDBOX_FILES_MAX = 10 };

struct sandbox {
    const char *files[SANDBOX_FILES_MAX]; /* that are read again; NULL: no more */
    const char *log_file; /* ""; else it is opened again */
    const char *journal; /* NULL; else a folder in which files are made, renamed and removed */
    bool resolves; /* names of hosts are looked up: files of /etc are read */
};

/* Give up all but what the loop needs, as far as the kernel has the means; what is on is logged.
 *
 * s  NULL: give up nothing, and log that
 * false: it failed; the reason was written to standard error. */
MUST_USE bool sandbox_enter(const struct sandbox *s, struct log *log, struct instant now);

#endif
