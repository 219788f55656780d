/* tls_files.c — see tls_files.h. Files are read whole, used and forgotten; the key's text is
 * wiped. */
#include "files/tls_files.h"
#include "files/clock.h"
#include "files/trust_file.h"
#include <unistd.h>

static const char ca_remedy[] = "copy the one that has signed the nodes' certificates here";
static const struct private_kind cert_kind = {
    .noun = "certificate", .remedy = "have one made for this node, with its name as DNS name"};
static const struct private_kind key_kind = {.noun = "key",
    .remedy = "copy the one made with this node's certificate here",
    .owner_only = true};
static const struct private_kind operator_cert_kind = {
    .noun = "certificate", .remedy = "name the file of your own with --cert"};
static const struct private_kind operator_key_kind = {.noun = "key",
    .remedy = "name the file made with your certificate with --key",
    .owner_only = true};

static bool find(char out[FILE_PATH_ROOM], const char *topology_path, const char *pattern,
    struct span name, FILE *tell)
{
    char file[TOPOLOGY_PATH_BYTES_MAX + 1];
    if (file_path_of_node(pattern, name, file) && file_path_to_read(topology_path, file, out))
        return true;
    fprintf(tell, "%s: the path %s is too long\n", topology_path, pattern);
    return false;
}

static struct tls_identity *read_identity(
    const struct tls_files *f, const struct tls_paths *at, FILE *tell)
{
    bool own = f->cert_path != NULL;
    struct file_text cert = {.memory = NULL}, key = {.memory = NULL};
    struct tls_identity *identity = NULL;
    const char *why;
    bool of_key;
    if (file_text_read(
            &cert, at->cert, own ? &operator_cert_kind : &cert_kind, TLS_PEM_MIB_MAX, tell) &&
        file_text_read(
            &key, at->key, own ? &operator_key_kind : &key_kind, TLS_PEM_MIB_MAX, tell)) {
        identity = tls_identity_create(cert.span, key.span, &why, &of_key);
        if (!identity)
            fprintf(tell, "%s: %s %s\n", of_key ? at->key : at->cert,
                of_key ? "key_file" : "cert_file", why);
    }
    file_text_forget(&cert);
    file_text_forget(&key);
    return identity;
}

static bool check(const struct tls_files *f, const struct tls_config *config,
    const struct tls_paths *at, struct span name, FILE *tell)
{
    struct span operators = span_of(f->topology->tls_operators);
    const char *fault = tls_identity_fault(config, name, operators, clock_now().real_ns);
    if (fault && f->cert_path)
        fprintf(tell,
            "%s: this certificate %s, so no node would take it; it must be signed by the CA of "
            "tls.ca_file, and valid now\n",
            at->cert, fault);
    else if (fault)
        fprintf(tell,
            "%s: this certificate %s, so no node would take it; it must be signed by ca_file's CA, "
            "valid now, for servers if it has extendedKeyUsage, and have the node's name as DNS "
            "name (%%n in cert_file and key_file stands for that name), and none of an operator\n",
            at->cert, fault);
    return !fault;
}

static void destroy(struct tls_config *config)
{
    tls_trust_destroy(config->trust);
    tls_identity_destroy(config->identity);
    *config = (struct tls_config){0};
}

static bool take_path(char out[FILE_PATH_ROOM], const char *path, FILE *tell)
{
    bool fits = strlen(path) < FILE_PATH_ROOM;
    if (fits)
        strcpy(out, path);
    else
        fprintf(tell, "the path %s is too long\n", path);
    return fits;
}

bool tls_files_paths(const struct tls_files *f, struct tls_paths *out, FILE *tell)
{
    const struct topology *t = f->topology;
    if (f->of_http) {
        out->ca[0] = '\0';
        return find(out->cert, f->topology_path, t->http.cert_file, f->name, tell) &&
               find(out->key, f->topology_path, t->http.key_file, f->name, tell);
    }
    if (!find(out->ca, f->topology_path, t->tls_ca_file, f->name, tell))
        return false;
    if (f->cert_path)
        return take_path(out->cert, f->cert_path, tell) && take_path(out->key, f->key_path, tell);
    return find(out->cert, f->topology_path, t->tls_cert_file, f->name, tell) &&
           find(out->key, f->topology_path, t->tls_key_file, f->name, tell);
}

/* Nobody would take it any more. */
static bool check_dates(const struct tls_identity *identity, const struct tls_paths *at, FILE *tell)
{
    bool valid = clock_now().real_ns / SECOND_NS < tls_identity_ends_s(identity);
    if (!valid)
        fprintf(tell, "%s: this certificate has expired; have it renewed\n", at->cert);
    return valid;
}

/* Read the files that f names; its config is left alone.
 *
 * certified  the name that the certificate must be for; empty: any
 * false: the reason has been reported, and *out is empty. */
static bool read_files(
    const struct tls_files *f, struct tls_config *out, struct span certified, FILE *tell)
{
    struct tls_paths at;
    *out = (struct tls_config){0};
    if (!tls_files_paths(f, &at, tell))
        return false;
    if (f->of_http) {
        out->identity = read_identity(f, &at, tell);
        if (out->identity && check_dates(out->identity, &at, tell))
            return true;
        destroy(out);
        return false;
    }
    out->trust = trust_file_read(at.ca, ca_remedy, tell);
    out->identity = out->trust ? read_identity(f, &at, tell) : NULL;
    if (out->identity && check(f, out, &at, certified, tell))
        return true;
    destroy(out);
    return false;
}

bool tls_files_wanted(const struct topology *t)
{
    return t->tls_ca_file[0] != '\0';
}

bool tls_files_read(struct tls_files *f, const struct topology *t, const char *topology_path,
    struct span name, FILE *tell)
{
    *f = (struct tls_files){.topology = t, .topology_path = topology_path, .name = name};
    return read_files(f, &f->config, name, tell);
}

bool tls_files_open(
    struct tls_files *f, const struct topology *t, const char *topology_path, struct span name)
{
    return tls_files_read(f, t, topology_path, name, stderr);
}

bool tls_files_http_wanted(const struct topology *t, const struct topology_node *node)
{
    return t->http.cert_file[0] != '\0' && node->http.address.port != 0;
}

bool tls_files_read_http(struct tls_files *f, const struct topology *t, const char *topology_path,
    struct span name, FILE *tell)
{
    *f = (struct tls_files){
        .topology = t, .topology_path = topology_path, .name = name, .of_http = true};
    return read_files(f, &f->config, name, tell);
}

void tls_files_take(struct tls_files *f, struct tls_files *renewed)
{
    destroy(&f->config);
    *f = *renewed;
    *renewed = (struct tls_files){.topology = f->topology};
}

/* Whether this user may read that node's key. */
static bool has_key(const struct topology *t, const char *topology_path, unsigned node)
{
    char path[FILE_PATH_ROOM];
    return find(path, topology_path, t->tls_key_file, span_of(t->nodes[node].name), stderr) &&
           access(path, R_OK) == 0;
}

bool tls_files_open_any(struct tls_files *f, const struct topology *t, const char *topology_path)
{
    unsigned node = 0;
    while (node < t->nodes_count && !has_key(t, topology_path, node))
        node++;
    *f = (struct tls_files){.topology = t, .topology_path = topology_path};
    if (node < t->nodes_count) {
        f->name = span_of(t->nodes[node].name);
        return read_files(f, &f->config, SPAN(""), stderr);
    }
    fprintf(stderr,
        "%s: the herd's links use TLS, and this user can read no node's key_file here; ask on a "
        "node's "
        "machine, as the user that the node runs as\n",
        topology_path);
    return false;
}

bool tls_files_open_operator(struct tls_files *f, const struct topology *t,
    const char *topology_path, const char *cert_path, const char *key_path)
{
    *f = (struct tls_files){.topology = t,
        .topology_path = topology_path,
        .cert_path = cert_path,
        .key_path = key_path};
    return read_files(f, &f->config, SPAN(""), stderr);
}

void tls_files_close(struct tls_files *f)
{
    destroy(&f->config);
}
