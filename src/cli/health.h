/* health.h — whether a herd is well, by the answers of its nodes to STATUS.
 *
 *   not well                    by
 *   a node is down              its silence
 *   a clock is wrong or off     `clock_wrong`, `clock_off`
 *   digests differ              `diverged`, `unequal`: as the nodes judge it when both ends of a
 *                               link have confirmed everything. Two answers are of two moments, so
 *                               they are never compared
 *   stamps are missing          `partial`, `incomplete`
 *   no room for new ids         `stamps` at `stamps_max`
 *   a journal does not keep stamps  `journal.state`: full or broken
 *   a link is down              `down_ms`, beyond HEALTH_LINK_DOWN_MS, if both its nodes are up
 *   topologies differ           `topology`, the hash of the one that a node goes by
 *   a version is old            `version`, where another node's is newer
 *   a certificate ends soon     `certificate_ends_s` and `http_certificate_ends_s`, within
 *                               HEALTH_CERTIFICATE_S
 *   places are down             `places.down`
 *
 * What spare links have not confirmed is no matter: they lag by design. Called by `status` and
 * `top`. */
#ifndef CLI_HEALTH_H
#define CLI_HEALTH_H

#include "cli/report.h"

enum { HEALTH_LINK_DOWN_MS = 10000, HEALTH_CERTIFICATE_S = 14 * 86400 };

/* Print a line for each thing that is not well, worst first; HEALTH_LINES_MAX of them, and then how
 * many more there are. Returns how many there are in all.
 *
 * nodes    indices into the topology
 * reports  as many, in the same order
 * now_s    since 1970 */
enum { HEALTH_LINES_MAX = 20 };
unsigned health_print(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count, int64_t now_s);

/* Print what will pass by itself, or is good to know: full sends under way, links that went down
 * just now, and what is left of a budget of places. */
void health_notes(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count);

#endif
