/* secret.h — the herd's secret from its file.
 *
 * It comes from a file only: others can read the arguments and the environment of a process. */
#ifndef FILES_SECRET_H
#define FILES_SECRET_H

#include "core/topology/topology.h"

enum { SECRET_BYTES_MAX = 1024 };

/* The content of t->secret_file, its last line end left out; SECRET_BYTES_MIN
 * (core/protocol/hello.h) to SECRET_BYTES_MAX bytes. A herd without secret_file has the empty
 * secret.
 *
 * topology_path  of the topology.conf, to whose folder a relative secret_file is relative
 * out            room for SECRET_BYTES_MAX; *len bytes of it are the secret
 *
 * false: it cannot be read, is too short or too long, is not a regular file, or others than its
 * owner may read it; the reason and its remedy are on standard error. */
MUST_USE bool secret_load(
    const struct topology *t, const char *topology_path, char *out, size_t *len);

#endif
