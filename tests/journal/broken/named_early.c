/* named_early.c — a core that names a base before the log has what had moved. */
#include "core/journal/snapshot.h"

void __real_snapshot_turn(struct snapshot *s, uint64_t log_durable, struct instant now);
void __wrap_snapshot_turn(struct snapshot *s, uint64_t log_durable, struct instant now);

void __wrap_snapshot_turn(struct snapshot *s, uint64_t log_durable, struct instant now)
{
    (void)log_durable;
    __real_snapshot_turn(s, UINT64_MAX, now);
}
