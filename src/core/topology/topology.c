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

bool topology_has_names(const struct topology *t)
{
    for (unsigned i = 0; i < t->nodes_count; i++) {
        const struct topology_node *n = &t->nodes[i];
        const struct host_port *const at[] = {
            &n->client_listen, &n->peer_listen, &n->peer, &n->http};
        struct address fixed[HOST_PORT_FIXED_MAX];
        for (unsigned p = 0; p < sizeof at / sizeof *at; p++)
            if (!host_port_fixed(at[p], fixed))
                return true;
    }
    return false;
}

bool topology_has_host(const struct topology *t, struct span name)
{
    for (unsigned i = 0; i < t->nodes_count; i++) {
        const struct topology_node *n = &t->nodes[i];
        if (host_port_has_name(&n->client, name) || host_port_has_name(&n->peer, name) ||
            host_port_has_name(&n->http, name))
            return true;
    }
    return false;
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
    const struct host_port *at;
    enum draft_port port;
    int line;
};

static struct listener listener_of(const struct topology_draft *d, unsigned i)
{
    const struct draft_node *n = &d->nodes[i / DRAFT_PORTS];
    const struct draft_address *a = &n->ports[i % DRAFT_PORTS];
    return (struct listener){n, &a->at, i % DRAFT_PORTS, a->line};
}

static bool is_given(const struct draft_address *a)
{
    return a->at.address.port != 0;
}

/* The key that says where a port is bound, in place of the one that says where it is reached. */
static enum draft_port listen_key(enum draft_port port)
{
    return port == DRAFT_CLIENT ? DRAFT_CLIENT_LISTEN
           : port == DRAFT_PEER ? DRAFT_PEER_LISTEN
                                : port;
}

/* Whether the node binds it; otherwise others only dial it. */
static bool is_bound(const struct listener *l)
{
    enum draft_port key = listen_key(l->port);
    return key == l->port || !is_given(&l->node->ports[key]);
}

/* Where a node runs follows from its peer address alone, which is never 0.0.0.0. Two names may be
 * of one machine; who binds there will see. */
static bool same_machine(const struct draft_node *a, const struct draft_node *b)
{
    const struct host_port *x = &a->ports[DRAFT_PEER].at, *y = &b->ports[DRAFT_PEER].at;
    if (x->address.port == 0 || y->address.port == 0)
        return false;
    return host_port_same_host(x, y) || (host_port_is_loopback(x) && host_port_is_loopback(y));
}

/* The same name, or one address in common as far as that is known. */
static bool overlap(const struct host_port *a, const struct host_port *b)
{
    struct address of_a[HOST_PORT_FIXED_MAX], of_b[HOST_PORT_FIXED_MAX];
    unsigned a_count = host_port_fixed(a, of_a), b_count = host_port_fixed(b, of_b);
    for (unsigned i = 0; i < a_count; i++)
        for (unsigned j = 0; j < b_count; j++)
            if (address_same_host(&of_a[i], &of_b[j]))
                return true;
    return host_port_same_host(a, b);
}

/* 0.0.0.0 takes the port on every address of its machine, but of no other. What is only bound there
 * may be bound on another machine, too: all containers may listen on one address. */
static bool listeners_clash(const struct listener *a, const struct listener *b)
{
    bool listen = a->port >= DRAFT_CLIENT_LISTEN || b->port >= DRAFT_CLIENT_LISTEN;
    bool any = host_port_is_any(a->at) || host_port_is_any(b->at);
    if (a->at->address.port != b->at->address.port || a->node->doubled || b->node->doubled)
        return false;
    if (!any && !listen)
        return overlap(a->at, b->at);
    return is_bound(a) && is_bound(b) && same_machine(a->node, b->node) &&
           (any || overlap(a->at, b->at));
}

static void report_clash(
    struct topology_draft *d, const struct listener *a, const struct listener *b)
{
    const struct listener *later = a->line >= b->line ? a : b, *earlier = later == a ? b : a;
    char text[HOST_PORT_TEXT_BYTES_MAX + 1], other[HOST_PORT_TEXT_BYTES_MAX + 1];
    host_port_text(later->at, text);
    host_port_text(earlier->at, other);
    draft_error(d, later->line, "%s's %s address %s is taken by %s's %s address %s in line %d",
        later->node->name, draft_port_names[later->port], text, earlier->node->name,
        draft_port_names[earlier->port], other, earlier->line);
}

static void check_addresses(struct topology_draft *d)
{
    for (unsigned i = 1; i < DRAFT_PORTS * d->nodes_count; i++) {
        struct listener this = listener_of(d, i), other;
        for (unsigned j = 0; j < i && this.at->address.port; j++) {
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
    int operators = draft_key_line(d, "tls", "operators");
    line = also > line ? also : line;
    line = operators > line ? operators : line;
    bool some = given || also || operators;
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
    const char *key;
    int line;
    char text[HOST_PORT_TEXT_BYTES_MAX + 1];
};

/* The first of a port, where it is dialled or where it is bound: a tunnel may lead from the one to
 * the other. Of a name only the name server knows where it leads. */
static struct reachable first_reachable(const struct topology_draft *d, enum draft_port port)
{
    const enum draft_port keys[] = {port, listen_key(port)};
    struct reachable r = {0};
    for (unsigned i = 0; i < 2 * d->nodes_count && !r.node; i++) {
        const struct draft_node *n = &d->nodes[i / 2];
        const struct draft_address *a = &n->ports[keys[i % 2]];
        if (n->doubled || !is_given(a) || host_port_is_loopback(&a->at))
            continue;
        r.node = n;
        r.key = draft_port_names[keys[i % 2]];
        r.line = a->line;
        host_port_text(&a->at, r.text);
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
            "%s's %s address %s can be reached from other machines, so the herd needs a secret; "
            "make one with: (umask 077; head -c 32 /dev/urandom | base64 > herd.secret), copy it "
            "to every node, and add secret_file = \"herd.secret\"; or give each node a "
            "certificate, and name it in tls { }",
            peer.node->name, peer.key, peer.text);
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

/* Without a folder there is no journal, whatever else is said of it. */
static void check_journal(struct topology_draft *d)
{
    static const char *const others[] = {"mode", "flush", "compact", "damaged"};
    if (draft_key_line(d, "journal", "dir") || d->cut || d->unsure)
        return;
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        int line = draft_key_line(d, "journal", others[i]);
        if (line)
            draft_error(d, line,
                "journal.%s says how stamps are kept, but not where; add a folder, like: journal "
                "{ dir = \"data/%%n\" }, where %%n is the node's name",
                others[i]);
    }
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
        const struct draft_address *ports = from->ports;
        enum draft_port client = is_given(&ports[DRAFT_CLIENT_LISTEN]) ? DRAFT_CLIENT_LISTEN
                                                                       : DRAFT_CLIENT,
                        peer = is_given(&ports[DRAFT_PEER_LISTEN]) ? DRAFT_PEER_LISTEN : DRAFT_PEER;
        to->client = ports[DRAFT_CLIENT].at;
        to->client_listen = ports[client].at;
        to->peer = ports[DRAFT_PEER].at;
        to->peer_listen = ports[peer].at;
        to->http = ports[DRAFT_HTTP].at;
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
        ASSERT(n->name[0] && n->client.address.port && n->client_listen.address.port);
        ASSERT(n->peer.address.port && n->peer_listen.address.port && !host_port_is_any(&n->peer));
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
    check_journal(d);
    check_places(d);
    check_outputs(d);
    draft_retired_check(d);
    draft_operators_check(d);
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
