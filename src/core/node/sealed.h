/* sealed.h — the way from TLS to the output of its connection, whatever the connection is for.
 * Called by tls.c and web_tls.c. */
#ifndef CORE_NODE_SEALED_H
#define CORE_NODE_SEALED_H

#include "core/base/span.h"
#include <stdbool.h>

struct node;
struct connection;
struct tls;

/* What the engine has to send goes to the output. false: no memory; the engine keeps the rest. */
MUST_USE bool sealed_flush(struct node *n, struct tls *engine, struct connection *c);
/* Write all of `text`, sealed. false: no memory, or the engine takes no plaintext. */
MUST_USE bool sealed_say(
    struct node *n, struct tls *engine, struct connection *c, struct span text);

#endif
