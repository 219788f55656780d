/* client.h — a client of one node: says lines, and holds each reply against what it may be.
 *
 * It pipelines, reads late, hangs up with FIN in the middle or after a line without LF. Replies
 * have to come in the order of the commands, whole, and all of them unless the node died. */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include "sim/host.h"

enum client_state { CLIENT_AWAY, CLIENT_DIALS, CLIENT_TALKS };

struct client {
    struct network *network;
    struct judge *judge;
    struct host *host; /* whose client it is */
    unsigned party;
    unsigned life; /* of the host, when it joined */
    uint64_t starved; /* allocations that had failed there by then */
    enum client_state state;
    uint32_t wire;
    char *out; /* said and not yet sent */
    char *in; /* heard and not yet understood */
    size_t out_len, in_len, out_room, in_room;
    struct asked *asked; /* what is still to be answered, in order */
    unsigned asked_count, asked_room;
    bool leaves, shut;
    int64_t reads_ns; /* not before */
    uint64_t answers;
};

void client_init(struct client *c, struct network *network, struct judge *judge, unsigned party);
void client_deinit(struct client *c);

/* Connect to a host's node. It must be away. */
void client_join(struct client *c, struct host *host);

/* Say a line, without its LF. It must not be away. */
void client_say(struct client *c, const char *line);

/* Say no more, and go when all is answered. */
void client_leave(struct client *c, bool without_last_lf);

/* Go at once. */
void client_vanish(struct client *c);

/* Read nothing for so long; nothing when it does so already. */
void client_dawdle(struct client *c, int64_t ns);

void client_act(struct client *c);

#endif
