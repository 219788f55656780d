/* tls.c — see tls.h: BearSSL's engine, set up for what is needed and nothing else.
 *
 * br_ssl_client_init_full would allow TLS 1.0, CBC, 3DES and SHA-1, so every part is named here.
 * The engine's memory is one block of 33 KiB for both directions. */
#include "core/tls/tls.h"
#include "core/tls/error.h"
#include "core/tls/private.h"
#include <stdlib.h>

struct tls {
    union {
        br_ssl_client_context client;
        br_ssl_server_context server;
    };
    br_ssl_engine_context *engine; /* of client or server */
    struct tls_checker checker; /* of the other end's certificates */
    struct tls_trust *trust; /* counted in its holders */
    struct tls_identity *identity; /* likewise; NULL: none */
    struct tls_session *session; /* with an HTTPS server; NULL: none is kept */
    struct tls_session offered; /* the session as it was when the handshake began */
    int64_t began_ns;
    const char *who; /* what sentences call the other end */
    enum tls_state state;
    bool heard; /* something came in */
    bool alien; /* its first byte does not begin a record of TLS */
    bool resumed;
    bool closing; /* tls_close was called: BearSSL's must be called only once */
    char reason[TLS_REASON_BYTES_MAX + 1];
    unsigned char memory[BR_SSL_BUFSIZE_BIDI];
};

/* -- setting up -------------------------------------------------------------------------------- */

static void init_engine(
    struct tls *t, bool of_client, const unsigned char *entropy, struct instant now)
{
    static const uint16_t suites[] = {
        BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    };
    br_ssl_engine_context *e = t->engine;
    br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(e, suites, sizeof suites / sizeof *suites);
    br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(e, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_hash(e, br_sha512_ID, &br_sha512_vtable);
    br_ssl_engine_set_prf_sha256(e, br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(e, br_tls12_sha384_prf);
    br_ssl_engine_set_default_aes_gcm(e);
    br_ssl_engine_set_default_chapol(e);
    br_ssl_engine_set_default_rsavrfy(e);
    br_ssl_engine_set_default_ecdsa(e); /* and the curves */
    br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION | BR_OPT_ENFORCE_SERVER_PREFERENCES);
    if (t->trust) {
        tls_checker_init(&t->checker, t->trust, of_client, now.real_ns);
        br_ssl_engine_set_x509(e, &t->checker.vtable);
    }
    br_ssl_engine_set_buffer(e, t->memory, sizeof t->memory, 1);
    br_ssl_engine_inject_entropy(e, entropy, TLS_ENTROPY_BYTES);
    e->rng_os_rand_done = 1; /* or BearSSL would ask the system for entropy for each connection */
}

/* The engine's error number. BearSSL takes what is not TLS at all for a version that it does not
 * know; the first byte of the record tells the two apart. */
static int last_error(struct tls *t)
{
    int error = br_ssl_engine_last_error(t->engine);
    return error == BR_ERR_UNSUPPORTED_VERSION && t->alien ? BR_ERR_UNKNOWN_TYPE : error;
}

/* Bring the state up to date after anything was done to the engine. */
static void follow(struct tls *t)
{
    unsigned engine = br_ssl_engine_current_state(t->engine);
    ASSERT(t->state != TLS_ENDED || engine & BR_SSL_CLOSED);
    if (engine & BR_SSL_CLOSED && t->state != TLS_ENDED) {
        t->state = TLS_ENDED;
        tls_error_text(last_error(t), t->who, t->reason);
        if (t->session && *t->reason) /* RFC 5246, 7.2.2 */
            *t->session = (struct tls_session){0};
    } else if (engine & (BR_SSL_SENDAPP | BR_SSL_RECVAPP) && t->state == TLS_SHAKES) {
        t->state = TLS_OPEN;
        if (t->trust)
            tls_collector_finish(&t->checker.into);
        if (t->session)
            t->resumed = tls_session_keep(t->session, &t->offered, t->engine, t->began_ns);
    }
}

/* What all kinds have. NULL: no memory. */
static struct tls *create(const struct tls_config *config)
{
    ASSERT(!config->trust || config->trust->holders > 0);
    struct tls *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    memset(t, 0, offsetof(struct tls, memory));
    t->trust = config->trust;
    if (t->trust)
        t->trust->holders++;
    t->identity = config->identity;
    if (t->identity)
        t->identity->holders++;
    t->who = "the other end";
    return t;
}

static struct tls *create_client(
    const struct tls_config *config, const unsigned char *entropy, struct instant now)
{
    ASSERT(config->trust);
    struct tls *t = create(config);
    if (!t)
        return NULL;
    t->engine = &t->client.eng;
    br_ssl_client_zero(&t->client);
    init_engine(t, true, entropy, now);
    const struct tls_identity *i = t->identity;
    if (i && i->key_type == BR_KEYTYPE_RSA)
        br_ssl_client_set_single_rsa(
            &t->client, i->chain, i->chain_len, &i->rsa, br_rsa_pkcs1_sign_get_default());
    else if (i)
        br_ssl_client_set_single_ec(&t->client, i->chain, i->chain_len, &i->ec, BR_KEYTYPE_SIGN,
            i->issuer_key, br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
    return t;
}

struct tls *tls_client(
    const struct tls_config *config, const unsigned char *entropy, struct instant now)
{
    struct tls *t = create_client(config, entropy, now);
    if (!t)
        return NULL;
    br_ssl_client_reset(&t->client, NULL, 0);
    follow(t);
    return t;
}

struct tls *tls_https(const struct tls_config *config, const char *server_name,
    struct tls_session *session, const unsigned char *entropy, struct instant now)
{
    static const char *http[] = {"http/1.1"};
    struct tls *t = create_client(config, entropy, now);
    if (!t)
        return NULL;
    t->who = "the server";
    br_ssl_engine_set_protocol_names(t->engine, http, 1);
    br_ssl_engine_add_flags(t->engine, BR_OPT_FAIL_ON_ALPN_MISMATCH);
    if (session)
        t->offered = tls_session_offer(session, t->trust, server_name, t->engine, now);
    t->session = session;
    t->began_ns = now.mono_ns;
    br_ssl_client_reset(&t->client, server_name, t->offered.id_bytes != 0);
    follow(t);
    return t;
}

struct tls *tls_server(
    const struct tls_config *config, const unsigned char *entropy, struct instant now)
{
    struct tls *t = create(config);
    if (!t)
        return NULL;
    t->engine = &t->server.eng;
    br_ssl_server_zero(&t->server);
    init_engine(t, false, entropy, now);
    const struct tls_identity *i = t->identity;
    ASSERT(i && i->chain_len > 0);
    if (i->key_type == BR_KEYTYPE_RSA)
        br_ssl_server_set_single_rsa(&t->server, i->chain, i->chain_len, &i->rsa, BR_KEYTYPE_SIGN,
            br_rsa_private_get_default(), br_rsa_pkcs1_sign_get_default());
    else
        br_ssl_server_set_single_ec(&t->server, i->chain, i->chain_len, &i->ec, BR_KEYTYPE_SIGN,
            i->issuer_key, br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
    if (t->trust) /* or it asks for no certificate */
        br_ssl_server_set_trust_anchor_names_alt(&t->server, t->trust->anchors, t->trust->count);
    br_ssl_server_reset(&t->server);
    follow(t);
    return t;
}

void tls_destroy(struct tls *t)
{
    if (!t)
        return;
    tls_checker_deinit(&t->checker);
    tls_trust_destroy(t->trust);
    tls_identity_destroy(t->identity);
    memset(t, 0, sizeof *t);
    __asm__ volatile("" : : "r"(t) : "memory"); /* or the compiler would leave the wiping out */
    free(t);
}

size_t tls_bytes(void)
{
    return sizeof(struct tls) + TLS_CHAIN_BYTES_MAX;
}

/* -- what it knows ----------------------------------------------------------------------------- */

enum tls_state tls_state(const struct tls *t)
{
    return t->state;
}

const char *tls_reason(const struct tls *t)
{
    ASSERT(t->state == TLS_ENDED || !*t->reason);
    return t->reason;
}

bool tls_ended_cleanly(const struct tls *t)
{
    return t->engine->shutdown_recv != 0;
}

bool tls_resumed(const struct tls *t)
{
    ASSERT(!t->resumed || t->session);
    return t->resumed;
}

const struct tls_names *tls_names(const struct tls *t)
{
    return &t->checker.into.names;
}

/* -- bytes ------------------------------------------------------------------------------------- */

void tls_feed(struct tls *t, struct span *in)
{
    enum { ALERT = 21, HANDSHAKE = 22 }; /* RFC 5246, 6.2.1 */
    if (!t->heard && in->len) {
        t->heard = true;
        t->alien = in->at[0] != ALERT && in->at[0] != HANDSHAKE;
    }
    while (in->len) {
        size_t room;
        unsigned char *to = br_ssl_engine_recvrec_buf(t->engine, &room);
        if (!to)
            return;
        size_t n = in->len < room ? in->len : room;
        ASSERT(n > 0);
        memcpy(to, in->at, n);
        br_ssl_engine_recvrec_ack(t->engine, n);
        *in = span_from(*in, n);
        follow(t);
    }
}

struct span tls_read(struct tls *t)
{
    size_t len = 0;
    const unsigned char *at = br_ssl_engine_recvapp_buf(t->engine, &len);
    return at ? (struct span){(const char *)at, len} : SPAN("");
}

void tls_read_ack(struct tls *t, size_t n)
{
    if (n) /* BearSSL takes 0 for an end */
        br_ssl_engine_recvapp_ack(t->engine, n);
    follow(t);
}

struct span tls_output(struct tls *t)
{
    size_t len = 0;
    const unsigned char *at = br_ssl_engine_sendrec_buf(t->engine, &len);
    return at ? (struct span){(const char *)at, len} : SPAN("");
}

void tls_sent(struct tls *t, size_t n)
{
    if (n)
        br_ssl_engine_sendrec_ack(t->engine, n);
    follow(t);
}

char *tls_room(struct tls *t, size_t *room)
{
    return (char *)br_ssl_engine_sendapp_buf(t->engine, room);
}

void tls_wrote(struct tls *t, size_t n)
{
    if (n == 0)
        return;
    ASSERT(t->state == TLS_OPEN && !t->closing);
    br_ssl_engine_sendapp_ack(t->engine, n);
    br_ssl_engine_flush(t->engine, 0);
    follow(t);
}

void tls_close(struct tls *t)
{
    if (t->state != TLS_OPEN || t->closing)
        return;
    t->closing = true;
    br_ssl_engine_close(t->engine);
    follow(t);
}
