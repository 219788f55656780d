/* places_files.c — see places_files.h. */
#include "files/places_files.h"
#include "core/base/invariant.h"
#include "files/trust_file.h"
#include <stdlib.h>
#include <unistd.h>

#define CREDENTIAL "places_key"

#define WRITE_IT "write the key into it with: (umask 077; cat > FILE), and end it with Ctrl-D"

static const struct private_kind key_kind = {
    .noun = "places key", .remedy = WRITE_IT, .owner_only = true};
/* systemd gives the files of a folder that nobody else can enter to a service's user by an access
 * list, which shows as a mode for the group. */
static const struct private_kind credential_kind = {
    .noun = "places key", .remedy = "see LoadCredential= in systemd.exec(5)"};

/* -- the key ----------------------------------------------------------------------------------- */

/* The path of $CREDENTIALS_DIRECTORY/places_key, if there is such a file. */
static bool find_credential(char path[FILE_PATH_ROOM])
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder)
        return false;
    int len = snprintf(path, FILE_PATH_ROOM, "%s/" CREDENTIAL, folder);
    return len < FILE_PATH_ROOM && access(path, F_OK) == 0;
}

static bool read_key(
    struct places_files *f, const char *path, const struct private_kind *kind, FILE *tell)
{
    char memory[PLACES_GOOGLE_KEY_BYTES_MAX + 3]; /* a line end, and one byte above the limit */
    ssize_t n = file_read(path, kind, memory, sizeof memory, tell);
    if (n < 0)
        return false;
    size_t bytes = (size_t)n;
    if (bytes && memory[bytes - 1] == '\n')
        bytes--;
    if (bytes && memory[bytes - 1] == '\r')
        bytes--;
    bool fits = bytes <= PLACES_GOOGLE_KEY_BYTES_MAX;
    if (fits)
        memcpy(f->key, memory, bytes);
    explicit_bzero(memory, sizeof memory);
    f->google.key = (struct span){f->key, fits ? bytes : 0};
    const char *fault =
        fits ? places_google_fault(&f->google) : "the key is longer than any of Google's";
    if (fault)
        fprintf(tell, "%s: %s; %s\n", path, fault, kind->remedy);
    return !fault;
}

static bool find_key(
    struct places_files *f, const struct topology *t, const char *topology_path, FILE *tell)
{
    char path[FILE_PATH_ROOM];
    if (*t->places.key_file) {
        if (file_path_to_read(topology_path, t->places.key_file, path))
            return read_key(f, path, &key_kind, tell);
        fprintf(tell, "%s: the path of places.key_file is too long\n", topology_path);
        return false;
    }
    if (find_credential(path))
        return read_key(f, path, &credential_kind, tell);
    fprintf(tell,
        "%s: the places provider %s needs a key, and there is none; name its file in places { "
        "key_file }, or put it where systemd's LoadCredential=" CREDENTIAL " does\n",
        topology_path, f->provider);
    return false;
}

/* -- the trust --------------------------------------------------------------------------------- */

bool places_files_ca_path(const struct places_files *f, char out[FILE_PATH_ROOM])
{
    const char *file = f->topology->places.ca_file;
    return file_path_to_read(f->topology_path, *file ? file : TRUST_SYSTEM_FILE, out);
}

static struct tls_trust *read_trust(const struct places_files *f, FILE *tell)
{
    char path[FILE_PATH_ROOM];
    bool own = *f->topology->places.ca_file;
    if (places_files_ca_path(f, path))
        return trust_file_read(path,
            own ? "name the CA certificates of places.endpoint in places { ca_file }, or leave it "
                  "out for the system's"
                : TRUST_SYSTEM_REMEDY,
            tell);
    fprintf(tell, "%s: the path of places.ca_file is too long\n", f->topology_path);
    return NULL;
}

/* -- the whole --------------------------------------------------------------------------------- */

static const char *choose(const struct topology *t)
{
    char path[FILE_PATH_ROOM];
    if (*t->places.provider)
        return t->places.provider;
    return *t->places.key_file || find_credential(path) ? "google" : "gazetteer";
}

bool places_files_read(
    struct places_files *f, const struct topology *t, const char *topology_path, FILE *tell)
{
    *f =
        (struct places_files){.provider = choose(t), .topology = t, .topology_path = topology_path};
    if (strcmp(f->provider, "gazetteer") == 0)
        return true;
    bool legacy = strcmp(f->provider, "google_legacy") == 0;
    f->google.api = legacy ? PLACES_GOOGLE_LEGACY : PLACES_GOOGLE_NEW;
    bool own = *t->places.host == '\0';
    f->google.host = own ? places_google_host(f->google.api) : span_of(t->places.host);
    f->google.port = own ? 443 : t->places.port;
    f->google.language = span_of(t->places.language);
    if (find_key(f, t, topology_path, tell))
        f->tls.trust = read_trust(f, tell);
    bool well = f->tls.trust != NULL;
    if (!well)
        places_files_close(f);
    return well;
}

bool places_files_open(struct places_files *f, const struct topology *t, const char *topology_path)
{
    return places_files_read(f, t, topology_path, stderr);
}

bool places_files_key_path(const struct places_files *f, char out[FILE_PATH_ROOM])
{
    const char *file = f->topology->places.key_file;
    return *file ? file_path_to_read(f->topology_path, file, out) : find_credential(out);
}

bool places_files_take(struct places_files *f, struct places_files *renewed)
{
    ASSERT(places_files_are_used(f) && places_files_are_used(renewed));
    bool same_key = span_equal(f->google.key, renewed->google.key);
    places_files_close(f);
    *f = *renewed;
    f->google.key.at = f->key;
    explicit_bzero(renewed, sizeof *renewed);
    return !same_key;
}

void places_files_close(struct places_files *f)
{
    tls_trust_destroy(f->tls.trust);
    explicit_bzero(f, sizeof *f);
}
