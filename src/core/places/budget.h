/* budget.h — how many questions may be asked of a service that wants money for them.
 *
 * A budget of n a period holds for any period, not only for those of a calendar: what was asked
 * counts for a period and up to a BUDGET_PARTS-th of it more. It is kept in memory only, so a node
 * that restarts has its whole budget again. places.budget in topology.conf(5). Called by the
 * exchange. */
#ifndef CORE_PLACES_BUDGET_H
#define CORE_PLACES_BUDGET_H

#include "core/base/instant.h"
#include <stdbool.h>
#include <stdint.h>

enum { BUDGET_PARTS = 24 };

struct budget {
    uint32_t count; /* 0: it has no end */
    uint32_t period_s;
    uint64_t part; /* the latest part of a period in which something was looked at */
    uint32_t spent[BUDGET_PARTS + 1]; /* by part, modulo this length */
    uint32_t spent_in_all; /* their sum */
};

/* period_s   at least 1, if `count` is not 0 */
void budget_begin(struct budget *b, uint32_t count, uint32_t period_s);

/* As budget_begin, but what was asked in the present period counts, if that stays as long. */
void budget_take(struct budget *b, uint32_t count, uint32_t period_s);

/* How many questions may be asked now; UINT32_MAX without an end. */
uint32_t budget_left(struct budget *b, struct instant now);

/* One is asked; there must be one left. */
void budget_spend(struct budget *b, struct instant now);

#endif
