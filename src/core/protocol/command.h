/* command.h — the commands of the client port: from a line to a struct; and the reply to a line
 * that is none.
 *
 * Nothing is copied: all fields are views of the line. Clients' lines are parsed for node; peering
 * uses the splitting alone. PROTOCOL.md, "Client port". */
#ifndef CORE_PROTOCOL_COMMAND_H
#define CORE_PROTOCOL_COMMAND_H

#include "core/base/buf.h"
#include "core/protocol/live_command.h"
#include "core/protocol/position.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum command_kind {
    COMMAND_INVALID,
    COMMAND_IAMAT,
    COMMAND_WHATSAT,
    COMMAND_LIVE, /* of live queries: command_live tells which */
};

struct command {
    enum command_kind kind;
    struct span line; /* as received, without LF or CRLF: a `?` reply repeats it */
    struct span id; /* IAMAT, WHATSAT: 1 to STAMPEDE_CLIENT_ID_BYTES_MAX bytes */
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

/* Split `line` into fields at white space.
 *
 * fields  an array of `max` fields, which become views of the line
 *
 * Returns the number of fields, max + 1 when there are more (then the first max are set), or -1
 * when the line holds a NUL, another control byte or DEL. The peer port's lines use it as well. */
int command_split(struct span line, struct span *fields, int max);

/* The fast way for lines in the form in which programs write them: cut `count` fields off the
 * beginning of `in`. One space must stand between two fields, and the byte `behind`, which is white
 * space, behind the last. What follows is not looked at.
 *
 * Returns how many bytes were cut, `behind` included. 0: `in` has another form, and may still be
 * valid: command_split decides. */
MUST_USE size_t command_cut(struct span in, struct span *fields, int count, char behind);

/* Parse one line, without its LF. Whatever is wrong with it makes it COMMAND_INVALID. Whether its
 * time lies too far in the future is for the node to decide. */
void command_parse(struct span line, struct command *out);

/* The fast way for a line at the beginning of `in` that has the form in which programs write it:
 * four fields with exactly one space between two, then LF. It is found and parsed in one pass.
 *
 * Returns the line's bytes, LF included; *out is what command_parse makes of it. 0: the line has
 * another form, is not complete or longer than line_bytes_max: use line_next and command_parse;
 * *out is then undefined. */
MUST_USE size_t command_next(struct span in, size_t line_bytes_max, struct command *out);

/* The rest of a COMMAND_LIVE, which is kept out of struct command because there are many of those:
 * its line once more. */
void command_live(const struct command *command, struct live_command *out);

/* Write the reply to an invalid line: `? `, a copy of the line, LF; line.len + 3 bytes. */
void command_refuse(struct buf *out, struct span line);

#endif
