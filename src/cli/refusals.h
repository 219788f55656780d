/* refusals.h — tells the user of `stampede send`, `near` and `watch` why lines were
 * answered with `?`.
 *
 * A node says only `?` (PROTOCOL.md, "To anything else"). What the line itself shows, the parser
 * knows; a well-formed line was refused for what the node holds or what its clock shows, which can
 * be told from outside only as far as one of the two is left. */
#ifndef CLI_REFUSALS_H
#define CLI_REFUSALS_H

#include "core/base/span.h"
#include "core/topology/topology.h"
#include <stdint.h>

enum { REFUSAL_TEXT_BYTES = 256 };

struct refusals {
    const struct topology_limits *limits;
    bool unread; /* nobody reads standard error: nothing more is written there */
};

/* Why a node with these limits refused `line`, as a clause that ends with NUL.
 *
 * line     as the node repeated it: of a longer line, the first limits.line bytes
 * real_ns  what this machine's clock shows */
void refusal_explain(const struct topology_limits *limits, struct span line, int64_t real_ns,
    char text[REFUSAL_TEXT_BYTES]);

/* Write to standard error why the reply with this number refused `line`. If standard error takes
 * nothing for a second, it is given up, so that it never holds up the replies for ever. */
void refusals_tell(struct refusals *r, uint64_t number, struct span line);

#endif
