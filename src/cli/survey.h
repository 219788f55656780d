/* survey.h — asks many nodes the same question at once and collects the answers.
 *
 * For `status`, `wait` and `trace`. All nodes are asked in parallel, so the slowest node, not their
 * number, decides how long it takes; SURVEY_WAIT_MS at most. */
#ifndef CLI_SURVEY_H
#define CLI_SURVEY_H

#include "cli/ask.h"
#include "cli/herd.h"

enum { SURVEY_WAIT_MS = 2000 };

struct survey {
    unsigned count;
    unsigned nodes[TOPOLOGY_NODES_MAX]; /* which node each ask is for */
    struct ask *asks; /* all OVER once survey_run has returned */
};

/* Ask `count` nodes, or node `only`, or all nodes if that is below 0. Always call survey_end
 * afterwards.
 * nodes     indices into the topology
 * question  a line without LF, such as "STATUS" (PROTOCOL.md, "Observers"); outlives the survey
 * false: no memory; a message was written. */
MUST_USE bool survey_some(struct survey *s, const struct herd *herd, const unsigned *nodes,
    unsigned count, struct span question);
MUST_USE bool survey_run(struct survey *s, const struct herd *herd, int only, struct span question);
void survey_end(struct survey *s);

#endif
