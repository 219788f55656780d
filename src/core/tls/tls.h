/* tls.h — one end of a TLS 1.2 connection. No I/O, no clock, no entropy of its own.
 *
 * Wraps BearSSL's engine, so that no other room depends on it. Bytes cross it the way they cross
 * BearSSL: a window to fill or drain, then an acknowledgement.
 *
 *     from the network   tls_feed     ->  tls_read / tls_read_ack    plaintext
 *     to the network     tls_output / tls_sent  <-  tls_room / tls_wrote    plaintext
 *
 *   state      event                          next       then
 *   SHAKES     the handshake succeeds         OPEN       tls_names is set
 *   SHAKES     an error                       ENDED      tls_reason says what
 *   OPEN       close_notify of the other end  ENDED      once the answer is out; tls_reason is ""
 *   OPEN       an error                       ENDED      tls_reason says what
 *
 * TLS 1.2 only; ECDHE with AES128-GCM, then ChaCha20, then AES256-GCM; SHA-256 and up; RSA of 2048
 * bits at least; no renegotiation; resumption for HTTPS alone. BearSSL sends no alert when a
 * handshake fails on this side, so the caller closes the connection, and both ends need a deadline.
 * A handshake computes for some milliseconds, inside tls_feed. Called by node's links, by the
 * exchange with a places server, and by `stampede status`. */
#ifndef CORE_TLS_TLS_H
#define CORE_TLS_TLS_H

#include "core/base/instant.h"
#include "core/tls/trust.h"
#include "stampede/protocol.h"

enum {
    TLS_ENTROPY_BYTES = 32, /* fresh entropy for each connection */
    TLS_NAMES_MAX = 8, /* DNS names of one certificate that are read */
    TLS_REASON_BYTES_MAX = 127,
    TLS_ROOM_BYTES = 16384, /* of tls_room when no output waits */
};

enum tls_state { TLS_SHAKES, TLS_OPEN, TLS_ENDED };

/* The DNS names (subjectAltName) of the other end's certificate. A name longer than a node's may be
 * is left empty. */
struct tls_names {
    unsigned count;
    bool more; /* there were more than TLS_NAMES_MAX; the others are ignored */
    char each[TLS_NAMES_MAX][STAMPEDE_NODE_NAME_BYTES_MAX + 1];
};

struct tls;

/* Whom an end trusts, and who it proves to be. Each tls holds a reference to both until it is
 * destroyed, so a reload may put new ones here and destroy the old ones while connections are
 * open. */
struct tls_config {
    struct tls_trust *trust; /* NULL: a server that asks for no certificate */
    struct tls_identity *identity; /* NULL: a client that shows no certificate */
};

/* A session with an HTTPS server, which makes the next handshake with it nearly free. Begins as
 * {0}; one for each host and port. The caller owns it, and only tls reads it.
 *
 * A server that resumes shows no certificate, so what was checked before must still hold: tls binds
 * the session to the server's name and to the set of trusted CAs, and uses it for 24 h at most (RFC
 * 5246, F.1.4). It contains a secret. */
struct tls_session {
    int64_t until_ns; /* monotonic; 0: there is no session */
    uint16_t suite;
    unsigned char id_bytes;
    unsigned char id[32];
    unsigned char secret[48];
    unsigned char bound_to[32]; /* hash of name and trust */
};

/* The end of a link that dialled. No server name is sent or checked: the caller decides by
 * tls_names before it sends anything confidential.
 *
 * entropy  TLS_ENTROPY_BYTES that nobody can guess, used for nothing else
 * NULL: no memory. */
MUST_USE struct tls *tls_client(
    const struct tls_config *config, const unsigned char *entropy, struct instant now);

/* The client of an HTTPS server. ALPN offers http/1.1 (RFC 7301), which a server may ignore.
 *
 * server_name  one for which tls_server_name_fault returns NULL; sent as SNI; the server's
 *              certificate must be for it, by BearSSL's own check: DNS names only, and a wildcard
 *              stands for one label
 * session      resumed if it fits and the server still knows it; otherwise the handshake is a full
 *              one, on the same connection. Afterwards it is the new session, or empty when the
 *              server gives none or an error occurs. Must outlive the tls. NULL: none is kept */
MUST_USE struct tls *tls_https(const struct tls_config *config, const char *server_name,
    struct tls_session *session, const unsigned char *entropy, struct instant now);

/* Why no certificate could prove an HTTPS server of this name: words to follow the name; NULL: it
 * is well. An IP address has such a fault, since BearSSL compares DNS names only; localhost has
 * none. */
MUST_USE const char *tls_server_name_fault(const char *server_name);

/* The end of a link that was dialled. The other end must show a certificate too, unless nobody is
 * trusted: then it is an HTTPS server for everybody. config->identity is set. */
MUST_USE struct tls *tls_server(
    const struct tls_config *config, const unsigned char *entropy, struct instant now);
void tls_destroy(struct tls *t);

/* The memory that one takes at most; some 32 KiB less when no certificate is being checked. */
size_t tls_bytes(void);

enum tls_state tls_state(const struct tls *t);

/* Why it is ENDED: a sentence without a full stop; "" when it was closed as agreed. */
const char *tls_reason(const struct tls *t);

/* Whether the other end has said that nothing more follows (close_notify). If this is false when
 * the connection ends (FIN), anybody may have cut it off: an HTTP body that ends with its
 * connection is then not whole. The state may still be OPEN, until the answer to close_notify is
 * sent. */
bool tls_ended_cleanly(const struct tls *t);

/* Whether the handshake resumed an earlier session; from OPEN on. */
bool tls_resumed(const struct tls *t);

/* The names of the other end; from OPEN on. None when resumed. */
const struct tls_names *tls_names(const struct tls *t);

/* Whether one of them is `name`, byte for byte: no wildcards, no folding of case. */
bool tls_names_hold(const struct tls_names *n, struct span name);

/* Whether one of them fits a pattern (base/pattern.h). */
bool tls_names_fit(const struct tls_names *n, struct span pattern);

/* Take in bytes from the network; *in is moved forward. It stops early when plaintext waits to be
 * read, or output to be sent: do that, then call it again. Ignore what is left in ENDED. */
void tls_feed(struct tls *t, struct span *in);

/* Plaintext that has come in; empty: none. Stays in place until acknowledged, whole or in part. */
struct span tls_read(struct tls *t);
void tls_read_ack(struct tls *t, size_t n);

/* Bytes for the network; empty: none. Stay in place until acknowledged, whole or in part. */
struct span tls_output(struct tls *t);
void tls_sent(struct tls *t, size_t n);

/* Where plaintext may be written, with its size in *room; NULL: not now (still SHAKES, ENDED, or
 * output is to be sent first). */
char *tls_room(struct tls *t, size_t *room);

/* The first `n` bytes of that room are written: they become output at once. */
void tls_wrote(struct tls *t, size_t n);

/* Send close_notify: nothing more will be sent, and tls_room returns NULL from now on. Does nothing
 * when it is not OPEN. Read all plaintext first: BearSSL would not end otherwise. */
void tls_close(struct tls *t);

/* Why an end with this trust would refuse this identity at `real_ns`, as node `name` (empty: under
 * any name) where certificates whose names fit `operators` are no node's: words to follow
 * "certificate "; NULL: it would not. */
MUST_USE const char *tls_identity_fault(
    const struct tls_config *config, struct span name, struct span operators, int64_t real_ns);

#endif
