/* strangers.h — the peer connections that have not proved which neighbour they are, oldest first,
 * those of admission's rank ADMISSION_OTHER in a list of their own.
 *
 * Anybody may connect, again and again, before anybody has proved anything: all here takes the same
 * time, however many links and strangers there are. Called by links.c and transfers.c. Written by
 * strangers.c alone. */
#ifndef CORE_NODE_STRANGERS_H
#define CORE_NODE_STRANGERS_H


struct link;
struct node;

/* Of a link. Zeroed: it is no stranger. */
struct stranger {
    struct strangers_list *in; /* NULL: it is none */
    struct link *older, *newer; /* NULL: it is the oldest, the newest */
};

struct strangers_list {
    struct link *oldest, *newest;
};

struct strangers {
    struct strangers_list known, other;
    unsigned count, max; /* in both */
};

/* max: as node_config.strangers_max. */
void strangers_begin(struct node *n, unsigned max);
/* The newest stranger is `l`. There must be room for it. */
void strangers_add(struct node *n, struct link *l);
/* It has proved which neighbour it is, or is over. Does nothing if it is no stranger. */
void strangers_remove(struct node *n, struct link *l);
/* The stranger that has to go before one more is added: the oldest of the others, or else of those
 * that are known. NULL: there is room. */
struct link *strangers_in_the_way(const struct node *n);

#endif
