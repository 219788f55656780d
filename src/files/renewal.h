/* renewal.h — all that a node has read, and the same read anew: as a whole, or not at all.
 *
 * SIGHUP says that topology.conf, or a file that it names, was changed. All of them are read beside
 * those in use. Only when nothing is wrong with any of them do they take their place; so a node
 * never goes on by half of a file. What is wrong is told in the words of `stampede check`, all of
 * it in one go. Called by io/reload. */
#ifndef FILES_RENEWAL_H
#define FILES_RENEWAL_H

#include "core/places/exchange.h"
#include "files/places_files.h"
#include "files/secret.h"
#include "files/tls_files.h"

/* What a node goes by. */
struct files_in_use {
    const char *topology_path;
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1]; /* of the node */
    struct topology *topology;
    struct topology rooms[2]; /* from the first renewal on, `topology` is one of these */
    struct secret_file *secret, *tokens; /* which may be empty */
    struct tls_files *tls; /* NULL: links are plain */
    struct tls_files *http; /* NULL: the HTTP port is plain */
    struct places_files *places; /* NULL: of the gazetteer, which has none */
    struct exchange *exchange; /* NULL likewise */
};

enum renewal_part {
    RENEWAL_TOPOLOGY,
    RENEWAL_SECRET,
    RENEWAL_TOKENS,
    RENEWAL_TLS,
    RENEWAL_HTTP,
    RENEWAL_PLACES,
    RENEWAL_PARTS
};

/* What was read anew, and is not used yet. */
struct renewal {
    struct files_in_use *in_use;
    struct topology *topology; /* the other room */
    unsigned self; /* the node's index in it */
    struct secret_file secret, tokens;
    struct tls_files tls, http;
    struct places_files places;
    bool has[RENEWAL_PARTS]; /* the part is there, and was read, well or not */
    bool failed[RENEWAL_PARTS];
    char
        *words[RENEWAL_PARTS]; /* what is to be said about it, each line with LF; NULL: no memory */
};

/* Begin: `u` is all zero but for what the caller sets, everything except `rooms`. What it points to
 * outlives it. End it, after the node was destroyed: topology_destroy(u->topology). */

/* Read all of them again. End with renewal_take or renewal_discard.
 *
 * stamps  how many the node holds
 * false: something is wrong; `failed` and `words` say with what */
MUST_USE bool renewal_read(struct renewal *r, struct files_in_use *u, uint64_t stamps);

/* All is used from now on, after the node has taken the topology: it does not use the old one any
 * more, which is destroyed. */
void renewal_take(struct renewal *r, struct instant now);
void renewal_discard(struct renewal *r);

/* "topology", "secret", "tokens", "tls", "http_tls", "places" */
const char *renewal_word(enum renewal_part part);

#endif
