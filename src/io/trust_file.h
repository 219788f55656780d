/* trust_file.h — the CA certificates of a file: the herd's own, or the system's bundle.
 *
 * Called by tls_files and places_files. */
#ifndef IO_TRUST_FILE_H
#define IO_TRUST_FILE_H

#include "core/tls_trust.h"

/* Read a file of CA certificates that are valid now; some that are not are a warning.
 *
 * remedy  what to do when there is no such file
 * NULL: standard error has a sentence. Else tls_trust_destroy it. */
MUST_USE struct tls_trust *trust_file_read(const char *path, const char *remedy);

#endif
