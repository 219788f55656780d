/* live_command.h — the commands of live queries, from their fields to a struct.
 *
 * Seldom: command.c looks here at lines that are neither IAMAT nor WHATSAT. Nothing is copied: all
 * texts are views of the line. PROTOCOL.md, "Live queries". */
#ifndef CORE_PROTOCOL_LIVE_COMMAND_H
#define CORE_PROTOCOL_LIVE_COMMAND_H

#include "core/protocol/position.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum live_command_kind {
    LIVE_COMMAND_NEAR,
    LIVE_COMMAND_WATCH_ALL,
    LIVE_COMMAND_WATCH_ID,
    LIVE_COMMAND_WATCH_NEAR,
    LIVE_COMMAND_UNWATCH
};

enum { LIVE_COMMAND_FIELDS_MAX = 5 };

struct live_command {
    enum live_command_kind kind;
    struct span id; /* WATCH_ID; 1 to STAMPEDE_CLIENT_ID_BYTES_MAX bytes */
    struct position centre; /* NEAR, WATCH_NEAR; and their texts */
    struct span position_text, radius_text;
    uint64_t radius_um; /* micrometres, 0 to STAMPEDE_NEAR_RADIUS_KM_MAX km */
    struct span count_text; /* NEAR */
    unsigned count; /* 0 to STAMPEDE_NEAR_COUNT_MAX; limits.near is for the node to see to */
    int64_t age_ns; /* NEAR; -1: none was given */
    uint64_t number; /* UNWATCH */
};

/* What `count` fields say, the first LIVE_COMMAND_FIELDS_MAX of which are given. false: no command
 * of live queries; *out is then undefined. */
MUST_USE bool live_command_of(const struct span *field, int count, struct live_command *out);

#endif
