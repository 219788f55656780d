/* certified.c — see certified.h.
 *
 * Holds always: an operator's certificate proves no node, whatever other names are in it. */
#include "core/peering/certified.h"
#include "core/base/invariant.h"
#include "core/peering/peering.h"
#include "core/tls/tls.h"

bool certified_operator(const struct peering *p)
{
    return p->certified && tls_names_fit(p->certified, p->node->operators);
}

/* The CA vouches for the names in a certificate and for no others. */
void certified_faults(const struct peering *p, struct span from, struct buf *out)
{
    const struct tls_names *names = p->certified;
    ASSERT(!p->observer && from.len && out->len == 0);
    if (!names)
        return;
    if (certified_operator(p)) {
        buf_text(out, "the certificate is an operator's");
    } else if (!tls_names_hold(names, from)) {
        buf_text(out, "the certificate is for ");
        buf_text(out, names->count ? names->each[0] : "no DNS name");
        buf_text(out, ", not for ");
        buf_span_put(out, from);
    }
    ASSERT(!out->overflow);
}

bool certified_proves_too_little(const struct peering *p)
{
    const struct peering_node *node = p->node;
    ASSERT(p->observer || p->peer);
    bool enough = p->certified && (node->also_secret || (p->observer && certified_operator(p)));
    return node->secrets.count && !enough;
}
