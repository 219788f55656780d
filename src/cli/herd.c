/* herd.c — see herd.h. */
#include "cli/herd.h"
#include "core/base/nearest.h"
#include "files/topology_file.h"

bool herd_open(struct herd *h, const struct options *o)
{
    *h = (struct herd){0};
    if (!topology_load(o->topology_file, &h->topology))
        return false;
    if (o->cert)
        return true;
    if (!secret_file_open(&h->secret_file, &h->topology, o->topology_file)) {
        topology_destroy(&h->topology);
        return false;
    }
    return true;
}

bool herd_speaks_as(struct herd *h, const struct options *o, unsigned self)
{
    if (!token_file_open(&h->token_file, &h->topology, o->topology_file))
        return false;
    const struct topology_node *node = &h->topology.nodes[self];
    struct span name = span_of(node->name);
    if (tls_files_http_wanted(&h->topology, node)) {
        h->http_tls = &h->http_files.config;
        if (!tls_files_read_http(&h->http_files, &h->topology, o->topology_file, name, stderr))
            return false;
    }
    if (!tls_files_wanted(&h->topology))
        return true;
    h->tls = &h->tls_files.config;
    return tls_files_open(&h->tls_files, &h->topology, o->topology_file, name);
}

static bool observes_as_operator(struct herd *h, const struct options *o)
{
    if (!tls_files_wanted(&h->topology)) {
        complain("%s: the herd's links are plain, so no node asks for a certificate; leave out "
                 "--cert and --key",
            o->topology_file);
        return false;
    }
    h->tls = &h->tls_files.config;
    return tls_files_open_operator(&h->tls_files, &h->topology, o->topology_file, o->cert, o->key);
}

/* Where both are taken, nodes that have no TLS yet take the secret. */
bool herd_observes(struct herd *h, const struct options *o)
{
    if (o->cert)
        return observes_as_operator(h, o);
    if (!tls_files_wanted(&h->topology) || h->topology.tls_also_secret)
        return true;
    h->tls = &h->tls_files.config;
    return tls_files_open_any(&h->tls_files, &h->topology, o->topology_file);
}

void herd_close(struct herd *h)
{
    tls_files_close(&h->tls_files);
    tls_files_close(&h->http_files);
    topology_destroy(&h->topology);
}

int herd_node(const struct topology *t, const struct options *o, const char *name)
{
    int found = topology_find(t, span_of(name));
    if (found >= 0)
        return found;
    struct nearest near = nearest_to(span_of(name));
    for (unsigned i = 0; i < t->nodes_count; i++)
        nearest_offer(&near, t->nodes[i].name);
    if (near.best)
        complain("%s has no node \"%s\"; did you mean \"%s\"?", o->topology_file, name, near.best);
    else
        complain(
            "%s has no node \"%s\"; its first is \"%s\"", o->topology_file, name, t->nodes[0].name);
    return -1;
}
