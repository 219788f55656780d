/* trust_file.c — see trust_file.h. */
#include "io/trust_file.h"
#include "io/clock.h"
#include "io/private_file.h"
#include <stdio.h>
#include <stdlib.h>

static struct tls_trust *read_pem(const char *path, struct span pem)
{
    struct tls_skipped skipped;
    const char *why;
    struct tls_trust *trust = tls_trust_create(pem, clock_now().real_ns, &skipped, &why);
    if (!trust)
        fprintf(stderr, "%s: ca_file %s\n", path, why);
    else if (skipped.expired + skipped.no_ca + skipped.broken)
        fprintf(stderr,
            "%s: warning: of its certificates %u that are not valid now, %u that are of no CA, and "
            "%u that cannot be read are left out\n",
            path, skipped.expired, skipped.no_ca, skipped.broken);
    return trust;
}

struct tls_trust *trust_file_read(const char *path, const char *remedy)
{
    const struct file_kind kind = {.noun = "CA certificate", .remedy = remedy};
    char *memory = malloc(TLS_PEM_BYTES_MAX + 1);
    if (!memory) {
        fprintf(stderr, "%s: memory has run out\n", path);
        return NULL;
    }
    struct tls_trust *trust = NULL;
    ssize_t bytes = file_read(path, &kind, memory, TLS_PEM_BYTES_MAX + 1);
    if (bytes > TLS_PEM_BYTES_MAX)
        fprintf(stderr, "%s: a file of CA certificates has at most 4 MiB\n", path);
    else if (bytes >= 0)
        trust = read_pem(path, (struct span){memory, (size_t)bytes});
    free(memory);
    return trust;
}
