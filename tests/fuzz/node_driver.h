/* node_driver.h — for fuzz_node: one node named Goloman, and a driver that does what node.h says.
 *
 * Connections have fixed numbers, a slot for each use. Received bytes are in blocks of exactly
 * their size that are freed after the turn, as the ring's buffers are. What the node says goes to
 * node_judge.h. What no driver would report (bytes of a connection that is not open, a dial that
 * was not ordered) is not reported, so the tape may ask for anything. */
#ifndef TESTS_FUZZ_NODE_DRIVER_H
#define TESTS_FUZZ_NODE_DRIVER_H

#include "core/node/node.h"

enum slot {
    CLIENT_A,
    CLIENT_B, /* of another host, which limits per address count */
    ANT_IN, /* accepted on the peer port; whoever says HELLO there */
    HANDS_IN,
    OTHER_IN,
    ANT_OUT, /* dialled */
    HANDS_OUT,
    PLACES,
    SLOTS = PLACES + EXCHANGE_CHANNELS,
};

enum { DRIVER_NOW_S = 1700000000 };

/* What the tape chooses before the node starts. */
struct driver_config {
    bool ring; /* the link to Hands is spare */
    bool secret, tls; /* both: links may be plain */
    bool close_reply, evict, debug, exchange;
    bool small; /* limits are */
    bool waits_for_lf; /* limits.partial = 0 */
};

struct wire {
    bool open, deaf;
    bool ended; /* the other end's FIN was told */
    unsigned wants; /* when the driver last asked */
    size_t unread; /* what node_reported is told */
};

struct driver {
    struct driver_config config;
    struct topology topology;
    struct node *node;
    struct exchange *exchange; /* NULL: places are answered by driver_answers */
    struct secrets secrets; /* the node's */
    struct instant now;
    struct wire wires[SLOTS];
    bool resolving;
    bool stopping;
    int64_t stop_ns;
};

extern struct driver driver;

static inline bool slot_is_client(unsigned slot)
{
    return slot <= CLIENT_B;
}

static inline bool slot_is_link(unsigned slot)
{
    return slot > CLIENT_B && slot < PLACES;
}

void driver_start(struct driver_config config);
void driver_destroy(void);

void driver_accepts(unsigned slot);
void driver_dialled(unsigned dial);
void driver_dial_fails(unsigned dial);
void driver_receives(unsigned slot, struct span bytes);
/* The same, but not through the TLS of the other end. */
void driver_receives_sealed(unsigned slot, struct span bytes);
/* The other end of an open link speaks TLS from now on. */
void driver_seals(unsigned slot);
void driver_ended(unsigned slot);
void driver_reset(unsigned slot);
/* The other end reads no more, or again. */
void driver_deaf(unsigned slot, bool deaf);
void driver_resolved(bool well);
void driver_slept(int64_t slept_ns);
void driver_secrets(const char *list);
void driver_stops(void);
/* Answer the i-th question that waits. */
void driver_answers(unsigned i);

/* End the turn, and do what the node wants. Another one then has nothing to do before the node's
 * deadline. */
void driver_turn(void);
/* Let time pass, with a turn whenever one is due. */
void driver_waits(int64_t ns);
/* All read, all questions are answered, and time passes until nobody has anything to do; then every
 * line has its reply. */
void driver_settles(void);
/* The node is told to stop, if it was not, and must have stopped in its time. */
void driver_ends(void);

#endif
