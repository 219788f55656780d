/* command.h — a client's line, understood; and the two replies that need no store.
 *
 * PROTOCOL.md, "Client port". Nothing is copied: the fields are views of the line. */
#ifndef CORE_PROTOCOL_COMMAND_H
#define CORE_PROTOCOL_COMMAND_H

#include "core/base/buf.h"
#include "core/protocol/position.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum command_kind { COMMAND_INVALID, COMMAND_IAMAT, COMMAND_WHATSAT };

struct command {
    enum command_kind kind;
    struct span line; /* as it came, without LF or CRLF: what a `?` reply copies */
    struct span id; /* 1 to STAMPEDE_CLIENT_ID_BYTES_MAX bytes */
    union {
        struct {
            struct span position_text;
            struct span time_text;
            int64_t time_ns; /* >= 0 */
        } iamat;
        struct {
            uint64_t radius_um; /* micrometres, 0 to 50 km */
            unsigned count; /* 0 to STAMPEDE_COUNT_MAX */
        } whatsat;
    };
};

enum { COMMAND_FIELDS_MAX = 4 };

/* Whether a byte separates fields: space, TAB, CR, FF, VT. */
bool command_is_space(char byte);

/* Cut `line` into fields at white space.
 *
 * fields  room for `max` of them; each a view of the line
 *
 * The number of fields, max + 1 when there are more (then the first max are set), or -1 when the
 * line holds a NUL, another control byte or DEL. Also used for the peer port's lines. */
int command_split(struct span line, struct span *fields, int max);

/* Cut `count` fields off the beginning of `in`, as programs write them: one space between two, and
 * `behind`, white space too, behind the last. How many bytes that is, `behind` included; 0: it
 * looks different, which may be well: command_split tells. What follows is not looked at. */
MUST_USE size_t command_cut(struct span in, struct span *fields, int count, char behind);

/* Understand one line. `line` has no LF; whatever is wrong with it makes it COMMAND_INVALID. How
 * far a time may lie in the future is the node's to judge. */
void command_parse(struct span line, struct command *out);

/* The line that `in` begins with, cut and understood in one pass, if it looks as programs write it:
 * four fields with one space between two, then LF. How many bytes it is with its LF, and *out is
 * what command_parse makes of it. 0: it looks different, is not whole yet or longer than
 * line_bytes_max: line_next and command_parse tell; *out is of no use. */
MUST_USE size_t command_next(struct span in, size_t line_bytes_max, struct command *out);

/* `? ` and a copy of the line, and LF: line.len + 3 bytes. */
void command_refuse(struct buf *out, struct span line);

#endif
