/* open_files.c — see open_files.h. */
#include "io/open_files.h"
#include "core/base/invariant.h"
#include "io/calls.h"
#include "io/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

enum { INHERITED_MAX = 1024 }; /* descriptors that are looked at: no parent leaves so many open */

static uint64_t count_open(uint64_t allowed)
{
    uint64_t count = 0;
    for (int fd = 0; fd < INHERITED_MAX && (uint64_t)fd < allowed; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

bool open_files_raise(struct open_files *f)
{
    struct rlimit files;
    bool well = getrlimit(RLIMIT_NOFILE, &files) == 0;
    if (well && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        well = setrlimit(RLIMIT_NOFILE, &files) == 0;
    }
    if (!well) {
        calls_tell_denied("prlimit64", errno);
        return false;
    }
    f->allowed = files.rlim_cur;
    f->in_use = count_open(f->allowed);
    return true;
}

struct open_files_share open_files_share(const struct open_files *f)
{
    struct open_files_share s = {.clients = f->clients,
        .connections = f->clients + LOOP_CONNECTIONS_SPARE,
        .spare = LOOP_CONNECTIONS_SPARE / 2};
    s.needed = s.connections + (uint64_t)FILES_BESIDE_CONNECTIONS;
    if (f->allowed >= s.needed)
        return s;
    uint64_t eighth = f->allowed / 8;
    s.strangers = eighth < STRANGERS_LEAST ? STRANGERS_LEAST : (unsigned)eighth;
    if (s.strangers > STRANGERS_USUAL)
        s.strangers = STRANGERS_USUAL;
    s.webs = s.strangers / STRANGERS_OF_WEB;
    unsigned of_neighbour = FILES_OF_NEIGHBOUR + f->names; /* two addresses of a name race */
    unsigned of_others = f->neighbours * of_neighbour + s.strangers + (f->http ? s.webs : 0);
    uint64_t others = f->in_use + FILES_OWN + (f->places ? FILES_OF_PLACES : 0) +
                      (f->names ? FILES_OF_NAMES : 0) + of_others + (uint64_t)CLIENTS_REFUSED;
    if (f->allowed < others + CLIENTS_LEAST) {
        s.clients = 0;
        s.needed = others + CLIENTS_LEAST;
        return s;
    }
    if (f->clients > f->allowed - others)
        s.clients = (uint32_t)(f->allowed - others);
    s.spare = of_others + (f->places ? CHANNELS_OF_PLACES : 0);
    s.connections = s.clients + CLIENTS_REFUSED + s.spare;
    ASSERT(s.clients <= f->clients && s.connections < f->allowed);
    return s;
}

void open_files_tell(const struct open_files *f, const struct open_files_share *share,
    struct log *log, struct instant now)
{
    if (!share->clients) {
        fprintf(stderr,
            "stampede: this process may open %" PRIu64 " files, and this node needs %" PRIu64
            " at least, of which %u are for its %u neighbours; raise ulimit -Hn or LimitNOFILE=\n",
            f->allowed, share->needed, f->neighbours * FILES_OF_NEIGHBOUR, f->neighbours);
    } else if (share->clients < f->clients) {
        log_begin(log, LOG_WARN, "few_files", now);
        log_number(log, "allowed", (int64_t)f->allowed);
        log_number(log, "connections", share->clients);
        log_number(log, "wanted", f->clients);
        log_number(log, "needed", (int64_t)share->needed);
        log_text(
            log, "remedy", SPAN("raise ulimit -Hn or LimitNOFILE=, or lower limits.connections"));
        log_end(log);
    }
}
