/* client.h — a client of one node: sends lines and checks each reply.
 *
 * It sends several lines at once, reads late, and closes in the middle or after a line without LF.
 * Replies must arrive in the order of the commands, complete, and all of them, unless the node
 * died. */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include "sim/host.h"

enum client_state { CLIENT_AWAY, CLIENT_DIALS, CLIENT_TALKS };

struct client {
    struct network *network;
    struct judge *judge;
    struct host *host; /* the host it is connected to */
    unsigned party;
    unsigned life; /* the host's life when it connected */
    uint64_t starved; /* allocations that had failed there by then */
    enum client_state state;
    uint32_t wire;
    char *out; /* bytes not sent yet */
    char *in; /* heard and not yet understood */
    size_t out_len, in_len, out_room, in_room;
    size_t held_back; /* the end of `out` that is not sent yet */
    struct asked *asked; /* commands not answered yet, in order */
    unsigned asked_count, asked_room;
    bool leaves, shut;
    int64_t reads_ns; /* it does not read before this time */
    uint64_t answers;
};

void client_init(struct client *c, struct network *network, struct judge *judge, unsigned party);
void client_deinit(struct client *c);

/* Connect to a host's node. The client must be away. */
void client_join(struct client *c, struct host *host);

/* Send a line, given without its LF. The client must be connected. */
void client_say(struct client *c, const char *line);
/* Without LF. Nothing may be said before its reply has come. */
void client_say_without_lf(struct client *c, const char *line);
/* So many bytes of what it said are not sent yet. */
void client_hold_back(struct client *c, size_t bytes);

/* Send nothing more, and leave when all is answered. */
void client_leave(struct client *c, bool without_last_lf);

/* Leave at once. */
void client_vanish(struct client *c);

/* Read nothing for this long; no effect if it is not reading already. */
void client_dawdle(struct client *c, int64_t ns);

void client_act(struct client *c);

#endif
