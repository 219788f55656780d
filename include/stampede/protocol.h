/* protocol.h — limits of the client protocol, for both sides of a connection.
 *
 * For programs that talk to a node (clients, load generators) and for drivers of the core. Bounds
 * are in bytes unless the name has another unit. */
#ifndef STAMPEDE_PROTOCOL_H
#define STAMPEDE_PROTOCOL_H

enum {
    STAMPEDE_LINE_BYTES_DEFAULT = 1024, /* default of limits.line; a line without its LF */
    STAMPEDE_LINE_BYTES_MAX = 8192, /* largest value of limits.line */
    STAMPEDE_CLIENT_ID_BYTES_MAX = 255,
    STAMPEDE_NODE_NAME_BYTES_MAX = 63,
    STAMPEDE_POSITION_BYTES_MAX = 40, /* twice: sign, 3 digits, point, 15 digits */
    STAMPEDE_FRACTION_DIGITS_TIME_MAX = 9,
    STAMPEDE_FRACTION_DIGITS_POSITION_MAX = 15,
    STAMPEDE_SKEW_BYTES_MAX = 21, /* sign, 10 digits, point, 9 digits */
    STAMPEDE_RADIUS_KM_MAX = 50,
    STAMPEDE_COUNT_MAX = 20,
    STAMPEDE_NEAR_RADIUS_KM_MAX = 20038, /* of live queries: more than half round the Earth */
    STAMPEDE_NEAR_COUNT_MAX = 1000, /* largest value of limits.near */
};

#endif
