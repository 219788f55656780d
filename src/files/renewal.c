/* renewal.c — see renewal.h.
 *
 * Holds always: until renewal_take, nothing that is in use is touched. */
#include "files/renewal.h"
#include "core/base/invariant.h"
#include "core/topology/change.h"
#include "files/topology_file.h"
#include <stdlib.h>

const char *renewal_word(enum renewal_part part)
{
    static const char *const words[] = {
        "topology", "secret", "tokens", "tls", "http_tls", "places"};
    ASSERT(part < RENEWAL_PARTS);
    return words[part];
}

/* -- topology.conf ----------------------------------------------------------------------------- */

static bool check_change(const struct renewal *r, uint64_t stamps, FILE *tell)
{
    const struct files_in_use *u = r->in_use;
    char text[TOPOLOGY_CHANGE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    topology_change_faults(u->topology, r->topology, span_of(u->name), stamps, &out);
    for (struct span rest = buf_span(&out); rest.len;) {
        const char *end = memchr(rest.at, '\n', rest.len);
        ASSERT(end);
        fprintf(tell, "%s: %.*s\n", u->topology_path, (int)(end - rest.at), rest.at);
        rest = span_from(rest, (size_t)(end - rest.at) + 1);
    }
    return out.len == 0;
}

static bool read_topology(struct renewal *r, uint64_t stamps, FILE *tell)
{
    struct files_in_use *u = r->in_use;
    struct topology_faults faults;
    r->topology = &u->rooms[u->topology == &u->rooms[0]];
    bool well = topology_read(u->topology_path, r->topology, &faults);
    topology_faults_print(tell, u->topology_path, &faults, well);
    topology_faults_destroy(&faults);
    if (!well)
        return false;
    if (!check_change(r, stamps, tell))
        return false;
    r->self = (unsigned)topology_find(r->topology, span_of(u->name));
    return true;
}

/* -- the files that it names ------------------------------------------------------------------- */

static bool read_part(struct renewal *r, enum renewal_part part, uint64_t stamps, FILE *tell)
{
    const struct files_in_use *u = r->in_use;
    switch (part) {
    case RENEWAL_TOPOLOGY:
        return read_topology(r, stamps, tell);
    case RENEWAL_SECRET:
        return secret_file_read(&r->secret, r->topology, u->topology_path, tell);
    case RENEWAL_TOKENS:
        return token_file_read(&r->tokens, r->topology, u->topology_path, tell);
    case RENEWAL_TLS:
        return tls_files_read(&r->tls, r->topology, u->topology_path, span_of(u->name), tell);
    case RENEWAL_HTTP:
        return tls_files_read_http(
            &r->http, r->topology, u->topology_path, span_of(u->name), tell);
    default:
        return places_files_read(&r->places, r->topology, u->topology_path, tell);
    }
}

/* A service's files may be copies that systemd has made when it started. */
static void tell_copies(const struct renewal *r, enum renewal_part part, FILE *tell)
{
    char path[FILE_PATH_ROOM];
    struct tls_paths tls;
    if (part == RENEWAL_SECRET && secret_file_path(&r->secret, path))
        file_tell_copy(path, tell);
    if (part == RENEWAL_TOKENS && secret_file_path(&r->tokens, path))
        file_tell_copy(path, tell);
    if (part == RENEWAL_TLS && tls_files_paths(&r->tls, &tls, tell))
        file_tell_copy(tls.key, tell);
    if (part == RENEWAL_HTTP && tls_files_paths(&r->http, &tls, tell))
        file_tell_copy(tls.key, tell);
    if (part == RENEWAL_PLACES && places_files_ca_path(&r->places, path))
        file_tell_copy(path, tell);
}

static void read_and_tell(struct renewal *r, enum renewal_part part, uint64_t stamps)
{
    size_t bytes;
    FILE *tell = open_memstream(&r->words[part], &bytes);
    r->has[part] = true;
    r->failed[part] = !tell || !read_part(r, part, stamps, tell);
    if (!r->failed[part])
        tell_copies(r, part, tell);
    if (tell && fclose(tell) != 0)
        r->failed[part] = true;
}

/* Where topology.conf itself is wrong, it is not known which files it would name. */
bool renewal_read(struct renewal *r, struct files_in_use *u, uint64_t stamps)
{
    *r = (struct renewal){.in_use = u};
    read_and_tell(r, RENEWAL_TOPOLOGY, stamps);
    if (r->failed[RENEWAL_TOPOLOGY])
        return false;
    if (u->secret->secrets.count)
        read_and_tell(r, RENEWAL_SECRET, stamps);
    if (*r->topology->http.token_file)
        read_and_tell(r, RENEWAL_TOKENS, stamps);
    if (u->tls)
        read_and_tell(r, RENEWAL_TLS, stamps);
    if (u->http)
        read_and_tell(r, RENEWAL_HTTP, stamps);
    if (u->places)
        read_and_tell(r, RENEWAL_PLACES, stamps);
    bool failed = false;
    for (unsigned part = 0; part < RENEWAL_PARTS; part++)
        failed |= r->failed[part];
    return !failed;
}

/* -- taken or not ------------------------------------------------------------------------------ */

static void forget_words(struct renewal *r)
{
    for (unsigned part = 0; part < RENEWAL_PARTS; part++)
        free(r->words[part]);
    explicit_bzero(&r->secret, sizeof r->secret);
    explicit_bzero(&r->tokens, sizeof r->tokens);
}

static void take_places(struct renewal *r, struct instant now)
{
    struct files_in_use *u = r->in_use;
    const struct topology_rate *budget = &r->topology->places.budget;
    bool key_changes = places_files_take(u->places, &r->places);
    struct exchange_config config = {.google = u->places->google,
        .tls = &u->places->tls,
        .budget = budget->count,
        .budget_s = budget->period_s};
    exchange_take_config(u->exchange, &config, key_changes, now);
}

void renewal_take(struct renewal *r, struct instant now)
{
    struct files_in_use *u = r->in_use;
    ASSERT(r->topology && r->topology != u->topology && r->topology->nodes_count);
    *u->secret = r->secret;
    *u->tokens = r->tokens;
    if (u->tls)
        tls_files_take(u->tls, &r->tls);
    if (u->http)
        tls_files_take(u->http, &r->http);
    if (u->places)
        take_places(r, now);
    topology_destroy(u->topology);
    u->topology = r->topology;
    forget_words(r);
}

void renewal_discard(struct renewal *r)
{
    if (r->has[RENEWAL_TLS])
        tls_files_close(&r->tls);
    if (r->has[RENEWAL_HTTP])
        tls_files_close(&r->http);
    if (r->has[RENEWAL_PLACES])
        places_files_close(&r->places);
    topology_destroy(r->topology);
    forget_words(r);
}
