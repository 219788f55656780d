/* stranger.h — somebody on the network who is no node: connects, sends whatever it likes, and
 * must gain nothing by it.
 *
 * It sends noise, parts of a handshake, lines of the peer protocol without a handshake, an
 * observer's questions, or what nodes once sent to each other (tapes.h): complete, cut short, or
 * with one bit changed; and on client ports, what a browser sends for a web page. It holds many
 * connections, reads little, and leaves at any time. It may receive refusals and an observer's
 * answers, never a stamp, a MARK or anything else of a link. It may also ask for the pages of the
 * HTTP port, as those do who watch herds. */
#ifndef TESTS_SIM_STRANGER_H
#define TESTS_SIM_STRANGER_H

#include "sim/host.h"

enum {
    STRANGER_WIRES_MAX = 90, /* more than a node accepts from strangers */
    STRANGER_BYTES_MAX = 20000, /* longer than any line */
    STRANGER_WORD_BYTES = 6,
};

/* One connection. */
struct visit {
    uint32_t wire; /* WIRE_NONE: no connection */
    int64_t until_ns; /* then he hangs up */
    char *says;
    size_t len, said;
    bool reads; /* it reads what it is sent */
    bool scrapes; /* it asks for pages of the HTTP port */
    bool heard; /* the first line of an answer */
    char word[STRANGER_WORD_BYTES]; /* the line that he is being told, as far as it has room */
    size_t word_len;
};

struct stranger {
    struct network *network;
    struct judge *judge;
    const struct tapes *tapes; /* NULL: none */
    unsigned party;
    struct host *host; /* the host that it visits */
    struct visit visits[STRANGER_WIRES_MAX];
};

void stranger_init(struct stranger *s, struct network *network, struct judge *judge,
    const struct tapes *tapes, unsigned party);

/* Make `wires` more connections to a host's node, each to send something of its choice. */
void stranger_comes(struct stranger *s, struct host *host, unsigned wires);
/* Make one to its HTTP port, to ask for some of its pages. */
void stranger_scrapes(struct stranger *s, struct host *host);
void stranger_goes(struct stranger *s);

void stranger_act(struct stranger *s);

#endif
