/* secret.c — see secret.h. */
#include "files/secret.h"
#include "files/private_file.h"

#define MAKE_ONE "make one with: (umask 077; head -c 32 /dev/urandom | base64 > herd.secret)"

enum { FILE_BYTES_MAX = SECRETS_MAX * (SECRET_BYTES_MAX + 2) + 64 }; /* with some empty lines */

static const struct file_kind secret_kind = {
    .noun = "secret",
    .remedy = "copy the herd's secret here from another node, or " MAKE_ONE,
    .owner_only = true,
};

/* Cut the next line off, without its LF or CRLF. */
static struct span cut_line(struct span *rest)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    struct span line = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    *rest = span_from(*rest, line.len + (end ? 1 : 0));
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool read_lines(struct span text, const char *path, struct secrets *out, FILE *tell)
{
    for (unsigned number = 1; text.len; number++) {
        struct span line = cut_line(&text);
        if (!line.len || secrets_add(out, line))
            continue;
        if (line.len < SECRET_BYTES_MIN || line.len > SECRET_BYTES_MAX)
            fprintf(tell, "%s:%u: a secret has %d to %d bytes, and one line; " MAKE_ONE "\n", path,
                number, SECRET_BYTES_MIN, SECRET_BYTES_MAX);
        else
            fprintf(tell,
                "%s:%u: there are more than %d secrets; remove those that no node needs "
                "any more\n",
                path, number, SECRETS_MAX);
        return false;
    }
    if (!out->count)
        fprintf(tell, "%s: there is no secret in this file; " MAKE_ONE "\n", path);
    return out->count > 0;
}

static bool read_file(const char *path, struct secrets *out, FILE *tell)
{
    char memory[FILE_BYTES_MAX + 1];
    ssize_t bytes = file_read(path, &secret_kind, memory, sizeof memory, tell);
    if (bytes > FILE_BYTES_MAX)
        fprintf(tell, "%s: this is too long for %d secrets of %d bytes\n", path, SECRETS_MAX,
            SECRET_BYTES_MAX);
    bool well = bytes >= 0 && bytes <= FILE_BYTES_MAX &&
                read_lines((struct span){memory, (size_t)bytes}, path, out, tell);
    explicit_bzero(memory, sizeof memory);
    return well;
}

bool secret_file_open(struct secret_file *f, const struct topology *t, const char *topology_path)
{
    *f = (struct secret_file){.topology = t, .topology_path = topology_path};
    return t->secret_file[0] == '\0' || secret_file_reload(f, stderr);
}

bool secret_file_reload(struct secret_file *f, FILE *tell)
{
    char path[FILE_PATH_ROOM];
    struct secrets renewed = {0};
    bool found = file_path_beside(f->topology_path, f->topology->secret_file, path);
    if (!found)
        fprintf(tell, "%s: the path of secret_file is too long\n", f->topology_path);
    bool well = found && read_file(path, &renewed, tell);
    if (well)
        f->secrets = renewed;
    explicit_bzero(&renewed, sizeof renewed);
    return well;
}
