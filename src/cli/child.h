/* child.h — a node as a child process of `stampede up`: started, its output read, its end
 * noticed.
 *
 * The kernel kills it when this process ends, for whatever reason (PR_SET_PDEATHSIG). It has its
 * own process group, so that Ctrl-C reaches only `up`, which then stops its nodes in order. Its end
 * and its output are descriptors for poll(2). */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum { CHILD_SAID_BYTES = 16 << 10 };

/* What happens to the lines that it writes to standard output and standard error. */
enum child_lines {
    CHILD_HOLD, /* keep the lines that matter; they are passed on when it changes */
    CHILD_SHOW, /* pass on the lines that matter: all but info and debug log lines */
    CHILD_LOG, /* pass on all lines */
};

struct child {
    pid_t pid;
    int ended_fd; /* a pidfd, readable when it has ended; -1: the end was noticed */
    int said_fd; /* its output; -1: closed */
    int status; /* from waitpid(2), once it has ended */
    size_t held; /* bytes of said: complete lines that are kept */
    size_t len; /* bytes of said: these, and an incomplete line */
    char said[CHILD_SAID_BYTES];
};

/* Start this program with arguments `argv` (including argv[0], ended by NULL), an empty standard
 * input, and signals blocked as in `mask`. false: failed, see errno. */
bool child_start(struct child *c, char *const argv[], const sigset_t *mask);

/* Read what it has written by now. */
void child_listen(struct child *c, enum child_lines lines, FILE *out);

/* Print the lines kept, without dropping them; and whether two children have the same lines. */
void child_print_held(const struct child *c, FILE *out);
bool child_held_equal(const struct child *a, const struct child *b);

/* Call this when ended_fd is readable. */
void child_ended(struct child *c);

/* `exit code 1` or `signal 9 (Killed)`, of a child that has ended. `out` has room for
 * CHILD_END_BYTES. */
enum { CHILD_END_BYTES = 64 };
void child_end_text(const struct child *c, char *out);

#endif
