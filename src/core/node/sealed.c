/* sealed.c — see sealed.h. */
#include "core/node/sealed.h"
#include "core/node/private.h"

bool sealed_flush(struct node *n, struct tls *engine, struct connection *c)
{
    struct span sealed;
    while ((sealed = tls_output(engine)).len) {
        size_t taken = connection_write(&n->connections, c, sealed);
        if (taken == 0)
            return false;
        tls_sent(engine, taken);
    }
    return true;
}

bool sealed_say(struct node *n, struct tls *engine, struct connection *c, struct span text)
{
    while (text.len) {
        size_t room_bytes;
        char *room = sealed_flush(n, engine, c) ? tls_room(engine, &room_bytes) : NULL;
        if (!room)
            return false;
        size_t bytes = text.len < room_bytes ? text.len : room_bytes;
        memcpy(room, text.at, bytes);
        tls_wrote(engine, bytes);
        text = span_from(text, bytes);
    }
    return sealed_flush(n, engine, c);
}
