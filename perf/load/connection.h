/* connection.h — one connection of a load: what was asked on it, in order; what is still unsent.
 *
 * Commands are written one behind the other into a ring of bytes and stay there until answered, so
 * that the reply can be compared with them; a command never goes over the ring's end. */
#ifndef PERF_LOAD_CONNECTION_H
#define PERF_LOAD_CONNECTION_H

#include "load/protocol.h"

struct asked {
    int64_t due_ns; /* from when its latency counts; monotonic */
    uint32_t at; /* its bytes in the ring */
    uint16_t bytes;
    uint8_t kind;
};

struct connection {
    int fd;
    bool sending; /* a send is in flight */
    bool touched; /* stands in the list of those to be looked at in this turn */
    bool aside; /* the protocol has something to say before the next command */
    uint32_t depth, first, under_way; /* of the commands asked[first], ... */
    uint32_t commands; /* places in asked, a power of two */
    uint32_t written, unsent, end; /* ring of bytes; end: where it was left for its beginning */
    uint32_t bytes_max;
    struct asked *asked;
    char *bytes;
    char *held; /* the beginning of a reply whose rest is still to come */
    size_t held_bytes, held_max;
};

/* Connected to a port of 127.0.0.1, blocking as far as that goes.
 * false: said on standard error. */
MUST_USE bool connection_open(
    struct connection *c, uint16_t port, unsigned depth, size_t command_bytes_max);
void connection_close(struct connection *c);

/* Room for one command of command_bytes_max bytes; then tell what was written there. There is room
 * while under_way < depth. */
char *connection_room(struct connection *c, size_t command_bytes_max);
void connection_wrote(struct connection *c, size_t bytes, enum kind kind, int64_t due_ns);

/* What was written and not sent, as far as it lies in one piece; and that some of it is sent. */
struct span connection_unsent(struct connection *c);
void connection_sent(struct connection *c, size_t bytes);

/* Keep bytes until more come; what is held then. An empty span: no memory. */
struct span connection_hold(struct connection *c, struct span more);
/* Of what is held only the last `bytes` are still wanted. */
void connection_keep(struct connection *c, size_t bytes);

#endif
