/* bases.h — when a journal needs a base, and what becomes of the files that it replaces. How one
 * is written is snapshot.h's. Called by journal. */
#ifndef CORE_JOURNAL_BASES_H
#define CORE_JOURNAL_BASES_H

#include "core/journal/inside.h"

/* Each turn: begins a base, or ends the log that has become too long for its base, or goes on with
 * the base under way. */
void bases_turn(struct journal *j, struct instant now);

/* When bases_turn is due although nothing happens; NEVER_NS: never. */
int64_t bases_deadline(const struct journal *j);

#endif
