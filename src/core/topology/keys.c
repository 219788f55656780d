/* keys.c — see keys.h.
 *
 * Holds always: a key's name comes once in its section; a key has bounds or words or none, and its
 * default is within them (draft_defaults). */
#include "core/topology/keys.h"
#include "core/base/invariant.h"
#include "core/base/nearest.h"
#include "core/topology/draft.h"
#include <stdio.h>

#define FIELD(member) offsetof(struct topology, member), sizeof(((struct topology *)0)->member)
#define NO_FIELD 0, 0

_Static_assert(STAMPEDE_LINE_BYTES_DEFAULT == 1 << 10, "limits.line's default is 1KiB");
_Static_assert(STAMPEDE_LINE_BYTES_MAX == 8 << 10, "limits.line's upper bound is 8KiB");

static const char *const words_close[] = {"eof", "reply", NULL};
static const char *const words_level[] = {"error", "warn", "info", "debug", NULL};
static const char *const words_switch[] = {"off", "on", NULL};
static const char *const words_full[] = {"refuse", "evict", NULL};
static const char *const words_journal[] = {"none", "interval", "always", NULL};
static const char *const words_damaged[] = {"repair", "refuse", NULL};
static const char *const words_provider[] = {"gazetteer", "google", "google_legacy", NULL};

static const struct key keys[] = {
    {"", "herd", KEY_NAME, FIELD(herd), 0, NULL, NULL, NULL, NULL, "required", false,
        "The name of the herd, by which nodes refuse peers of another one"},
    {"", "client_close", KEY_WORD, FIELD(client_close), 0, NULL, NULL, "eof", words_close, NULL,
        false,
        "When a node closes a client's connection: once the client closes its side, or "
        "after the first reply"},
    {"", "secret_file", KEY_PATH, FIELD(secret_file), 0, NULL, NULL, NULL, NULL, "none", true,
        "The file with the secret by which nodes prove to each other that they belong to the "
        "herd"},
    {"", "log_file", KEY_PATH, FIELD(log_file), 0, NULL, NULL, NULL, NULL, "standard error", true,
        "The file that a node appends its log to"},
    {"", "log_level", KEY_WORD, FIELD(log_level), 0, NULL, NULL, "info", words_level, NULL, false,
        "The least severe events that are logged"},
    {"", "spin", KEY_TIME, FIELD(spin_ns), 1, "0", "10ms", "0", NULL, NULL, false,
        "How long an idle node polls before it sleeps"},
    {"", "retired", KEY_RETIRED, NO_FIELD, 0, NULL, NULL, NULL, NULL, "none", false,
        "Nodes that were removed from the herd, and whose stamps are still to be held"},
    {"", "sandbox", KEY_WORD, FIELD(sandbox), 0, NULL, NULL, "on", words_switch, NULL, false,
        "Whether a running node gives up all rights that it does not need"},
    {"limits", "line", KEY_SIZE, FIELD(limits.line_bytes), 1, "64B", "8KiB", "1KiB", NULL, NULL,
        false, "The longest line that a client may send, without its line end"},
    {"limits", "output", KEY_SIZE, FIELD(limits.output_bytes), 1, "16KiB", "1GiB", "1MiB", NULL,
        NULL, false,
        "How much unread output a client may have before the node stops reading from it"},
    {"limits", "output_total", KEY_SIZE, FIELD(limits.output_total_bytes), 1, "1MiB", "1024GiB",
        "1GiB", NULL, NULL, false,
        "How much memory the unread output of all clients may take before some are disconnected"},
    {"limits", "connections", KEY_COUNT, FIELD(limits.connections), 1, "1", "1000000", "10000",
        NULL, NULL, false, "How many clients may be connected to one node at a time"},
    {"limits", "connections_per_address", KEY_COUNT, FIELD(limits.connections_per_address), 1, "1",
        "1000000", "1000", NULL, NULL, false,
        "How many clients of one IPv4 address, or of one IPv6 /64, may be connected to "
        "one node at a time"},
    {"limits", "commands_per_address", KEY_RATE, FIELD(limits.commands_per_address), 1, "1/day",
        "1000000000/s", "100000/s", NULL, NULL, false,
        "How many commands a node takes of one address before it pauses reading from its "
        "clients"},
    {"limits", "new_ids_per_address", KEY_RATE, FIELD(limits.new_ids_per_address), 1, "1/day",
        "1000000000/s", "10000/min", NULL, NULL, false,
        "How many client ids that were not held one address may add before they are refused"},
    {"limits", "stamps", KEY_COUNT, FIELD(limits.stamps), 1, "1", "2147483648", "1000000", NULL,
        NULL, false, "How many client ids a node keeps the newest stamp of"},
    {"limits", "stamps_full", KEY_WORD, FIELD(limits.stamps_evict), 0, NULL, NULL, "refuse",
        words_full, NULL, false,
        "What happens to a new client id when the store is full: it is refused, or the stamp "
        "that has not changed for longest is evicted"},
    {"limits", "idle", KEY_TIME, FIELD(limits.idle_ms), MS_NS, "1s", "365d", "10min", NULL, NULL,
        false, "After how long a client that neither sends nor reads is disconnected"},
    {"limits", "stall", KEY_TIME, FIELD(limits.stall_ms), MS_NS, "100ms", "1d", "30s", NULL, NULL,
        false, "After how long a client over limits.output that reads nothing is disconnected"},
    {"limits", "partial", KEY_TIME, FIELD(limits.partial_ms), MS_NS, "0", "1h", "1s", NULL, NULL,
        false, "After how long a silence a command without line end is taken; 0: never"},
    {"limits", "stop", KEY_TIME, FIELD(limits.stop_ms), MS_NS, "0", "10min", "5s", NULL, NULL,
        false, "How long a node that is told to stop waits for its links to confirm what it holds"},
    {"limits", "future", KEY_TIME, FIELD(limits.future_ns), 1, "0", "3650d", "1d", NULL, NULL,
        false, "How far a client's time may be ahead of the node's clock"},
    {"limits", "clock", KEY_TIME, FIELD(limits.clock_ns), 1, "1s", "1d", "1min", NULL, NULL, false,
        "How wrong the clock of a node may be"},
    {"limits", "near", KEY_COUNT, FIELD(limits.near), 1, "1", "1000", "100", NULL, NULL, false,
        "How many stamps NEAR may ask for"},
    {"limits", "watches", KEY_COUNT, FIELD(limits.watches), 1, "0", "100000", "1000", NULL, NULL,
        false, "How many watches one connection may have"},
    {"limits", "watches_total", KEY_COUNT, FIELD(limits.watches_total), 1, "0", "10000000",
        "100000", NULL, NULL, false, "How many watches all connections of one node may have"},
    {"limits", "watch_all", KEY_COUNT, FIELD(limits.watch_all), 1, "0", "8", "8", NULL, NULL,
        false, "How many watches of everything one node may have"},
    {"limits", "fence", KEY_COUNT, FIELD(limits.fence), 1, "1", "1000000", "10000", NULL, NULL,
        false, "How many stamps may be within the circle of one watch"},
    {"places", "provider", KEY_PROVIDER, FIELD(places.provider), 0, NULL, NULL, NULL,
        words_provider, "google if there is a key, else gazetteer", false,
        "Who answers WHATSAT: the embedded gazetteer, Google's Places API (New), or its "
        "legacy API"},
    {"places", "endpoint", KEY_ENDPOINT, NO_FIELD, 0, NULL, NULL, NULL, NULL, "Google's", false,
        "Where the API of the provider is, if not at Google"},
    {"places", "ca_file", KEY_PATH, FIELD(places.ca_file), 0, NULL, NULL, NULL, NULL,
        "the system's", true, "The CA certificates by which the endpoint is trusted"},
    {"places", "key_file", KEY_PATH, FIELD(places.key_file), 0, NULL, NULL, NULL, NULL,
        "$CREDENTIALS_DIRECTORY/places_key", true, "The file with the key of the places API"},
    {"places", "language", KEY_LANGUAGE, FIELD(places.language), 0, NULL, NULL, NULL, NULL,
        "the API's", false, "The language of the names and addresses of places"},
    {"places", "timeout", KEY_TIME, FIELD(places.timeout_ms), MS_NS, "100ms", "60s", "10s", NULL,
        NULL, false, "How long a client waits for places at most"},
    {"places", "budget", KEY_RATE, FIELD(places.budget), 1, "1/day", "1000000000/s", "off", NULL,
        NULL, false, "How many questions a node asks of the places service in any such period"},
    {"tls", "ca_file", KEY_PATH, FIELD(tls_ca_file), 0, NULL, NULL, NULL, NULL, "none", true,
        "The CA certificate that has signed the certificate of every node"},
    {"tls", "cert_file", KEY_PATH, FIELD(tls_cert_file), 0, NULL, NULL, NULL, NULL, "none", true,
        "The node's certificate"},
    {"tls", "key_file", KEY_PATH, FIELD(tls_key_file), 0, NULL, NULL, NULL, NULL, "none", true,
        "The private key of the node's certificate"},
    {"tls", "also_secret", KEY_WORD, FIELD(tls_also_secret), 0, NULL, NULL, "off", words_switch,
        NULL, false,
        "Whether links may be proved by secret in place of TLS, during a change to TLS"},
    {"tls", "operators", KEY_PATTERN, FIELD(tls_operators), 0, NULL, NULL, NULL, NULL, "none",
        false, "The DNS names of the certificates with which operators may ask, and drain nodes"},
    {"http", "hosts", KEY_HOSTS, NO_FIELD, 0, NULL, NULL, NULL, NULL, "none", false,
        "Further names by which the HTTP ports may be asked"},
    {"http", "token_file", KEY_PATH, FIELD(http.token_file), 0, NULL, NULL, NULL, NULL, "none",
        true, "The file with the token that a request has to show"},
    {"http", "cert_file", KEY_PATH, FIELD(http.cert_file), 0, NULL, NULL, NULL, NULL, "none", true,
        "The certificate that the node's HTTP port shows; with it, that port speaks TLS"},
    {"http", "key_file", KEY_PATH, FIELD(http.key_file), 0, NULL, NULL, NULL, NULL, "none", true,
        "The private key of that certificate"},
    {"http", "ready_alone", KEY_WORD, FIELD(http.ready_alone), 0, NULL, NULL, "off", words_switch,
        NULL, false, "Whether a node that has lost all its links still says that it is ready"},
    {"journal", "dir", KEY_PATH, FIELD(journal.dir), 0, NULL, NULL, NULL, NULL, "none", false,
        "The folder in which a node keeps its stamps, so that it has them when it starts again"},
    {"journal", "mode", KEY_WORD, FIELD(journal.mode), 0, NULL, NULL, "interval", words_journal,
        NULL, false,
        "When a stamp is on the disk: when the kernel likes, at most journal.flush later, or "
        "before the client has its reply"},
    {"journal", "flush", KEY_TIME, FIELD(journal.flush_ns), 1, "10ms", "1min", "1s", NULL, NULL,
        false, "After how long stamps are made durable, with mode = interval"},
    {"journal", "compact", KEY_PERCENT, FIELD(journal.compact_percent), 1, "50%", "1000%", "200%",
        NULL, NULL, false,
        "How large the log may become, measured by the stamps that are held, before it is "
        "written anew"},
    {"journal", "damaged", KEY_WORD, FIELD(journal.damaged_refuse), 0, NULL, NULL, "repair",
        words_damaged, NULL, false,
        "What a node does that finds its files damaged: it goes on with what is good and gets "
        "the rest from its neighbours, or it does not start"},
    {"node", "client", KEY_ADDRESS, NO_FIELD, 0, NULL, NULL, NULL, NULL, "required", false,
        "Where the node listens for clients, and where they reach it"},
    {"node", "client_listen", KEY_ADDRESS, NO_FIELD, 0, NULL, NULL, NULL, NULL, "client", false,
        "Where the node listens for clients, if they reach it elsewhere"},
    {"node", "peer", KEY_ADDRESS, NO_FIELD, 0, NULL, NULL, NULL, NULL, "required", false,
        "Where the node listens for other nodes, and where they dial it"},
    {"node", "peer_listen", KEY_ADDRESS, NO_FIELD, 0, NULL, NULL, NULL, NULL, "peer", false,
        "Where the node listens for other nodes, if they dial it elsewhere"},
    {"node", "http", KEY_ADDRESS, NO_FIELD, 0, NULL, NULL, NULL, NULL, "none", false,
        "Where the node answers HTTP: metrics, health and state"},
    {"node", "talks_to", KEY_NODES, NO_FIELD, 0, NULL, NULL, NULL, NULL, "none", false,
        "The nodes that this one has a link with"},
};

enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert((int)KEYS <= TOPOLOGY_KEYS_MAX, "TOPOLOGY_KEYS_MAX is too small");

/* The only list of sections; each key's section is one of them, or "". */
static const char *const sections[] = {"node", "limits", "places", "tls", "http", "journal"};

enum { SECTIONS = sizeof sections / sizeof *sections };

const struct key *key_at(unsigned i)
{
    return i < KEYS ? &keys[i] : NULL;
}

int key_find(const char *section, struct span name)
{
    for (unsigned i = 0; i < KEYS; i++)
        if (strcmp(keys[i].section, section) == 0 && span_equal(name, span_of(keys[i].name)))
            return (int)i;
    return -1;
}

const char *key_section(struct span word)
{
    for (unsigned i = 0; i < SECTIONS; i++)
        if (span_equal(word, span_of(sections[i])))
            return sections[i];
    return NULL;
}

/* The names that are possible in a section, offered one by one. */
static void offer_all(struct nearest *near, const char *section)
{
    for (unsigned i = 0; i < KEYS; i++)
        if (strcmp(keys[i].section, section) == 0)
            nearest_offer(near, keys[i].name);
    for (unsigned i = 0; i < SECTIONS && !*section; i++)
        nearest_offer(near, sections[i]);
}

const char *key_section_near(struct span word)
{
    struct nearest near = nearest_to(word);
    offer_all(&near, "");
    return near.best ? key_section(span_of(near.best)) : NULL;
}

/* -- for people -------------------------------------------------------------------------------- */

static const char *type_of(enum key_kind kind)
{
    static const char *const types[] = {
        [KEY_NAME] = "name",
        [KEY_PATH] = "path",
        [KEY_WORD] = "word",
        [KEY_PROVIDER] = "word",
        [KEY_SIZE] = "size",
        [KEY_TIME] = "time",
        [KEY_COUNT] = "count",
        [KEY_PERCENT] = "percentage",
        [KEY_RATE] = "rate",
        [KEY_ENDPOINT] = "endpoint",
        [KEY_LANGUAGE] = "language",
        [KEY_ADDRESS] = "address",
        [KEY_NODES] = "names of nodes",
        [KEY_RETIRED] = "names of nodes",
        [KEY_HOSTS] = "names of hosts",
        [KEY_PATTERN] = "pattern",
    };
    ASSERT(kind < sizeof types / sizeof *types && types[kind]);
    return types[kind];
}

struct key_bounds key_bounds(const struct key *key)
{
    struct key_bounds bounds = {""};
    struct buf b = buf_over(bounds.text, sizeof bounds.text - 1);
    for (unsigned i = 0; key->words && key->words[i]; i++) {
        buf_text(&b, i == 0 ? "" : key->words[i + 1] ? ", " : " or ");
        buf_text(&b, key->words[i]);
    }
    if (key->least) {
        buf_text(&b, key->least);
        buf_text(&b, " to ");
        buf_text(&b, key->most);
        buf_text(&b, key->kind == KEY_RATE ? ", or off" : "");
    } else if (key->kind == KEY_NAME || key->kind == KEY_PATH || key->kind == KEY_PATTERN) {
        buf_text(&b, "1 to ");
        buf_u64(&b, key->bytes - 1);
        buf_text(&b, " bytes");
    }
    ASSERT(!b.overflow);
    return bounds;
}

bool topology_key(unsigned i, struct topology_key *out)
{
    if (i >= KEYS)
        return false;
    const struct key *key = &keys[i];
    ASSERT(!*key->section || key_section(span_of(key->section)));
    ASSERT((key->least != NULL) == (key->most != NULL) && !(key->least && key->words));
    ASSERT((key->value != NULL) != (key->otherwise != NULL) && *key->meaning);
    *out = (struct topology_key){
        .section = key->section,
        .name = key->name,
        .type = type_of(key->kind),
        .otherwise = key->value ? key->value : key->otherwise,
        .reopened = key->reopened,
        .meaning = key->meaning,
    };
    memcpy(out->bounds, key_bounds(key).text, sizeof out->bounds);
    return true;
}

/* The sections other than `section` that have a key of this name; nothing when there are none. */
static void put_elsewhere(struct buf *b, const char *section, struct span word)
{
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) == 0 || !span_equal(word, span_of(keys[i].name)))
            continue;
        buf_text(b, b->len ? " and of " : "");
        buf_text(b, *keys[i].section ? keys[i].section : "the top level");
    }
}

static void put_possible(struct buf *b, const char *section)
{
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) != 0)
            continue;
        buf_text(b, b->len ? ", " : "");
        buf_text(b, keys[i].name);
    }
    for (unsigned i = 0; i < SECTIONS && !*section; i++) {
        buf_text(b, ", ");
        buf_text(b, sections[i]);
    }
}

void topology_draft_unknown(
    struct topology_draft *d, int line, const char *section, struct span word)
{
    ASSERT(key_find(section, word) < 0);
    const char *here = *section ? section : "the top level";
    struct nearest near = nearest_to(word);
    char memory[256];
    struct buf b = buf_over(memory, sizeof memory);
    if (!draft_faults_full(d)) /* then only counted: no time is lost on a suggestion */
        put_elsewhere(&b, section, word);
    if (b.len) {
        draft_error(d, line, "\"%.*s\" does not belong to %s; it is a key of %.*s", SHOWN(word),
            here, (int)b.len, b.at);
        return;
    }
    if (!draft_faults_full(d))
        offer_all(&near, section);
    if (near.best) {
        draft_error(d, line, "\"%.*s\" is no key of %s; did you mean \"%s\"?", SHOWN(word), here,
            near.best);
        if (!key_section(span_of(near.best)))
            topology_draft_doubt(d, section); /* that key is likely meant, so it is not missing */
        return;
    }
    put_possible(&b, section);
    ASSERT(!b.overflow);
    draft_error(
        d, line, "\"%.*s\" is no key of %s; there are %.*s", SHOWN(word), here, (int)b.len, b.at);
}
