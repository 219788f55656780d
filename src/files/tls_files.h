/* tls_files.h — the certificates and the key that topology.conf names under tls { }.
 *
 * topology.conf is the same file on every node, certificates are not: %n in cert_file and key_file
 * stands for the node's name. */
#ifndef FILES_TLS_FILES_H
#define FILES_TLS_FILES_H

#include "core/tls/tls.h"
#include "core/topology/topology.h"
#include "files/private_file.h"
#include <stdio.h>

struct tls_files {
    struct tls_config config; /* owned; all zero while they are closed */
    const struct topology *topology; /* this and the rest: the arguments of tls_files_open */
    const char *topology_path;
    struct span name;
    bool of_http; /* http { cert_file key_file }, and no CA */
    const char *cert_path, *key_path; /* an operator's, in place of a node's; NULL: a node's */
};

/* Whether the herd's links are TLS. */
bool tls_files_wanted(const struct topology *t);

/* Read what node `name` needs, and check that its peers will accept it: key and certificate belong
 * together, the CA has signed the certificate, and it is valid now and for this name. The arguments
 * must outlive the files.
 *
 * false: the reason and its remedy are on standard error. Else tls_files_close them. */
MUST_USE bool tls_files_open(
    struct tls_files *f, const struct topology *t, const char *topology_path, struct span name);

/* The same for the HTTP port of node `name`, which asks nobody for a certificate: those who ask
 * there judge its own by themselves. Only its dates are checked, and that the key fits. */
bool tls_files_http_wanted(const struct topology *t, const struct topology_node *node);
MUST_USE bool tls_files_read_http(struct tls_files *f, const struct topology *t,
    const char *topology_path, struct span name, FILE *tell);

/* Read what an observer needs: it shows the certificate of the first node whose key is here and
 * readable by this user.
 *
 * false: there is none, or something is wrong with it; the reason is on standard error. */
MUST_USE bool tls_files_open_any(
    struct tls_files *f, const struct topology *t, const char *topology_path);

/* Read what an operator needs: the herd's CA, and a certificate of his own with its key. The paths
 * outlive the files. Which names the certificate has is judged by the nodes.
 *
 * false: something is wrong with it; the reason is on standard error. */
MUST_USE bool tls_files_open_operator(struct tls_files *f, const struct topology *t,
    const char *topology_path, const char *cert_path, const char *key_path);

/* Where its files are. */
struct tls_paths {
    char ca[FILE_PATH_ROOM]; /* "" of HTTP */
    char cert[FILE_PATH_ROOM], key[FILE_PATH_ROOM];
};

/* false: one is too long, and that was written to `tell`. */
MUST_USE bool tls_files_paths(const struct tls_files *f, struct tls_paths *out, FILE *tell);

/* As tls_files_open, but the reason goes to `tell`. */
MUST_USE bool tls_files_read(struct tls_files *f, const struct topology *t,
    const char *topology_path, struct span name, FILE *tell);

/* `f` is what was read as `renewed` from now on, which is closed then. Links that begin from now on
 * use the new ones, links that are up keep those that they began with. */
void tls_files_take(struct tls_files *f, struct tls_files *renewed);

void tls_files_close(struct tls_files *f);

#endif
