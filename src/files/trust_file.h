/* trust_file.h — CA certificates from a file: a herd's own CA, or those that HTTPS servers are
 * believed by, which are the system's unless topology.conf names others.
 *
 * Reading Debian's bundle of 144 takes some 10 ms, for which a running node stands still.
 * Called by tls_files, and by whoever speaks HTTPS. */
#ifndef FILES_TRUST_FILE_H
#define FILES_TRUST_FILE_H

#include "core/tls/trust.h"
#include <stdio.h>

/* Debian's, made by its package ca-certificates. */
#define TRUST_SYSTEM_FILE "/etc/ssl/certs/ca-certificates.crt"
#define TRUST_SYSTEM_REMEDY "install it with: apt-get install ca-certificates"

/* The CA certificates of `path` that are valid now.
 *
 * remedy  what to do when there is no such file; TRUST_SYSTEM_REMEDY for the system's
 * tell    where a sentence goes when it cannot be used, and a warning when a part of it cannot;
 *         not of the system's, which always has some that have expired and is nobody's to mend
 * NULL: it has been told why. Else tls_trust_destroy it; connections made with it may go on. */
MUST_USE struct tls_trust *trust_file_read(const char *path, const char *remedy, FILE *tell);

#endif
