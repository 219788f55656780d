/* explain.h — what is wrong with a line that the client port answers with `?`.
 *
 * The protocol says only `?`, and a node says nothing more (PROTOCOL.md, "To anything else").
 * `stampede send` explains the reply to its user, and a node explains the line in its log at debug.
 * It is no part of parsing: it looks at a refused line a second time, off the hot path. */
#ifndef CORE_PROTOCOL_EXPLAIN_H
#define CORE_PROTOCOL_EXPLAIN_H

#include "core/base/span.h"

/* In the order in which a line is searched for them: of several faults the first is told. */
enum command_fault {
    FAULT_NONE, /* the line is a command; whatever refused it was the node's state */
    FAULT_CONTROL_BYTE,
    FAULT_EMPTY, /* no fields */
    FAULT_WORD_CASE, /* iamat, WhatsAt */
    FAULT_WORD, /* the first field is no command word */
    FAULT_FIELDS_FEW,
    FAULT_FIELDS_MANY,
    FAULT_ID_LONG,
    FAULT_LATITUDE_SIGN, /* missing */
    FAULT_LATITUDE_DIGITS, /* not 1 to 3 digits before the point */
    FAULT_LATITUDE_FRACTION, /* not 1 to 15 digits behind the point */
    FAULT_LATITUDE_BOUND,
    FAULT_LONGITUDE_SIGN, /* missing, or something else follows the latitude */
    FAULT_LONGITUDE_DIGITS,
    FAULT_LONGITUDE_FRACTION,
    FAULT_LONGITUDE_BOUND,
    FAULT_POSITION_END, /* something follows the longitude */
    FAULT_TIME_FORM, /* no digits with at most one point among them */
    FAULT_TIME_FRACTION, /* more than 9 digits behind the point */
    FAULT_TIME_BOUND,
    FAULT_RADIUS_FORM,
    FAULT_RADIUS_BOUND,
    FAULT_COUNT_FORM,
    FAULT_COUNT_BOUND,
    FAULT_LIVE_FIELDS, /* of NEAR, WATCH, UNWATCH: too few or too many */
    FAULT_LIVE_NEAR, /* WATCH with four fields, and the second is not NEAR */
    FAULT_LIVE_RADIUS,
    FAULT_LIVE_COUNT,
    FAULT_LIVE_AGE,
    FAULT_LIVE_NUMBER,
    FAULTS
};

/* Tell why command_parse refuses `line`: FAULT_NONE if and only if it accepts it. A line that is
 * longer than limits.line is refused whatever its first bytes are; only the caller knows that. */
MUST_USE enum command_fault command_explain(struct span line);

/* The fault as a clause: "the latitude has no sign (+ or -)". Empty for FAULT_NONE. */
struct span command_fault_text(enum command_fault fault);

#endif
