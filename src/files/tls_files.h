/* tls_files.h — the certificates and the key that topology.conf names under tls { }.
 *
 * topology.conf is the same file on every node, certificates are not: %n in cert_file and key_file
 * stands for the node's name. */
#ifndef FILES_TLS_FILES_H
#define FILES_TLS_FILES_H

#include "core/tls/tls.h"
#include "core/topology/topology.h"
#include <stdio.h>

struct tls_files {
    struct tls_config config; /* owned; all zero while they are closed */
    const struct topology *topology; /* what they were read by: see tls_files_open */
    const char *topology_path;
    struct span name;
};

/* Whether the herd's links are TLS. */
bool tls_files_wanted(const struct topology *t);

/* Read what node `name` needs, and check that its peers will take it: key and certificate belong
 * together, the CA has signed it, it is valid now and for this name. The arguments must outlive
 * the files.
 *
 * false: standard error has a sentence with the remedy. Else tls_files_close them. */
MUST_USE bool tls_files_open(
    struct tls_files *f, const struct topology *t, const char *topology_path, struct span name);

/* Read what an observer needs, who shows the certificate of the first node whose key lies here and
 * is this user's to read.
 *
 * false: there is none, or something is wrong with it; standard error has a sentence. */
MUST_USE bool tls_files_open_any(
    struct tls_files *f, const struct topology *t, const char *topology_path);

/* Read the files that tls_files_open has read once more, after they were renewed: config then has
 * the new ones, for links that begin from now on; those that there are keep theirs.
 *
 * tell  where sentences go, as at the start
 * false: something is wrong with them, and config is as it was. */
MUST_USE bool tls_files_reload(struct tls_files *f, FILE *tell);

void tls_files_close(struct tls_files *f);

#endif
