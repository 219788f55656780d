/* promises.h — stamps that must be found again, of one node: copies, in the order in which they
 * were promised. Called by disk_host. */
#ifndef TESTS_SIM_PROMISES_H
#define TESTS_SIM_PROMISES_H

#include "core/store/store.h"

struct promise {
    struct stamp stamp;
    char *texts; /* of it */
    uint64_t change; /* of the store, when it was promised; 0: not known */
    int64_t at_ns; /* virtual; when that was */
};

/* Zeroed: none. */
struct promises {
    struct promise *each;
    size_t count, room;
};

void promises_add(struct promises *p, const struct stamp *stamp, uint64_t change, int64_t at_ns);
void promises_drop(struct promises *p); /* all of them */

/* Whether the store has it, or a newer one of its id. */
bool promise_is_kept(const struct promise *p, const struct store *store);

/* The first that is not kept, of those with a change up to this one, or promised by then. NULL: all
 * of them are. */
const struct promise *promises_broken(
    const struct promises *p, const struct store *store, uint64_t change, int64_t at_ns);

#endif
