/* progress.h — how far `stampede wait` has come: which links of the nodes that it waits for have
 * been level since it was called.
 *
 * A link is level when a PING has shown equal digests: such a PING counts only where each end has
 * sent everything and the other has confirmed it (PROTOCOL.md, "PING and PONG"). A link to a peer
 * that is partial is left out once the peer has confirmed everything. Once level is enough: stamps
 * go on coming. A restart of the node begins anew. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/report.h"

enum { PROGRESS_REASON_BYTES = 400 };

struct progress {
    const struct topology *topology;
    unsigned node; /* the node whose links these are */
    char boot[REPORT_HEX_DIGITS + 1]; /* of the process that the flags are about; "": none yet */
    bool level[TOPOLOGY_NEIGHBOURS_MAX];
    bool left_out[TOPOLOGY_NEIGHBOURS_MAX];
};

/* Note what the node says.
 *
 * asked_ms  how long after the call it was asked: what it says of the time before the call does not
 *           count */
void progress_note(struct progress *p, const struct report *r, uint64_t asked_ms);

/* Whether there is nothing to wait for any more. If not, `why` says what the node waits for, by its
 * last report; it ends with NUL. */
bool progress_done(
    const struct progress *p, const struct report *r, char why[PROGRESS_REASON_BYTES]);

#endif
