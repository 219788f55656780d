/* pace.h — clients that pause, because their address has used up limits.commands_per_address.
 *
 * What was received is held and nothing more is read, as from a client that does not read its
 * replies; so nothing is refused or lost. Each PACE_LOOK_MS a client that pauses is looked at
 * again. Called by clients.c and node.c. Written by pace.c alone: `struct pace` in struct node, and
 * `struct client_pace` in each connection. */
#ifndef CORE_NODE_PACE_H
#define CORE_NODE_PACE_H

#include "core/base/instant.h"
#include "core/node/connection_list.h"
#include <stdint.h>

enum { PACE_LOOK_MS = 20 };

struct node;
struct connection;

struct client_pace {
    uint32_t account; /* of its address, in quotas; QUOTA_NONE: it may do what it likes */
    int64_t look_ns;
};

struct pace {
    struct connection_list list; /* of those that pause, in the order of look_ns */
};

void pace_begin(struct node *n);

/* `c` is a new client with this account. */
void client_pace_begin(struct connection *c, uint32_t account);
/* Its connection is gone. */
void client_pace_end(struct node *n, struct connection *c);
/* `count` commands of `c`, which has an account, were taken: it may have to pause now. */
void client_paces(struct node *n, struct connection *c, unsigned count, struct instant now);

/* Let those go on that may, and when that must be called again; NEVER_NS: nobody pauses. */
void pace_turn(struct node *n, struct instant now);
int64_t pace_deadline(const struct node *n);

#endif
