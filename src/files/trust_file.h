/* trust_file.h — CA certificates from a file: the herd's own CA, or the CAs by which HTTPS
 * servers are trusted, which are the system's unless topology.conf names others.
 *
 * Reading Debian's bundle of 144 takes some 10 ms, during which a running node does nothing else.
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
 * tell    where it is reported when it cannot be used, or that some of it cannot; the latter not
 *         for the system's, which always has expired ones that the user cannot replace
 * NULL: the reason has been reported. Else tls_trust_destroy it; connections made with it may
 * outlive it. */
MUST_USE struct tls_trust *trust_file_read(const char *path, const char *remedy, FILE *tell);

#endif
