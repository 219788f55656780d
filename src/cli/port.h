/* port.h — a connection to a node's client port, for `near` and `watch`: says lines, and has the
 * node's lines one by one.
 *
 *   state        event                      next
 *   DIALS        connected                  CONNECTED
 *   DIALS        refused, 5 s               OVER
 *   CONNECTED    closed, reset              OVER     lines that came before can still be read
 *
 * The kernel asks the node's machine for a sign of life after 30 s without one, so that it is
 * noticed after a minute that the machine has gone. */
#ifndef CLI_PORT_H
#define CLI_PORT_H

#include "cli/printer.h"
#include "cli/reach.h"

enum { PORT_BYTES = 64 << 10, PORT_DIAL_MS = 5000 };

struct port {
    int fd; /* -1: none */
    bool connected;
    bool over; /* nothing comes any more: */
    char why[REACH_WHY_BYTES_MAX + 1]; /* what the node has done, or why it is not reached */
    struct span out; /* what is still to be said; the caller's memory */
    bool half_closes; /* when that is said: no more will be */
    int64_t since_ns; /* the last byte, or the beginning; monotonic */
    size_t start, len; /* what came and was not passed yet */
    char in[PORT_BYTES];
};

/* Connect, and say `out`, which outlives the connection. Undone by port_end. */
void port_begin(struct port *p, const struct topology_node *node, struct span out);
void port_end(struct port *p);

/* The next line that has come, without its LF; valid until port_wait. It comes again until it is
 * passed. false: none for now; if the port is over, none at all. */
MUST_USE bool port_line(struct port *p, struct span *line);
void port_pass(struct port *p);

/* Send, receive and print what can be; if nothing can be, wait for that, for a signal, or for
 * `wait_ms`. Nothing is received while `out` waits for its reader. A port without a connection just
 * waits. */
void port_wait(struct port *p, struct printer *out, int wait_ms);

#endif
