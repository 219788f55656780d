/* service_conn.h — one connection of the simulated places service: the server's end of TLS, made
 * with BearSSL, and HTTP/1.1 as far as the exchange speaks it. Called by service. */
#ifndef TESTS_SIM_SERVICE_CONN_H
#define TESTS_SIM_SERVICE_CONN_H

#include "core/tls/private.h"
#include "sim/service.h"

enum {
    SERVICE_REQUEST_BYTES_MAX = 4096,
    SERVICE_REPLY_BYTES_MAX = 2048,
    SERVICE_SESSIONS_BYTES = 4096,
};

/* Sessions that can be resumed; shared by all connections of a service. */
struct service_sessions {
    br_ssl_session_cache_lru cache;
    unsigned char memory[SERVICE_SESSIONS_BYTES];
};

struct service_conn {
    uint32_t wire;
    unsigned node;
    bool mute; /* nothing that it would send leaves */
    bool asked; /* a question was read and has no answer yet */
    enum service_deed deed; /* for that question */
    int64_t due_ns; /* when */
    unsigned answered; /* questions so far */
    bool ends; /* it will be closed when the reply is out */
    char request[SERVICE_REQUEST_BYTES_MAX + 1]; /* what has come; ends with NUL */
    size_t request_len;
    char reply[SERVICE_REPLY_BYTES_MAX];
    size_t reply_len, reply_said;
    br_ssl_server_context tls;
    unsigned char memory[BR_SSL_BUFSIZE_BIDI];
};

struct service_sessions *service_sessions_open(void);

/* entropy: TLS_ENTROPY_BYTES */
struct service_conn *service_conn_open(
    uint32_t wire, unsigned node, struct service_sessions *sessions, const unsigned char *entropy);

/* Move what can be moved: bytes of TLS in and out, the reply. false: the connection is over. */
bool service_conn_pump(struct service_conn *c, struct network *n, struct judge *judge);

/* The body of a request that has come whole; NULL: there is none. */
const char *service_conn_body(const struct service_conn *c, struct judge *judge);

/* The reply is out: every byte was read by the node. */
bool service_conn_is_idle(const struct service_conn *c, const struct network *n);

/* End it, and free it. */
void service_conn_close(struct service_conn *c, struct network *n, bool reset);

#endif
