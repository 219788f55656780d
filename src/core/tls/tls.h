/* tls.h — one TLS 1.2 connection, either end of it. No I/O, no clock, no entropy of its own.
 *
 * Wraps BearSSL's engine so that the rest of the program does not know it. Bytes cross it the way
 * they cross BearSSL: a window to fill or drain, then an acknowledgement.
 *
 *     from the network   tls_feed     ->  tls_read / tls_read_ack    plaintext
 *     to the network     tls_output / tls_sent  <-  tls_room / tls_wrote    plaintext
 *
 *   state      event                          next       then
 *   SHAKES     handshake, well                OPEN       tls_names is set
 *   SHAKES     anything wrong                 ENDED      tls_reason says what
 *   OPEN       close_notify of the other end  ENDED      once its answer is out; tls_reason is ""
 *   OPEN       anything wrong                 ENDED      tls_reason says what
 *
 * TLS 1.2 only; ECDHE with AES128-GCM, then ChaCha20, then AES256-GCM; SHA-256 and up; RSA of 2048
 * bits at least; no renegotiation; resumption for HTTPS alone. BearSSL sends no alert when a
 * handshake fails on this side, so the caller closes, and both ends need a deadline. A handshake
 * computes for some milliseconds, inside tls_feed. Called by node_tls, by the exchange with a
 * places server, and by the program's `status`. */
#ifndef CORE_TLS_TLS_H
#define CORE_TLS_TLS_H

#include "core/base/instant.h"
#include "core/tls/trust.h"
#include "stampede/protocol.h"

enum {
    TLS_ENTROPY_BYTES = 32, /* of fresh entropy, for each connection */
    TLS_NAMES_MAX = 8, /* DNS names of one certificate that are looked at */
    TLS_REASON_BYTES_MAX = 127,
    TLS_ROOM_BYTES = 16384, /* what tls_room has when nothing is under way */
};

enum tls_state { TLS_SHAKES, TLS_OPEN, TLS_ENDED };

/* The DNS names (subjectAltName) of the certificate that the other end has shown; names longer than
 * a node's may be are no names here. */
struct tls_names {
    unsigned count;
    bool more; /* there were more than TLS_NAMES_MAX: they do not count */
    char each[TLS_NAMES_MAX][STAMPEDE_NODE_NAME_BYTES_MAX + 1];
};

struct tls;

/* Whom an end believes, and as whom it speaks. Each tls holds both until it is destroyed, so a
 * reload may put new ones here, and destroy the old, whatever is open. */
struct tls_config {
    struct tls_trust *trust;
    struct tls_identity *identity; /* NULL: a client that shows no certificate */
};

/* What is remembered of an HTTPS server, so that the next handshake with it computes nearly
 * nothing. Begins as {0}; one for each host and port; the caller's, and only tls looks inside.
 *
 * The server shows no certificate when it resumes, so what was checked must hold still: the session
 * is bound to the server's name and to the set of trusted CAs, whatever it is passed with, and is
 * used for 24 h at most (RFC 5246, F.1.4). It holds a secret. */
struct tls_session {
    int64_t until_ns; /* monotonic; 0: nothing is remembered */
    uint16_t suite;
    unsigned char id_bytes;
    unsigned char id[32];
    unsigned char secret[48];
    unsigned char bound_to[32]; /* hash of name and trust */
};

/* The end of a link that connects. No server's name is sent or checked: the caller judges by
 * tls_names before it says what matters.
 *
 * entropy  TLS_ENTROPY_BYTES that nobody can guess, used for nothing else
 * NULL: no memory. */
MUST_USE struct tls *tls_client(
    const struct tls_config *config, const unsigned char *entropy, struct instant now);

/* The end that connects to an HTTPS server; ALPN says http/1.1 (RFC 7301), which a server may
 * ignore.
 *
 * server_name  of which tls_server_name_fault says nothing; sent as SNI; the server's certificate
 *              must be for it: BearSSL's own check, by DNS names, one label for a wildcard
 * session      resumed if it fits and the server still knows it, else the handshake is a full one,
 *              without another connection; then it is the new one, or empty when the server gives
 *              none or anything goes wrong. Must outlive the tls. NULL: none is kept */
MUST_USE struct tls *tls_https(const struct tls_config *config, const char *server_name,
    struct tls_session *session, const unsigned char *entropy, struct instant now);

/* Why an HTTPS server of this name could never be believed: words to follow the name; NULL: it can.
 * An IP address is among them, since BearSSL compares DNS names only; localhost is none. */
MUST_USE const char *tls_server_name_fault(const char *server_name);

/* The end that was connected to; the other must show a certificate too. config->identity is set. */
MUST_USE struct tls *tls_server(
    const struct tls_config *config, const unsigned char *entropy, struct instant now);
void tls_destroy(struct tls *t);

/* What one takes of memory. */
size_t tls_bytes(void);

enum tls_state tls_state(const struct tls *t);

/* Why it is ENDED: a sentence without a full stop, "" for an end as agreed. */
const char *tls_reason(const struct tls *t);

/* Whether the other end has said that nothing more follows (close_notify). A connection that ends
 * (FIN) when this is false may have been cut off by anybody: where the end of the connection is the
 * end of an HTTP body, that body is not whole. Its state may still be OPEN, until the answer to
 * close_notify is sent. */
bool tls_ended_cleanly(const struct tls *t);

/* Whether the handshake took up an earlier session; from OPEN on. */
bool tls_resumed(const struct tls *t);

/* From OPEN on; none when resumed. */
const struct tls_names *tls_names(const struct tls *t);

/* Whether one of them is `name`, byte for byte: no wildcards, no folding of case. */
bool tls_names_hold(const struct tls_names *n, struct span name);

/* Take in bytes from the network; *in is moved forward. It stops early when plaintext waits to be
 * read, or output to be sent: do that, then go on. What is left when the state is ENDED is void. */
void tls_feed(struct tls *t, struct span *in);

/* Plaintext that has come in; empty: none. In place until acknowledged, as a whole or in part. */
struct span tls_read(struct tls *t);
void tls_read_ack(struct tls *t, size_t n);

/* Bytes for the network; empty: none. In place until acknowledged, as a whole or in part. */
struct span tls_output(struct tls *t);
void tls_sent(struct tls *t, size_t n);

/* Where plaintext may be written, with its size in *room; NULL: not now (still SHAKES, ENDED, or
 * output is to be sent first). */
char *tls_room(struct tls *t, size_t *room);

/* The first `n` bytes of it are written: they become output at once. */
void tls_wrote(struct tls *t, size_t n);

/* Say that nothing more will be sent: there is no tls_room any more, and a close_notify to be sent.
 * Void when it is not OPEN. Plaintext that waits must have been read: BearSSL forgets to end
 * otherwise. */
void tls_close(struct tls *t);

/* What would keep this identity from being believed at `real_ns` by those who have this trust, as
 * node `name` (empty: as anybody): words to follow "certificate "; NULL: nothing. */
MUST_USE const char *tls_identity_fault(
    const struct tls_config *config, struct span name, int64_t real_ns);

#endif
