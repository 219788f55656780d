/* named.h — the neighbours whose address in topology.conf is a name, and their dials.
 *
 * A name is looked up for each dial, because what it leads to may have changed since the last one:
 * a container that was started again has another address. Then the addresses race, as those of a
 * places service do (endpoint.h). If the lookup fails, those that are known from before are dialled
 * all the same: a neighbour does not go away because a name server does, and whatever answers there
 * has to prove which node it is.
 *
 *   a neighbour   event                             next
 *   IDLE          its dial is due                   LOOKS_UP; DIALS where no lookup is needed
 *   LOOKS_UP      addresses, or known ones          DIALS
 *   LOOKS_UP      no addresses                      IDLE: the dial has failed
 *   DIALS         a connection                      IDLE: the other dial is cancelled
 *   DIALS         no address is left                IDLE: the dial has failed
 *   any           the dial is wanted no more        IDLE: what is under way is cancelled
 *
 * An address at which a connection was made, and no link, is dialled last the next time. Called by
 * dialling.c, and by admission.c, for which these are addresses of the herd. Written by named.c
 * alone. */
#ifndef CORE_NODE_NAMED_H
#define CORE_NODE_NAMED_H

#include "core/http/endpoint.h"
#include "core/node/edges.h"

struct node;

enum named_state { NAMED_IDLE, NAMED_LOOKS_UP, NAMED_DIALS };

struct named {
    enum named_state state;
    struct host_port to; /* whose addresses `endpoint` has */
    struct endpoint endpoint;
    struct endpoint_attempt attempt;
    bool asked; /* the driver looks up its name, */
    bool outdated; /* and the answer is of no use any more */
    bool refused; /* the lookup has failed, for `why` */
    char why[NEIGHBOUR_ERROR_BYTES_MAX + 1];
    struct address met; /* where the last connection was made; port 0: nowhere */
    int64_t met_ns; /* monotonic; when */
};

struct named_all {
    struct named *each[EDGES_MAX]; /* by number; NULL: it never had a name */
    uint64_t to_ask; /* bit i: the name of number i is to be looked up */
    uint64_t racing; /* bit i: number i is in the state DIALS */
    uint64_t unwanted[ENDPOINT_RACERS]; /* bit i: this dial of number i is to be cancelled */
};

void named_end(struct node *n);

/* The dial of a neighbour is due. false: no memory. */
MUST_USE bool named_begin(struct node *n, unsigned number, struct instant now);

/* It is wanted no more. false: there was none by name. */
bool named_drop(struct node *n, unsigned number);

/* The next name to look up, whose number is from then on being asked for; false: none. */
MUST_USE bool named_ask(struct node *n, unsigned *number, struct span *host);

/* The answer to it; arguments as of endpoint_resolved. count 0: none, for the reason `why`.
 * NULL: well; otherwise the dial has failed, and why. */
MUST_USE const char *named_answer(struct node *n, unsigned number, const struct address *addresses,
    unsigned count, uint32_t ttl_s, const char *why, struct instant now);

/* The next connection to make, as of endpoint_attempt_next; false: none. */
MUST_USE bool named_next(struct node *n, unsigned *number, unsigned *racer, struct address *to,
    int64_t *until_ns, struct instant now);
int64_t named_deadline(const struct node *n);

/* The next one that is to be made no more; false: none. */
MUST_USE bool named_cancel(struct node *n, unsigned *number, unsigned *racer);

/* Where such a connection leads; NULL: it was cancelled, or is none by name. */
const struct address *named_address(const struct node *n, unsigned number, unsigned racer);
/* It was made, or it has failed, for the reason `why`. NULL: well, or another one goes on;
 * otherwise the dial has failed, and why. */
void named_met(struct node *n, unsigned number, unsigned racer, struct instant now);
MUST_USE const char *named_failed(struct node *n, unsigned number, unsigned racer, const char *why);
/* One that was cancelled has ended before the driver has heard of that. */
void named_over(struct node *n, unsigned number, unsigned racer);

/* Whether a neighbour's name led there, when it was last looked up. */
bool named_know(const struct node *n, const struct address *other);

#endif
