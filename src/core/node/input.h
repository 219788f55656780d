/* input.h — what a client has said and the node cannot take yet: input that is held while the
 * client is choked, and a line whose LF has not come.
 *
 * There are clients that send a command without LF and wait for the reply. A command that is whole,
 * and whose bytes came without a gap, is taken after limits.partial of silence. PROTOCOL.md,
 * "Client port". A line's life, seen from here; silence is measured from its last byte:
 *
 *   state     event                                         next
 *   NONE      bytes without LF are left                     WAITS
 *   WAITS     an LF                                         NONE
 *   WAITS     bytes within INPUT_GAP_MS                     WAITS
 *   WAITS     bytes after a longer gap                      TYPED
 *   WAITS     silence of limits.partial, a command          TAKEN
 *   WAITS     silence of limits.partial, no whole command   TYPED
 *   TYPED     an LF                                         NONE
 *   TAKEN     CR                                            TAKEN_CR
 *   TAKEN     LF, which is swallowed, or any other byte     NONE
 *   TAKEN_CR  LF, which is swallowed with the CR            NONE
 *   TAKEN_CR  any other byte                                NONE, and the CR goes before it
 *
 * Called by clients.c and node.c. Written by input.c alone: `struct inputs` in struct node, and
 * `struct client_input` in each connection. */
#ifndef CORE_NODE_INPUT_H
#define CORE_NODE_INPUT_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include "core/node/connection_list.h"
#include <stdbool.h>

enum {
    INPUT_GAP_MS =
        100, /* bytes of a line that come further apart are typed, and wait for their LF */
};

struct node;
struct connection;
struct outbox;

enum input_state { INPUT_NONE, INPUT_WAITS, INPUT_TYPED, INPUT_TAKEN, INPUT_TAKEN_CR };

struct client_input {
    struct outbox *held; /* input that waits until the output is read; mostly NULL */
    enum input_state state : 8;
    bool listed; /* in inputs.list */
    int64_t came_ns; /* when the last bytes of the line came */
};

/* Clients whose silence may end a line. */
struct inputs {
    struct connection_list list; /* in the order of came_ns */
    int64_t silence_ns; /* limits.partial; 0: lines wait for their LF */
};

void inputs_begin(struct node *n);
/* limits.partial is another one. */
void inputs_take_limits(struct node *n);
/* When inputs_silent may next find one; NEVER_NS: never. */
int64_t inputs_deadline(const struct node *n);
/* The next client whose reader keeps a whole command and that is silent; NULL: none. The command is
 * to be taken now. */
struct connection *inputs_silent(struct node *n, struct instant now);

/* Bytes have come in, and the client is not INPUT_NONE. *in is advanced over what is swallowed.
 * true: a CR that came before belongs to the input, in front of *in. */
MUST_USE bool input_comes(
    struct node *n, struct connection *c, struct span *in, struct instant now);
/* All that came is taken, and the reader keeps a part of a line. */
void input_kept(struct node *n, struct connection *c, struct instant now);

/* Hold input; empty: nothing to do. false: no memory. */
MUST_USE bool input_hold(struct connection *c, struct span in);
/* Held input is not needed any more. */
void input_forget_held(struct connection *c);
/* Nothing of its input is needed any more. */
void input_forget(struct node *n, struct connection *c);

#endif
