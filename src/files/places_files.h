/* places_files.h — who answers WHATSAT here, and what is needed to ask them: the key and the trust.
 *
 * topology.conf says which provider, or leaves it open: google where there is a key, else the
 * gazetteer. A key comes by a file only, since arguments and environments of a process can be read
 * by others: key_file, or places_key in $CREDENTIALS_DIRECTORY, where systemd's LoadCredential=
 * puts it. What is wrong is told on standard error, in a sentence with its remedy. Called by the
 * program's `node` and `places`. */
#ifndef FILES_PLACES_FILES_H
#define FILES_PLACES_FILES_H

#include "core/places/google.h"
#include "core/tls/tls.h"
#include "core/topology/topology.h"
#include <stdio.h>

struct places_files {
    const char *provider; /* "gazetteer", "google" or "google_legacy" */
    struct places_google google; /* views this and the topology; unused for the gazetteer */
    struct tls_config tls; /* trust: whom to believe the service's certificate of */
    char key[PLACES_GOOGLE_KEY_BYTES_MAX + 1];
    const struct topology *topology; /* as they were given, for a reload */
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
 * false: it has been told why. Else places_files_close it. */
MUST_USE bool places_files_open(
    struct places_files *f, const struct topology *t, const char *topology_path);

/* Read the trusted certificates anew, for new connections.
 *
 * tell  where a sentence goes when they cannot be used, and a warning when a part of them cannot
 * false: the old ones stay. */
MUST_USE bool places_files_reload(struct places_files *f, FILE *tell);

void places_files_close(struct places_files *f);

#endif
