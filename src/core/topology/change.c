/* change.c — see change.h. */
#include "core/topology/change.h"
#include "core/base/invariant.h"
#include <string.h>

#define RESTART ", which needs a restart of the node\n"

static void put(struct buf *out, const char *text)
{
    buf_text(out, text);
}

/* A part that is there in one of both only, or that is on in one of both only. */
static void compare(struct buf *out, const char *what, bool now, bool next)
{
    if (now == next)
        return;
    put(out, what);
    put(out, next ? " was added" RESTART : " was removed" RESTART);
}

static void check_names(
    const struct topology *now, const struct topology *next, struct span self, struct buf *out)
{
    if (strcmp(now->herd, next->herd) != 0) {
        put(out, "the herd is called ");
        put(out, next->herd);
        put(out, " in place of ");
        put(out, now->herd);
        put(out, RESTART);
    }
    if (topology_find(next, self) >= 0)
        return;
    put(out, "the file does not name this node, ");
    buf_span_put(out, self);
    put(out, "; stop it with SIGTERM, so that the others get all that it holds\n");
}

static void check_places(
    const struct topology_places *now, const struct topology_places *next, struct buf *out)
{
    if (strcmp(now->provider, next->provider) != 0)
        put(out, "places.provider is another one" RESTART);
    if (strcmp(now->host, next->host) != 0 || now->port != next->port)
        put(out, "places.endpoint is another one" RESTART);
}

/* Whether the node's HTTP port speaks TLS. */
static bool http_is_tls(const struct topology *t, struct span self)
{
    int node = topology_find(t, self);
    return node >= 0 && t->http.cert_file[0] && t->nodes[node].http.address.port;
}

void topology_change_faults(const struct topology *now, const struct topology *next,
    struct span self, uint64_t stamps, struct buf *out)
{
    ASSERT(topology_find(now, self) >= 0 && out->len == 0);
    check_names(now, next, self, out);
    if (next->limits.stamps < stamps) {
        put(out, "limits.stamps is ");
        buf_u64(out, next->limits.stamps);
        put(out, ", and this node holds ");
        buf_u64(out, stamps);
        put(out, " already\n");
    }
    compare(out, "secret_file", now->secret_file[0], next->secret_file[0]);
    compare(out, "tls", now->tls_ca_file[0], next->tls_ca_file[0]);
    if (topology_find(next, self) >= 0)
        compare(out, "HTTP over TLS", http_is_tls(now, self), http_is_tls(next, self));
    compare(out, "tls.also_secret", now->tls_also_secret, next->tls_also_secret);
    if (now->sandbox != next->sandbox)
        put(out,
            next->sandbox ? "sandbox was switched on" RESTART : "sandbox was switched off" RESTART);
    if (next->sandbox && !topology_has_names(now) && topology_has_names(next))
        put(out, "a first name in place of an address, whose lookup the sandbox denies" RESTART);
    check_places(&now->places, &next->places, out);
    if (strcmp(now->journal.dir, next->journal.dir) != 0)
        put(out, "journal.dir is another one" RESTART);
    ASSERT(!out->overflow);
}
