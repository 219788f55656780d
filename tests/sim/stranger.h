/* stranger.h — somebody on the network who is no node: connects, says what he likes, and must get
 * nothing for it.
 *
 * What he says: noise, half a handshake, lines of the peer protocol without one, an observer's
 * questions, or what nodes once said to each other (tapes.h): whole, cut short, or with a bit
 * changed. He holds many connections, reads little, and leaves when it pleases him. What he hears
 * may be refusals and an observer's answers, never a stamp, a MARK, or anything else of a link. */
#ifndef TESTS_SIM_STRANGER_H
#define TESTS_SIM_STRANGER_H

#include "sim/host.h"

enum {
    STRANGER_WIRES_MAX = 90, /* more than a node lets strangers have */
    STRANGER_BYTES_MAX = 20000, /* longer than any line */
    STRANGER_WORD_BYTES = 6,
};

/* One connection. */
struct visit {
    uint32_t wire; /* WIRE_NONE: none */
    int64_t until_ns; /* then he hangs up */
    char *says;
    size_t len, said;
    bool reads; /* what he is told */
    char word[STRANGER_WORD_BYTES]; /* the line that he is being told, as far as it has room */
    size_t word_len;
};

struct stranger {
    struct network *network;
    struct judge *judge;
    const struct tapes *tapes; /* NULL: he has none */
    unsigned party;
    struct host *host; /* whom he visits */
    struct visit visits[STRANGER_WIRES_MAX];
};

void stranger_init(struct stranger *s, struct network *network, struct judge *judge,
    const struct tapes *tapes, unsigned party);

/* Make so many connections more to a host's node, each for some words of his choice. */
void stranger_comes(struct stranger *s, struct host *host, unsigned wires);
void stranger_goes(struct stranger *s);

void stranger_act(struct stranger *s);

#endif
