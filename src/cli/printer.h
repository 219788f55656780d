/* printer.h — lines to standard output through one bounded window, for `near` and `watch`.
 *
 * Whoever prints asks printer_has_room first, and reads no more input while there is none: so a
 * reader that stands still costs the window and nothing else. Nothing here waits, but port_wait. */
#ifndef CLI_PRINTER_H
#define CLI_PRINTER_H

#include "core/base/buf.h"
#include "stampede/protocol.h"
#include <poll.h>

enum { PRINTER_LINE_BYTES_MAX = 2 * STAMPEDE_LINE_BYTES_MAX, PRINTER_BYTES = 64 << 10 };

struct printer {
    bool to_terminal;
    bool closed; /* its reader has gone, or it cannot be written to: */
    int error; /* an errno; 0: the reader has gone */
    size_t start, len; /* what is still to be written */
    char bytes[PRINTER_BYTES];
};

void printer_begin(struct printer *p);

/* Whether a line of PRINTER_LINE_BYTES_MAX and its LF fit. */
bool printer_has_room(const struct printer *p);

/* Print a line, which has no LF yet; only if printer_has_room. Each line goes out as soon as the
 * output takes it. */
void printer_line(struct printer *p, struct span line);

/* What to poll for; while nothing is to be written, only whether the reader goes. */
struct pollfd printer_poll(const struct printer *p);
void printer_step(struct printer *p, short events);

#endif
