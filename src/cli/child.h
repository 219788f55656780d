/* child.h — a node as a process of `stampede up`: started, listened to, ended.
 *
 * The kernel ends it with us, whatever ends us (PR_SET_PDEATHSIG). It stands in a process group of
 * its own, so that Ctrl-C reaches `up` alone, which then ends its nodes in good order. Both its
 * end and what it says show as files that poll(2) understands. */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum { CHILD_SAID_BYTES = 16 << 10 };

/* What becomes of the lines that it writes to standard output and error. */
enum child_lines {
    CHILD_HOLD, /* keep those that matter; passed on as soon as it is one of the others */
    CHILD_SHOW, /* pass on those that matter: all but log lines of level info and debug */
    CHILD_LOG, /* pass on all */
};

struct child {
    pid_t pid;
    int ended_fd; /* a pidfd, readable when it has ended; -1 once that is known */
    int said_fd; /* what it says; -1 at its end */
    int status; /* as waitpid(2) gives it, once ended */
    size_t held; /* of said: whole lines kept back */
    size_t len; /* of said: these, and the beginning of a line */
    char said[CHILD_SAID_BYTES];
};

/* Start this same program with arguments `argv` (argv[0] too, NULL at the end), with an empty
 * standard input, signals blocked as in `mask`. false: it could not be; errno. */
bool child_start(struct child *c, char *const argv[], const sigset_t *mask);

/* Take in what it has said by now. */
void child_listen(struct child *c, enum child_lines lines, FILE *out);

/* The lines held, which stay held; and whether two hold the same. */
void child_print_held(const struct child *c, FILE *out);
bool child_held_equal(const struct child *a, const struct child *b);

/* It has ended: ended_fd has shown it. */
void child_ended(struct child *c);

/* `exit code 1`, `signal 9 (Killed)`. Of one that has ended. Room for CHILD_END_BYTES. */
enum { CHILD_END_BYTES = 64 };
void child_end_text(const struct child *c, char *out);

#endif
