/* values.c — the values of topology.conf: their grammar by kind, bounds, units; names of nodes.
 *
 * keys.c says which kind each key has. Sizes take B, KiB, MiB, GiB (K, M, G are the same); times
 * take ns, us, ms, s, min, h, d; both are whole numbers, without a unit only 0 or, for sizes,
 * bytes. A rate is a whole number for one s, min, h or day. Holds always: a field is written only
 * with a value within its bounds, and a draft begins with all defaults. */
#include "core/base/ascii.h"
#include "core/base/invariant.h"
#include "core/base/nearest.h"
#include "core/base/pattern.h"
#include "core/topology/draft.h"
#include "core/topology/keys.h"
#include <stdio.h>

struct unit {
    const char *name;
    uint64_t worth;
};

static const struct unit size_units[] = {{"", 1}, {"B", 1}, {"KiB", 1ull << 10}, {"K", 1ull << 10},
    {"MiB", 1ull << 20}, {"M", 1ull << 20}, {"GiB", 1ull << 30}, {"G", 1ull << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", MS_NS}, {"s", SECOND_NS},
    {"min", 60 * SECOND_NS}, {"h", 3600 * SECOND_NS}, {"d", 86400 * SECOND_NS}, {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};
static const struct unit percent_units[] = {{"%", 1}, {NULL, 0}};
static const struct unit periods_s[] = {
    {"s", 1}, {"min", 60}, {"h", 3600}, {"day", 86400}, {"d", 86400}, {NULL, 0}};

bool draft_name_valid(struct span name)
{
    if (name.len == 0 || name.len > STAMPEDE_NODE_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool plain = ascii_is_letter(c) || ascii_is_digit(c);
        if (!plain && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return true;
}

/* -- numbers with units ------------------------------------------------------------------------ */

static const struct unit *units_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_SIZE:
        return size_units;
    case KEY_TIME:
        return time_units;
    case KEY_PERCENT:
        return percent_units;
    default:
        return count_units;
    }
}

static const char *how_to_write(enum key_kind kind)
{
    switch (kind) {
    case KEY_SIZE:
        return "a whole number and B, KiB, MiB or GiB, like 64KiB";
    case KEY_TIME:
        return "a whole number and ns, us, ms, s, min, h or d, like 10s";
    case KEY_PERCENT:
        return "a whole number and %, like 200%";
    default:
        return "a whole number, like 10000";
    }
}

/* In bytes, nanoseconds or pieces; what is too large for 64 bits is UINT64_MAX. */
static bool read_quantity(enum key_kind kind, struct span text, uint64_t *out)
{
    size_t digits = 0;
    uint64_t value = 0;
    bool over = false;
    for (; digits < text.len && ascii_is_digit(text.at[digits]); digits++) {
        over |= __builtin_mul_overflow(value, 10u, &value);
        over |= __builtin_add_overflow(value, (unsigned)(text.at[digits] - '0'), &value);
    }
    if (digits == 0)
        return false;
    struct span name = span_from(text, digits);
    for (const struct unit *unit = units_of(kind); unit->name; unit++) {
        if (!span_equal(name, span_of(unit->name)))
            continue;
        over |= __builtin_mul_overflow(value, unit->worth, &value);
        *out = over ? UINT64_MAX : value;
        return true;
    }
    *out = 0;
    return name.len == 0 && value == 0 && !over;
}

static uint64_t bound(const struct key *key, const char *text)
{
    uint64_t value = 0;
    bool well = read_quantity(key->kind, span_of(text), &value);
    ASSERT(well && value % key->unit == 0);
    return value;
}

static void store_number(struct topology *t, const struct key *key, uint64_t value)
{
    char *field = (char *)t + key->at;
    ASSERT(key->bytes == 1 || key->bytes == 4 || key->bytes == 8);
    ASSERT(key->bytes == 8 || value >> (8 * key->bytes) == 0);
    ASSERT(key->at + key->bytes <= sizeof *t);
    if (key->bytes == 1)
        *(bool *)field = value != 0;
    else if (key->bytes == 4)
        memcpy(field, &(uint32_t){(uint32_t)value}, 4);
    else
        memcpy(field, &value, 8);
}

/* The field has room: the caller has looked at the value's length. */
static void store_text(struct topology *t, const struct key *key, struct span value)
{
    char *field = (char *)t + key->at;
    ASSERT(value.len < key->bytes && key->at + key->bytes <= sizeof *t);
    memcpy(field, value.at, value.len);
    field[value.len] = '\0';
}

/* -- what a fault calls a key ------------------------------------------------------------------ */

struct label {
    char text[STAMPEDE_NODE_NAME_BYTES_MAX + 32];
};

static struct label label_of(const struct topology_draft *d, const struct key *key)
{
    struct label l;
    ASSERT(d->nodes_count || strcmp(key->section, "node") != 0);
    if (strcmp(key->section, "node") == 0) {
        const char *node = d->nodes[d->nodes_count - 1].name;
        snprintf(
            l.text, sizeof l.text, "%s's %s", *node == '?' ? "the nameless node" : node, key->name);
    } else {
        snprintf(
            l.text, sizeof l.text, "%s%s%s", key->section, *key->section ? "." : "", key->name);
    }
    return l;
}

/* -- values, by kind --------------------------------------------------------------------------- */

static void set_name(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    if (draft_name_valid(value))
        store_text(&d->t, key, value);
    else
        draft_error(d, line,
            "\"%.*s\" cannot name a herd; use 1 to %d letters, digits, \".\", \"_\", \"-\", a "
            "letter "
            "or digit first",
            SHOWN(value), STAMPEDE_NODE_NAME_BYTES_MAX);
}

static void set_path(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    if (value.len == 0) {
        draft_error(
            d, line, "%s is empty; name a file or leave the line out", label_of(d, key).text);
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char)value.at[i] < 0x20) {
            draft_error(d, line, "%s has a control character in it", label_of(d, key).text);
            return;
        }
    }
    if (value.len >= key->bytes) {
        draft_error(d, line, "%s is longer than %zu bytes", label_of(d, key).text, key->bytes - 1);
        return;
    }
    store_text(&d->t, key, value);
}

static void set_word(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    struct nearest near = nearest_to(value);
    for (unsigned i = 0; key->words[i]; i++) {
        if (span_equal(value, span_of(key->words[i]))) {
            if (key->kind == KEY_WORD)
                store_number(&d->t, key, i);
            else
                store_text(&d->t, key, value);
            return;
        }
        nearest_offer(&near, key->words[i]);
    }
    if (near.best)
        draft_error(d, line, "%s cannot be \"%.*s\"; did you mean %s?", label_of(d, key).text,
            SHOWN(value), near.best);
    else
        draft_error(d, line, "%s cannot be \"%.*s\"; it can be %s", label_of(d, key).text,
            SHOWN(value), key_bounds(key).text);
}

static void set_quantity(
    struct topology_draft *d, int line, const struct key *key, struct span value)
{
    uint64_t number;
    if (!read_quantity(key->kind, value, &number)) {
        draft_error(d, line, "%s cannot be \"%.*s\"; write %s", label_of(d, key).text, SHOWN(value),
            how_to_write(key->kind));
    } else if (number < bound(key, key->least) || number > bound(key, key->most)) {
        draft_error(d, line, "%s cannot be %.*s; it is at least %s and at most %s",
            label_of(d, key).text, SHOWN(value), key->least, key->most);
    } else if (number % key->unit) {
        draft_error(d, line, "%s cannot be %.*s; it is counted in whole milliseconds",
            label_of(d, key).text, SHOWN(value));
    } else {
        store_number(&d->t, key, number / key->unit);
    }
}

/* false: it is none. */
static bool read_rate(struct span text, struct topology_rate *out)
{
    const char *slash = memchr(text.at, '/', text.len);
    uint64_t count;
    *out = (struct topology_rate){0};
    if (span_equal(text, SPAN("off")))
        return true;
    size_t before = slash ? (size_t)(slash - text.at) : 0;
    if (!slash || !read_quantity(KEY_COUNT, (struct span){text.at, before}, &count) || count < 1 ||
        count > TOPOLOGY_RATE_MAX)
        return false;
    for (const struct unit *period = periods_s; period->name; period++)
        if (span_equal(span_from(text, before + 1), span_of(period->name)))
            *out = (struct topology_rate){(uint32_t)count, (uint32_t)period->worth};
    return out->count > 0;
}

static void set_rate(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    struct topology_rate rate;
    ASSERT(key->bytes == sizeof rate && key->at + key->bytes <= sizeof d->t);
    if (!read_rate(value, &rate)) {
        draft_error(d, line,
            "%s cannot be \"%.*s\"; write a whole number from 1 to %d and /s, /min, /h or /day, "
            "like 1000/min, or off",
            label_of(d, key).text, SHOWN(value), TOPOLOGY_RATE_MAX);
        return;
    }
    memcpy((char *)&d->t + key->at, &rate, sizeof rate);
}

const char *const draft_port_names[DRAFT_PORTS] = {
    "client", "peer", "http", "client_listen", "peer_listen"};

static enum draft_port port_of(const struct key *key)
{
    unsigned port = 0;
    while (port < DRAFT_PORTS && strcmp(key->name, draft_port_names[port]) != 0)
        port++;
    ASSERT(key->kind == KEY_ADDRESS && port < DRAFT_PORTS);
    return port;
}

static void set_address(
    struct topology_draft *d, int line, const struct key *key, struct span value)
{
    ASSERT(d->nodes_count);
    struct draft_node *n = &d->nodes[d->nodes_count - 1];
    enum draft_port port = port_of(key);
    struct host_port a;
    const char *wrong = host_port_parse(value, &a);
    if (wrong) {
        draft_error(d, line, "%s address cannot be \"%.*s\": %s", label_of(d, key).text,
            SHOWN(value), wrong);
    } else if (port == DRAFT_PEER && host_port_is_any(&a)) {
        draft_error(d, line,
            "%s address cannot be %.*s: the others dial it; write the address that they reach it "
            "by, and this one as peer_listen",
            label_of(d, key).text, SHOWN(value));
    } else {
        n->ports[port].at = a;
    }
}

/* NULL when well. */
static const char *host_fault(struct span host)
{
    static const char *const faults[] = {
        [DNS_NAME_WELL] = NULL,
        [DNS_NAME_EMPTY] = "it has no host",
        [DNS_NAME_LONG] = "its host is longer than a name may be, 253 bytes",
        [DNS_NAME_ADDRESS] = "its host is an address; write the name that its certificate is for",
        [DNS_NAME_BYTE] = "its host has a byte that no name has",
        [DNS_NAME_LABEL] = "its host has an empty part, or one of more than 63 bytes",
    };
    enum dns_name_fault fault = dns_name_check(host);
    ASSERT(fault < sizeof faults / sizeof *faults);
    return faults[fault];
}

/* NULL when well. */
static const char *port_fault(struct span text, uint16_t *port)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len && value <= UINT16_MAX; i++) {
        if (!ascii_is_digit(text.at[i]))
            return "what follows its host is no port";
        value = value * 10 + (unsigned)(text.at[i] - '0');
    }
    *port = (uint16_t)value;
    return value >= 1 && value <= UINT16_MAX ? NULL : "its port is no number from 1 to 65535";
}

static void set_endpoint(struct topology_draft *d, int line, struct span value)
{
    const struct span scheme = SPAN("https://");
    struct topology_places *p = &d->t.places;
    const char *wrong = "it does not begin with https://";
    uint16_t port = 443;
    struct span host = {0};
    if (value.len > scheme.len && memcmp(value.at, scheme.at, scheme.len) == 0) {
        host = span_from(value, scheme.len);
        if (host.at[host.len - 1] == '/')
            host.len--;
        const char *colon = host.at[0] == '[' ? NULL : memrchr(host.at, ':', host.len);
        wrong = NULL;
        if (colon) {
            size_t before = (size_t)(colon - host.at);
            wrong = port_fault(span_from(host, before + 1), &port);
            host.len = before;
        }
        if (!wrong)
            wrong = host_fault(host);
    }
    if (wrong) {
        draft_error(d, line,
            "places.endpoint cannot be \"%.*s\": %s; write a host and, unless it is 443, a port, "
            "like https://places.example.org:8443",
            SHOWN(value), wrong);
        return;
    }
    ASSERT(host.len && host.len < sizeof p->host && port);
    memcpy(p->host, host.at, host.len);
    p->host[host.len] = '\0';
    p->port = port;
}

/* Letters and digits in groups with hyphens between them: RFC 5646's shape, not its registry. */
static void set_language(
    struct topology_draft *d, int line, const struct key *key, struct span value)
{
    bool well = value.len >= 2 && value.len < key->bytes;
    for (size_t i = 0; i < value.len && well; i++) {
        char c = value.at[i];
        bool plain = ascii_is_letter(c) || ascii_is_digit(c);
        well = plain || (c == '-' && i > 0 && i + 1 < value.len && value.at[i - 1] != '-');
    }
    if (!well) {
        draft_error(d, line,
            "places.language cannot be \"%.*s\"; write a language tag, like en or "
            "pt-BR",
            SHOWN(value));
        return;
    }
    store_text(&d->t, key, value);
}

static void set_retired(struct topology_draft *d, int line, struct span name)
{
    if (draft_name_valid(name))
        draft_retired_add(d, line, name);
    else
        draft_error(d, line,
            "retired cannot hold \"%.*s\", which no node can have been named; a name has 1 to %d "
            "letters, digits, \".\", \"_\", \"-\", a letter or digit first",
            SHOWN(name), STAMPEDE_NODE_NAME_BYTES_MAX);
}

static void set_host(struct topology_draft *d, int line, struct span value)
{
    struct topology_http *h = &d->t.http;
    enum dns_name_fault fault = dns_name_check(value);
    if (fault != DNS_NAME_WELL) {
        draft_error(d, line,
            "http.hosts cannot hold \"%.*s\"; write the names of hosts, without port",
            SHOWN(value));
    } else if (h->hosts_count == TOPOLOGY_HTTP_HOSTS_MAX) {
        draft_error(d, line, "there are more than %d names in http.hosts", TOPOLOGY_HTTP_HOSTS_MAX);
    } else {
        ASSERT(value.len <= TOPOLOGY_HOST_BYTES_MAX);
        memcpy(h->hosts[h->hosts_count++], value.at, value.len); /* the rest is zero */
    }
}

static void set_pattern(
    struct topology_draft *d, int line, const struct key *key, struct span value)
{
    if (value.len < key->bytes && pattern_valid(value))
        store_text(&d->t, key, value);
    else
        draft_error(d, line,
            "%s cannot be \"%.*s\"; write a name of 1 to %zu letters, digits, \".\", \"_\", \"-\", "
            "with one \"*\" in it at most, like ops-*",
            label_of(d, key).text, SHOWN(value), key->bytes - 1);
}

static void set_value(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    switch (key->kind) {
    case KEY_NAME:
        set_name(d, line, key, value);
        return;
    case KEY_PATH:
        set_path(d, line, key, value);
        return;
    case KEY_WORD:
    case KEY_PROVIDER:
        set_word(d, line, key, value);
        return;
    case KEY_SIZE:
    case KEY_TIME:
    case KEY_COUNT:
    case KEY_PERCENT:
        set_quantity(d, line, key, value);
        return;
    case KEY_RATE:
        set_rate(d, line, key, value);
        return;
    case KEY_ENDPOINT:
        set_endpoint(d, line, value);
        return;
    case KEY_LANGUAGE:
        set_language(d, line, key, value);
        return;
    case KEY_ADDRESS:
        set_address(d, line, key, value);
        return;
    case KEY_NODES:
        draft_edge_add(d, line, value);
        return;
    case KEY_RETIRED:
        set_retired(d, line, value);
        return;
    case KEY_HOSTS:
        set_host(d, line, value);
        return;
    case KEY_PATTERN:
        set_pattern(d, line, key, value);
        return;
    }
}

void draft_defaults(struct topology_draft *d)
{
    const struct key *key;
    for (unsigned i = 0; (key = key_at(i)) != NULL; i++)
        if (key->value)
            set_value(d, 0, key, span_of(key->value));
    ASSERT(d->errors == 0 && d->warnings == 0);
}

/* -- nodes ------------------------------------------------------------------------------------- */

bool topology_draft_node(struct topology_draft *d, int line, struct span name)
{
    if (d->nodes_count == TOPOLOGY_NODES_MAX) {
        draft_error(d, line, "there are more than %d nodes", TOPOLOGY_NODES_MAX);
        return false;
    }
    struct draft_node n = {.line = line};
    struct span shown = name.len ? name : SPAN("?");
    memcpy(n.name, shown.at, shown.len < sizeof n.name ? shown.len : sizeof n.name - 1);
    int other = draft_find(d, n.name);
    if (name.len == 0) {
        ASSERT(d->errors);
        n.doubled = true;
    } else if (!draft_name_valid(name)) {
        draft_error(d, line,
            "\"%.*s\" cannot name a node; use 1 to %d letters, digits, \".\", \"_\", \"-\", a "
            "letter or digit first",
            SHOWN(name), STAMPEDE_NODE_NAME_BYTES_MAX);
    } else if (other >= 0) {
        draft_error(d, line, "there is a node %s in line %d already; each needs a name of its own",
            n.name, d->nodes[other].line);
        n.doubled = true;
    }
    ASSERT(strlen(n.name) <= STAMPEDE_NODE_NAME_BYTES_MAX);
    d->nodes[d->nodes_count++] = n;
    return true;
}

/* -- finding a key ----------------------------------------------------------------------------- */

/* Nothing is taken from the environment: it differs from node to node, and the file must not. */
static bool has_variable(struct span value)
{
    for (size_t i = 0; i + 1 < value.len; i++)
        if (value.at[i] == '$' && value.at[i + 1] == '{')
            return true;
    return false;
}

/* Where a key's line is kept; NULL for lists, which may come any number of times. */
static int *line_of(struct topology_draft *d, unsigned key)
{
    const struct key *k = key_at(key);
    ASSERT(key < TOPOLOGY_KEYS_MAX && k);
    if (k->kind == KEY_NODES || k->kind == KEY_RETIRED || k->kind == KEY_HOSTS)
        return NULL;
    if (k->kind != KEY_ADDRESS)
        return &d->key_lines[key];
    struct draft_node *n = &d->nodes[d->nodes_count - 1];
    return &n->ports[port_of(k)].line;
}

int draft_key_line(const struct topology_draft *d, const char *section, const char *name)
{
    int key = key_find(section, span_of(name));
    ASSERT(key >= 0 && strcmp(section, "node") != 0);
    return d->key_lines[key];
}

void topology_draft_value(
    struct topology_draft *d, int line, const char *section, struct span name, struct span value)
{
    ASSERT(d->nodes_count || strcmp(section, "node") != 0);
    ASSERT(line > 0 && (value.at || value.len == 0));
    int found = key_find(section, name);
    if (found < 0) {
        topology_draft_unknown(d, line, section, name);
        return;
    }
    const struct key *key = key_at((unsigned)found);
    int *given = line_of(d, (unsigned)found);
    if (given && *given)
        draft_error(
            d, line, "%s is given twice, in line %d already", label_of(d, key).text, *given);
    else if (has_variable(value))
        draft_error(d, line,
            "%s has a ${...} in it, but nothing is taken from the environment; write the value "
            "itself",
            label_of(d, key).text);
    else
        set_value(d, line, key, value);
    if (given && !*given)
        *given = line;
}
