/* secret.c — see secret.h. */
#include "files/secret.h"
#include "files/private_file.h"

#define MAKE_ONE(file) "make one with: (umask 077; head -c 32 /dev/urandom | base64 > " file ")"

enum { FILE_BYTES_MAX = SECRETS_MAX * (SECRET_BYTES_MAX + 2) + 64 }; /* with some empty lines */

struct secret_use {
    const char *key; /* of topology.conf */
    const char *make_one;
    struct private_kind kind;
    bool one_word; /* it stands in a header */
};

static const struct secret_use of_herd = {
    .key = "secret_file",
    .make_one = MAKE_ONE("herd.secret"),
    .kind = {.noun = "secret",
        .remedy = "copy the herd's secret here from another node, or " MAKE_ONE("herd.secret"),
        .owner_only = true},
};

static const struct secret_use of_http = {
    .key = "http.token_file",
    .make_one = MAKE_ONE("http.token"),
    .kind = {.noun = "token", .remedy = MAKE_ONE("http.token"), .owner_only = true},
    .one_word = true,
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

static bool is_word(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] <= ' ' || line.at[i] > '~')
            return false;
    return true;
}

static bool read_lines(struct span text, const char *path, const struct secret_use *use,
    struct secrets *out, FILE *tell)
{
    const char *noun = use->kind.noun;
    for (unsigned number = 1; text.len; number++) {
        struct span line = cut_line(&text);
        bool odd = use->one_word && !is_word(line);
        if (!line.len || (!odd && secrets_add(out, line)))
            continue;
        if (odd)
            fprintf(tell, "%s:%u: a %s has no blanks and only printable ASCII; %s\n", path, number,
                noun, use->make_one);
        else if (line.len < SECRET_BYTES_MIN || line.len > SECRET_BYTES_MAX)
            fprintf(tell, "%s:%u: a %s has %d to %d bytes, and one line; %s\n", path, number, noun,
                SECRET_BYTES_MIN, SECRET_BYTES_MAX, use->make_one);
        else
            fprintf(tell,
                "%s:%u: there are more than %d %ss; remove those that no node needs any more\n",
                path, number, SECRETS_MAX, noun);
        return false;
    }
    if (!out->count)
        fprintf(tell, "%s: there is no %s in this file; %s\n", path, noun, use->make_one);
    return out->count > 0;
}

static bool read_file(
    const char *path, const struct secret_use *use, struct secrets *out, FILE *tell)
{
    char memory[FILE_BYTES_MAX + 1];
    ssize_t bytes = file_read(path, &use->kind, memory, sizeof memory, tell);
    if (bytes > FILE_BYTES_MAX)
        fprintf(tell, "%s: this is too long for %d %ss of %d bytes\n", path, SECRETS_MAX,
            use->kind.noun, SECRET_BYTES_MAX);
    bool well = bytes >= 0 && bytes <= FILE_BYTES_MAX &&
                read_lines((struct span){memory, (size_t)bytes}, path, use, out, tell);
    explicit_bzero(memory, sizeof memory);
    return well;
}

static const char *named_file(const struct secret_file *f)
{
    return f->use == &of_http ? f->topology->http.token_file : f->topology->secret_file;
}

bool secret_file_path(const struct secret_file *f, char out[FILE_PATH_ROOM])
{
    return file_path_to_read(f->topology_path, named_file(f), out);
}

static bool read_as(struct secret_file *f, const struct secret_use *use, const struct topology *t,
    const char *topology_path, FILE *tell)
{
    char path[FILE_PATH_ROOM];
    *f = (struct secret_file){.use = use, .topology = t, .topology_path = topology_path};
    if (!*named_file(f))
        return true;
    if (secret_file_path(f, path))
        return read_file(path, use, &f->secrets, tell);
    fprintf(tell, "%s: the path of %s is too long\n", topology_path, use->key);
    return false;
}

bool secret_file_read(
    struct secret_file *f, const struct topology *t, const char *topology_path, FILE *tell)
{
    return read_as(f, &of_herd, t, topology_path, tell);
}

bool secret_file_open(struct secret_file *f, const struct topology *t, const char *topology_path)
{
    return read_as(f, &of_herd, t, topology_path, stderr);
}

bool token_file_read(
    struct secret_file *f, const struct topology *t, const char *topology_path, FILE *tell)
{
    return read_as(f, &of_http, t, topology_path, tell);
}

bool token_file_open(struct secret_file *f, const struct topology *t, const char *topology_path)
{
    return read_as(f, &of_http, t, topology_path, stderr);
}
