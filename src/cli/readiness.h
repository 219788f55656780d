/* readiness.h — whether a node could start here: `stampede check --node`.
 *
 * All that a start reads is read, by the same functions, so that the messages are the same; each is
 * tried though one before it failed. Called by `check`. */
#ifndef CLI_READINESS_H
#define CLI_READINESS_H

#include "core/topology/topology.h"

enum { READINESS_CERTIFICATE_S = 14 * 86400 };

/* Try what node `self` needs: secrets, tokens, certificates and keys, the places provider, its log,
 * open files, names at which it listens and, with `bind`, its ports, which must be free. What is
 * wrong is written to standard error; a certificate that ends within READINESS_CERTIFICATE_S, and a
 * neighbour's name that leads nowhere yet, to standard output.
 * Returns how much is wrong. */
unsigned readiness_faults(
    const struct topology *t, const char *topology_path, unsigned self, bool bind);

#endif
