/* stand_in.h — what a stand-in for core/node says where it has nothing to say: it has no
 * topology, no TLS, no timers, no drain and no twin. For programs that drive the loop without a node:
 * parrot.h, and perf/echo. */
#ifndef TESTS_UNIT_IO_STAND_IN_H
#define TESTS_UNIT_IO_STAND_IN_H

#include "core/node/node.h"
#include <stdlib.h>

bool node_shakes(const struct node *n, struct instant now)
{
    (void)n, (void)now;
    return false;
}

bool node_shake(struct node *n, struct instant now)
{
    (void)n, (void)now;
    return false;
}

void node_shook(struct node *n, int64_t processor_ns, struct instant now)
{
    (void)n, (void)processor_ns, (void)now;
}

void node_turn_took(struct node *n, int64_t ns)
{
    (void)n;
    (void)ns;
}

const char *node_take_topology(
    struct node *n, const struct topology *t, uint32_t connections_max, struct instant now)
{
    (void)n, (void)t, (void)connections_max, (void)now;
    abort(); /* it has no topology */
}

const struct store *node_store(const struct node *n)
{
    (void)n;
    abort();
}

void node_reported(struct node *n, uint32_t conn, size_t bytes, struct instant now)
{
    (void)n, (void)conn, (void)bytes, (void)now; /* it does not ask */
}

bool node_is_twin(const struct node *n)
{
    (void)n;
    return false;
}

bool node_is_drained(const struct node *n)
{
    (void)n;
    return false;
}

bool node_listens(const struct node *n)
{
    (void)n;
    return true;
}

void node_port_shut(struct node *n)
{
    (void)n;
}

void node_slept(struct node *n, int64_t slept_ns, struct instant now)
{
    (void)n, (void)slept_ns, (void)now; /* this process may well be held up */
}

int64_t node_deadline(const struct node *n)
{
    (void)n;
    return NEVER_NS;
}

#endif
