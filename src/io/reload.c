/* reload.c — see reload.h. */
#include "io/reload.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* -- what is said about it --------------------------------------------------------------------- */

static void log_line(
    struct reload *r, const char *what, bool well, struct span why, struct instant now)
{
    log_begin(r->log, well ? LOG_INFO : LOG_ERROR, well ? "reloaded" : "reload_failed", now);
    log_text(r->log, "what", span_of(what));
    if (why.len)
        log_text(r->log, "why", why);
    if (!well)
        log_text(r->log, "remedy", SPAN("all stays as it was; correct it, then send SIGHUP"));
    log_end(r->log);
}

/* A line of the log for each line of `words`, and one if there is none. */
static void log_words(
    struct reload *r, const char *what, bool well, const char *words, struct instant now)
{
    struct span rest = span_of(words ? words : "out of memory\n");
    if (!rest.len)
        log_line(r, what, well, rest, now);
    while (rest.len) {
        const char *end = memchr(rest.at, '\n', rest.len);
        struct span line = {rest.at, end ? (size_t)(end - rest.at) : rest.len};
        log_line(r, what, well, line, now);
        rest = span_from(rest, line.len + (end != NULL));
    }
}

static void log_failures(struct reload *r, const struct renewal *n, struct instant now)
{
    for (enum renewal_part part = 0; part < RENEWAL_PARTS; part++)
        if (n->failed[part])
            log_words(r, renewal_word(part), false, n->words[part], now);
}

static void log_success(struct reload *r, const struct renewal *n, struct instant now)
{
    for (enum renewal_part part = 0; part < RENEWAL_PARTS; part++)
        if (n->has[part])
            log_words(r, renewal_word(part), true, n->words[part], now);
}

/* -- what may fail ----------------------------------------------------------------------------- */

/* Where the log goes from now on, opened; -1: where it went before. */
struct new_log {
    int fd;
    char *path; /* in r->log_paths */
};

static bool open_log(
    struct reload *r, const struct topology *t, struct new_log *log, struct instant now)
{
    *log = (struct new_log){.fd = -1, .path = r->log_paths[!r->log_path]};
    *log->path = '\0';
    if (*t->log_file && !file_path_beside(r->files->topology_path, t->log_file, log->path)) {
        log_line(r, "log_file", false, SPAN("the path of log_file is too long"), now);
        return false;
    }
    if (strcmp(log->path, r->sink->path) == 0)
        return true;
    log->fd = *log->path ? log_sink_try(log->path) : STDERR_FILENO;
    if (log->fd >= 0)
        return true;
    char why[FILE_PATH_ROOM + 128];
    snprintf(why, sizeof why, "cannot write to %s: %s%s", log->path, reason_of(errno),
        errno == EACCES && t->sandbox ? "; a sandbox holds a node to the folders of its start"
                                      : "");
    log_line(r, "log_file", false, span_of(why), now);
    return false;
}

/* Which ports of the node have another address in the file than before. */
static bool find_moves(const struct reload *r, bool moves[NODE_PORTS])
{
    struct host_port before[NODE_PORTS], after[NODE_PORTS];
    const struct topology *t = r->files->topology;
    int self = topology_find(t, span_of(r->files->name));
    ASSERT(self >= 0);
    own_addresses_of(&t->nodes[self], before);
    own_addresses_of(&r->renewal.topology->nodes[r->renewal.self], after);
    bool any = false;
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        moves[p] = !host_port_equal(&before[p], &after[p]);
        any |= moves[p];
    }
    return any;
}

/* Only names that are others than before are looked up: what is listened on stays. */
static void begin_lookups(struct reload *r, struct instant now)
{
    struct host_port of[NODE_PORTS];
    bool moves[NODE_PORTS];
    own_addresses_of(&r->renewal.topology->nodes[r->renewal.self], of);
    (void)find_moves(r, moves);
    for (unsigned p = 0; p < NODE_PORTS; p++)
        if (!moves[p])
            of[p] = (struct host_port){.address = of[p].address};
    own_addresses_begin(&r->own, of, &r->lookups->own, now);
    r->waits = r->own.verdict == OWN_WAITS;
}

/* Binds the node's own addresses where they are others. */
static bool bind_addresses(struct reload *r, struct listen_move *move, struct instant now)
{
    bool moves[NODE_PORTS];
    char *words = NULL;
    size_t bytes;
    if (!find_moves(r, moves))
        return true;
    FILE *tell = open_memstream(&words, &bytes);
    bool well = tell && listen_move_begin(move, r->listeners, moves, r->own.at, tell);
    if (tell)
        fclose(tell);
    if (!well)
        log_words(r, "addresses", false, words, now);
    free(words);
    return well;
}

static void log_no_address(struct reload *r, struct instant now)
{
    char *words = NULL;
    size_t bytes;
    FILE *tell = open_memstream(&words, &bytes);
    if (tell) {
        own_addresses_tell(&r->own, tell, false);
        fclose(tell);
    }
    log_words(r, "addresses", false, words, now);
    free(words);
}

/* Lowers limits.connections to what the limit of open files allows. false: that is not enough, or
 * the node does not take it. */
static bool share_files(
    struct reload *r, const struct renewal *n, struct open_files_share *share, struct instant now)
{
    struct topology *t = n->topology;
    struct open_files files = *r->open_files;
    files.neighbours = t->nodes[n->self].neighbours_count;
    files.http = t->nodes[n->self].http.address.port != 0;
    files.names = topology_has_names(t);
    files.clients = t->limits.connections;
    *share = open_files_share(&files);
    if (!share->clients) {
        log_line(r, "topology", false, SPAN("this process may open too few files for that"), now);
        return false;
    }
    open_files_tell(&files, share, r->log, now);
    t->limits.connections = share->clients;
    const char *why = "no memory for so many connections; lower limits.connections";
    if (t->limits.stamps < store_count(node_store(r->node))) /* which were fewer when it was read */
        why = "limits.stamps is less than this node holds by now";
    else if (conns_grow(r->conns, share->connections))
        why = node_take_topology(r->node, t, r->conns->slots.max, now);
    if (why)
        log_line(r, "topology", false, span_of(why), now);
    return !why;
}

/* -- all together ------------------------------------------------------------------------------ */

static void take(struct reload *r, struct renewal *n, const struct new_log *log,
    const struct open_files_share *share, struct instant now)
{
    const struct topology *t = n->topology;
    r->conns->spare = share->spare;
    if (log->fd >= 0) {
        log_sink_move(r->sink, log->fd, log->path);
        r->log_path = !r->log_path;
    }
    r->log->level = t->log_level;
    ring_spin(r->ring, (int64_t)t->spin_ns);
    if (n->has[RENEWAL_SECRET])
        node_take_secrets(r->node, &n->secret.secrets, now);
    log_success(r, n, now);
    renewal_take(n, now);
}

/* With all names known. */
static void finish(struct reload *r, struct instant now)
{
    struct new_log log = {.fd = -1};
    struct listen_move move = {.moves = {false}};
    struct open_files_share share;
    r->waits = false;
    if (open_log(r, r->renewal.topology, &log, now) && bind_addresses(r, &move, now) &&
        share_files(r, &r->renewal, &share, now)) {
        listeners_move(r->listeners, &move, now);
        take(r, &r->renewal, &log, &share, now);
        return;
    }
    listen_move_end(&move);
    if (log.fd > STDERR_FILENO)
        close(log.fd);
    renewal_discard(&r->renewal);
}

void reload_begin(struct reload *r, struct instant now)
{
    reload_end(r);
    if (*r->sink->path)
        log_sink_reopen(r->sink, now);
    if (!r->files)
        return;
    if (!renewal_read(&r->renewal, r->files, store_count(node_store(r->node)))) {
        log_failures(r, &r->renewal, now);
        renewal_discard(&r->renewal);
        return;
    }
    begin_lookups(r, now);
    if (!r->waits)
        finish(r, now);
}

bool reload_turn(struct reload *r, struct instant now)
{
    ASSERT(r->waits);
    enum own_verdict verdict = own_addresses_turn(&r->own, &r->lookups->own, now);
    resolve_settle(&r->lookups->own, now);
    if (verdict == OWN_WAITS)
        return false;
    if (verdict == OWN_KNOWN) {
        finish(r, now);
    } else {
        log_no_address(r, now);
        reload_end(r);
    }
    return true;
}

void reload_end(struct reload *r)
{
    if (r->waits)
        renewal_discard(&r->renewal);
    r->waits = false;
}
