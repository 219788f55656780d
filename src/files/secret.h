/* secret.h — the herd's secrets from their file, and the tokens of its HTTP ports from theirs.
 *
 * They come from a file only: others can read the arguments and the environment of a process.
 * PROTOCOL.md, "AUTH". */
#ifndef FILES_SECRET_H
#define FILES_SECRET_H

#include "core/protocol/auth.h"
#include "core/topology/topology.h"
#include "files/private_file.h"
#include <stdio.h>

struct secret_use;

struct secret_file {
    struct secrets secrets;
    const struct secret_use *use; /* of the herd, or of HTTP */
    const struct topology *topology; /* the arguments of secret_file_open */
    const char *topology_path;
};

/* Read t->secret_file: a secret on each line that is not empty, 1 to SECRETS_MAX of them. A herd
 * without secret_file has none.
 *
 * topology_path  of the topology.conf, to whose folder a relative secret_file is relative; this and
 *                t outlive the file
 * false: it cannot be read, is not a regular file, others than its owner may read it, or its lines
 * are no such secrets; the reason and its remedy are on standard error. */
MUST_USE bool secret_file_open(
    struct secret_file *f, const struct topology *t, const char *topology_path);

/* The same with t->http.token_file; tokens have no blanks. */
MUST_USE bool token_file_open(
    struct secret_file *f, const struct topology *t, const char *topology_path);

/* As secret_file_open and token_file_open, but the reason goes to `tell`. */
MUST_USE bool secret_file_read(
    struct secret_file *f, const struct topology *t, const char *topology_path, FILE *tell);
MUST_USE bool token_file_read(
    struct secret_file *f, const struct topology *t, const char *topology_path, FILE *tell);

/* Where it is. false: the path is too long. */
MUST_USE bool secret_file_path(const struct secret_file *f, char out[FILE_PATH_ROOM]);

#endif
