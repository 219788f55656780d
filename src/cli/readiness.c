/* readiness.c — see readiness.h. */
#include "cli/readiness.h"
#include "cli/lookup.h"
#include "cli/options.h"
#include "files/clock.h"
#include "files/places_files.h"
#include "files/secret.h"
#include "files/tls_files.h"
#include "io/listen.h"
#include "io/open_files.h"
#include "io/own_addresses.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A log that nobody reads; what is wrong with the rest goes to standard error. */
static char log_memory[1024];

/* It was read, and is forgotten. */
static void look_at_end(
    struct tls_files *files, const char *path, const char *what, const struct topology_node *node)
{
    int64_t left_s = tls_identity_ends_s(files->config.identity) - clock_now().real_ns / SECOND_NS;
    if (left_s < READINESS_CERTIFICATE_S)
        printf("%s: warning: the %s of %s ends in %lld days\n", path, what, node->name,
            (long long)(left_s / 86400));
    tls_files_close(files);
}

static bool try_tls(const struct topology *t, const char *path, const struct topology_node *node)
{
    struct tls_files files = {0};
    if (!tls_files_wanted(t))
        return true;
    if (!tls_files_open(&files, t, path, span_of(node->name)))
        return false;
    look_at_end(&files, path, "certificate", node);
    return true;
}

static bool try_http_tls(
    const struct topology *t, const char *path, const struct topology_node *node)
{
    struct tls_files files = {0};
    if (!tls_files_http_wanted(t, node))
        return true;
    if (!tls_files_read_http(&files, t, path, span_of(node->name), stderr))
        return false;
    look_at_end(&files, path, "HTTP certificate", node);
    return true;
}

/* service: whether a service is to be asked, to which there are connections */
static bool try_places(const struct topology *t, const char *path, bool *service)
{
    struct places_files files;
    bool well = places_files_open(&files, t, path);
    *service = well && places_files_are_used(&files);
    if (well)
        places_files_close(&files);
    return well;
}

/* It is opened as a start opens it, but not made: then its folder must allow that. */
static bool try_log(const struct topology *t, const char *topology_path)
{
    char path[FILE_PATH_ROOM];
    if (!*t->log_file)
        return true;
    if (!file_path_beside(topology_path, t->log_file, path)) {
        complain("the path of log_file is too long");
        return false;
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    int error = errno;
    if (error == ENOENT) {
        char folder[FILE_PATH_ROOM];
        strcpy(folder, path);
        char *end = strrchr(folder, '/');
        strcpy(end ? end : folder, end == folder ? "/" : end ? "" : ".");
        if (access(folder, W_OK | X_OK) == 0)
            return true;
        error = errno;
    }
    complain("log_file %s cannot be opened: %s", path, strerror(error));
    return false;
}

static bool try_open_files(
    const struct topology *t, const struct topology_node *node, bool service, struct log *log)
{
    struct open_files files = {.neighbours = node->neighbours_count,
        .places = service,
        .http = node->http.address.port != 0,
        .names = topology_has_names(t),
        .clients = t->limits.connections};
    if (!open_files_raise(&files))
        return false;
    struct open_files_share share = open_files_share(&files);
    if (!share.clients)
        open_files_tell(&files, &share, log, clock_now());
    return share.clients > 0;
}

/* Where it listens; a node that starts would try names for a while. Returns how many fail. */
static unsigned find_addresses(const struct topology_node *node, struct listen_at at[NODE_PORTS])
{
    struct host_port of[NODE_PORTS];
    unsigned failed = 0;
    own_addresses_of(node, of);
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        struct lookup found;
        at[p] = (struct listen_at){.of = of[p]};
        if (p == NODE_HTTP_PORT && !of[p].address.port)
            continue;
        lookup_run(&found, &of[p]);
        _Static_assert((int)LOOKUP_ADDRESSES_MAX <= (int)LISTEN_ADDRESSES_MAX, "all fit");
        memcpy(at[p].each, found.each, found.count * sizeof *found.each);
        at[p].count = found.count;
        failed += !found.count;
        if (!found.count)
            complain("cannot look up %s, where %s listens: %s", of[p].name, node->name, found.why);
    }
    return failed;
}

static bool try_ports(const struct listen_at at[NODE_PORTS], struct log *log)
{
    struct listeners l;
    if (!listeners_open(&l, NULL, log, at, clock_now()))
        return false;
    listeners_stop(&l);
    return true;
}

/* They may come later: no node waits for its neighbours. */
static void warn_of_neighbours(
    const struct topology *t, const struct topology_node *node, const char *path)
{
    for (unsigned i = 0; i < node->neighbours_count; i++) {
        const struct topology_node *other = &t->nodes[node->neighbours[i]];
        struct lookup found;
        lookup_run(&found, &other->peer);
        if (!found.count)
            printf("%s:%d: warning: cannot look up %s, where %s is dialled: %s; it is looked up "
                   "again for each dial\n",
                path, other->line, other->peer.name, other->name, found.why);
    }
}

unsigned readiness_faults(
    const struct topology *t, const char *topology_path, unsigned self, bool bind)
{
    const struct topology_node *node = &t->nodes[self];
    struct secret_file secrets = {0}, tokens = {0};
    struct log log;
    log_init(&log, LOG_ERROR, span_of(node->name), log_memory, sizeof log_memory);
    unsigned faults = 0;
    bool service;
    faults += !secret_file_open(&secrets, t, topology_path);
    faults += !token_file_open(&tokens, t, topology_path);
    faults += !try_tls(t, topology_path, node);
    faults += !try_http_tls(t, topology_path, node);
    faults += !try_places(t, topology_path, &service);
    faults += !try_log(t, topology_path);
    faults += !try_open_files(t, node, service, &log);
    struct listen_at at[NODE_PORTS];
    unsigned unknown = find_addresses(node, at);
    faults += unknown;
    faults += bind && !unknown && !try_ports(at, &log);
    warn_of_neighbours(t, node, topology_path);
    return faults;
}
