/* keys.h — the table of the keys of topology.conf.
 *
 * Reader, messages, `stampede check --keys` and, by a test, topology.conf(5) all go by it. Bounds
 * and defaults stand in it as one would write them in the file, so that a message can show them as
 * they are. Called by the files of this room only. */
#ifndef CORE_TOPOLOGY_KEYS_H
#define CORE_TOPOLOGY_KEYS_H

#include "core/topology/topology.h"

enum key_kind {
    KEY_NAME, /* of the herd */
    KEY_PATH,
    KEY_WORD, /* one of `words`; the field has its index */
    KEY_PROVIDER, /* one of `words`; the field has its text */
    KEY_SIZE,
    KEY_TIME,
    KEY_COUNT,
    KEY_PERCENT,
    KEY_RATE,
    KEY_ENDPOINT,
    KEY_LANGUAGE,
    KEY_ADDRESS, /* of a node */
    KEY_NODES, /* names in a list, or one without */
    KEY_RETIRED, /* the same, of nodes that are gone */
    KEY_HOSTS, /* the same, of hosts */
    KEY_PATTERN, /* of names: pattern.h */
};

struct key {
    const char *section; /* "" for the top level */
    const char *name;
    enum key_kind kind;
    size_t at; /* of the field in struct topology; unused by kinds of a node, and by endpoint */
    size_t bytes; /* of the field */
    uint64_t unit; /* of the field: how many of a time's nanoseconds, or bytes */
    const char *least, *most; /* NULL where the kind has no bounds of this sort */
    const char *value; /* the default, as it would be written; NULL: none */
    const char *const *words; /* ends with NULL; NULL: any text */
    const char *otherwise; /* what holds without the key, where `value` does not say it */
    bool reopened;
    const char *meaning;
};

/* NULL: there are not so many. Fewer than TOPOLOGY_KEYS_MAX in draft.h. */
const struct key *key_at(unsigned i);

/* -1: the section has no such key. */
int key_find(const char *section, struct span name);

/* What a message says that a key's value can be: "64B to 8KiB", "eof or reply". */
struct key_bounds {
    char text[64];
};

struct key_bounds key_bounds(const struct key *key);

/* The name of a section as a constant that outlives the file's text; NULL: there is none. */
const char *key_section(struct span word);

/* The section whose name is close to a word; NULL: none, or a key of the top level is closer. */
const char *key_section_near(struct span word);

#endif
