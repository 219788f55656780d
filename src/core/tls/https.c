/* https.c — what a client of HTTPS has and a link has not: the server's name, which is checked,
 * and a session, which can be resumed.
 *
 * A server that resumes proves only that it knows the session's secret, so a session is offered
 * only to the name, and under the trust, with which it was made. BearSSL resumes by session id (RFC
 * 5246, 7.4.1.2), not by ticket, and keeps no list: the caller has one session for each server.
 * Called by tls.c. */
#include "core/base/dns_name.h"
#include "core/tls/private.h"

enum { SESSION_S_MAX = 24 * 3600 }; /* RFC 5246, F.1.4 */

/* -- names ------------------------------------------------------------------------------------- */

const char *tls_server_name_fault(const char *server_name)
{
    switch (dns_name_check(span_of(server_name))) {
    case DNS_NAME_WELL:
        return NULL;
    case DNS_NAME_ADDRESS:
        return "is an IP address, and certificates are checked by DNS name";
    default:
        return "is no DNS name";
    }
}

/* -- sessions ---------------------------------------------------------------------------------- */

struct tls_session tls_session_offer(struct tls_session *s, const struct tls_trust *trust,
    const char *server_name, br_ssl_engine_context *engine, struct instant now)
{
    struct tls_session fresh = {0};
    ASSERT(trust->count > 0 && s->id_bytes <= sizeof s->id);
    br_sha256_context hash;
    br_sha256_init(&hash);
    br_sha256_update(&hash, trust->hash, sizeof trust->hash);
    br_sha256_update(&hash, server_name, strlen(server_name));
    br_sha256_out(&hash, fresh.bound_to);
    if (now.mono_ns >= s->until_ns || memcmp(s->bound_to, fresh.bound_to, TLS_HASH_BYTES) != 0) {
        *s = (struct tls_session){0};
        return fresh;
    }
    br_ssl_session_parameters parameters = {
        .session_id_len = s->id_bytes, .version = BR_TLS12, .cipher_suite = s->suite};
    memcpy(parameters.session_id, s->id, sizeof s->id);
    memcpy(parameters.master_secret, s->secret, sizeof s->secret);
    br_ssl_engine_set_session_parameters(engine, &parameters);
    return *s;
}

bool tls_session_keep(struct tls_session *s, const struct tls_session *offered,
    const br_ssl_engine_context *engine, int64_t began_ns)
{
    br_ssl_session_parameters got;
    br_ssl_engine_get_session_parameters(engine, &got);
    size_t id_bytes = got.session_id_len;
    ASSERT(id_bytes <= sizeof s->id && offered->id_bytes <= sizeof offered->id);
    bool resumed = id_bytes && id_bytes == offered->id_bytes &&
                   memcmp(got.session_id, offered->id, id_bytes) == 0;
    *s = *offered;
    if (!resumed) {
        s->until_ns = id_bytes ? began_ns + SESSION_S_MAX * SECOND_NS : 0;
        s->id_bytes = got.session_id_len;
        s->suite = got.cipher_suite;
        memcpy(s->id, got.session_id, sizeof s->id);
        memcpy(s->secret, got.master_secret, sizeof s->secret);
    }
    return resumed;
}
