/* trust_file.c — see trust_file.h. */
#include "files/trust_file.h"
#include "files/clock.h"
#include "files/private_file.h"

struct tls_trust *trust_file_read(const char *path, const char *remedy, FILE *tell)
{
    const struct private_kind kind = {.noun = "CA certificate", .remedy = remedy};
    struct file_text text;
    struct tls_skipped skipped;
    struct tls_trust *trust = NULL;
    const char *why;
    if (file_text_read(&text, path, &kind, TLS_PEM_MIB_MAX, tell)) {
        trust = tls_trust_create(text.span, clock_now().real_ns, &skipped, &why);
        if (!trust)
            fprintf(tell, "%s: ca_file %s\n", path, why);
        else if (strcmp(path, TRUST_SYSTEM_FILE) != 0 &&
                 skipped.expired + skipped.no_ca + skipped.broken)
            fprintf(tell,
                "%s: warning: of its certificates %u that are not valid now, %u that are of no CA, "
                "and %u that cannot be read are left out\n",
                path, skipped.expired, skipped.no_ca, skipped.broken);
    }
    file_text_forget(&text);
    return trust;
}
