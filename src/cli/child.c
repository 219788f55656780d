/* child.c — see child.h. */
#include "cli/child.h"
#include "cli/show.h"
#include "core/base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOG_TIME_BYTES = 27, /* of the time that log_time_put writes */
    CHILD_HELD_BYTES = CHILD_SAID_BYTES / 2, /* further lines are dropped */
    CHILD_READS = 16, /* at a time: more than a pipe holds, then others get their turn */
};

/* Runs in the new process; returns only if it failed. */
static void become(char *const argv[], pid_t parent, int said_fd, const sigset_t *mask)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setpgid(0, 0) != 0 || nothing < 0)
        return;
    if (getppid() != parent) /* the parent ended before prctl took effect */
        _exit(1);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (dup2(nothing, STDIN_FILENO) >= 0 && dup2(said_fd, STDOUT_FILENO) >= 0 &&
        dup2(said_fd, STDERR_FILENO) >= 0)
        execv("/proc/self/exe", argv);
}

bool child_start(struct child *c, char *const argv[], const sigset_t *mask)
{
    int said[2];
    pid_t parent = getpid();
    *c = (struct child){.ended_fd = -1, .said_fd = -1};
    if (pipe2(said, O_CLOEXEC) != 0)
        return false;
    c->pid = fork();
    if (c->pid == 0) {
        become(argv, parent, said[1], mask);
        dprintf(said[1], "stampede: cannot start a process for the node: %s\n", strerror(errno));
        _exit(1);
    }
    close(said[1]);
    c->said_fd = said[0];
    if (c->pid > 0 && fcntl(c->said_fd, F_SETFL, O_NONBLOCK) == 0)
        c->ended_fd = pidfd_open(c->pid, 0);
    if (c->ended_fd >= 0)
        return true;
    int error = errno;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    close(c->said_fd);
    c->said_fd = -1;
    errno = error;
    return false;
}

/* Whether a line is a log line of level info or debug. */
static bool is_routine(struct span line)
{
    static const enum log_level routine[] = {LOG_INFO, LOG_DEBUG};
    if (line.len <= LOG_TIME_BYTES || line.at[LOG_TIME_BYTES - 1] != 'Z' ||
        line.at[LOG_TIME_BYTES] != ' ')
        return false;
    struct span rest = span_from(line, LOG_TIME_BYTES + 1);
    for (size_t i = 0; i < sizeof routine / sizeof *routine; i++) {
        struct span word = span_of(log_level_word(routine[i]));
        if (rest.len > word.len && memcmp(rest.at, word.at, word.len) == 0 &&
            rest.at[word.len] == ' ')
            return true;
    }
    return false;
}

/* Handle the complete lines behind those kept: keep, print or drop each. */
static void sort_lines(struct child *c, enum child_lines lines, FILE *out)
{
    size_t next = c->held; /* index into said of what was not handled yet */
    char *lf;
    while ((lf = memchr(c->said + next, '\n', c->len - next)) != NULL) {
        struct span line = {c->said + next, (size_t)(lf - c->said) + 1 - next};
        bool matters = lines == CHILD_LOG || !is_routine(line);
        if (matters && lines != CHILD_HOLD) {
            show_text(out, line);
        } else if (matters && c->held + line.len <= CHILD_HELD_BYTES) {
            memmove(c->said + c->held, line.at, line.len);
            c->held += line.len;
        }
        next += line.len;
    }
    memmove(c->said + c->held, c->said + next, c->len - next);
    c->len -= next - c->held;
}

void child_listen(struct child *c, enum child_lines lines, FILE *out)
{
    if (lines != CHILD_HOLD && c->held) {
        child_print_held(c, out);
        c->len -= c->held;
        memmove(c->said, c->said + c->held, c->len);
        c->held = 0;
    }
    for (unsigned reads = 0; c->said_fd >= 0 && reads < CHILD_READS; reads++) {
        if (c->len == sizeof c->said) { /* a line that is too long: print or drop it in parts */
            if (lines != CHILD_HOLD)
                show_text(out, (struct span){c->said + c->held, c->len - c->held});
            c->len = c->held;
        }
        ssize_t got = read(c->said_fd, c->said + c->len, sizeof c->said - c->len);
        if (got < 0 && errno == EAGAIN)
            break;
        if (got == 0 || (got < 0 && errno != EINTR)) {
            close(c->said_fd);
            c->said_fd = -1;
        } else if (got > 0) {
            c->len += (size_t)got;
            sort_lines(c, lines, out);
        }
    }
    fflush(out);
}

void child_print_held(const struct child *c, FILE *out)
{
    show_text(out, (struct span){c->said, c->held});
    fflush(out);
}

bool child_held_equal(const struct child *a, const struct child *b)
{
    return span_equal((struct span){a->said, a->held}, (struct span){b->said, b->held});
}

void child_ended(struct child *c)
{
    waitpid(c->pid, &c->status, 0);
    close(c->ended_fd);
    c->ended_fd = -1;
}

void child_end_text(const struct child *c, char *out)
{
    if (WIFSIGNALED(c->status))
        snprintf(out, CHILD_END_BYTES, "signal %d (%s)", WTERMSIG(c->status),
            strsignal(WTERMSIG(c->status)));
    else
        snprintf(out, CHILD_END_BYTES, "exit code %d", WEXITSTATUS(c->status));
}
