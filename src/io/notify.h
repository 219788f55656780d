/* notify.h — tells the service manager how the node is: sd_notify(3) on the ring.
 *
 * systemd names a datagram socket in $NOTIFY_SOCKET. The node says READY=1 there once it serves,
 * RELOADING=1 and READY=1 around a reload, STOPPING=1 when it begins to stop; and WATCHDOG=1 at
 * half the interval that $WATCHDOG_USEC asks for, so that a loop that hangs is noticed and the node
 * is restarted. libsystemd would send behind the ring's back, with calls and a family of sockets
 * that the sandbox denies; the socket here is connected before the sandbox, and then only sent to.
 *
 * Holds always: at most one message is in flight. Those behind it are sent in order, but where
 * there is no room, only the newest state is kept: the manager goes by the last one anyway.
 * Called by loop. */
#ifndef IO_NOTIFY_H
#define IO_NOTIFY_H

#include "core/base/log.h"
#include "io/ring.h"

enum notify_state {
    NOTIFY_READY,
    NOTIFY_RELOADING, /* until the next NOTIFY_READY */
    NOTIFY_STOPPING,
};

enum { NOTIFY_WAITING_MAX = 4, NOTIFY_TEXT_BYTES = 64 };

struct notify {
    struct ring *ring;
    int fd; /* -1: nobody wants to be told */
    int64_t feed_every_ns; /* 0: there is no watchdog */
    int64_t feed_next_ns;
    struct {
        uint8_t state; /* enum notify_state */
        int64_t since_us; /* CLOCK_MONOTONIC, which systemd wants to know of RELOADING */
    } waiting[NOTIFY_WAITING_MAX];
    unsigned waiting_count;
    bool sending;
    char text[NOTIFY_TEXT_BYTES]; /* in flight */
};

/* Read the environment and connect. A socket that cannot be used is logged, and the node goes on:
 * the environment may be that of another service, inherited by a shell. A watchdog that is not this
 * process's, as $WATCHDOG_PID tells, is not fed. */
void notify_open(struct notify *n, struct ring *ring, struct log *log, struct instant now);

/* After the ring was closed. */
void notify_close(struct notify *n);

/* Tell this state as soon as possible. */
void notify_say(struct notify *n, enum notify_state state);

/* The process stood still: the watchdog has not, so it is fed next. */
void notify_slept(struct notify *n);

void notify_completed(struct notify *n);

/* At the end of a turn: send what is due. */
void notify_settle(struct notify *n, struct instant now);
int64_t notify_deadline(const struct notify *n);

#endif
