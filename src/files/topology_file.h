/* topology_file.h — topology.conf from the disk: syntax here, meaning in core/topology.
 *
 * The only place that knows libconfuse. Not for two threads at once: libconfuse keeps its state in
 * globals. Nothing is taken from the environment and no file includes another. */
#ifndef FILES_TOPOLOGY_FILE_H
#define FILES_TOPOLOGY_FILE_H

#include "core/topology/topology.h"
#include <stdio.h>

enum { TOPOLOGY_FILE_BYTES_MAX = 1 << 20 };

/* Read and check a file. As topology_finish: *faults always set, *out only when there is no error.
 * A file that cannot be read is a fault like others; errors > 0 without a fault means no memory. */
MUST_USE bool topology_read(const char *path, struct topology *out, struct topology_faults *faults);

/* The same with the file's text from memory. */
MUST_USE bool topology_read_text(
    struct span text, struct topology *out, struct topology_faults *faults);

/* Read a file, print its errors (not its warnings) to standard error. false: there were errors. */
MUST_USE bool topology_load(const char *path, struct topology *out);

/* One line each: `path:line: text`, with `warning: ` before the text of one; those only when
 * wanted. */
void topology_faults_print(
    FILE *to, const char *path, const struct topology_faults *faults, bool warnings);

#endif
