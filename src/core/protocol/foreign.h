/* foreign.h — recognizes another protocol's request on the client port.
 *
 * A browser sends HTTP requests with bodies that any web page may choose, to any address that it
 * can reach. The body must not be taken for commands. PROTOCOL.md, "Connections". Called by node
 * (clients) for lines that are no commands. */
#ifndef CORE_PROTOCOL_FOREIGN_H
#define CORE_PROTOCOL_FOREIGN_H

#include "core/base/span.h"

/* Whether a line is the first one of an HTTP/1.x request (RFC 9112, 3).
 *
 * cut  only the beginning of the line is known: whether it may be one whose target begins with '/'
 *      and whose method is no command word */
MUST_USE bool foreign_is_http(struct span line, bool cut);

#endif
