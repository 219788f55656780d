/* https.c — see https.h.
 *
 * BearSSL prescribes the order: first send what it wants to send, then read its plaintext, then
 * feed it what has come in. Plaintext is never kept here: the parser of the answer takes it out of
 * the engine at once, so at most one record waits there. */
#include "core/http/https.h"
#include "core/base/invariant.h"

/* -- ends -------------------------------------------------------------------------------------- */

static void over(struct https *h, const char *why)
{
    if (h->state == HTTPS_OVER)
        return;
    h->state = HTTPS_OVER;
    size_t len = strlen(why) < HTTPS_WHY_BYTES_MAX ? strlen(why) : HTTPS_WHY_BYTES_MAX;
    memcpy(h->why, why, len);
    h->why[len] = '\0';
}

bool https_is_stale(const struct https *h)
{
    return h->died && h->asked > 1 && !h->answered && !h->response.begun;
}

/* The other end has ended it. In READY that is no error: servers close idle connections. */
static void lose(struct https *h, const char *why)
{
    h->died |= h->state != HTTPS_OVER;
    over(h, h->state == HTTPS_READY ? "" : why);
}

/* -- the answer -------------------------------------------------------------------------------- */

static void answer_done(struct https *h, struct instant now)
{
    ASSERT(h->state == HTTPS_ASKS && h->asked > 0 && h->response.state == HTTP_DONE);
    h->answered = true;
    h->ended_ns = now.mono_ns;
    if (h->response.reusable)
        h->state = HTTPS_READY;
    else
        over(h, "");
}

static void judge(struct https *h, enum http_state state, struct instant now)
{
    if (state == HTTP_FAILED)
        over(h, h->response.error);
    else if (state == HTTP_DONE)
        answer_done(h, now);
}

/* Read the plaintext that has come. Bytes for which no request was sent end the connection, because
 * they would be taken for the answer to the next request. */
static void read_plaintext(struct https *h, struct instant now)
{
    struct span plain;
    while ((plain = tls_read(h->tls)).len) {
        struct span rest = plain;
        if (h->state == HTTPS_ASKS) {
            if (!h->response.begun)
                h->begun_ns = now.mono_ns;
            judge(h, http_response_take(&h->response, &rest), now);
        } else {
            over(h, "");
        }
        tls_read_ack(h->tls, h->state == HTTPS_OVER ? plain.len : plain.len - rest.len);
    }
    if (h->state == HTTPS_OVER)
        tls_close(h->tls); /* not earlier: BearSSL ignores it while plaintext waits */
}

/* Nothing more will come. */
static void end_of_stream(struct https *h, struct instant now)
{
    if (h->state == HTTPS_ASKS && h->response.begun)
        judge(h, http_response_end(&h->response, tls_ended_cleanly(h->tls)), now);
    lose(h, h->state == HTTPS_SHAKES ? "the server ended the connection during the TLS handshake"
                                     : "the server ended the connection without an answer");
}

/* -- the stream -------------------------------------------------------------------------------- */

/* Follow the engine's state after anything that happened to it: first the end of the handshake,
 * then what can be read, then the end of the stream. */
static void follow(struct https *h, struct instant now)
{
    ASSERT(h->tls && (!h->answered || h->asked > 0));
    if (h->state == HTTPS_SHAKES && tls_state(h->tls) == TLS_OPEN) {
        ASSERT(h->asked == 0);
        h->state = HTTPS_READY;
        h->resumed = tls_resumed(h->tls);
        h->shaken_ns = h->ended_ns = now.mono_ns;
    }
    read_plaintext(h, now);
    if (tls_ended_cleanly(h->tls))
        end_of_stream(h, now);
    else if (tls_state(h->tls) == TLS_ENDED)
        lose(h, tls_reason(h->tls));
    ASSERT(h->state == HTTPS_OVER || h->why[0] == '\0');
}

bool https_begin(struct https *h, const struct tls_config *config, const char *host,
    struct tls_session *session, const unsigned char *entropy, struct instant now)
{
    h->tls = tls_https(config, host, session, entropy, now);
    if (!h->tls)
        return false;
    h->state = HTTPS_SHAKES;
    h->answered = h->resumed = h->died = false;
    h->asked = 0;
    h->open_ns = now.mono_ns;
    h->shaken_ns = h->asked_ns = h->begun_ns = h->ended_ns = 0;
    h->why[0] = '\0';
    http_response_init(&h->response);
    return true;
}

void https_end(struct https *h)
{
    if (!h->tls)
        return;
    tls_destroy(h->tls);
    h->tls = NULL;
    http_response_deinit(&h->response);
}

void https_take(struct https *h, struct span *in, struct instant now)
{
    follow(h, now);
    while (in->len && h->state != HTTPS_OVER) {
        size_t before = in->len;
        tls_feed(h->tls, in);
        follow(h, now);
        if (in->len == before)
            return; /* output goes first */
    }
}

void https_ended(struct https *h, struct instant now)
{
    end_of_stream(h, now);
}

void https_lost(struct https *h, const char *why, struct instant now)
{
    (void)now;
    lose(h, *why ? why : "the connection was closed");
}

int64_t https_deadline(const struct https *h)
{
    switch (h->state) {
    case HTTPS_SHAKES:
        return h->open_ns + HTTPS_SHAKE_MS * MS_NS;
    case HTTPS_READY:
        return h->ended_ns + HTTPS_IDLE_MS * MS_NS;
    case HTTPS_ASKS:
        return h->asked_ns + (h->response.begun ? HTTPS_ANSWER_MS : HTTPS_FIRST_BYTE_MS) * MS_NS;
    case HTTPS_OVER:
        break;
    }
    return NEVER_NS;
}

void https_turn(struct https *h, struct instant now)
{
    if (now.mono_ns < https_deadline(h))
        return;
    ASSERT(h->state != HTTPS_OVER);
    if (h->state == HTTPS_READY)
        https_close(h);
    else if (h->state == HTTPS_SHAKES)
        over(h, "the server did not finish the TLS handshake within 5 s");
    else if (h->response.begun)
        over(h, "the server's answer did not end within 10 s");
    else
        over(h, "the server did not answer within 5 s");
}

bool https_ask(struct https *h, struct span request, struct instant now)
{
    ASSERT(h->state == HTTPS_READY && request.len > 0);
    size_t room_bytes;
    char *room = tls_room(h->tls, &room_bytes);
    if (!room || room_bytes < request.len)
        return false;
    memcpy(room, request.at, request.len);
    tls_wrote(h->tls, request.len);
    http_response_deinit(&h->response);
    http_response_init(&h->response);
    h->state = HTTPS_ASKS;
    h->answered = false;
    h->asked++;
    h->asked_ns = now.mono_ns;
    return true;
}

void https_close(struct https *h)
{
    if (h->state == HTTPS_OVER)
        return;
    over(h, "");
    tls_close(h->tls);
}

struct span https_output(struct https *h)
{
    return tls_output(h->tls);
}

void https_sent(struct https *h, size_t n, struct instant now)
{
    tls_sent(h->tls, n);
    follow(h, now);
}
