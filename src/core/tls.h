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
 * bits at least; no renegotiation, no resumption. BearSSL sends no alert when a handshake fails on
 * this side, so the caller closes, and both ends need a deadline. A handshake computes for some
 * milliseconds, inside tls_feed. Called by node_tls, and by the program's `status`. */
#ifndef CORE_TLS_H
#define CORE_TLS_H

#include "core/instant.h"
#include "core/tls_trust.h"
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

/* What both ends of a link have; outlives every tls made with it. */
struct tls_config {
    const struct tls_trust *trust;
    const struct tls_identity *identity; /* NULL: a client that shows no certificate */
};

/* The end that connects.
 *
 * server_name  sent as SNI, and the certificate must be for it (wildcards count); NULL: no name
 *              is sent or checked; the caller judges by tls_names before it says what matters
 * entropy      TLS_ENTROPY_BYTES that nobody can guess, used for nothing else
 * NULL: no memory. */
MUST_USE struct tls *tls_client(const struct tls_config *config, const char *server_name,
    const unsigned char *entropy, struct instant now);

/* The end that was connected to; the other must show a certificate too. config->identity is set. */
MUST_USE struct tls *tls_server(
    const struct tls_config *config, const unsigned char *entropy, struct instant now);
void tls_destroy(struct tls *t);

/* What one takes of memory. */
size_t tls_bytes(void);

enum tls_state tls_state(const struct tls *t);

/* Why it is ENDED: a sentence without a full stop, "" for an end as agreed. */
const char *tls_reason(const struct tls *t);

/* From OPEN on. */
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
