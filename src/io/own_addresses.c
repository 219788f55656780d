/* own_addresses.c — see own_addresses.h. */
#include "io/own_addresses.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "io/reason.h"
#include <signal.h>
#include <stdio.h>

void own_addresses_of(const struct topology_node *node, struct host_port out[NODE_PORTS])
{
    out[NODE_CLIENT_PORT] = node->client_listen;
    out[NODE_PEER_PORT] = node->peer_listen;
    out[NODE_HTTP_PORT] = node->http;
}

/* Ask for the name of o->port or, from there on, of the next port that has one. */
static void go_on(struct own_addresses *o, struct resolve *resolve, struct instant now)
{
    for (; o->port < NODE_PORTS; o->port++) {
        struct listen_at *at = &o->at[o->port];
        bool nowhere = o->port == NODE_HTTP_PORT && at->of.address.port == 0;
        _Static_assert((int)HOST_PORT_FIXED_MAX <= (int)LISTEN_ADDRESSES_MAX, "all fit");
        at->count = nowhere ? 0 : host_port_fixed(&at->of, at->each);
        if (nowhere || at->count)
            continue;
        resolve_ask(resolve, span_of(at->of.name), now);
        o->verdict = OWN_WAITS;
        return;
    }
    o->verdict = OWN_KNOWN;
}

void own_addresses_begin(struct own_addresses *o, const struct host_port of[NODE_PORTS],
    struct resolve *resolve, struct instant now)
{
    *o = (struct own_addresses){.port = NODE_CLIENT_PORT};
    for (unsigned p = 0; p < NODE_PORTS; p++)
        o->at[p].of = of[p];
    go_on(o, resolve, now);
}

enum own_verdict own_addresses_turn(
    struct own_addresses *o, struct resolve *resolve, struct instant now)
{
    struct resolve_answer answer;
    if (o->verdict != OWN_WAITS || !resolve_answer(resolve, &answer, now))
        return o->verdict;
    struct listen_at *at = &o->at[o->port];
    ASSERT(o->port < NODE_PORTS && host_port_is_name(&at->of) && !at->count);
    memcpy(o->why, answer.why, sizeof o->why);
    for (unsigned i = 0; i < answer.count && at->count < LISTEN_ADDRESSES_MAX; i++) {
        at->each[at->count] = answer.addresses[i];
        at->each[at->count++].port = at->of.address.port;
    }
    if (!at->count) {
        o->verdict = OWN_FAILED;
        return o->verdict;
    }
    o->port++;
    go_on(o, resolve, now);
    return o->verdict;
}

void own_addresses_tell(const struct own_addresses *o, FILE *tell, bool start)
{
    static const char *const uses[NODE_PORTS] = {"for clients", "for other nodes", "for HTTP"};
    static const char *const keys[NODE_PORTS] = {"client", "peer", "http"};
    ASSERT(o->verdict == OWN_FAILED && o->port < NODE_PORTS);
    fprintf(tell, "cannot look up %s, where this node listens %s: %s", o->at[o->port].of.name,
        uses[o->port], o->why);
    if (start)
        fprintf(tell, ", for %d s", OWN_ADDRESSES_MS / 1000);
    fprintf(tell, "; correct `%s` of this node in topology.conf, or the name server, or %s%s",
        keys[o->port],
        o->port == NODE_HTTP_PORT ? "write an address" : "say where to listen, like: ",
        o->port == NODE_HTTP_PORT ? "" : keys[o->port]);
    if (o->port != NODE_HTTP_PORT)
        fprintf(tell, "_listen = \"0.0.0.0:%u\"", o->at[o->port].of.address.port);
    fputc('\n', tell);
}

/* -- while a node starts ----------------------------------------------------------------------- */

static bool is_told_to_stop(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

/* Wait for OWN_ADDRESSES_LOOK_MS at most. false: the ring has failed. */
static bool wait_a_little(struct lookups *lookups, int64_t until_ns, struct instant *now)
{
    struct resolve *r = &lookups->own;
    int64_t look_ns = now->mono_ns + OWN_ADDRESSES_LOOK_MS * MS_NS;
    resolve_settle(r, *now);
    int64_t soonest_ns = earlier_ns(earlier_ns(look_ns, until_ns), resolve_deadline(r));
    int error = ring_enter(r->ring, soonest_ns - now->mono_ns);
    *now = clock_now();
    if (error)
        fprintf(stderr, "stampede: io_uring failed: %s\n", reason_of(error));
    for (struct ring_event e; !error && ring_next(r->ring, &e);)
        if (e.tag.op == RING_RESOLVE)
            lookups_completed(lookups, &e);
    ring_buffers_return(r->ring);
    return !error;
}

static void tell_once(const struct own_addresses *o, bool *told)
{
    if (!*told)
        fprintf(stderr, "stampede: cannot look up %s yet: %s; trying for %d s\n",
            o->at[o->port].of.name, o->why, OWN_ADDRESSES_MS / 1000);
    *told = true;
}

enum own_await own_addresses_await(
    struct own_addresses *o, const struct host_port of[NODE_PORTS], struct lookups *lookups)
{
    struct instant now = clock_now();
    int64_t until_ns = now.mono_ns + OWN_ADDRESSES_MS * MS_NS, again_ns = NEVER_NS;
    bool told = false;
    own_addresses_begin(o, of, &lookups->own, now);
    while (own_addresses_turn(o, &lookups->own, now) != OWN_KNOWN) {
        if (o->verdict == OWN_FAILED && now.mono_ns >= until_ns) {
            fputs("stampede: ", stderr);
            own_addresses_tell(o, stderr, true);
            return OWN_AWAIT_FAILED;
        }
        if (o->verdict == OWN_FAILED && again_ns == NEVER_NS) {
            tell_once(o, &told);
            again_ns = now.mono_ns + OWN_ADDRESSES_AGAIN_MS * MS_NS;
        } else if (o->verdict == OWN_FAILED && now.mono_ns >= again_ns) {
            again_ns = NEVER_NS;
            go_on(o, &lookups->own, now);
        }
        if (is_told_to_stop())
            return OWN_AWAIT_STOPPED;
        if (!wait_a_little(lookups, again_ns, &now))
            return OWN_AWAIT_FAILED;
    }
    return OWN_AWAIT_WELL;
}
