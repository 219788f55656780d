/* server.h — for tests: an HTTPS server in memory, made with BearSSL, which does what the test
 * says. All servers of a test share one certificate and one cache of TLS sessions. */
#ifndef TESTS_UNIT_HTTP_SERVER_H
#define TESTS_UNIT_HTTP_SERVER_H

#include "core/tls/private.h"
#include <stdlib.h>

#ifndef SIDE_MALLOC /* a test of failing memory defines it: the server's own memory must not fail */
#define SIDE_MALLOC malloc
#define SIDE_FREE free
#endif

enum { SERVER_OUT_BYTES = 1 << 17, SERVER_HEARD_BYTES = 1 << 16 };

struct server {
    br_ssl_server_context tls;
    unsigned char memory[BR_SSL_BUFSIZE_BIDI];
    bool silent; /* what it would send is lost */
    bool fin; /* it will send nothing more than what is in `out` */
    char out[SERVER_OUT_BYTES];
    size_t out_from, out_len; /* sent so far, and in all */
    char heard[SERVER_HEARD_BYTES + 1]; /* plaintext; ends with NUL */
    size_t heard_len;
    size_t seen; /* the part of `heard` that a test has looked at */
};

static const struct tls_identity *server_identity;
static br_ssl_session_cache_lru server_sessions;
static unsigned char server_sessions_memory[4096], servers_opened;

/* Before the first server of a test. The identity outlives them; its key is of EC. */
static inline void servers_begin(const struct tls_identity *identity)
{
    server_identity = identity;
    servers_opened = 0;
    br_ssl_session_cache_lru_init(
        &server_sessions, server_sessions_memory, sizeof server_sessions_memory);
}

/* Begin to serve a new connection. */
static inline void server_open(struct server *s)
{
    unsigned char entropy[TLS_ENTROPY_BYTES] = {99, ++servers_opened};
    memset(s, 0, sizeof *s);
    br_ssl_server_init_full_ec(&s->tls, server_identity->chain, server_identity->chain_len,
        BR_KEYTYPE_EC, &server_identity->ec);
    br_ssl_server_set_cache(&s->tls, &server_sessions.vtable);
    br_ssl_engine_set_buffer(&s->tls.eng, s->memory, sizeof s->memory, 1);
    br_ssl_engine_inject_entropy(&s->tls.eng, entropy, sizeof entropy);
    s->tls.eng.rng_os_rand_done = 1; /* the same bytes each time */
    br_ssl_server_reset(&s->tls);
}

/* Do what the engine can do without more input. */
static inline void server_moves(struct server *s)
{
    for (bool moved = true; moved;) {
        size_t n;
        unsigned char *at = br_ssl_engine_sendrec_buf(&s->tls.eng, &n);
        moved = at != NULL;
        if (at) {
            ASSERT(s->out_len + n <= sizeof s->out);
            memcpy(s->out + s->out_len, at, n);
            s->out_len += s->silent ? 0 : n;
            br_ssl_engine_sendrec_ack(&s->tls.eng, n);
        }
        at = br_ssl_engine_recvapp_buf(&s->tls.eng, &n);
        if (at) {
            ASSERT(s->heard_len + n <= SERVER_HEARD_BYTES);
            memcpy(s->heard + s->heard_len, at, n);
            s->heard_len += n;
            s->heard[s->heard_len] = '\0';
            br_ssl_engine_recvapp_ack(&s->tls.eng, n);
            moved = true;
        }
    }
}

static inline void server_take(struct server *s, struct span in)
{
    while (in.len) {
        size_t room;
        server_moves(s);
        unsigned char *to = br_ssl_engine_recvrec_buf(&s->tls.eng, &room);
        if (!to)
            return; /* it has ended */
        room = room < in.len ? room : in.len;
        memcpy(to, in.at, room);
        br_ssl_engine_recvrec_ack(&s->tls.eng, room);
        in = span_from(in, room);
    }
    server_moves(s);
}

/* The complete request that has come since the last call; NULL: none. */
static inline const char *server_request(struct server *s)
{
    const char *begin = s->heard + s->seen, *head_end = strstr(begin, "\r\n\r\n");
    if (!head_end)
        return NULL;
    const char *length = strstr(begin, "Content-Length: ");
    size_t body = length && length < head_end ? strtoul(length + 16, NULL, 10) : 0;
    size_t all = (size_t)(head_end + 4 - s->heard) + body;
    if (s->heard_len < all)
        return NULL;
    s->seen = all;
    return begin;
}

/* Whether it may speak now: the handshake is done, and the connection has not ended. */
static inline bool server_can_say(const struct server *s)
{
    size_t room;
    return br_ssl_engine_sendapp_buf(&s->tls.eng, &room) != NULL;
}

static inline void server_says_bytes(struct server *s, const char *bytes, size_t len)
{
    while (len) {
        size_t room;
        unsigned char *to = br_ssl_engine_sendapp_buf(&s->tls.eng, &room);
        ASSERT(to);
        room = room < len ? room : len;
        memcpy(to, bytes, room);
        br_ssl_engine_sendapp_ack(&s->tls.eng, room);
        br_ssl_engine_flush(&s->tls.eng, 0);
        bytes += room;
        len -= room;
        server_moves(s);
    }
}

static inline void server_says(struct server *s, const char *text)
{
    server_says_bytes(s, text, strlen(text));
}

/* End the connection: close_notify, then FIN. */
static inline void server_closes(struct server *s)
{
    br_ssl_engine_close(&s->tls.eng);
    server_moves(s);
    s->fin = true;
}

/* The next bytes for the client, at most `piece`, in a block of exactly their size, which the
 * caller frees with SIDE_FREE. Its `at` is NULL when there are none. */
static inline struct span server_piece(struct server *s, size_t piece)
{
    size_t left = s->out_len - s->out_from, n = left < piece ? left : piece;
    if (!n)
        return (struct span){NULL, 0};
    char *block = SIDE_MALLOC(n);
    memcpy(block, s->out + s->out_from, n);
    s->out_from += n;
    return (struct span){block, n};
}

#endif
