/* values.c — the keys of topology.conf: where they may stand, bounds, defaults, units.
 *
 * One table says it all; bounds and defaults stand in it as one would write them in the file, so a
 * message can show them as they are. Sizes take B, KiB, MiB, GiB (K, M, G are the same); times take
 * ns, us, ms, s, min, h, d; both are whole numbers, without a unit only 0 or, for sizes, bytes. */
#include "core/base/invariant.h"
#include "core/base/nearest.h"
#include "core/topology/draft.h"
#include <stdio.h>

enum kind { NAME, PATH, WORD, PROVIDER, SIZE, TIME, COUNT, ENDPOINT, LANGUAGE, ADDRESS, PEER };

struct unit {
    const char *name;
    uint64_t worth;
};

static const struct unit size_units[] = {{"", 1}, {"B", 1}, {"KiB", 1ull << 10}, {"K", 1ull << 10},
    {"MiB", 1ull << 20}, {"M", 1ull << 20}, {"GiB", 1ull << 30}, {"G", 1ull << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", MS_NS}, {"s", SECOND_NS},
    {"min", 60 * SECOND_NS}, {"h", 3600 * SECOND_NS}, {"d", 86400 * SECOND_NS}, {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static const char *const words_close[] = {"eof", "reply", NULL};
static const char *const words_level[] = {"error", "warn", "info", "debug", NULL};
static const char *const words_full[] = {"refuse", "evict", NULL};
static const char *const words_provider[] = {"gazetteer", "google", "google_legacy", NULL};

struct key {
    const char *section;
    const char *name;
    enum kind kind;
    size_t at; /* in struct topology */
    size_t bytes; /* of the field */
    uint64_t unit; /* of the field: a time's nanoseconds */
    const char *least, *most, *otherwise;
    const char *const *words;
};

#define FIELD(member) offsetof(struct topology, member), sizeof(((struct topology *)0)->member)

_Static_assert(STAMPEDE_LINE_BYTES_DEFAULT == 1 << 10, "limits.line's default is 1KiB");
_Static_assert(STAMPEDE_LINE_BYTES_MAX == 8 << 10, "limits.line's upper bound is 8KiB");

static const struct key keys[] = {
    {"", "herd", NAME, FIELD(herd), 0, 0, 0, 0, 0},
    {"", "client_close", WORD, FIELD(client_close), 0, 0, 0, "eof", words_close},
    {"", "secret_file", PATH, FIELD(secret_file), 0, 0, 0, 0, 0},
    {"", "log_file", PATH, FIELD(log_file), 0, 0, 0, 0, 0},
    {"", "log_level", WORD, FIELD(log_level), 0, 0, 0, "info", words_level},
    {"", "spin", TIME, FIELD(spin_ns), 1, "0", "10ms", "0", 0},
    {"limits", "line", SIZE, FIELD(limits.line_bytes), 1, "64B", "8KiB", "1KiB", 0},
    {"limits", "output", SIZE, FIELD(limits.output_bytes), 1, "16KiB", "1GiB", "1MiB", 0},
    {"limits", "connections", COUNT, FIELD(limits.connections), 1, "1", "1000000", "10000", 0},
    {"limits", "stamps", COUNT, FIELD(limits.stamps), 1, "1", "2147483648", "1000000", 0},
    {"limits", "stamps_full", WORD, FIELD(limits.stamps_evict), 0, 0, 0, "refuse", words_full},
    {"limits", "idle", TIME, FIELD(limits.idle_ms), MS_NS, "1s", "365d", "10min", 0},
    {"limits", "stall", TIME, FIELD(limits.stall_ms), MS_NS, "100ms", "1d", "30s", 0},
    {"limits", "future", TIME, FIELD(limits.future_ns), 1, "0", "3650d", "1d", 0},
    {"places", "provider", PROVIDER, FIELD(places.provider), 0, 0, 0, 0, words_provider},
    {"places", "endpoint", ENDPOINT, 0, 0, 0, 0, 0, 0, 0},
    {"places", "ca_file", PATH, FIELD(places.ca_file), 0, 0, 0, 0, 0},
    {"places", "key_file", PATH, FIELD(places.key_file), 0, 0, 0, 0, 0},
    {"places", "language", LANGUAGE, FIELD(places.language), 0, 0, 0, 0, 0},
    {"places", "timeout", TIME, FIELD(places.timeout_ms), MS_NS, "100ms", "60s", "10s", 0},
    {"tls", "ca_file", PATH, FIELD(tls_ca_file), 0, 0, 0, 0, 0},
    {"tls", "cert_file", PATH, FIELD(tls_cert_file), 0, 0, 0, 0, 0},
    {"tls", "key_file", PATH, FIELD(tls_key_file), 0, 0, 0, 0, 0},
    {"node", "client", ADDRESS, 0, 0, 0, 0, 0, 0, 0},
    {"node", "peer", ADDRESS, 0, 0, 0, 0, 0, 0, 0},
    {"node", "talks_to", PEER, 0, 0, 0, 0, 0, 0, 0},
};

enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert((int)KEYS <= TOPOLOGY_KEYS_MAX, "TOPOLOGY_KEYS_MAX is too small");

const char *topology_key(unsigned i)
{
    for (unsigned k = 0; k < KEYS; k++) {
        unsigned first = 0; /* the place of the first key of this name */
        while (strcmp(keys[first].name, keys[k].name) != 0)
            first++;
        if (first == k && i-- == 0)
            return keys[k].name;
    }
    return NULL;
}

bool draft_name_valid(struct span name)
{
    if (name.len == 0 || name.len > STAMPEDE_NODE_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return true;
}

/* -- numbers with units ------------------------------------------------------------------------ */

static const struct unit *units_of(enum kind kind)
{
    return kind == SIZE ? size_units : kind == TIME ? time_units : count_units;
}

static const char *how_to_write(enum kind kind)
{
    switch (kind) {
    case SIZE:
        return "a whole number and B, KiB, MiB or GiB, like 64KiB";
    case TIME:
        return "a whole number and ns, us, ms, s, min, h or d, like 10s";
    default:
        return "a whole number, like 10000";
    }
}

/* In bytes, nanoseconds or pieces; what is too large for 64 bits is UINT64_MAX. */
static bool read_quantity(enum kind kind, struct span text, uint64_t *out)
{
    size_t digits = 0;
    uint64_t value = 0;
    bool over = false;
    for (; digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9'; digits++) {
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
    ASSERT(well);
    return value;
}

static void store_number(struct topology *t, const struct key *key, uint64_t value)
{
    char *field = (char *)t + key->at;
    ASSERT(key->bytes == 1 || key->bytes == 4 || key->bytes == 8);
    if (key->bytes == 1)
        *(bool *)field = value != 0;
    else if (key->bytes == 4)
        memcpy(field, &(uint32_t){(uint32_t)value}, 4);
    else
        memcpy(field, &value, 8);
}

/* -- what a fault calls a key ------------------------------------------------------------------ */

struct label {
    char text[STAMPEDE_NODE_NAME_BYTES_MAX + 32];
};

static struct label label_of(const struct topology_draft *d, const struct key *key)
{
    struct label l;
    if (strcmp(key->section, "node") == 0)
        snprintf(l.text, sizeof l.text, "%s's %s", d->nodes[d->nodes_count - 1].name, key->name);
    else
        snprintf(
            l.text, sizeof l.text, "%s%s%s", key->section, *key->section ? "." : "", key->name);
    return l;
}

/* -- values, by kind --------------------------------------------------------------------------- */

static void set_name(struct topology_draft *d, int line, struct span value)
{
    if (draft_name_valid(value)) {
        memcpy(d->t.herd, value.at, value.len);
        d->t.herd[value.len] = '\0';
        return;
    }
    draft_error(d, line,
        "\"%.*s\" cannot name a herd; use 1 to %d letters, digits, \".\", \"_\", \"-\", a letter "
        "or "
        "digit first",
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
    char *field = (char *)&d->t + key->at;
    memcpy(field, value.at, value.len);
    field[value.len] = '\0';
}

static void put_words(struct buf *b, const char *const *words)
{
    for (unsigned i = 0; words[i]; i++) {
        buf_text(b, i == 0 ? "" : words[i + 1] ? ", " : " or ");
        buf_text(b, words[i]);
    }
}

static void set_word(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    struct nearest near = nearest_to(value);
    for (unsigned i = 0; key->words[i]; i++) {
        if (span_equal(value, span_of(key->words[i]))) {
            if (key->kind == WORD)
                store_number(&d->t, key, i);
            else
                memcpy((char *)&d->t + key->at, value.at, value.len);
            return;
        }
        nearest_offer(&near, key->words[i]);
    }
    char memory[128];
    struct buf b = buf_over(memory, sizeof memory);
    if (near.best) {
        buf_text(&b, "did you mean ");
        buf_text(&b, near.best);
        buf_text(&b, "?");
    } else {
        buf_text(&b, "it can be ");
        put_words(&b, key->words);
    }
    draft_error(d, line, "%s cannot be \"%.*s\"; %.*s", label_of(d, key).text, SHOWN(value),
        (int)b.len, b.at);
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

static void set_address(
    struct topology_draft *d, int line, const struct key *key, struct span value)
{
    struct draft_node *n = &d->nodes[d->nodes_count - 1];
    bool client = strcmp(key->name, "client") == 0;
    struct address a;
    const char *wrong = address_parse(value, &a);
    if (wrong) {
        draft_error(d, line, "%s address cannot be \"%.*s\": %s", label_of(d, key).text,
            SHOWN(value), wrong);
    } else if (!client && address_is_any(&a)) {
        draft_error(d, line,
            "%s address cannot be %.*s: the others dial it; write the address that they reach it "
            "by",
            label_of(d, key).text, SHOWN(value));
    } else if (client) {
        n->client = a;
    } else {
        n->peer = a;
    }
}

/* The host of an endpoint: labels of letters, digits and hyphens (RFC 1123, 2.1). An address is
 * none: whose certificate is asked for has a name. NULL when well. */
static const char *host_fault(struct span host)
{
    size_t label = 0;
    bool digits_only = true;
    if (host.len == 0 || host.len > TOPOLOGY_HOST_BYTES_MAX)
        return "it has no host, or one that is too long";
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9', edge = c == '.' || i + 1 == host.len;
        if (c == '[' || c == ':')
            return "its host is an address; write the name that its certificate is for";
        if (!letter && !digit && c != '-' && c != '.')
            return "its host has a byte that no name has";
        label = c == '.' ? 0 : label + 1;
        if (label > 63 || (edge && c == '.' && (i == 0 || host.at[i - 1] == '.')))
            return "its host has an empty part, or one of more than 63 bytes";
        digits_only &= digit || c == '.';
    }
    return digits_only ? "its host is an address; write the name that its certificate is for"
                       : NULL;
}

/* NULL when well. */
static const char *port_fault(struct span text, uint16_t *port)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len && value <= UINT16_MAX; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
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
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        well = plain || (c == '-' && i > 0 && i + 1 < value.len && value.at[i - 1] != '-');
    }
    if (!well) {
        draft_error(d, line,
            "places.language cannot be \"%.*s\"; write a language tag, like en or "
            "pt-BR",
            SHOWN(value));
        return;
    }
    memcpy(d->t.places.language, value.at, value.len);
    d->t.places.language[value.len] = '\0';
}

static void set_value(struct topology_draft *d, int line, const struct key *key, struct span value)
{
    switch (key->kind) {
    case NAME:
        set_name(d, line, value);
        return;
    case PATH:
        set_path(d, line, key, value);
        return;
    case WORD:
    case PROVIDER:
        set_word(d, line, key, value);
        return;
    case SIZE:
    case TIME:
    case COUNT:
        set_quantity(d, line, key, value);
        return;
    case ENDPOINT:
        set_endpoint(d, line, value);
        return;
    case LANGUAGE:
        set_language(d, line, key, value);
        return;
    case ADDRESS:
        set_address(d, line, key, value);
        return;
    case PEER:
        draft_edge_add(d, line, value);
        return;
    }
}

void draft_defaults(struct topology_draft *d)
{
    for (unsigned i = 0; i < KEYS; i++)
        if (keys[i].otherwise)
            set_value(d, 0, &keys[i], span_of(keys[i].otherwise));
    ASSERT(d->faults_count == 0);
}

/* -- finding a key ----------------------------------------------------------------------------- */

void topology_draft_unknown(
    struct topology_draft *d, int line, const char *section, struct span word)
{
    static const char *const sections[] = {"node", "limits", "places", "tls"};
    struct nearest near = nearest_to(word);
    const struct key *elsewhere = NULL;
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) == 0)
            nearest_offer(&near, keys[i].name);
        else if (span_equal(word, span_of(keys[i].name)))
            elsewhere = &keys[i];
    }
    for (unsigned i = 0; i < sizeof sections / sizeof *sections && !*section; i++)
        nearest_offer(&near, sections[i]);
    const char *here = *section ? section : "the top level";
    if (elsewhere) {
        const char *there = *elsewhere->section ? elsewhere->section : "the top level";
        draft_error(
            d, line, "\"%.*s\" does not belong to %s; it is a key of %s", SHOWN(word), here, there);
    } else if (near.best) {
        draft_error(d, line, "\"%.*s\" is no key of %s; did you mean \"%s\"?", SHOWN(word), here,
            near.best);
    } else {
        char memory[256];
        struct buf b = buf_over(memory, sizeof memory);
        for (unsigned i = 0; i < KEYS; i++) {
            if (strcmp(keys[i].section, section) != 0)
                continue;
            buf_text(&b, b.len ? ", " : "");
            buf_text(&b, keys[i].name);
        }
        buf_text(&b, *section ? "" : ", node, limits, places, tls");
        draft_error(d, line, "\"%.*s\" is no key of %s; there are %.*s", SHOWN(word), here,
            (int)b.len, b.at);
    }
}

/* Nothing is taken from the environment: it differs from node to node, and the file must not. */
static bool has_variable(struct span value)
{
    for (size_t i = 0; i + 1 < value.len; i++)
        if (value.at[i] == '$' && value.at[i + 1] == '{')
            return true;
    return false;
}

/* Where a key's line is kept; NULL for talks_to, which may come any number of times. */
static int *line_of(struct topology_draft *d, unsigned key)
{
    if (keys[key].kind == PEER)
        return NULL;
    if (keys[key].kind != ADDRESS)
        return &d->key_lines[key];
    struct draft_node *n = &d->nodes[d->nodes_count - 1];
    return strcmp(keys[key].name, "client") == 0 ? &n->client_line : &n->peer_line;
}

int draft_key_line(const struct topology_draft *d, const char *section, const char *name)
{
    unsigned i = 0;
    while (strcmp(keys[i].name, name) != 0 || strcmp(keys[i].section, section) != 0)
        i++;
    return d->key_lines[i];
}

void topology_draft_value(
    struct topology_draft *d, int line, const char *section, struct span key, struct span value)
{
    ASSERT(d->nodes_count || strcmp(section, "node") != 0);
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) != 0 || !span_equal(key, span_of(keys[i].name)))
            continue;
        int *given = line_of(d, i);
        if (given && *given) {
            draft_error(d, line, "%s is given twice, in line %d already",
                label_of(d, &keys[i]).text, *given);
        } else if (has_variable(value)) {
            draft_error(d, line,
                "%s has a ${...} in it, but nothing is taken from the environment; write the value "
                "itself",
                label_of(d, &keys[i]).text);
        } else {
            set_value(d, line, &keys[i], value);
        }
        if (given && !*given)
            *given = line;
        return;
    }
    topology_draft_unknown(d, line, section, key);
}
