/* side.h — for the tests of TLS: certificates that openssl makes in a folder of their own (see
 * tests/tools/certificates.sh), and two ends that exchange bytes without a socket. */
#ifndef TESTS_UNIT_TLS_SIDE_H
#define TESTS_UNIT_TLS_SIDE_H

#include "core/base/buf.h"
#include "core/tls/tls.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char certificates[] = "/tmp/stampede-test-XXXXXX";

static inline void more_certificates(const char *names)
{
    char command[1024];
    snprintf(command, sizeof command, CERTIFICATES_SH " %s %s", certificates, names);
    cr_assert_eq(system(command), 0, "%s", command);
}

static inline void make_certificates(const char *names)
{
    cr_assert_not_null(mkdtemp(certificates));
    more_certificates(names);
}

static inline void remove_certificates(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", certificates);
    cr_assert_eq(system(command), 0);
}

/* A file of that folder; the caller frees at. */
static inline struct span file_text(const char *name, const char *ending)
{
    enum { FILE_BYTES_MAX = 65536 };
    char path[128];
    snprintf(path, sizeof path, "%s/%s.%s", certificates, name, ending);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    char *at = malloc(FILE_BYTES_MAX);
    size_t len = fread(at, 1, FILE_BYTES_MAX, f);
    fclose(f);
    return (struct span){at, len};
}

static inline struct instant today(void)
{
    return (struct instant){.mono_ns = SECOND_NS, .real_ns = (int64_t)time(NULL) * SECOND_NS};
}

static inline struct tls_trust *trust_of(const char *name)
{
    struct span text = file_text(name, "pem");
    struct tls_skipped skipped;
    const char *why;
    struct tls_trust *t = tls_trust_create(text, today().real_ns, &skipped, &why);
    cr_assert_not_null(t, "%s %s", name, why);
    free((char *)text.at);
    return t;
}

static inline struct tls_identity *identity_of(const char *name)
{
    struct span cert = file_text(name, "pem"), key = file_text(name, "key");
    const char *why;
    bool of_key;
    struct tls_identity *i = tls_identity_create(cert, key, &why, &of_key);
    cr_assert_not_null(i, "%s %s", name, why);
    free((char *)cert.at);
    free((char *)key.at);
    return i;
}

/* Pass the output of `from` to `to`, `piece` bytes at a time, each piece in a block of exactly its
 * size. Plaintext is appended to `heard`. true: bytes moved. */
static inline bool carry(struct tls *from, struct tls *to, size_t piece, struct buf *words)
{
    bool moved = false;
    struct span out;
    while ((out = tls_output(from)).len) {
        size_t n = out.len < piece ? out.len : piece;
        char *block = malloc(n);
        memcpy(block, out.at, n);
        struct span in = {block, n};
        for (size_t left = n + 1; in.len && in.len < left;) {
            left = in.len;
            tls_feed(to, &in);
            struct span plain;
            while ((plain = tls_read(to)).len) {
                buf_span_put(words, plain);
                tls_read_ack(to, plain.len);
                left = in.len + 1; /* there was something to do */
            }
        }
        tls_sent(from, n);
        free(block);
        moved = true;
    }
    return moved;
}

/* Pass bytes both ways until neither end has more. */
static inline void converse(
    struct tls *a, struct tls *b, size_t piece, struct buf *a_heard, struct buf *b_heard)
{
    while (carry(a, b, piece, b_heard) || carry(b, a, piece, a_heard))
        continue;
}

#endif
