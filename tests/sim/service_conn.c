/* service_conn.c — see service_conn.h. What a kernel and a web server do, in one piece. */
#include "sim/service_conn.h"
#include "sim/tls_fixture.h"
#include <stdlib.h>

static void *allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory)
        abort();
    return memory;
}

struct service_sessions *service_sessions_open(void)
{
    struct service_sessions *s = allocate(sizeof *s);
    br_ssl_session_cache_lru_init(&s->cache, s->memory, sizeof s->memory);
    return s;
}

struct service_conn *service_conn_open(
    uint32_t wire, unsigned node, struct service_sessions *sessions, const unsigned char *entropy)
{
    struct service_conn *c = allocate(sizeof *c);
    const struct tls_identity *identity = tls_fixture()->identity;
    c->wire = wire;
    c->node = node;
    c->due_ns = NEVER_NS;
    br_ssl_server_init_full_ec(
        &c->tls, identity->chain, identity->chain_len, BR_KEYTYPE_EC, &identity->ec);
    br_ssl_server_set_cache(&c->tls, &sessions->cache.vtable);
    br_ssl_engine_set_buffer(&c->tls.eng, c->memory, sizeof c->memory, 1);
    br_ssl_engine_inject_entropy(&c->tls.eng, entropy, TLS_ENTROPY_BYTES);
    c->tls.eng.rng_os_rand_done = 1; /* a seed always gives the same bytes */
    br_ssl_server_reset(&c->tls);
    return c;
}

/* -- bytes ------------------------------------------------------------------------------------- */

static bool send(struct service_conn *c, struct network *n)
{
    size_t len;
    const unsigned char *at = br_ssl_engine_sendrec_buf(&c->tls.eng, &len);
    if (at && !c->mute)
        len = network_write(n, c->wire, 1, (const char *)at, len);
    if (!at || !len)
        return false;
    br_ssl_engine_sendrec_ack(&c->tls.eng, len);
    return true;
}

static bool receive(struct service_conn *c, struct network *n)
{
    size_t room, len = network_readable(n, c->wire, 1);
    unsigned char *to = br_ssl_engine_recvrec_buf(&c->tls.eng, &room);
    if (!to || !len)
        return false;
    len = len < room ? len : room;
    network_read(n, c->wire, 1, (char *)to, len);
    br_ssl_engine_recvrec_ack(&c->tls.eng, len);
    return true;
}

static bool take_request(struct service_conn *c, struct judge *judge)
{
    size_t len;
    const unsigned char *at = br_ssl_engine_recvapp_buf(&c->tls.eng, &len);
    if (!at)
        return false;
    if (c->request_len + len > SERVICE_REQUEST_BYTES_MAX) {
        judge_violated(judge, "a node sends the places service more than one question at a time");
        len = SERVICE_REQUEST_BYTES_MAX - c->request_len;
    }
    memcpy(c->request + c->request_len, at, len);
    c->request_len += len;
    c->request[c->request_len] = '\0';
    br_ssl_engine_recvapp_ack(&c->tls.eng, len);
    return len > 0;
}

static bool put_reply(struct service_conn *c)
{
    size_t room, len = c->reply_len - c->reply_said;
    unsigned char *to = len ? br_ssl_engine_sendapp_buf(&c->tls.eng, &room) : NULL;
    if (!to)
        return false;
    len = len < room ? len : room;
    memcpy(to, c->reply + c->reply_said, len);
    br_ssl_engine_sendapp_ack(&c->tls.eng, len);
    br_ssl_engine_flush(&c->tls.eng, 0);
    c->reply_said += len;
    return true;
}

bool service_conn_pump(struct service_conn *c, struct network *n, struct judge *judge)
{
    if (network_broken(n, c->wire, 1))
        return false;
    bool moved = true;
    while (moved) {
        moved = send(c, n);
        moved |= receive(c, n);
        moved |= take_request(c, judge);
        moved |= put_reply(c);
    }
    bool out = c->reply_said == c->reply_len;
    if (c->ends && out && c->reply_len) {
        br_ssl_engine_close(&c->tls.eng);
        c->reply_len = c->reply_said = 0;
        send(c, n);
    }
    int error = br_ssl_engine_last_error(&c->tls.eng);
    if (error)
        judge_violated(judge, "a node violates TLS towards the places service: error %d", error);
    size_t left;
    if (c->ends && out && !br_ssl_engine_sendrec_buf(&c->tls.eng, &left))
        network_shut(n, c->wire, 1);
    bool closed = br_ssl_engine_current_state(&c->tls.eng) == BR_SSL_CLOSED && !c->mute;
    return !closed && !network_ended(n, c->wire, 1);
}

bool service_conn_is_idle(const struct service_conn *c, const struct network *n)
{
    bool said = c->reply_said == c->reply_len && !c->asked && !c->request_len && !c->ends;
    return said && !network_readable(n, c->wire, 1) && !network_unread(n, c->wire, 1);
}

void service_conn_close(struct service_conn *c, struct network *n, bool reset)
{
    network_close(n, c->wire, 1, reset);
    free(c);
}

/* -- requests ---------------------------------------------------------------------------------- */

const char *service_conn_body(const struct service_conn *c, struct judge *judge)
{
    static const char begin[] = "POST /v1/places:searchNearby HTTP/1.1\r\n",
                      length[] = "\r\nContent-Length: ";
    const char *head_end = strstr(c->request, "\r\n\r\n");
    if (!head_end)
        return NULL;
    const char *bytes = strstr(c->request, length);
    if (memcmp(c->request, begin, sizeof begin - 1) != 0 || !bytes || bytes > head_end ||
        !strstr(c->request, "\r\nX-Goog-Api-Key: " SERVICE_KEY "\r\n")) {
        judge_violated(judge, "a node asks the places service: %s", c->request);
        return NULL;
    }
    size_t body = strtoul(bytes + sizeof length - 1, NULL, 10),
           head = (size_t)(head_end - c->request);
    return c->request_len < head + 4 + body ? NULL : head_end + 4;
}
