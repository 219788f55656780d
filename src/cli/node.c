/* node.c — `stampede node`: creates a node and runs its loop. */
#include "core/node/node.h"
#include "cli/commands.h"
#include "cli/commit.h"
#include "cli/herd.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "files/entropy.h"
#include "files/journal_folder.h"
#include "files/places_provider.h"
#include "files/private_file.h"
#include "io/loop.h"
#include "io/open_files.h"
#include "io/own_addresses.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NODE_LOG_BYTES = 1 << 20 }; /* for what is logged in one turn */

static const char help[] =
    "Usage: stampede node NAME [-c FILE]\n\n"
    "Run one node of the herd in the foreground, until Ctrl-C or SIGTERM.\n\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -h, --help           print this text\n\n"
    "A name in place of an address at which it listens is looked up for 30 s at most;\n"
    "those of its neighbours before each dial.\n\n"
    "Events are logged to standard error, or to log_file of the topology.\n\n"
    "SIGHUP opens log_file again, after log rotation, and reloads FILE and all files\n"
    "that it names. If anything is wrong with one of them, that is logged and nothing\n"
    "changes. No client is dropped. If the log goes to a terminal, SIGHUP stops the\n"
    "node: the terminal was closed.\n\n"
    "Exit codes: 0 stopped by a signal, or drained; 1 could not start, or had to end\n"
    "(an earlier process has this node's name); 2 wrong command line.\n\n"
    "Example: stampede node Goloman\n";

static void log_places(struct log *log, const struct places_provision *p, struct instant now)
{
    log_begin(log, LOG_INFO, "places", now);
    log_text(log, "provider", span_of(p->provider.name));
    if (p->exchange)
        log_text(log, "host", exchange_host(p->exchange));
    log_end(log);
}

/* What was found, and in which state. */
static void log_journal(struct log *log, const struct journal_folder *f, struct instant now)
{
    const struct found_figures *was = &f->found.figures;
    log_begin(log, LOG_INFO, "journal", now);
    log_text(log, "folder", span_of(f->path));
    log_number(log, "stamps", (int64_t)was->stamps);
    log_number(log, "records", (int64_t)was->records);
    log_number(log, "bytes", (int64_t)was->bytes);
    log_number(log, "ms", f->took_ns / MS_NS);
    if (was->clock_ns)
        log_number(log, "age_s", (now.real_ns - was->clock_ns) / SECOND_NS);
    if (was->torn_bytes)
        log_number(log, "torn_bytes", (int64_t)was->torn_bytes);
    log_end(log);
    if (!was->damaged && !was->digest_differs)
        return;
    log_begin(log, LOG_ERROR, "journal_damaged", now);
    log_number(log, "holes", (int64_t)was->holes);
    log_number(log, "lost_bytes", (int64_t)was->lost_bytes);
    log_text(log, "why", was->damaged ? SPAN("bytes that were on the disk are not there, or wrong")
                                      : SPAN("the sums of what was read are not those written"));
    log_text(log, "means", SPAN("what is good is held, and the neighbours send everything"));
    log_end(log);
}

/* Reads the journal, if there is one, for a node that will be created with config->seed. false: the
 * reason was written to standard error. */
static bool read_journal(
    struct journal_folder *f, struct node_config *config, const struct options *o)
{
    const struct topology *t = config->topology;
    const char *name = t->nodes[config->self].name;
    struct store_config store = node_store_config(config);
    if (!journal_folder_open(f, t, name, o->topology_file, stderr))
        return false;
    if (f->fd < 0)
        return true;
    if (!journal_folder_read(f, t, name, &store, stderr))
        return false;
    config->store = f->store;
    config->past = &f->found.past;
    config->found = &f->found;
    log_journal(config->log, f, clock_now());
    return true;
}

/* What a node opens again while it runs. */
struct opened_again {
    struct sandbox sandbox; /* views the rest */
    char secret[FILE_PATH_ROOM], token[FILE_PATH_ROOM];
    struct tls_paths tls, http;
    char ca[FILE_PATH_ROOM], key[FILE_PATH_ROOM]; /* of places */
};

/* A topology.conf that came through a pipe cannot be read again. */
static bool is_file(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 && S_ISREG(is.st_mode);
}

/* All but the log was read before, so the paths are not too long. */
static void find_opened_again(struct opened_again *o, const struct herd *herd,
    const struct places_provision *places, const char *topology_path, const char *log_path)
{
    bool resolves = places->exchange != NULL || topology_has_names(&herd->topology);
    o->sandbox = (struct sandbox){.log_file = log_path, .resolves = resolves};
    unsigned count = 0;
    bool found = true;
    if (is_file(topology_path))
        o->sandbox.files[count++] = topology_path;
    if (herd->secret_file.secrets.count) {
        found = secret_file_path(&herd->secret_file, o->secret);
        o->sandbox.files[count++] = o->secret;
    }
    if (herd->token_file.secrets.count) {
        found = found && secret_file_path(&herd->token_file, o->token);
        o->sandbox.files[count++] = o->token;
    }
    if (herd->tls) {
        found = found && tls_files_paths(&herd->tls_files, &o->tls, stderr);
        o->sandbox.files[count++] = o->tls.ca;
        o->sandbox.files[count++] = o->tls.cert;
        o->sandbox.files[count++] = o->tls.key;
    }
    if (herd->http_tls) {
        found = found && tls_files_paths(&herd->http_files, &o->http, stderr);
        o->sandbox.files[count++] = o->http.cert;
        o->sandbox.files[count++] = o->http.key;
    }
    if (places->exchange) {
        found = found && places_files_ca_path(&places->files, o->ca) &&
                places_files_key_path(&places->files, o->key);
        o->sandbox.files[count++] = o->ca;
        o->sandbox.files[count++] = o->key;
    }
    ASSERT(found && count <= SANDBOX_FILES_MAX);
}

/* Lowers limits.connections to what the limit of open files allows. false: not even a node can do
 * with that, which was written to standard error. */
static bool share_files(struct topology *t, unsigned self, const struct places_provision *places,
    struct open_files *files, struct open_files_share *share, struct log *log)
{
    *files = (struct open_files){.neighbours = t->nodes[self].neighbours_count,
        .places = places->exchange != NULL,
        .http = t->nodes[self].http.address.port != 0,
        .names = topology_has_names(t),
        .clients = t->limits.connections};
    if (!open_files_raise(files))
        return false;
    *share = open_files_share(files);
    open_files_tell(files, share, log, clock_now());
    if (share->clients)
        t->limits.connections = share->clients;
    return share->clients > 0;
}

/* What is reloaded. */
static struct files_in_use *use_files(
    struct herd *herd, const char *topology_path, const char *name, struct places_provision *places)
{
    static struct files_in_use in_use;
    in_use = (struct files_in_use){.topology_path = topology_path,
        .topology = &herd->topology,
        .secret = &herd->secret_file,
        .tokens = &herd->token_file,
        .tls = herd->tls ? &herd->tls_files : NULL,
        .http = herd->http_tls ? &herd->http_files : NULL,
        .places = places->exchange ? &places->files : NULL,
        .exchange = places->exchange};
    memcpy(in_use.name, name, strlen(name));
    return &in_use;
}

/* NULL: the reason was written to standard error. */
static struct node *make_node(const struct node_config *config, struct journal_folder *journal)
{
    struct node *node = node_create(config, clock_now());
    if (node)
        journal->store = NULL; /* it is the node's */
    else
        complain("out of memory; lower limits.connections");
    return node;
}

static int run(struct herd *herd, const struct options *o, unsigned self)
{
    const struct topology *t = &herd->topology;
    const struct topology_node *at = &t->nodes[self];
    struct places_provision places = {0};
    struct log log;
    struct node_config config = {
        .topology = t,
        .self = self,
        .secrets = &herd->secret_file.secrets,
        .tokens = &herd->token_file.secrets,
        .tls = herd->tls,
        .http_tls = herd->http_tls,
        .log = &log,
        .commit = program_commit,
    };
    struct node *node = NULL;
    int code = EXIT_SAID_NO;
    char log_path[FILE_PATH_ROOM] = "";
    if (*t->log_file && !file_path_beside(o->topology_file, t->log_file, log_path)) {
        complain("the path of log_file is too long");
        return code;
    }
    if (!places_provide(&places, t, o->topology_file, &log))
        return code;
    struct files_in_use *in_use = use_files(herd, o->topology_file, at->name, &places);
    struct opened_again again;
    find_opened_again(&again, herd, &places, o->topology_file, log_path);
    config.places = places.provider;
    config.exchange = places.exchange;
    struct open_files files;
    struct open_files_share share = {0};
    struct journal_folder journal = {.fd = -1, .open_fd = -1};
    char *log_memory = malloc(NODE_LOG_BYTES);
    if (log_memory)
        log_init(&log, t->log_level, span_of(in_use->name), log_memory, NODE_LOG_BYTES);
    else
        complain("out of memory");
    if (log_memory && share_files(&herd->topology, self, &places, &files, &share, &log)) {
        config.connections_max = share.connections;
        config.strangers_max = share.strangers;
        config.webs_max = share.webs;
        entropy_fill(config.seed, sizeof config.seed);
        log_places(&log, &places, clock_now());
        if (read_journal(&journal, &config, o))
            node = make_node(&config, &journal);
        again.sandbox.journal = journal.fd >= 0 ? journal.path : NULL;
    }
    struct loop_config loop = {
        .node = node,
        .log = &log,
        .log_file = log_path,
        .files = in_use,
        .open_files = &files,
        .journal = journal.fd >= 0 ? &journal.fd : NULL,
        .sandbox = t->sandbox ? &again.sandbox : NULL,
        .connections_max = share.connections,
        .spare = share.spare,
        .spin_ns = (int64_t)t->spin_ns,
        .sizes = RING_SIZES,
    };
    own_addresses_of(at, loop.at);
    if (node)
        code = loop_run(&loop);
    else
        places.provider.destroy(places.provider.self);
    node_destroy(node);
    journal_folder_close(&journal);
    places_provision_close(&places);
    topology_destroy(in_use->topology);
    free(log_memory);
    return code;
}

int cli_node(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "c", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count != 1) {
        complain("node needs one argument, the name of a node; see `stampede node --help`");
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    int self = herd_node(&herd.topology, &o, o.words[0]);
    bool well = self >= 0 && herd_speaks_as(&herd, &o, (unsigned)self);
    code = well ? run(&herd, &o, (unsigned)self) : EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
