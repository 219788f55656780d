/* survey.h — asks many nodes the same thing at once, and waits for what they say.
 *
 * For `status` and `trace`: all nodes of the herd are asked side by side, so that the slowest one,
 * not their number, is what it takes; SURVEY_WAIT_MS at the most. */
#ifndef CLI_SURVEY_H
#define CLI_SURVEY_H

#include "cli/ask.h"
#include "cli/herd.h"

enum { SURVEY_WAIT_MS = 2000 };

struct survey {
    unsigned count;
    unsigned nodes[TOPOLOGY_NODES_MAX]; /* places in the topology: whom each ask is of */
    struct ask *asks; /* all OVER once survey_run has returned */
};

/* Ask node `only`, or all when it is below 0. Always survey_end it.
 * question  a line without LF: "STATUS"; see core/peering.h. Outlives the call
 * false: no memory, and it has been said. */
MUST_USE bool survey_run(struct survey *s, const struct herd *herd, int only, struct span question);
void survey_end(struct survey *s);

#endif
