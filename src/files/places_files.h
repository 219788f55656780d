/* places_files.h — who answers WHATSAT, and what is needed to ask them: a key, and trusted CAs.
 *
 * topology.conf names the provider, or leaves it open: google where there is a key, else the
 * gazetteer. A key comes from a file only, because others can read the arguments and the
 * environment of a process: key_file, or places_key in $CREDENTIALS_DIRECTORY, where systemd's
 * LoadCredential= puts it. What is wrong is reported on standard error, in a sentence with its
 * remedy. Called by the program's `node` and `places`. */
#ifndef FILES_PLACES_FILES_H
#define FILES_PLACES_FILES_H

#include "core/places/google.h"
#include "core/tls/tls.h"
#include "core/topology/topology.h"
#include "files/private_file.h"
#include <stdio.h>

struct places_files {
    const char *provider; /* "gazetteer", "google" or "google_legacy" */
    struct places_google google; /* views this and the topology; unused for the gazetteer */
    struct tls_config tls; /* its trust: the CAs that may have signed the service's certificate */
    char key[PLACES_GOOGLE_KEY_BYTES_MAX + 1];
    const struct topology *topology; /* as they were given */
    const char *topology_path;
};

/* Whether questions go to a service over HTTPS. */
static inline bool places_files_are_used(const struct places_files *f)
{
    return f->tls.trust != NULL;
}

/* Choose the provider, and read what it needs; nothing for the gazetteer.
 *
 * f                 stays in place until places_files_close: it views itself
 * t, topology_path  outlive it
 * false: the reason has been reported. Else places_files_close it. */
MUST_USE bool places_files_open(
    struct places_files *f, const struct topology *t, const char *topology_path);

/* As places_files_open, but the reason goes to `tell`. */
MUST_USE bool places_files_read(
    struct places_files *f, const struct topology *t, const char *topology_path, FILE *tell);

/* Where the CA certificates and the key are. false: the path is too long. */
MUST_USE bool places_files_ca_path(const struct places_files *f, char out[FILE_PATH_ROOM]);
MUST_USE bool places_files_key_path(const struct places_files *f, char out[FILE_PATH_ROOM]);

/* `f` is what was read as `renewed` from now on, which is closed then; both are used. The memory of
 * f->tls stays, and new connections find the new certificates there. Whether the key is another
 * one. */
bool places_files_take(struct places_files *f, struct places_files *renewed);

void places_files_close(struct places_files *f);

#endif
