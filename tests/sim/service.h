/* service.h — a places service on the simulated network, which nodes ask by their real exchange:
 * TLS, HTTP/1.1, connections that are kept alive, and what goes wrong with such a service.
 *
 * It is one party of the network. Each question is answered after a while, and the answer repeats
 * the question. What it does to a question is drawn at random, or chosen by a story. Some of it
 * must not be noticed by those who asked, because the question can be asked again at once: a reused
 * connection is reset, an idle one ends, one answer is 429 or 5xx. A willing service does only
 * that, and then every question must be answered, unless the node's process was stopped while it
 * was open. Anything else is trouble: it is noted for the node, and a failure soon after it is
 * excused (caller.h). The dice are its own.
 *
 * Called by herd and by callers. */
#ifndef TESTS_SIM_SERVICE_H
#define TESTS_SIM_SERVICE_H

#include "core/places/places.h"
#include "core/tls/tls.h"
#include "sim/judge.h"

enum {
    SERVICE_CONNS = 256,
    SERVICE_NAME_BYTES_MAX = 128,
    SERVICE_SCRIPT = 16,
};

#define SERVICE_HOST "Goloman" /* a name in the certificate of tls_fixture.h */
#define SERVICE_KEY "CANARY"

enum service_temper {
    SERVICE_NONE, /* there is no service: nodes have the provider of provider.h */
    SERVICE_STEADY, /* it answers, unless a story wants something else */
    SERVICE_WILLING, /* what goes wrong can be mended at once */
    SERVICE_MOODY, /* anything goes wrong */
};

/* "none", "steady" and so on; NULL: there is no such temper. */
const char *service_word(unsigned temper);

/* What it does with a question. */
enum service_deed {
    SERVICE_ANSWERS, /* with a length or in chunks, by its dice */
    SERVICE_ANSWERS_LAST, /* and closes: by `Connection: close`, or at the end of the body */
    SERVICE_RESETS, /* the connection, the question read */
    SERVICE_IS_BUSY, /* 429 or 5xx */
    SERVICE_BREAKS_OFF, /* half an answer, then a reset, FIN, or nothing */
    SERVICE_SAYS_NONSENSE,
    SERVICE_STALLS, /* never answers */
};

struct host;

struct service {
    struct network *network;
    struct judge *judge;
    struct host *hosts; /* of the nodes that ask it */
    unsigned hosts_count, party;
    enum service_temper temper;
    struct random dice;
    int64_t slowest_ns; /* longest time until it answers */
    enum service_deed script[SERVICE_SCRIPT]; /* for the next questions that it reads */
    unsigned script_count;
    int64_t mischief_ns; /* when something happens next to connections without a question */
    int64_t opens_ns; /* until then it refuses dials; 0: it listens */
    int64_t shakes_ns; /* connections that it accepts before this never finish a handshake */
    int64_t *troubled_ns; /* by node: when something last happened that excuses failures */
    struct service_conn *conns[SERVICE_CONNS];
    struct service_sessions *sessions; /* of TLS */
    const struct tls_config *tls; /* of those who ask */
    uint64_t asked, resets; /* questions read; connections reset with a question */
};

void service_init(struct service *s, struct network *network, struct judge *judge,
    struct host *hosts, unsigned hosts_count, unsigned party, enum service_temper temper,
    uint64_t seed);
void service_deinit(struct service *s);
void service_act(struct service *s);

/* From now on it is willing at least. */
void service_heals(struct service *s);

/* The next question that it reads, of any node, is dealt with like this; several queue up. */
void service_will(struct service *s, enum service_deed deed);
/* Whether it accepts connections; if not, dials are refused. */
void service_listens(struct service *s, bool listens);
/* Reset all connections, with questions or without. */
void service_resets_all(struct service *s);

/* The text that is name and id of the only result for a question; ends with NUL. */
void service_name(char text[SERVICE_NAME_BYTES_MAX], const struct places_question *question);

#endif
