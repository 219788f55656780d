/* log_life.h — the log of a journal: when what is written to it, what is durable, and what goes
 * wrong. The states are journal.h's. Called by journal and bases. */
#ifndef CORE_JOURNAL_LOG_LIFE_H
#define CORE_JOURNAL_LOG_LIFE_H

#include "core/journal/inside.h"

/* Begin a log of all changes behind `change`; the one before is closed. */
void log_life_begin(struct journal *j, uint64_t change, struct instant now);

/* Each turn: as journal_turn, which this is for the log. */
MUST_USE bool log_life_turn(struct journal *j, struct instant now);

/* End the span that is open, and have it written. `last` as for writer_end. */
void log_life_write(struct journal *j, const struct writer_last *last, struct instant now);

/* The answer to an order of the log. */
void log_life_done(struct journal *j, const struct journal_answer *a, struct instant now);

/* What is durable now, and since when something is not. */
void log_life_count(struct journal *j, struct instant now);

/* Up to where the log has all that a base leaves out, behind it: what had moved, and what was had
 * of whom. 0: it has no END yet. */
uint64_t log_life_for_base(const struct journal *j);

/* What had failed works again. */
void log_life_works(struct journal *j, struct instant now);

/* When log_life_turn is due although nothing happens; NEVER_NS: never. */
int64_t log_life_deadline(const struct journal *j);

#endif
