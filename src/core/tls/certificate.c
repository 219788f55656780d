/* certificate.c — see certificate.h. An OID is compared as its encoded bytes. */
#include "core/tls/certificate.h"
#include "core/base/invariant.h"
#include "core/tls/der.h"

/* Take an element of that tag, with its tag and length. */
static bool take_whole(struct span *in, unsigned tag, struct span *whole)
{
    struct span value, rest = *in;
    if (!der_take(in, tag, &value))
        return false;
    *whole = (struct span){rest.at, rest.len - in->len};
    ASSERT(whole->len > value.len);
    return true;
}

static void mark_critical(struct certificate *c, const char *at)
{
    unsigned i = 0;
    while (c->critical[i])
        i++;
    ASSERT(i < CERTIFICATE_CRITICAL_MAX);
    c->critical[i] = at;
}

/* Take note of one extension. Others than these three are left to BearSSL. */
static bool read_extension(struct certificate *c, struct span extension)
{
    struct span oid, critical = {NULL, 0}, octets, content;
    if (!der_take(&extension, DER_OID, &oid))
        return false;
    bool marked = der_take(&extension, DER_BOOLEAN, &critical);
    if ((marked && critical.len != 1) || !der_take(&extension, DER_OCTETS, &octets) ||
        extension.len)
        return false;
    struct span *out = SPAN_IS(oid, "\x55\x1d\x25")   ? &c->usages
                       : SPAN_IS(oid, "\x55\x1d\x1e") ? &c->constraints
                       : SPAN_IS(oid, "\x55\x1d\x11") ? &c->names
                                                      : NULL;
    if (!out)
        return true;
    if (out->len || !der_take(&octets, DER_SEQUENCE, &content) || octets.len || !content.len)
        return false;
    *out = content;
    if (marked && *critical.at && out != &c->names)
        mark_critical(c, critical.at);
    return true;
}

static bool read_extensions(struct certificate *c, struct span all)
{
    struct span list, extension;
    if (!der_take(&all, DER_SEQUENCE, &list) || all.len)
        return false;
    while (list.len)
        if (!der_take(&list, DER_SEQUENCE, &extension) || !read_extension(c, extension))
            return false;
    return true;
}

bool certificate_read(struct certificate *c, struct span der)
{
    struct span certificate, body, skipped, extensions = {NULL, 0};
    unsigned tag = 0;
    *c = (struct certificate){.der = der};
    if (!der_take(&der, DER_SEQUENCE, &certificate) || !der_take(&certificate, DER_SEQUENCE, &body))
        return false;
    bool has_version = der_take(&body, DER_VERSION, &skipped);
    (void)has_version; /* the first version has none */
    bool well =
        der_take(&body, DER_INTEGER, &skipped) && der_take(&body, DER_SEQUENCE, &skipped) &&
        take_whole(&body, DER_SEQUENCE, &c->issuer) && der_take(&body, DER_SEQUENCE, &skipped) &&
        take_whole(&body, DER_SEQUENCE, &c->subject) && der_take(&body, DER_SEQUENCE, &skipped);
    while (well && body.len && tag != DER_EXTENSIONS) /* unique identifiers may come first */
        well = der_next(&body, &tag, &extensions);
    return well && body.len == 0 && (tag != DER_EXTENSIONS || read_extensions(c, extensions));
}

unsigned certificates_order(struct certificate *each, unsigned count)
{
    unsigned placed = count > 0;
    for (unsigned next = placed; next < count; next++) {
        if (!span_equal(each[next].subject, each[placed - 1].issuer))
            continue;
        struct certificate issuer = each[next];
        memmove(&each[placed + 1], &each[placed], (next - placed) * sizeof *each);
        each[placed++] = issuer;
        next = placed - 1;
    }
    ASSERT(placed <= count);
    return placed;
}
