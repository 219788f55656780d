/* progress.h — how far `stampede wait` has come: which links of the nodes that it waits for have
 * been level since it was called.
 *
 * A link is level when marks have shown that each end has what the other had when it was first
 * asked, and, in the tree, digests that both were equal: PROTOCOL.md, "Observers". A link to a peer
 * that is partial is left out once the marks have shown it. Once level is enough: stamps go on
 * coming. A restart of the node begins anew, one of a neighbour that link. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/report.h"

enum { PROGRESS_REASON_BYTES = 400 };

struct progress_link {
    char boot[REPORT_HEX_DIGITS + 1]; /* of the neighbour, which the rest is about; "": none yet */
    uint64_t change; /* its last, when it was first asked */
    bool marked; /* each end has confirmed what the other had then */
    bool agreed; /* digests have been equal since the call */
    bool level;
    bool left_out;
};

struct progress {
    const struct topology *topology;
    unsigned node; /* the node whose links these are */
    char boot[REPORT_HEX_DIGITS + 1]; /* of the process that all is about; "": none yet */
    uint64_t change; /* its last, when it was first asked */
    struct progress_link links[TOPOLOGY_NEIGHBOURS_MAX];
};

/* What all have answered: the node's report, and those of its neighbours, in their order. */
struct progress_answers {
    const struct report *node;
    const struct report *neighbours[TOPOLOGY_NEIGHBOURS_MAX];
};

/* Note what they say.
 *
 * asked_ms  how long after the call they were asked: what is older than the call does not count */
void progress_note(struct progress *p, const struct progress_answers *a, uint64_t asked_ms);

/* Whether there is nothing to wait for any more. If not, `why` says what the node waits for, by the
 * last answers; it ends with NUL. */
bool progress_done(const struct progress *p, const struct progress_answers *a,
    char why[PROGRESS_REASON_BYTES]);

#endif
