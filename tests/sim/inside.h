/* inside.h — what a story does inside a node, or sees there, because no word of its protocols
 * does or shows it. A file of its own, as core/node/private.h and client.h use the same names. */
#ifndef TESTS_SIM_INSIDE_H
#define TESTS_SIM_INSIDE_H

#include "sim/host.h"

/* Memory that the unread replies of all its clients take. */
uint64_t inside_unread_bytes(const struct host *h);
/* Clients that were reset for that. */
uint64_t inside_dropped_unread(const struct host *h);

/* Full sends that its node has begun for what lists may have kept back. */
uint64_t inside_made_up(const struct host *h);

/* Its node asks for all that this neighbour holds, over their spare link, if it has got what it
 * asked for last: a peer in a loop. */
void inside_says_graft_0(struct host *h, const char *neighbour);

/* An operator orders DRAIN, or UNDRAIN, who has proved to be one. */
void inside_drain(struct host *h, int64_t grace_ms, int64_t timeout_ms);
void inside_undrain(struct host *h);

/* It may ask the places service so many questions an hour from now on. */
void inside_budget(struct host *h, unsigned questions);

#endif
