/* tapes.h — recordings of links, as somebody on the path could make them: the first bytes of each
 * link, including the handshake. Strangers replay them. */
#ifndef TESTS_SIM_TAPES_H
#define TESTS_SIM_TAPES_H

#include "core/base/span.h"
#include <stdint.h>

enum { TAPES = 24, TAPE_BYTES_MAX = 2000 };

struct tape {
    uint32_t wire; /* the wire that was recorded */
    unsigned from, to; /* nodes */
    size_t len;
    char bytes[TAPE_BYTES_MAX];
};

/* A ring buffer; zeroed at the start. */
struct tapes {
    unsigned count; /* recordings ever started */
    struct tape each[TAPES];
};

/* Record that `from` sent these bytes to `to` on this wire. A link begins with HELLO, or with a TLS
 * handshake record (type 22; RFC 5246, A.1). */
static inline void tapes_record(
    struct tapes *t, uint32_t wire, unsigned from, unsigned to, struct span said)
{
    struct tape *tape = NULL;
    unsigned held = t->count < TAPES ? t->count : TAPES;
    for (unsigned i = 0; i < held && !tape; i++)
        if (t->each[i].wire == wire && t->each[i].from == from)
            tape = &t->each[i];
    bool opens = said.len > 6 && (memcmp(said.at, "HELLO ", 6) == 0 || said.at[0] == 22);
    if (!tape && !opens)
        return; /* from the middle of a link whose recording was overwritten */
    if (!tape) {
        tape = &t->each[t->count++ % TAPES];
        tape->wire = wire;
        tape->from = from;
        tape->to = to;
        tape->len = 0;
    }
    size_t room = TAPE_BYTES_MAX - tape->len;
    size_t part = said.len < room ? said.len : room;
    memcpy(tape->bytes + tape->len, said.at, part);
    tape->len += part;
}

#endif
