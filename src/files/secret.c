/* secret.c — see secret.h. */
#include "files/secret.h"
#include "core/protocol/hello.h"
#include "files/private_file.h"
#include <stdio.h>

#define MAKE_ONE "make one with: (umask 077; head -c 32 /dev/urandom | base64 > herd.secret)"

static const struct file_kind secret_kind = {
    .noun = "secret",
    .remedy = "copy the herd's secret here from another node, or " MAKE_ONE,
    .owner_only = true,
};

static bool read_secret(const char *path, char *out, size_t *len)
{
    char memory[SECRET_BYTES_MAX + 3]; /* a line end, and one byte above the limit */
    ssize_t n = file_read(path, &secret_kind, memory, sizeof memory, stderr);
    if (n < 0)
        return false;
    size_t bytes = (size_t)n;
    if (bytes && memory[bytes - 1] == '\n')
        bytes--;
    if (bytes && memory[bytes - 1] == '\r')
        bytes--;
    bool well = bytes >= SECRET_BYTES_MIN && bytes <= SECRET_BYTES_MAX;
    if (well) {
        memcpy(out, memory, bytes);
        *len = bytes;
    } else {
        fprintf(stderr, "%s: a secret has %d to %d bytes; " MAKE_ONE "\n", path, SECRET_BYTES_MIN,
            SECRET_BYTES_MAX);
    }
    explicit_bzero(memory, sizeof memory);
    return well;
}

bool secret_load(const struct topology *t, const char *topology_path, char *out, size_t *len)
{
    *len = 0;
    if (t->secret_file[0] == '\0')
        return true;
    char path[FILE_PATH_ROOM];
    if (file_path_beside(topology_path, t->secret_file, path))
        return read_secret(path, out, len);
    fprintf(stderr, "%s: the path of secret_file is too long\n", topology_path);
    return false;
}
