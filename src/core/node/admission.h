/* admission.h — whose handshake is computed first, and how many are computed a second.
 *
 * A flight of a TLS handshake costs milliseconds, and anybody can ask for one by replaying a
 * ClientHello. So the addresses of topology.conf, and those from which a neighbour was proved
 * before, go before all others, and each of both has a budget; together they take about a tenth of
 * a core. Whom this node dials itself has none. PROTOCOL.md, "Peer port". Called by links.c and
 * tls.c. Written by admission.c alone. */
#ifndef CORE_NODE_ADMISSION_H
#define CORE_NODE_ADMISSION_H

#include "core/base/address.h"
#include "core/base/instant.h"

enum {
    ADMISSION_PROVED_MAX = 64, /* addresses that are remembered */
    ADMISSION_KNOWN_BURST = 256, /* flights: two of each neighbour, when a herd restarts */
    ADMISSION_KNOWN_A_SECOND = 40,
    ADMISSION_OTHER_BURST = 20,
    ADMISSION_OTHER_A_SECOND = 20,
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
/* One was computed, and answered. */
void admission_spend(struct node *n, enum admission_rank rank, struct instant now);

#endif
