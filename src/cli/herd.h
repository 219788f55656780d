/* herd.h — the herd that -c names: its checked topology.conf, its secrets and its TLS files.
 * Called by the subcommands. */
#ifndef CLI_HERD_H
#define CLI_HERD_H

#include "cli/options.h"
#include "core/topology/topology.h"
#include "files/secret.h"
#include "files/tls_files.h"

struct herd {
    struct topology topology;
    struct secret_file secret_file;
    struct secret_file token_file; /* of a node, from herd_speaks_as on */
    const struct tls_config *tls; /* in tls_files; NULL: plain links, or not opened yet */
    struct tls_files tls_files;
    const struct tls_config *http_tls; /* the same of a node's HTTP port, from herd_speaks_as on */
    struct tls_files http_files;
};

/* An operator with a certificate of his own needs no secret, and none is read for him.
 * false: a message was written. Otherwise end with herd_close. */
MUST_USE bool herd_open(struct herd *h, const struct options *o);
void herd_close(struct herd *h);

/* Load the files that are needed to talk to others: as node `self`, or as an observer with --cert
 * and --key, else with the certificate of any node whose key is on this machine. Without --cert it
 * does nothing if links are plain. false: a message was written. */
MUST_USE bool herd_speaks_as(struct herd *h, const struct options *o, unsigned self);
MUST_USE bool herd_observes(struct herd *h, const struct options *o);

/* The index of the node called `name`; -1: there is none, and a message was written. */
int herd_node(const struct topology *t, const struct options *o, const char *name);

#endif
