/* quotas.h — what one address may take of a node: connections, commands, new client ids.
 *
 * Without it, one client could fill limits.stamps or limits.connections alone and shut out all
 * others. An address is an IPv4 address, or the first 64 bits of an IPv6 one, since whoever has one
 * of these commonly has them all. Clients on the node's own machine have no account.
 *
 * A rate of n a period is a bucket (core/base/bucket.h) of n, of which one comes back in period / n
 * (rounded down to a nanosecond). Accounts outlive their connections, or reconnecting would clear
 * them: the QUOTAS_REMEMBERED that were left last are kept, so memory has a bound whatever comes.
 * limits.connections_per_address and the two after it; topology.conf(5). Called by clients.c, which
 * the struct belongs to. */
#ifndef CORE_NODE_QUOTAS_H
#define CORE_NODE_QUOTAS_H

#include "core/base/address.h"
#include "core/base/instant.h"
#include "core/topology/topology.h"

enum { QUOTAS_REMEMBERED = 4096 };

#define QUOTA_NONE UINT32_MAX /* in place of an account: nothing is counted */

enum quota { QUOTA_CONNECTIONS, QUOTA_COMMANDS, QUOTA_NEW_IDS, QUOTAS };

struct quota_account {
    uint64_t prefix;
    bool v6, used;
    uint32_t connections;
    uint32_t questions; /* of its connections, that wait for places */
    uint32_t next; /* with the same hash */
    uint32_t older, newer; /* in the list of accounts without connections */
    int64_t commands_ns, new_ids_ns; /* monotonic: when all that was taken has come back */
};

struct quotas {
    uint64_t key[2];
    uint32_t connections_max; /* of one address */
    struct topology_rate commands, new_ids;
    struct quota_account *accounts;
    uint32_t accounts_max, accounts_count;
    uint32_t *heads; /* by hash: the first account */
    uint32_t heads_mask;
    uint32_t oldest, newest; /* without connections; QUOTA_NONE: there are none */
    uint32_t exceeded[QUOTAS]; /* the account that was last at its limit; QUOTA_NONE: none yet */
};

/* key: random, so that nobody can choose addresses that collide. false: no memory; quotas_end it
 * either way. */
MUST_USE bool quotas_begin(
    struct quotas *q, const struct topology_limits *limits, const uint64_t key[2]);
void quotas_end(struct quotas *q);
/* The limits are these from now on; what addresses have taken counts on. false: no memory; nothing
 * has changed. */
MUST_USE bool quotas_take_limits(struct quotas *q, const struct topology_limits *limits);

/* A client has connected, at most limits.connections of which are there at a time.
 *
 * account   set; QUOTA_NONE for an address of the node's own machine
 * false: its address has limits.connections_per_address already. Nothing to leave then. */
MUST_USE bool quotas_enter(struct quotas *q, const struct address *from, uint32_t *account);
void quotas_leave(struct quotas *q, uint32_t account);

/* `count` commands were taken. When the next may be taken, monotonic; now or earlier: at once. */
int64_t quotas_commands(struct quotas *q, uint32_t account, unsigned count, struct instant now);

/* Whether a new client id may be taken. */
MUST_USE bool quotas_has_new_id(struct quotas *q, uint32_t account, struct instant now);
/* It was taken, right after that was asked. */
void quotas_took_new_id(struct quotas *q, uint32_t account, struct instant now);

/* `count` of its WHATSATs wait for places from now on, or do so no longer. */
void quotas_asked(struct quotas *q, uint32_t account, unsigned count);
void quotas_answered(struct quotas *q, uint32_t account, unsigned count);

/* Who was last at a limit, for the log: of an IPv6 address its first 64 bits, the others are 0.
 * false: nobody was yet. */
MUST_USE bool quotas_exceeded(const struct quotas *q, enum quota which, struct address *out);

#endif
