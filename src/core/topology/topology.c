/* topology.c — see topology.h. The draft's life, and the check of the whole.
 *
 * What can be judged by itself is judged as it comes in (values.c); what needs the rest of the file
 * (addresses used twice, edges, the secret) waits for topology_finish. A mistake is reported once:
 * a node whose edges are in doubt is not also called unreachable. Holds always: a topology that is
 * handed out has a name, a node, and both addresses of every node; every neighbour has this one in
 * turn. */
#include "core/base/invariant.h"
#include "core/topology/draft.h"
#include <stdio.h>
#include <stdlib.h>

struct topology_draft *topology_draft_create(void)
{
    struct topology_draft *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->faults = malloc(TOPOLOGY_FAULTS_MAX * sizeof *d->faults);
    d->nodes = malloc(TOPOLOGY_NODES_MAX * sizeof *d->nodes);
    if (!d->faults || !d->nodes) {
        topology_draft_destroy(d);
        return NULL;
    }
    draft_defaults(d);
    return d;
}

void topology_draft_destroy(struct topology_draft *d)
{
    if (!d)
        return;
    topology_destroy(&d->t);
    free(d->nodes);
    free(d->edges);
    free(d->faults);
    free(d);
}

void topology_destroy(struct topology *t)
{
    free(t->nodes);
    free(t->neighbours);
    free(t->retired);
    *t = (struct topology){0};
}

void topology_faults_destroy(struct topology_faults *f)
{
    free(f->each);
    *f = (struct topology_faults){0};
}

int topology_find(const struct topology *t, struct span name)
{
    for (unsigned i = 0; i < t->nodes_count; i++)
        if (span_equal(span_of(t->nodes[i].name), name))
            return (int)i;
    return -1;
}

/* -- what is missing --------------------------------------------------------------------------- */

static void check_missing(struct topology_draft *d)
{
    bool sure = !d->cut && !d->unsure;
    if (sure && !draft_key_line(d, "", "herd"))
        draft_error(d, 0, "the herd has no name; add one, like: herd = demo");
    if (sure && d->nodes_count == 0)
        draft_error(d, 0,
            "there is no node; add one, like: node Goloman { client = \"127.0.0.1:12000\"  peer = "
            "\"127.0.0.1:12100\" }");
    for (unsigned i = 0; i < d->nodes_count; i++) {
        const struct draft_node *n = &d->nodes[i];
        if (n->doubled || n->patchy || (d->cut && i + 1 == d->nodes_count))
            continue;
        for (unsigned p = DRAFT_CLIENT; p <= DRAFT_PEER; p++)
            if (!n->ports[p].line)
                draft_error(d, n->line,
                    "%s has no %s address; add one, like: %s = \"127.0.0.1:12%u00\"", n->name,
                    draft_port_names[p], draft_port_names[p], p);
    }
}

/* -- addresses --------------------------------------------------------------------------------- */

/* One of the file's addresses, and where it stands. */
struct listener {
    const struct draft_node *node;
    const struct address *address;
    int line;
    const char *key;
};

static struct listener listener_of(const struct topology_draft *d, unsigned i)
{
    const struct draft_node *n = &d->nodes[i / DRAFT_PORTS];
    const struct draft_address *a = &n->ports[i % DRAFT_PORTS];
    return (struct listener){n, &a->at, a->line, draft_port_names[i % DRAFT_PORTS]};
}

/* Where a node runs follows from its peer address alone, which is never 0.0.0.0. */
static bool same_machine(const struct draft_node *a, const struct draft_node *b)
{
    const struct address *x = &a->ports[DRAFT_PEER].at, *y = &b->ports[DRAFT_PEER].at;
    if (x->port == 0 || y->port == 0)
        return false;
    return address_same_host(x, y) || (address_is_loopback(x) && address_is_loopback(y));
}

/* 0.0.0.0 takes the port on every address of its machine, but of no other. */
static bool listeners_clash(const struct listener *a, const struct listener *b)
{
    if (a->address->port != b->address->port || a->node->doubled || b->node->doubled)
        return false;
    bool any = address_is_any(a->address) || address_is_any(b->address);
    return any ? same_machine(a->node, b->node) : address_equal(a->address, b->address);
}

static void report_clash(
    struct topology_draft *d, const struct listener *a, const struct listener *b)
{
    const struct listener *later = a->line >= b->line ? a : b, *earlier = later == a ? b : a;
    char text[ADDRESS_TEXT_BYTES_MAX + 1], other[ADDRESS_TEXT_BYTES_MAX + 1];
    address_text(later->address, text);
    address_text(earlier->address, other);
    draft_error(d, later->line, "%s's %s address %s is taken by %s's %s address %s in line %d",
        later->node->name, later->key, text, earlier->node->name, earlier->key, other,
        earlier->line);
}

static void check_addresses(struct topology_draft *d)
{
    for (unsigned i = 1; i < DRAFT_PORTS * d->nodes_count; i++) {
        struct listener this = listener_of(d, i), other;
        for (unsigned j = 0; j < i && this.address->port; j++) {
            other = listener_of(d, j);
            if (listeners_clash(&this, &other)) {
                report_clash(d, &this, &other);
                break;
            }
        }
    }
}

/* All three files of TLS or none, and a secret where one may take their place; true: all. */
static bool check_tls(struct topology_draft *d)
{
    static const char *const files[] = {"ca_file", "cert_file", "key_file"};
    enum { FILES = sizeof files / sizeof *files };
    unsigned given = 0;
    int line = 0;
    for (unsigned i = 0; i < FILES; i++) {
        int at = draft_key_line(d, "tls", files[i]);
        given += at != 0;
        line = at > line ? at : line;
    }
    int also = d->t.tls_also_secret ? draft_key_line(d, "tls", "also_secret") : 0;
    if (also && !draft_key_line(d, "", "secret_file") && !d->cut && !d->unsure)
        draft_error(d, also,
            "tls.also_secret is on, but there is no secret; add secret_file, or leave also_secret "
            "out when all nodes have their certificates");
    line = also > line ? also : line;
    bool some = given || also;
    for (unsigned i = 0; i < FILES && some && given < FILES && !d->cut && !d->unsure; i++)
        if (!draft_key_line(d, "tls", files[i]))
            draft_error(d, line,
                "tls has no %s; links with TLS need all three, like: tls { ca_file = \"ca.pem\"  "
                "cert_file = \"%%n.pem\"  key_file = \"%%n.key\" }, where %%n is the node's name",
                files[i]);
    return given == FILES;
}

/* An address that other machines reach. */
struct reachable {
    const struct draft_node *node; /* NULL: there is none */
    int line;
    char text[ADDRESS_TEXT_BYTES_MAX + 1];
};

/* The first of a port. */
static struct reachable first_reachable(const struct topology_draft *d, enum draft_port port)
{
    struct reachable r = {0};
    for (unsigned i = 0; i < d->nodes_count && !r.node; i++) {
        const struct draft_node *n = &d->nodes[i];
        const struct draft_address *a = &n->ports[port];
        if (n->doubled || a->at.port == 0 || address_is_loopback(&a->at))
            continue;
        r.node = n;
        r.line = a->line;
        address_text(&a->at, r.text);
    }
    return r;
}

static void check_secret(struct topology_draft *d)
{
    if (check_tls(d) || draft_key_line(d, "", "secret_file") || d->cut || d->unsure)
        return;
    struct reachable peer = first_reachable(d, DRAFT_PEER);
    if (peer.node)
        draft_error(d, peer.line,
            "%s's peer address %s can be reached from other machines, so the herd needs a secret; "
            "make one with: (umask 077; head -c 32 /dev/urandom | base64 > herd.secret), copy it "
            "to every node, and add secret_file = \"herd.secret\"; or give each node a "
            "certificate, and name it in tls { }",
            peer.node->name, peer.text);
}

/* Whether the HTTP ports speak TLS. */
static bool check_http_tls(struct topology_draft *d)
{
    int cert = draft_key_line(d, "http", "cert_file"), key = draft_key_line(d, "http", "key_file");
    if (!cert != !key && !d->cut && !d->unsure)
        draft_error(d, cert ? cert : key,
            "http has no %s; HTTP over TLS needs both, like: http { cert_file = \"%%n.pem\"  "
            "key_file = \"%%n.key\" }, where %%n is the node's name",
            cert ? "key_file" : "cert_file");
    return cert || key;
}

/* What a node says of its herd is for those who may know it, or at least for nobody in between. */
static void check_http(struct topology_draft *d)
{
    bool by_tls = check_http_tls(d);
    if (by_tls || draft_key_line(d, "http", "token_file") || d->cut || d->unsure)
        return;
    struct reachable http = first_reachable(d, DRAFT_HTTP);
    if (http.node)
        draft_error(d, http.line,
            "%s's http address %s can be reached from other machines, so it needs a token; make "
            "one with: (umask 077; head -c 32 /dev/urandom | base64 > http.token), copy it to "
            "every node, and add http { token_file = \"http.token\" }; or give it a certificate "
            "with http { cert_file key_file }; or let it listen on 127.0.0.1",
            http.node->name, http.text);
}

/* Keys that the gazetteer, which has neither network nor key, would silently ignore. */
static void check_places(struct topology_draft *d)
{
    static const char *const of_google[] = {
        "endpoint", "ca_file", "key_file", "language", "budget"};
    if (strcmp(d->t.places.provider, "gazetteer") != 0)
        return;
    for (unsigned i = 0; i < sizeof of_google / sizeof *of_google; i++) {
        int line = draft_key_line(d, "places", of_google[i]);
        if (line)
            topology_draft_fault(d, line, true,
                "places.%s is not used: the provider is gazetteer, which asks nobody",
                of_google[i]);
    }
}

/* One client that does not read would be disconnected before it is no longer read from. */
static void check_outputs(struct topology_draft *d)
{
    const struct topology_limits *l = &d->t.limits;
    int line = draft_key_line(d, "limits", "output_total"); /* its default is the most of output */
    if (line && l->output_total_bytes < l->output_bytes)
        topology_draft_fault(d, line, true,
            "limits.output_total is less than limits.output, what one client may have: a client "
            "that does not read is disconnected before the node stops reading from it");
}

/* -- the whole --------------------------------------------------------------------------------- */

static bool nodes_build(struct topology_draft *d)
{
    d->t.nodes = calloc(d->nodes_count ? d->nodes_count : 1, sizeof *d->t.nodes);
    if (!d->t.nodes)
        return false;
    d->t.nodes_count = d->nodes_count;
    for (unsigned i = 0; i < d->nodes_count; i++) {
        struct topology_node *to = &d->t.nodes[i];
        const struct draft_node *from = &d->nodes[i];
        memcpy(to->name, from->name, sizeof to->name);
        to->line = from->line;
        to->client = from->ports[DRAFT_CLIENT].at;
        to->peer = from->ports[DRAFT_PEER].at;
        to->http = from->ports[DRAFT_HTTP].at;
    }
    return true;
}

/* What holds for a herd without errors. */
static void check_whole(const struct topology *t)
{
    unsigned ends = 0;
    ASSERT(t->retired_count <= TOPOLOGY_RETIRED_MAX);
    ASSERT(t->herd[0] && t->nodes_count && t->nodes_count <= TOPOLOGY_NODES_MAX);
    for (unsigned i = 0; i < t->nodes_count; i++) {
        const struct topology_node *n = &t->nodes[i];
        ASSERT(n->name[0] && n->client.port && n->peer.port && !address_is_any(&n->peer));
        ASSERT(n->neighbours_count <= TOPOLOGY_NEIGHBOURS_MAX);
        ASSERT(n->neighbours == t->neighbours + ends);
        ends += n->neighbours_count;
    }
    ASSERT(ends == 2 * t->edges_count && t->edges_count + 1 >= t->nodes_count);
}

bool topology_finish(struct topology_draft *d, struct topology *out, struct topology_faults *faults)
{
    check_missing(d);
    check_addresses(d);
    check_secret(d);
    check_http(d);
    check_places(d);
    check_outputs(d);
    draft_retired_check(d);
    if (nodes_build(d) && draft_edges_resolve(d))
        draft_graph_check(d);
    else
        draft_error(d, 0, "memory has run out");
    *faults = draft_faults_take(d);
    if (faults->errors)
        return false;
    *out = d->t;
    d->t = (struct topology){0};
    check_whole(out);
    return true;
}

bool topology_read_text(struct span text, struct topology *out, struct topology_faults *faults)
{
    struct topology_draft *d = topology_draft_create();
    *faults = (struct topology_faults){.errors = 1};
    if (!d)
        return false;
    draft_read(d, text);
    bool well = topology_finish(d, out, faults);
    ASSERT(well == (faults->errors == 0));
    topology_draft_destroy(d);
    return well;
}
