/* admission.h — whose handshake is computed first, and how much processor time all may take.
 *
 * A flight of a TLS handshake costs milliseconds, on some machines tens of them, and anybody can
 * ask for one by replaying a ClientHello. So the addresses of topology.conf, those that a
 * neighbour's name led to lately, and those from which a neighbour was proved before, go before all
 * others, and each of both has a budget of time: what its flights took, as the driver has measured
 * it. Both together are a tenth of a core. A flight is begun while there is any budget; what it
 * takes beyond that is paid back before the next one, so nothing but that one flight is ever had in
 * advance. Whom this node dials itself has no budget. PROTOCOL.md, "Peer port". Called by node.c
 * and tls.c. Written by admission.c alone. */
#ifndef CORE_NODE_ADMISSION_H
#define CORE_NODE_ADMISSION_H

#include "core/base/address.h"
#include "core/base/instant.h"

enum {
    ADMISSION_PROVED_MAX = 64, /* addresses that are remembered */
    ADMISSION_KNOWN_MS = 70, /* of each second, and at most at once */
    ADMISSION_OTHER_MS = 30,
};

struct node;

enum admission_rank { ADMISSION_DIALLED, ADMISSION_KNOWN, ADMISSION_OTHER, ADMISSION_RANKS };

struct admission {
    int64_t spent_ns[ADMISSION_RANKS]; /* monotonic: then all of the budget will be there again */
    struct address proved[ADMISSION_PROVED_MAX]; /* a ring */
    unsigned proved_count; /* ever written to it */
};

/* The rank of a connection that was accepted. */
enum admission_rank admission_of(const struct node *n, const struct address *other);
/* From there a neighbour has come, and has proved which one it is. */
void admission_proved(struct node *n, const struct address *other);

/* From when on a flight of this rank may be computed; monotonic. */
int64_t admission_ready_ns(const struct node *n, enum admission_rank rank);
/* One was computed, which took so much time of the processor. */
void admission_spend(
    struct node *n, enum admission_rank rank, int64_t processor_ns, struct instant now);

#endif
