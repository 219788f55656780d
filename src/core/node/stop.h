/* stop.h — the end of a node: what it waits for, and what it leaves unconfirmed.
 *
 * A reply promises that the herd will have the stamp, so a node that is told to stop first lets its
 * links confirm what it holds. PROTOCOL.md, "Stopping". Called by node.c. Written by stop.c
 * alone. */
#ifndef CORE_NODE_STOP_H
#define CORE_NODE_STOP_H

#include "core/base/instant.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    STOP_FLUSH_MS = 200, /* for output: of clients since the stop, of links since their BYE */
};

struct node;

struct stop {
    int64_t since_ns; /* when it was told to */
    int64_t until_ns; /* when it says BYE whatever is still to be confirmed */
    bool hurried; /* it was told to twice */
    int64_t bye_ns; /* when links were told BYE; NEVER_NS: not yet */
    uint64_t unconfirmed; /* stamps that no node which goes on had confirmed then */
};

/* The node is told to stop, which its `stopping` says already. */
void stop_begin(struct node *n, struct instant now);
/* It is told again: it is not to wait for anything any more. */
void stop_hurry(struct node *n);
/* At the end of a turn of a node that stops: says BYE when nothing is waited for any longer. */
void stop_turn(struct node *n, struct instant now);
/* Whether nothing is left to send, or its time is over. */
bool stop_is_over(const struct node *n);
/* When a node that stops must next be looked at; NEVER_NS: never. */
int64_t stop_deadline(const struct node *n);

#endif
