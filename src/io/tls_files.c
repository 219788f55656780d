/* tls_files.c — see tls_files.h. Files are read whole, used and forgotten; the key's text is
 * wiped.
 * */
#include "io/tls_files.h"
#include "io/clock.h"
#include "io/private_file.h"
#include "io/trust_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct file_kind cert_kind = {
    .noun = "certificate", .remedy = "have one made for this node, with its name as DNS name"};
static const struct file_kind key_kind = {.noun = "key",
    .remedy = "copy the one made with this node's certificate here",
    .owner_only = true};

/* What a file holds, while it is looked at. */
struct text {
    char path[FILE_PATH_ROOM];
    char *memory;
    struct span span;
};

/* `pattern` with the node's name in place of each %n. false: too long. */
static bool expand(const char *pattern, struct span name, char out[TOPOLOGY_PATH_BYTES_MAX + 1])
{
    struct buf b = buf_over(out, TOPOLOGY_PATH_BYTES_MAX);
    for (; *pattern; pattern++) {
        bool stands_for_name = pattern[0] == '%' && pattern[1] == 'n';
        if (stands_for_name)
            buf_span_put(&b, name);
        else
            buf_byte(&b, *pattern);
        pattern += stands_for_name;
    }
    out[b.len] = '\0';
    return !b.overflow;
}

static bool find(struct text *x, const char *topology_path, const char *pattern, struct span name)
{
    char file[TOPOLOGY_PATH_BYTES_MAX + 1];
    if (expand(pattern, name, file) && file_path_beside(topology_path, file, x->path))
        return true;
    fprintf(stderr, "%s: the path %s is too long\n", topology_path, pattern);
    return false;
}

static bool read_text(struct text *x, const struct file_kind *kind)
{
    x->memory = malloc(TLS_PEM_BYTES_MAX + 1);
    if (!x->memory) {
        fprintf(stderr, "%s: memory has run out\n", x->path);
        return false;
    }
    ssize_t bytes = file_read(x->path, kind, x->memory, TLS_PEM_BYTES_MAX + 1);
    if (bytes > TLS_PEM_BYTES_MAX)
        fprintf(stderr, "%s: a %s has at most 4 MiB\n", x->path, kind->noun);
    x->span = (struct span){x->memory, bytes > 0 ? (size_t)bytes : 0};
    return bytes >= 0 && bytes <= TLS_PEM_BYTES_MAX;
}

static void forget(struct text *x)
{
    if (x->memory)
        explicit_bzero(x->memory, x->span.len);
    free(x->memory);
}

static bool open_identity(struct tls_files *f, struct text *cert, struct text *key)
{
    const char *why;
    bool of_key;
    if (!read_text(cert, &cert_kind) || !read_text(key, &key_kind))
        return false;
    f->identity = tls_identity_create(cert->span, key->span, &why, &of_key);
    if (!f->identity)
        fprintf(stderr, "%s: %s %s\n", of_key ? key->path : cert->path,
            of_key ? "key_file" : "cert_file", why);
    f->config.identity = f->identity;
    return f->identity != NULL;
}

static bool check(const struct tls_files *f, const struct text *cert, struct span name)
{
    const char *fault = tls_identity_fault(&f->config, name, clock_now().real_ns);
    if (fault)
        fprintf(stderr,
            "%s: this certificate %s, so no node would take it; it must be signed by ca_file's CA, "
            "valid now, and have the node's name as DNS name (%%n in cert_file and key_file stands "
            "for that name)\n",
            cert->path, fault);
    return !fault;
}

bool tls_files_wanted(const struct topology *t)
{
    return t->tls_ca_file[0] != '\0';
}

/* name  whose files; certified  what the certificate must be for, empty: anybody */
static bool open_files(struct tls_files *f, const struct topology *t, const char *topology_path,
    struct span name, struct span certified)
{
    *f = (struct tls_files){0};
    struct text ca, cert = {.memory = NULL}, key = {.memory = NULL};
    bool well = find(&ca, topology_path, t->tls_ca_file, name) &&
                find(&cert, topology_path, t->tls_cert_file, name) &&
                find(&key, topology_path, t->tls_key_file, name);
    if (well)
        f->config.trust = f->trust =
            trust_file_read(ca.path, "copy the one that has signed the nodes' certificates here");
    well = f->trust && open_identity(f, &cert, &key) && check(f, &cert, certified);
    forget(&cert);
    forget(&key);
    if (!well)
        tls_files_close(f);
    return well;
}

bool tls_files_open(
    struct tls_files *f, const struct topology *t, const char *topology_path, struct span name)
{
    return open_files(f, t, topology_path, name, name);
}

/* Whether this user may read that node's key. */
static bool has_key(const struct topology *t, const char *topology_path, unsigned node)
{
    struct text key;
    return find(&key, topology_path, t->tls_key_file, span_of(t->nodes[node].name)) &&
           access(key.path, R_OK) == 0;
}

bool tls_files_open_any(struct tls_files *f, const struct topology *t, const char *topology_path)
{
    unsigned node = 0;
    while (node < t->nodes_count && !has_key(t, topology_path, node))
        node++;
    if (node < t->nodes_count)
        return open_files(f, t, topology_path, span_of(t->nodes[node].name), SPAN(""));
    *f = (struct tls_files){0};
    fprintf(stderr,
        "%s: the herd's links are TLS, and no node's key_file is here for this user to read; ask "
        "on "
        "a node's machine, as the user that it runs as\n",
        topology_path);
    return false;
}

void tls_files_close(struct tls_files *f)
{
    tls_trust_destroy(f->trust);
    tls_identity_destroy(f->identity);
    *f = (struct tls_files){0};
}
