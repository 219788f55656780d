/* topology_file.h — topology.conf from the disk. Its syntax and meaning are core/topology's; here
 * are what cannot be read, and what is printed. Called by the program. */
#ifndef FILES_TOPOLOGY_FILE_H
#define FILES_TOPOLOGY_FILE_H

#include "core/topology/topology.h"
#include <stdio.h>

enum { TOPOLOGY_FILE_BYTES_MAX = 1 << 20 };

/* Read and check a file: as topology_read_text, and a file that cannot be read is one error. */
MUST_USE bool topology_read(const char *path, struct topology *out, struct topology_faults *faults);

/* Read a file, print its errors (not its warnings) to standard error. false: there were errors. */
MUST_USE bool topology_load(const char *path, struct topology *out);

/* One line each: `path:line: text`, with `warning: ` before the text of one; those only when
 * wanted. */
void topology_faults_print(
    FILE *to, const char *path, const struct topology_faults *faults, bool warnings);

#endif
