/* side.h — for the tests of https and of the exchange: an HTTPS server in memory, made with
 * BearSSL, which does what the test says. All servers of a test share one certificate and one cache
 * of TLS sessions. */
#ifndef TESTS_UNIT_HTTP_SIDE_H
#define TESTS_UNIT_HTTP_SIDE_H

#include "core/tls/private.h"
#include "unit/tls/side.h"

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

static struct tls_trust *side_trust;
static struct tls_identity *side_identity;
static struct tls_config side_config; /* of the client */
static br_ssl_session_cache_lru side_sessions;
static unsigned char side_sessions_memory[4096];

static inline void https_side_begin(void)
{
    make_certificates("localhost");
    side_trust = trust_of("ca");
    side_identity = identity_of("localhost");
    side_config = (struct tls_config){.trust = side_trust};
    br_ssl_session_cache_lru_init(
        &side_sessions, side_sessions_memory, sizeof side_sessions_memory);
}

static inline void https_side_end(void)
{
    tls_trust_destroy(side_trust);
    tls_identity_destroy(side_identity);
    remove_certificates();
}

/* Begin to serve a new connection. */
static inline void server_open(struct server *s)
{
    static unsigned char drawn;
    unsigned char entropy[TLS_ENTROPY_BYTES] = {99, ++drawn};
    memset(s, 0, sizeof *s);
    br_ssl_server_init_full_ec(
        &s->tls, side_identity->chain, side_identity->chain_len, BR_KEYTYPE_EC, &side_identity->ec);
    br_ssl_server_set_cache(&s->tls, &side_sessions.vtable);
    br_ssl_engine_set_buffer(&s->tls.eng, s->memory, sizeof s->memory, 1);
    br_ssl_engine_inject_entropy(&s->tls.eng, entropy, sizeof entropy);
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
            cr_assert_leq(s->out_len + n, sizeof s->out);
            memcpy(s->out + s->out_len, at, n);
            s->out_len += s->silent ? 0 : n;
            br_ssl_engine_sendrec_ack(&s->tls.eng, n);
        }
        at = br_ssl_engine_recvapp_buf(&s->tls.eng, &n);
        if (at) {
            cr_assert_leq(s->heard_len + n, (size_t)SERVER_HEARD_BYTES);
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

static inline void server_says_bytes(struct server *s, const char *bytes, size_t len)
{
    while (len) {
        size_t room;
        unsigned char *to = br_ssl_engine_sendapp_buf(&s->tls.eng, &room);
        cr_assert_not_null(to, "the server cannot speak now");
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
