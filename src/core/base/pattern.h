/* pattern.h — a name with at most one `*` in it, and which names it stands for: `ops-*`.
 *
 * The `*` stands for one or more letters, digits, `-` and `_`; so it crosses no dot, and is not
 * itself what another `*` stands for. All else is compared byte for byte. PROTOCOL.md, "Observers".
 * Called by topology and tls. */
#ifndef CORE_BASE_PATTERN_H
#define CORE_BASE_PATTERN_H

#include "core/base/span.h"
#include <stdbool.h>

/* Whether it can be one: letters, digits, `.`, `_` and `-`, at least one of them, and one `*` at
 * most. */
MUST_USE bool pattern_valid(struct span pattern);

/* Whether it stands for `name`. An empty pattern stands for none. */
MUST_USE bool pattern_fits(struct span pattern, struct span name);

#endif
