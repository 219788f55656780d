/* secret.h — the herd's secret from its file.
 *
 * By file only: arguments and environments of a process can be read by others. */
#ifndef FILES_SECRET_H
#define FILES_SECRET_H

#include "core/topology/topology.h"

enum { SECRET_BYTES_MAX = 1024 };

/* The content of t->secret_file, its last line end left out; SECRET_BYTES_MIN (core/hello.h) to
 * SECRET_BYTES_MAX bytes. A herd without secret_file has the empty secret.
 *
 * topology_path  of the topology.conf, in whose folder a relative secret_file lies
 * out            room for SECRET_BYTES_MAX; *len bytes of it are the secret
 *
 * false: it cannot be read, is too short or too long, is no regular file, or may be read by others
 * than its owner; standard error then has a sentence with the remedy. */
MUST_USE bool secret_load(
    const struct topology *t, const char *topology_path, char *out, size_t *len);

#endif
