/* notify.c — see notify.h. The messages are those of sd_notify(3) and sd_watchdog_enabled(3). */
#include "io/notify.h"
#include "core/base/decimal.h"
#include "core/base/instant.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { US_NS = 1000 };

static int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (SECOND_NS / US_NS) + now.tv_nsec / US_NS;
}

/* -- the environment --------------------------------------------------------------------------- */

/* A whole number above 0; 0: the variable is missing, or is none. */
static uint64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t value = 0;
    return text && decimal_count(span_of(text), INT64_MAX / US_NS, &value) ? value : 0;
}

/* 0 or an errno. */
static int reach(int *fd, const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    if (*name != '/' && *name != '@') /* a path, or a name that no file system has */
        return EAFNOSUPPORT;
    if (len < 2 || len >= sizeof to.sun_path)
        return ENAMETOOLONG;
    memcpy(to.sun_path, name, len);
    if (*name == '@')
        to.sun_path[0] = '\0';
    *fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return connect(*fd, (const struct sockaddr *)&to, bytes) == 0 ? 0 : errno;
}

static void read_watchdog(struct notify *n, struct instant now)
{
    uint64_t us = number_of("WATCHDOG_USEC");
    uint64_t whose = number_of("WATCHDOG_PID");
    if (!us || (whose && whose != (uint64_t)getpid()))
        return;
    n->feed_every_ns = (int64_t)us * US_NS / 2;
    n->feed_next_ns = now.mono_ns + n->feed_every_ns;
}

void notify_open(struct notify *n, struct ring *ring, struct log *log, struct instant now)
{
    *n = (struct notify){.ring = ring, .fd = -1};
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || !*name)
        return;
    int error = reach(&n->fd, name);
    if (!error) {
        read_watchdog(n, now);
        return;
    }
    notify_close(n);
    log_begin(log, LOG_WARN, "notify_failed", now);
    log_text(log, "socket", span_of(name));
    log_text(log, "why", span_of(reason_of(error)));
    log_end(log);
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

/* -- messages ---------------------------------------------------------------------------------- */

void notify_say(struct notify *n, enum notify_state state)
{
    if (n->fd < 0)
        return;
    ASSERT(state <= NOTIFY_STOPPING && n->waiting_count <= NOTIFY_WAITING_MAX);
    if (n->waiting_count == NOTIFY_WAITING_MAX)
        n->waiting_count = 0;
    n->waiting[n->waiting_count].state = (uint8_t)state;
    n->waiting[n->waiting_count++].since_us = monotonic_us();
}

void notify_slept(struct notify *n)
{
    n->feed_next_ns = 0;
}

static bool is_hungry(const struct notify *n, struct instant now)
{
    return n->feed_every_ns && now.mono_ns >= n->feed_next_ns;
}

/* The oldest state that waits becomes the text to send. */
static void take_state(struct notify *n)
{
    static const char *const words[] = {"READY=1", "RELOADING=1\nMONOTONIC_USEC=", "STOPPING=1"};
    int64_t since_us = n->waiting[0].since_us;
    if (n->waiting[0].state == NOTIFY_RELOADING)
        snprintf(n->text, sizeof n->text, "%s%lld", words[NOTIFY_RELOADING], (long long)since_us);
    else
        snprintf(n->text, sizeof n->text, "%s", words[n->waiting[0].state]);
    n->waiting_count--;
    memmove(n->waiting, n->waiting + 1, n->waiting_count * sizeof *n->waiting);
}

void notify_settle(struct notify *n, struct instant now)
{
    if (n->fd < 0 || n->sending || (!n->waiting_count && !is_hungry(n, now)))
        return;
    if (n->waiting_count) {
        take_state(n);
    } else {
        snprintf(n->text, sizeof n->text, "WATCHDOG=1");
        n->feed_next_ns = now.mono_ns + n->feed_every_ns;
    }
    n->sending = true;
    ring_send(n->ring, n->fd, (struct ring_tag){.op = RING_NOTIFY}, span_of(n->text));
}

/* A failure is not said again and again: a manager that is gone needs no more messages, and one
 * that is there restarts a node whose watchdog is not fed. */
void notify_completed(struct notify *n)
{
    ASSERT(n->sending);
    n->sending = false;
}

int64_t notify_deadline(const struct notify *n)
{
    if (n->fd < 0 || n->sending)
        return NEVER_NS;
    if (n->waiting_count)
        return 0;
    return n->feed_every_ns ? n->feed_next_ns : NEVER_NS;
}
