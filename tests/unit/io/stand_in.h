/* stand_in.h — what a stand-in for core/node says where it has nothing to say: it has no
 * topology, no TLS, no timers, no drain, no twin and no journal. For programs that drive the loop
 * without a node: parrot.h, and perf/echo. */
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

bool node_journal_order(struct node *n, struct journal_order *out, struct instant now)
{
    (void)n, (void)out, (void)now;
    return false;
}

void node_journal_done(struct node *n, const struct journal_answer *a, struct instant now)
{
    (void)n, (void)a, (void)now;
    abort(); /* nothing was ordered */
}

bool node_journal_is_open(const struct node *n, const char **why)
{
    (void)n;
    *why = NULL;
    return true;
}

bool node_gives_up(const struct node *n)
{
    (void)n;
    return false;
}

#endif
