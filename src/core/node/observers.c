/* observers.c — see observers.h. Called by links.c.
 *
 * Holds always: an observer is answered once, and its connection finishes with the answer. */
#include "core/node/observers.h"
#include "core/node/private.h"
#include <stdlib.h>

static bool say(struct node *n, struct link *l, struct span text)
{
    if (l->tls.engine)
        return link_tls_say(n, l, text);
    struct connection *c = l->connection;
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), text.len);
    if (!room)
        return false;
    memcpy(room, text.at, text.len);
    outbox_wrote(&c->out, text.len);
    return true;
}

bool observer_answer(struct node *n, struct link *l, struct instant now)
{
    struct connection *c = l->connection;
    ASSERT(l->peering.observer && !c->finishing);
    char *text = malloc(STATUS_BYTES_MAX);
    struct buf out = buf_over(text, text ? STATUS_BYTES_MAX : 0);
    struct span words[2];
    bool state = command_split(l->peering.asked, words, 2) < 2;
    if (state)
        node_status(n, &out, now);
    else
        status_trace(n, words[1], &out, now);
    buf_byte(&out, '\n');
    if (out.overflow || !say(n, l, buf_span(&out)))
        connection_abort(&n->connections, c);
    free(text);
    connection_finish(&n->connections, c, now);
    return state;
}
