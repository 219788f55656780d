/* node.h — one node of a herd: connections, commands, links, timers. No I/O.
 *
 * A driver (the ring, the simulator, a test) tells it what happened, one event at a time; then it
 * ends the turn and does what the node wants:
 *
 *     node_accepted / node_received / node_sent / node_ended / node_dialled ...   any number
 *     if (node_shakes(now) && node_shake(now)) node_shook(how long that took)
 *     node_turn(now)                     commands are applied, links pull, timers run
 *     while (node_touched(&conn))        for each connection that may want something new:
 *         wants = node_wants(conn)           read from it? write? close it?
 *     while (node_dial_cancel(&dial))    connections no longer to be made
 *     while (node_dial(&order))          connections to make
 *     while (node_resolve(&order))       names to look up
 *     node_turn_took(ns), sleep until node_deadline()
 *
 * Connections are known by numbers that the driver gives, 0 to config.connections_max - 1; a number
 * is in use from node_accepted or node_dialled to node_closed. Bytes to write are shown as a window
 * (node_output) and acknowledged (node_sent); the window stays in place until then. Received bytes
 * are borrowed until the end of the turn.
 *
 * The monotonic time of all instants is that of core/base/awake.h: it stands still while the driver
 * does not run. This is the room's only door and a driver's whole manual, and therefore long. */
#ifndef CORE_NODE_NODE_H
#define CORE_NODE_NODE_H

#include "core/base/instant.h"
#include "core/node/metrics.h"
#include "core/peering/peering.h"
#include "core/places/exchange.h"
#include "core/tls/tls.h"
#include "core/topology/topology.h"

struct found;
struct journal_answer;
struct journal_order;
struct node;

/* Peer connections that have not proved which neighbour they are; and those of the HTTP port. */
enum { NODE_STRANGERS_MAX = 64, NODE_WEBS_MAX = 64 };

struct node_config {
    const struct topology *topology; /* outlives the node, or node_take_topology */
    unsigned self; /* its index in topology->nodes */
    const struct secrets *secrets; /* NULL: none. They are copied */
    const struct secrets *tokens; /* of the HTTP port; NULL: none. Outlive the node; may change */
    const struct tls_config *tls; /* links are TLS; NULL: they are plain. Outlives the node */
    const struct tls_config *http_tls; /* of the HTTP port; NULL: it is plain. Outlives the node */
    unsigned char seed[48]; /* from entropy: boot id, store hash, jitter, all random bytes */
    uint32_t connections_max; /* clients and links together; what the driver can hold */
    unsigned strangers_max; /* among them; 0: NODE_STRANGERS_MAX */
    unsigned webs_max; /* connections of the HTTP port, likewise; 0: NODE_WEBS_MAX */
    struct places_provider places; /* the node's from now on, unless node_create returns NULL */
    struct exchange *exchange; /* that `places` is made of; NULL: it has no connections */
    struct log *log; /* where events are logged; outlives the node */
    const char *commit; /* that the program was built from; NULL or "": not known. A constant */
    /* What a former process held (store_restore), made by the limits of the topology: the node's
     * from now on, unless node_create returns NULL. NULL: it starts empty. And what that process
     * knew when it held that; NULL: nothing. */
    struct store *store;
    const struct past *past;
    /* What its journal had; `store` and `past` are of it. NULL: the node has no journal. */
    const struct found *found;
};

/* What a store is to be made by that the node is created with: needs topology and seed. */
struct store_config node_store_config(const struct node_config *config);

/* NULL: no memory. */
struct node *node_create(const struct node_config *config, struct instant now);
void node_destroy(struct node *n);

/* -- what happened ----------------------------------------------------------------------------- */

enum node_port { NODE_CLIENT_PORT, NODE_PEER_PORT, NODE_HTTP_PORT, NODE_PORTS };

/* A connection was accepted on a port. `from` is the other end's address.
 * The number must be free. At limits.connections the node aborts it at once (see node_wants).
 * false: no memory; the driver closes it, and the number is still free. */
MUST_USE bool node_accepted(struct node *n, uint32_t conn, enum node_port port,
    const struct address *from, struct instant now);

/* A dial that node_dial asked for has made a connection (false: no memory, as above; then call
 * node_dial_failed), or has failed (`why` for the operator). Its id is free again. */
MUST_USE bool node_dialled(struct node *n, uint32_t conn, unsigned dial, struct instant now);
void node_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now);

/* A host that node_resolve asked for was looked up, or could not be (`why` for the operator). Its
 * id is free again. Other arguments as of endpoint_resolved and endpoint_resolve_failed. */
void node_resolved(struct node *n, unsigned lookup, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);
void node_resolve_failed(struct node *n, unsigned lookup, const char *why, struct instant now);

/* Bytes came in. They must stay in place until node_turn has returned. */
void node_received(struct node *n, uint32_t conn, struct span bytes, struct instant now);

/* The other end has finished sending (FIN); it is still sent what is due. */
void node_ended(struct node *n, uint32_t conn, struct instant now);

/* The first `bytes` of the window that node_output showed were taken by the kernel. */
void node_sent(struct node *n, uint32_t conn, size_t bytes, struct instant now);

/* The answer to NODE_WANT_REPORT: of the bytes that node_sent told of, so many the other end's
 * kernel has not confirmed yet. */
void node_reported(struct node *n, uint32_t conn, size_t bytes, struct instant now);

/* The connection is gone: it has failed (`why`, for the log), or was closed as node_wants asked
 * (""). The number is free again. No window of it may be in use. */
void node_closed(struct node *n, uint32_t conn, const char *why, struct instant now);

/* The driver did not run for `slept_ns`, which `now` leaves out. */
void node_slept(struct node *n, int64_t slept_ns, struct instant now);

/* The secrets that the node has from now on: links go on, and prove themselves anew. Only for a
 * node that was created with some, and not to none. PROTOCOL.md, "AUTH". */
void node_take_secrets(struct node *n, const struct secrets *secrets, struct instant now);

/* Go on by another topology.conf, without a restart: its limits hold from now on, in lines, clients
 * and questions to come; neighbours come and go, and links of those that stay are not touched.
 * topology_change_faults says what may differ. Not for a node that stops.
 *
 * t                of the same herd, with a node of the same name, and room for all stamps that are
 *                  held; outlives the node, or the next call of this
 * connections_max  as in node_config: what the driver can hold now, which is not less than before
 * NULL: the topology before is the caller's again. Otherwise nothing has changed, and why. */
MUST_USE const char *node_take_topology(
    struct node *n, const struct topology *t, uint32_t connections_max, struct instant now);

/* Stop: clients get their pending replies, and are not read from; links confirm what this node
 * holds, then get BYE. Report first what was received before. A second call: wait for nothing more.
 * node_stopped: everything is confirmed and was taken by the kernel, or has had its time; there may
 * be open connections then. PROTOCOL.md, "Stopping". */
void node_stop(struct node *n, struct instant now);
bool node_stopped(const struct node *n);

/* Whether a peer has said that an earlier process of this node's name lives. The driver then stops
 * it, unless it does already, and reports failure to whoever started it. PROTOCOL.md, "Twins". */
bool node_is_twin(const struct node *n);

/* Whether the client port is to accept; node_port_shut: it was closed, as asked, and nobody comes
 * from it any more. Whether the node has been drained: the driver then stops it as after a signal,
 * with success. PROTOCOL.md, "Draining". */
bool node_listens(const struct node *n);
void node_port_shut(struct node *n);
bool node_is_drained(const struct node *n);

/* Once it is stopped: how many stamps no linked node that goes on has confirmed. */
uint64_t node_unconfirmed(const struct node *n);

/* -- what it wants ----------------------------------------------------------------------------- */

/* Whether handshakes of TLS wait that may go on. Then, once a turn and before node_turn: node_shake
 * computes what one of them has come to (false: none may go on after all), and node_shook tells how
 * much time of the processor that took. That may be milliseconds, and strangers have only so many
 * of them (admission.h). */
bool node_shakes(const struct node *n, struct instant now);
MUST_USE bool node_shake(struct node *n, struct instant now);
void node_shook(struct node *n, int64_t processor_ns, struct instant now);

/* The end of a turn: applies what was received, lets links pull, runs timers that are due. */
void node_turn(struct node *n, struct instant now);

/* The turn is over, up to the wait for the next one: it has taken so long since its `now`. */
void node_turn_took(struct node *n, int64_t ns);

/* The next connection whose wants may have changed; false: no more. */
MUST_USE bool node_touched(struct node *n, uint32_t *conn);

enum node_want {
    NODE_WANT_READ = 1, /* receive more bytes; without it, leave them in the kernel */
    NODE_WANT_WRITE = 2, /* there is a window */
    NODE_WANT_CLOSE = 4, /* everything is sent: shut down, drain, close. Never with the others */
    NODE_WANT_ABORT = 8, /* close at once and discard unsent output. Never with the others */
    NODE_WANT_REPORT = 16, /* node_reported, at once, from SIOCOUTQ; with READ and WRITE or alone */
    NODE_WANT_KEEP = 32, /* it watches: look after its other end; the kernel keeps little for it */
};
unsigned node_wants(const struct node *n, uint32_t conn);

/* The bytes to send next; empty when there are none. Stays in place until node_sent or
 * node_closed. */
struct span node_output(const struct node *n, uint32_t conn);

/* The ids of dials. At most one dial of an id is under way at a time. */
enum {
    NODE_DIALS_OF_SECOND = TOPOLOGY_NEIGHBOURS_MAX, /* a neighbour has two, if it has a name */
    NODE_DIALS_OF_PLACES = 2 * TOPOLOGY_NEIGHBOURS_MAX, /* from here on; below, of neighbours */
    NODE_DIALS_OF_PLACES_MAX = 16,
    NODE_DIALS_MAX = NODE_DIALS_OF_PLACES + NODE_DIALS_OF_PLACES_MAX,
    NODE_DIAL_MS = 3000, /* for a neighbour to answer */
};

struct dial_order {
    unsigned id; /* below NODE_DIALS_MAX */
    struct address to;
    int64_t until_ns; /* monotonic; then the driver gives it up: it has failed, "timed out" */
};

/* The next connection to make; false: none. */
MUST_USE bool node_dial(struct node *n, struct dial_order *out);

/* The next dial under way that is no longer wanted; false: none. The driver reports nothing more
 * about it, and its id is free at once, so call this before node_dial. */
MUST_USE bool node_dial_cancel(struct node *n, unsigned *dial);

/* Names to look up: of neighbours, each before its dial, and of the places service. At most one of
 * an id is under way at a time. */
enum {
    NODE_LOOKUP_OF_PLACES = TOPOLOGY_NEIGHBOURS_MAX, /* below, of neighbours */
    NODE_LOOKUPS_MAX,
};

struct lookup_order {
    unsigned id; /* below NODE_LOOKUPS_MAX */
    struct span host; /* until the node is told of anything else */
};

/* The next host to look up; false: none. Call it after node_dial. A driver may look up only so many
 * at a time, and ask for the next one when it has an answer. */
MUST_USE bool node_resolve(struct node *n, struct lookup_order *out);

/* What the node's journal orders of its files (journal.h), if it has one; and the answer. */
MUST_USE bool node_journal_order(
    struct node *n, struct journal_order *out, struct instant now);
void node_journal_done(struct node *n, const struct journal_answer *a, struct instant now);

/* Whether the journal, if the node has one, has its first file: nobody is let in before.
 * why  *why is set if that has failed; NULL otherwise */
bool node_journal_is_open(const struct node *n, const char **why);

/* Whether the journal cannot keep what replies promise any more. The driver then stops the node,
 * and reports failure to whoever started it. */
bool node_gives_up(const struct node *n);

/* When node_turn has to be called even if nothing happens; NEVER_NS: never. After anything that has
 * happened it is past until the next node_turn: a driver may report what it learns after a turn,
 * such as a connection that is closed. */
int64_t node_deadline(const struct node *n);

/* -- what it knows ----------------------------------------------------------------------------- */

const struct metrics *node_metrics(const struct node *n);
const struct store *node_store(const struct node *n);
bool node_linked(const struct node *n); /* every neighbour has a link */

/* What the next process is to know, of the stamps that the store holds now: keep it only with all
 * of them. Not while the node is being told what happened; between turns otherwise. */
void node_past(const struct node *n, struct past *out);

/* Its state as one line of JSON, without LF: what `stampede status` shows. */
void node_status(const struct node *n, struct buf *out, struct instant now);

#endif
