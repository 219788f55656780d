/* limits.c — see limits.h. A name is allowed if no excluded subtree holds it and, where there are
 * permitted subtrees of its kind, one of them does (RFC 5280, 6.1.3). Judged are DNS names, IP
 * addresses and directory names; a name of another kind is refused if a subtree of its kind exists.
 * Names are compared without regard to the case of ASCII letters. */
#include "core/tls/limits.h"
#include "core/base/ascii.h"
#include "core/base/invariant.h"
#include "core/tls/der.h"

/* -- uses -------------------------------------------------------------------------------------- */

bool limits_allow_use(struct span usages, bool server)
{
    struct span oid;
    if (usages.len == 0)
        return true;
    while (der_take(&usages, DER_OID, &oid)) {
        bool any = SPAN_IS(oid, "\x55\x1d\x25\x00");
        bool of_server = SPAN_IS(oid, "\x2b\x06\x01\x05\x05\x07\x03\x01");
        bool of_client = SPAN_IS(oid, "\x2b\x06\x01\x05\x05\x07\x03\x02");
        if (any || of_server || (of_client && !server))
            return true;
    }
    return false;
}

/* -- subtrees ---------------------------------------------------------------------------------- */

/* Kinds of GeneralName, as tags. */
enum { KIND_DNS = 0x82, KIND_DIRECTORY = 0xa4, KIND_IP = 0x87 };

enum { PERMITTED = 0xa0, EXCLUDED = 0xa1 };

static bool same_text(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return true;
}

/* A subtree is a domain with all that is below it; one that begins with a dot is without the domain
 * itself. */
static bool domain_holds(struct span domain, struct span name)
{
    if (domain.len == 0)
        return true;
    if (name.len < domain.len || !same_text(span_from(name, name.len - domain.len), domain))
        return false;
    bool equal = name.len == domain.len, dotted = domain.at[0] == '.';
    return equal ? !dotted : dotted || name.at[name.len - domain.len - 1] == '.';
}

/* A subtree is an address and a mask. */
static bool network_holds(struct span network, struct span address)
{
    if (network.len != 2 * address.len)
        return false;
    for (size_t i = 0; i < address.len; i++)
        if ((network.at[i] ^ address.at[i]) & network.at[address.len + i])
            return false;
    return true;
}

static bool is_text(unsigned tag)
{
    return tag == 0x0c || tag == 0x13 || tag == 0x14 || tag == 0x16; /* UTF8, Printable, T61, IA5 */
}

/* One part of a directory name: a set of pairs of OID and value. */
static bool same_part(struct span a, struct span b)
{
    while (a.len && b.len) {
        struct span pair[2], oid[2], value[2];
        unsigned tag[2];
        if (!der_take(&a, DER_SEQUENCE, &pair[0]) || !der_take(&b, DER_SEQUENCE, &pair[1]))
            return false;
        for (int i = 0; i < 2; i++)
            if (!der_take(&pair[i], DER_OID, &oid[i]) || !der_next(&pair[i], &tag[i], &value[i]))
                return false;
        bool texts = is_text(tag[0]) && is_text(tag[1]);
        bool same = texts ? same_text(value[0], value[1])
                          : tag[0] == tag[1] && span_equal(value[0], value[1]);
        if (!same || !span_equal(oid[0], oid[1]))
            return false;
    }
    return a.len == 0 && b.len == 0;
}

/* A subtree is all names that begin with its parts. */
static bool directory_holds(struct span base, struct span name, bool doubt)
{
    struct span parts[2], part[2];
    if (!der_take(&base, DER_SEQUENCE, &parts[0]) || !der_take(&name, DER_SEQUENCE, &parts[1]))
        return doubt;
    while (der_take(&parts[0], DER_SET, &part[0]))
        if (!der_take(&parts[1], DER_SET, &part[1]) || !same_part(part[0], part[1]))
            return false;
    return parts[0].len == 0 || doubt;
}

/* Whether a subtree holds a name of its kind; `doubt` if that cannot be judged. */
static bool subtree_holds(unsigned kind, struct span base, struct span name, bool doubt)
{
    switch (kind) {
    case KIND_DNS:
        return domain_holds(base, name);
    case KIND_DIRECTORY:
        return directory_holds(base, name, doubt);
    case KIND_IP:
        return base.len == 8 || base.len == 32 ? network_holds(base, name) : doubt;
    default:
        return doubt;
    }
}

/* Whether one of the subtrees holds the name; *of_kind: whether one is of its kind. A list that
 * cannot be read is in doubt, too; so is a subtree with a least or greatest depth. */
static bool list_holds(struct span list, unsigned kind, struct span name, bool doubt, bool *of_kind)
{
    *of_kind = false;
    while (list.len) {
        struct span subtree, base;
        unsigned tag;
        if (!der_take(&list, DER_SEQUENCE, &subtree) || !der_next(&subtree, &tag, &base)) {
            *of_kind = true;
            return doubt;
        }
        if (tag != kind)
            continue;
        *of_kind = true;
        if (subtree.len ? doubt : subtree_holds(kind, base, name, doubt))
            return true;
    }
    return false;
}

static bool allows(struct span constraints, unsigned kind, struct span name)
{
    struct span list;
    bool of_kind;
    if (der_take(&constraints, PERMITTED, &list) &&
        !list_holds(list, kind, name, false, &of_kind) && of_kind)
        return false;
    if (der_take(&constraints, EXCLUDED, &list) && list_holds(list, kind, name, true, &of_kind))
        return false;
    return constraints.len == 0;
}

/* -- a certificate's names --------------------------------------------------------------------- */

static bool allows_common_names(struct span constraints, struct span subject)
{
    struct span parts, part, pair, oid, value;
    unsigned tag;
    if (!der_take(&subject, DER_SEQUENCE, &parts))
        return false;
    while (der_take(&parts, DER_SET, &part))
        while (der_take(&part, DER_SEQUENCE, &pair))
            if (der_take(&pair, DER_OID, &oid) && der_next(&pair, &tag, &value) &&
                SPAN_IS(oid, "\x55\x04\x03") && !allows(constraints, KIND_DNS, value))
                return false;
    return parts.len == 0;
}

bool limits_allow_names(
    struct span constraints, const struct certificate *c, bool leaf, struct span also)
{
    enum { EMPTY_NAME_BYTES = 2 };
    struct span names = c->names, name;
    unsigned kind;
    bool well = true, has_dns = false;
    if (constraints.len == 0)
        return true;
    ASSERT(c->subject.len >= EMPTY_NAME_BYTES);
    if (c->subject.len > EMPTY_NAME_BYTES)
        well = allows(constraints, KIND_DIRECTORY, c->subject);
    while (well && names.len) {
        well = der_next(&names, &kind, &name) && allows(constraints, kind, name);
        has_dns |= well && kind == KIND_DNS;
    }
    if (well && leaf && !has_dns)
        well = allows_common_names(constraints, c->subject);
    return well && (also.len == 0 || allows(constraints, KIND_DNS, also));
}
