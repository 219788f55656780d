/* connection.h — one connection of the load generator: which commands wait for a reply, in order,
 * and which bytes are unsent.
 *
 * Commands are written one after the other into a ring buffer and stay there until they are
 * answered, so that the reply can be compared with its command. A command never wraps around the
 * end of the buffer. */
#ifndef PERF_LOAD_CONNECTION_H
#define PERF_LOAD_CONNECTION_H

#include "load/protocol.h"

struct asked {
    int64_t due_ns; /* when its latency starts; monotonic */
    uint32_t at; /* its bytes in the ring */
    uint16_t bytes;
    uint8_t kind;
};

struct connection {
    int fd;
    bool sending; /* a send is in flight */
    bool touched; /* stands in the list of those to be looked at in this turn */
    bool aside; /* the protocol has something to send before the next command */
    uint32_t depth, first, under_way; /* of the commands asked[first], ... */
    uint32_t commands; /* entries of `asked`, a power of two */
    uint32_t written, unsent, end; /* ring of bytes; end: where it was left for its beginning */
    uint32_t bytes_max;
    struct asked *asked;
    char *bytes;
    char *held; /* the beginning of a reply that has not arrived completely */
    size_t held_bytes, held_max;
};

/* Connect to a port of 127.0.0.1; blocks until connected. false: the reason was written to standard
 * error. */
MUST_USE bool connection_open(
    struct connection *c, uint16_t port, unsigned depth, size_t command_bytes_max);
void connection_close(struct connection *c);

/* Room for one command of command_bytes_max bytes; connection_wrote then tells what was written.
 * There is room while under_way < depth. */
char *connection_room(struct connection *c, size_t command_bytes_max);
void connection_wrote(struct connection *c, size_t bytes, enum kind kind, int64_t due_ns);

/* The next bytes to send, as far as they are contiguous; connection_sent tells how many were. */
struct span connection_unsent(struct connection *c);
void connection_sent(struct connection *c, size_t bytes);

/* Keep bytes until more arrive; returns all that is held then. An empty span: no memory. */
struct span connection_hold(struct connection *c, struct span more);
/* Keep only the last `bytes` of what is held. */
void connection_keep(struct connection *c, size_t bytes);

#endif
