/* twins.h — two processes of one neighbour's name at this node, and one that has this node's
 * name.
 *
 * A link to a process of another boot than the one that is linked is a rival. The link is asked
 * whether it lives; if it does, the later of the two processes is told to leave, and otherwise the
 * rival takes its place. PROTOCOL.md, "Twins".
 *
 * Called by links.c, which ends and admits links, and for whom twins_next says which. Written by
 * twins.c alone. */
#ifndef CORE_NODE_TWINS_H
#define CORE_NODE_TWINS_H

#include "core/peering/neighbours.h"

enum {
    TWINS_SILENT_MS = 1000, /* a link that is asked, and is silent for so long, is dead; */
    TWINS_ROUND_TRIPS = 4, /* or for so many round trips, if that is longer */
    TWINS_LIVES_MS = 10000, /* one on which bytes come for so long lives, though without PONG */
    TWINS_LEAVE_MS = 1000, /* beyond limits.stop, for a process to leave */
    TWINS_LOG_MS = 60000, /* between two lines about one neighbour */
    TWINS_WHY_BYTES = 160,
};

struct node;
struct link;

enum contest_state {
    CONTEST_NONE,
    CONTEST_ASKED, /* the link is asked whether it lives */
    CONTEST_JUDGED, /* both live: the loser was told to leave */
};

/* Of one neighbour. */
struct contest {
    enum contest_state state;
    struct link *asked; /* the neighbour's link; NULL: it is closed */
    struct link *rival; /* NULL: it is closed, or was not let wait */
    bool waits; /* the rival was let wait */
    bool rival_leaves; /* CONTEST_JUDGED: it is the loser */
    struct twin who; /* the rival */
    int64_t since_ns; /* since when it is in this state */
    int64_t log_ns; /* before that, nothing more is logged */
    struct peer stand_in; /* what the rival's link knows of it */
};

struct twins {
    struct contest *each; /* by the neighbour's number */
    unsigned contests; /* how many are not CONTEST_NONE */
    uint64_t told_of; /* the boot that stays: this node was told to leave; 0: it was not */
    char why[TWINS_WHY_BYTES]; /* of an order */
};

enum twins_deed {
    TWINS_ASK, /* peering_ask */
    TWINS_STAND_BY, /* peering_stand_by, with `stand_in` */
    TWINS_ADMIT, /* peering_admit: it is up */
    TWINS_TELL, /* peering_tell_twin, with `stays` */
    TWINS_END, /* peering_end, with `why` */
};

/* What links.c is to do with a link. */
struct twins_order {
    enum twins_deed deed;
    struct link *link;
    struct peer *stand_in;
    struct twin stays;
    const char *why;
};

/* false: no memory. Undone by twins_end either way. */
MUST_USE bool twins_begin(struct node *n);
void twins_end(struct node *n);

/* PEERING_RIVAL: what is to become of the link. It is admitted when no other is there after all. */
struct twins_order twins_meet(struct node *n, struct link *l, struct instant now);
/* A link is about to be freed. */
void twins_forget(struct node *n, const struct link *l);

/* The next thing to do, once a turn while there are contests, after what was heard; false: none. */
MUST_USE bool twins_next(struct node *n, struct twins_order *out, struct instant now);
/* When twins_next must next be called though nothing happens. */
int64_t twins_deadline(const struct node *n);

/* PEERING_TWIN: this node is to leave. */
void twins_told(struct node *n, const struct link *l, struct instant now);

#endif
