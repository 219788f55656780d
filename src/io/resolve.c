/* resolve.c — see resolve.h. Written against c-ares 1.18, the version in Debian 12.
 *
 *   a slot of `sockets`    event                       next
 *   free                   c-ares opens a socket       open
 *   open                   the turn ends               polled
 *   open                   c-ares closes the socket    free
 *   polled                 the poll completes          open; c-ares reads and writes
 *   polled                 c-ares wants other events   cancelling
 *   polled, cancelling     c-ares closes the socket    dead: without fd, cancelling
 *   cancelling             the poll completes          open
 *   dead                   the poll completes          free
 *
 * close(2) cancels no poll: a poll in flight keeps the socket, and a new socket may get the same
 * descriptor meanwhile. A dead slot is therefore found by its tag only, never by the descriptor.
 *
 * One query asks for both address families, and c-ares returns neither before it has both. Some
 * name servers answer one and drop the other, so the query is cut short after RESOLVE_FIRST_MS: the
 * answer is then what arrived until that time. If nothing did, a second query, to the name servers
 * configured by then, gets the rest of the time.
 *
 * The search list of resolv.conf is used as glibc uses it. c-ares 1.18 differs in three ways: it
 * takes "." and ".corp.example" literally, where glibc leaves out the first dot, so that "." means
 * the name itself; it does not divide domains at a TAB; and it gives up at the first domain that
 * fails or makes no valid name, where glibc goes on. So its search list is corrected, and when it
 * gives up it is asked again without the first domain, at last without any. */
#include "io/resolve.h"
#include "core/base/buf.h"
#include "core/base/invariant.h"
#include "io/sockaddr.h"
#include <ares.h>
#include <arpa/inet.h>
#include <poll.h>

enum {
    TRY_MS = 300, /* for one name server; doubles after all were tried */
    TRIES = 4, /* more than RESOLVE_MS leaves time for */
    NAMESERVER_PORT = 53,
    DOMAINS_MAX = 32, /* of the search list; any further ones are left out */
    UNDER_WAY = -1, /* a value of `status` that is none of c-ares's */
};

/* -- sockets ----------------------------------------------------------------------------------- */

static struct resolve_socket *open_socket(struct resolve *r, int fd)
{
    for (unsigned i = 0; i < RESOLVE_SOCKETS_MAX; i++)
        if (r->sockets[i].fd == fd)
            return &r->sockets[i];
    return NULL;
}

static struct resolve_socket *free_socket(struct resolve *r)
{
    for (unsigned i = 0; i < RESOLVE_SOCKETS_MAX; i++)
        if (r->sockets[i].fd < 0 && !r->sockets[i].polled)
            return &r->sockets[i];
    return NULL;
}

/* Called by c-ares when it opened a socket, waits for other events, or (neither readable nor
 * writable) is about to close it. A socket for which no slot is free is not polled, as if its name
 * server were silent. */
static void on_socket_state(void *self, int fd, int readable, int writable)
{
    struct resolve *r = self;
    struct resolve_socket *s = open_socket(r, fd);
    if (!s)
        s = free_socket(r);
    if (!s)
        return;
    s->wanted = (uint8_t)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    s->fd = s->wanted ? fd : -1;
}

static struct ring_tag tag_of(const struct resolve *r, const struct resolve_socket *s)
{
    return (struct ring_tag){.op = RING_RESOLVE,
        .sequence = s->sequence,
        .slot = r->number * RESOLVE_SOCKETS_MAX + (uint32_t)(s - r->sockets)};
}

void resolve_completed(struct resolve *r, const struct ring_event *e)
{
    ASSERT(e->tag.slot / RESOLVE_SOCKETS_MAX == r->number);
    struct resolve_socket *s = &r->sockets[e->tag.slot % RESOLVE_SOCKETS_MAX];
    if (!s->polled || s->sequence != e->tag.sequence)
        return;
    ASSERT(r->polls > 0);
    s->polled = 0;
    s->cancelling = false;
    r->polls--;
    if (s->fd < 0 || e->result <= 0)
        return;
    bool error = e->result & (POLLERR | POLLHUP | POLLNVAL); /* c-ares finds out which by reading */
    bool in = s->wanted & POLLIN && (error || e->result & POLLIN);
    bool out = s->wanted & POLLOUT && (error || e->result & POLLOUT);
    ares_process_fd(r->channel, in ? s->fd : ARES_SOCKET_BAD, out ? s->fd : ARES_SOCKET_BAD);
}

static void settle_socket(struct resolve *r, struct resolve_socket *s)
{
    if (s->polled && s->polled != s->wanted && !s->cancelling) {
        ring_cancel(r->ring, tag_of(r, s));
        s->cancelling = true;
    } else if (!s->polled && s->fd >= 0) {
        s->sequence++;
        s->polled = s->wanted;
        ring_poll(r->ring, s->fd, tag_of(r, s), s->polled);
        r->polls++;
    }
}

/* -- one query --------------------------------------------------------------------------------- */

static void keep(struct resolve_answer *a, const struct ares_addrinfo_node *found)
{
    struct address address = sockaddr_address((const union sockaddr_any *)found->ai_addr);
    address.port = 0;
    unsigned of_family = 0;
    for (unsigned i = 0; i < a->count; i++) {
        if (address_same_host(&a->addresses[i], &address))
            return;
        of_family += a->addresses[i].v6 == address.v6;
    }
    ASSERT(of_family <= ENDPOINT_ADDRESSES_MAX);
    /* Some name servers answer 0.0.0.0 for a host that they block. */
    if (of_family == ENDPOINT_ADDRESSES_MAX || address_is_any(&address))
        return;
    a->addresses[a->count++] = address;
}

static void shorten(uint32_t *ttl_s, int found_s)
{
    uint32_t bound_s = found_s > 0 ? (uint32_t)found_s : 0;
    if (bound_s < *ttl_s)
        *ttl_s = bound_s;
}

/* Called from inside c-ares, so the channel must not be destroyed here. */
static void on_answer(void *self, int status, int timeouts, struct ares_addrinfo *found)
{
    (void)timeouts;
    struct resolve *r = self;
    r->status = status;
    if (status != ARES_SUCCESS)
        return;
    r->answer = (struct resolve_answer){.ttl_s = UINT32_MAX};
    for (const struct ares_addrinfo_node *n = found->nodes; n; n = n->ai_next) {
        keep(&r->answer, n);
        shorten(&r->answer.ttl_s, n->ai_ttl);
    }
    for (const struct ares_addrinfo_cname *c = found->cnames; c; c = c->next)
        shorten(&r->answer.ttl_s, c->ttl);
    ares_freeaddrinfo(found);
    if (!r->answer.count)
        r->status = ARES_ENODATA;
}

static void close_channel(struct resolve *r)
{
    if (r->channel)
        ares_destroy(r->channel);
    r->channel = NULL;
}

static bool is_absolute(const struct resolve *r)
{
    return r->host[strlen(r->host) - 1] == '.';
}

/* The search list as glibc reads it; its domains stay in `found`. Returns how many there are. */
static unsigned search_list(const struct ares_options *found, char *out[DOMAINS_MAX])
{
    unsigned count = 0;
    for (int i = 0; i < found->ndomains; i++) {
        char *rest = found->domains[i], *domain;
        while (count < DOMAINS_MAX && (domain = strsep(&rest, " \t")))
            if (*domain)
                out[count++] = domain + (*domain == '.');
    }
    return count;
}

/* Replace the channel by one with the search list that it has read, corrected and without the first
 * r->dropped domains. Newer versions of c-ares do not tell the list, and need no correction. */
static int correct_search_list(struct resolve *r, struct ares_options *options, int mask)
{
    struct ares_options found = {0};
    char *domains[DOMAINS_MAX];
    int found_mask, status = ares_save_options(r->channel, &found, &found_mask);
    if (status != ARES_SUCCESS)
        return status;
    r->domains = search_list(&found, domains);
    if (r->domains) {
        unsigned dropped = r->dropped < r->domains ? r->dropped : r->domains;
        options->domains = domains + dropped;
        options->ndomains = (int)(r->domains - dropped);
        close_channel(r);
        status = ares_init_options(&r->channel, options, mask | ARES_OPT_DOMAINS);
    }
    ares_destroy_options(&found);
    return status;
}

static int init_channel(struct resolve *r)
{
    struct ares_options options = {.timeout = TRY_MS,
        .tries = TRIES,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = r};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    r->domains = 0;
    if (is_absolute(r))
        return ares_init_options(&r->channel, &options, mask | ARES_OPT_DOMAINS);
    int status = ares_init_options(&r->channel, &options, mask);
    return status == ARES_SUCCESS ? correct_search_list(r, &options, mask) : status;
}

static void open_channel(struct resolve *r, int64_t cut_ns)
{
    struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};
    ASSERT(cut_ns <= r->until_ns);
    close_channel(r);
    r->cut_ns = cut_ns;
    r->wake_ns = NEVER_NS;
    r->status = init_channel(r);
    if (r->status == ARES_SUCCESS && r->servers)
        r->status = ares_set_servers_ports_csv(r->channel, r->servers);
    if (r->status != ARES_SUCCESS)
        return;
    r->status = UNDER_WAY;
    ares_getaddrinfo(r->channel, r->host, NULL, &hints, on_answer, r);
}

/* Whether the query has ended at a domain of the search list, so that the domains behind it, and
 * the name itself, may not have been asked for. */
static bool gave_up(const struct resolve *r)
{
    switch (r->status) {
    case UNDER_WAY:
    case ARES_SUCCESS:
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ECANCELLED:
    case ARES_ENOMEM:
        return false;
    default:
        return r->dropped < r->domains;
    }
}

static bool is_numeric(const char *host, struct address *out)
{
    union sockaddr_any s = {0};
    if (inet_pton(AF_INET, host, &s.v4.sin_addr) == 1)
        s.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, host, &s.v6.sin6_addr) == 1)
        s.any.sa_family = AF_INET6;
    else
        return false;
    *out = sockaddr_address(&s);
    return true;
}

void resolve_ask(struct resolve *r, struct span host, struct instant now)
{
    close_channel(r);
    r->status = ARES_EBADNAME;
    r->until_ns = now.mono_ns + RESOLVE_MS * MS_NS;
    r->asked = true;
    r->dropped = r->domains = 0;
    if (!host.len || host.len > RESOLVE_HOST_BYTES_MAX || memchr(host.at, '\0', host.len))
        return;
    memcpy(r->host, host.at, host.len);
    r->host[host.len] = '\0';
    r->answer = (struct resolve_answer){.count = 1, .ttl_s = UINT32_MAX};
    if (is_numeric(r->host, &r->answer.addresses[0]))
        r->status = ARES_SUCCESS;
    else
        open_channel(r, now.mono_ns + RESOLVE_FIRST_MS * MS_NS);
}

/* -- its answer -------------------------------------------------------------------------------- */

static const struct {
    int status;
    const char *why;
    bool tells_servers;
} failures[] = {
    /* up to c-ares 1.18 also for name servers that fail or refuse */
    {ARES_ECONNREFUSED, "the name servers cannot be reached, or fail", true},
    {ARES_ESERVFAIL, "the name servers fail", true},
    {ARES_EREFUSED, "the name servers refuse to answer", true},
    {ARES_ETIMEOUT, "the name servers do not answer", true},
    {ARES_ECANCELLED, "the name servers do not answer", true},
    {ARES_EBADRESP, "the name servers' answer is malformed", true},
    {ARES_EFORMERR, "the name servers reject the query as malformed", true},
    {ARES_ENOTFOUND, "no such host", false},
    {ARES_ENODATA, "the host has no address", false},
    {ARES_EBADNAME, "this is not a host name", false},
    {ARES_ENOMEM, "no memory to look it up", false},
};

/* With the port if it is not 53. */
static void server_text(
    const struct ares_addr_port_node *server, char out[ADDRESS_TEXT_BYTES_MAX + 1])
{
    struct address address = {.v6 = server->family == AF_INET6, .port = (uint16_t)server->udp_port};
    memcpy(address.ip, &server->addr, address.v6 ? 16 : 4);
    if (server->udp_port == 0 || server->udp_port == NAMESERVER_PORT)
        inet_ntop(server->family, &server->addr, out, ADDRESS_TEXT_BYTES_MAX + 1);
    else
        address_text(&address, out);
}

/* " (tried 192.0.2.1, [2001:db8::1]:5353)"; servers that do not fit are left out. */
static void append_servers(const struct resolve *r, struct buf *why)
{
    struct ares_addr_port_node *servers = NULL;
    if (!r->channel || ares_get_servers_ports(r->channel, &servers) != ARES_SUCCESS)
        return;
    for (const struct ares_addr_port_node *s = servers; s; s = s->next) {
        char text[ADDRESS_TEXT_BYTES_MAX + 1];
        server_text(s, text);
        if (buf_room(why) < strlen(" (tried )") + strlen(text))
            break;
        buf_text(why, s == servers ? " (tried " : ", ");
        buf_text(why, text);
    }
    buf_text(why, servers ? ")" : "");
    ares_free_data(servers);
}

static void explain(struct resolve *r)
{
    r->answer = (struct resolve_answer){.count = 0};
    struct buf why = buf_over(r->answer.why, RESOLVE_WHY_BYTES_MAX);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].status != r->status)
            continue;
        buf_text(&why, failures[i].why);
        if (failures[i].tells_servers)
            append_servers(r, &why);
        return;
    }
    buf_text(&why, ares_strerror(r->status));
}

/* The query's time is over. If it has addresses, they are the answer; else a second query starts,
 * or, if this was the second, the lookup has failed. */
static void cut_short(struct resolve *r)
{
    ares_cancel(r->channel);
    if (r->status != ARES_ECANCELLED || r->cut_ns >= r->until_ns)
        return;
    r->dropped = 0;
    open_channel(r, r->until_ns);
}

bool resolve_answer(struct resolve *r, struct resolve_answer *out, struct instant now)
{
    if (!r->asked)
        return false;
    if (r->status == UNDER_WAY && now.mono_ns >= r->wake_ns)
        ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (r->status == UNDER_WAY && now.mono_ns >= r->cut_ns)
        cut_short(r);
    while (gave_up(r)) {
        r->dropped++;
        open_channel(r, r->cut_ns);
    }
    if (r->status == UNDER_WAY)
        return false;
    if (r->status != ARES_SUCCESS)
        explain(r);
    close_channel(r);
    r->asked = false;
    *out = r->answer;
    return true;
}

/* -- turns ------------------------------------------------------------------------------------- */

void resolve_settle(struct resolve *r, struct instant now)
{
    if (!r->channel && !r->polls)
        return;
    for (unsigned i = 0; i < RESOLVE_SOCKETS_MAX; i++)
        settle_socket(r, &r->sockets[i]);
    struct timeval left;
    r->wake_ns = NEVER_NS;
    /* 1 ms more, because c-ares reads its clock later than `now` was read. */
    if (r->channel && ares_timeout(r->channel, NULL, &left))
        r->wake_ns = now.mono_ns + left.tv_sec * SECOND_NS + left.tv_usec * 1000 + MS_NS;
}

int64_t resolve_deadline(const struct resolve *r)
{
    if (!r->asked)
        return NEVER_NS;
    return r->status == UNDER_WAY ? earlier_ns(r->wake_ns, r->cut_ns) : 0;
}

bool resolve_is_busy(const struct resolve *r)
{
    return r->asked || r->channel || r->polls;
}

void resolve_open(struct resolve *r, struct ring *ring, unsigned number, const char *servers)
{
    *r = (struct resolve){.ring = ring, .number = number, .servers = servers};
    for (unsigned i = 0; i < RESOLVE_SOCKETS_MAX; i++)
        r->sockets[i].fd = -1;
    ares_library_init(ARES_LIB_INIT_ALL);
}

void resolve_close(struct resolve *r)
{
    close_channel(r);
    ares_library_cleanup();
}
