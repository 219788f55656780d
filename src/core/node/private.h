/* private.h — the node's inside: struct node, composed of what its files own. Also read by the
 * simulator (tests/sim), which weighs what a node holds.
 *
 * From the top down; a file calls only those below it:
 *
 *   node.c         life, what the driver reports and asks, the turn
 *   change.c       another topology while the node runs
 *   budget.c       what the node may come to hold, in the log
 *   durable.c      the journal: when it is written, which replies wait for it
 *   stop.c         the end of the node: what it waits for, and what it leaves unconfirmed
 *   clients.c      client connections: their lives, lines, choking
 *   commands.c     what commands do, in groups
 *   replies.c      what a client is told, in order
 *   client_log.c   what the log says about clients: connections, lines
 *   input.c        input that is held, and lines that lack their LF
 *   pace.c         clients that pause, because their address has said too much
 *   quotas.c       what one address may take
 *   unread.c       what the output of all clients may take together
 *   queries.c      live queries: NEAR, WATCH, UNWATCH
 *   news.c         what clients that watch are told, and when
 *   questions.c    the WHATSATs that wait for places
 *   web.c          the connections of the HTTP port
 *   web_tls.c      the bytes of the HTTP port through TLS
 *   scrape.c       the page /metrics
 *   ready.c        the page /ready
 *   durations.c    how long turns and commands take
 *   dialling.c     the connections that are made to neighbours
 *   links.c        peer connections: links, the dials that make them
 *   link_output.h  where a link writes
 *   parting.c      the end of a link to a neighbour that was removed
 *   observers.c    what an observer is told
 *   transfers.c    observers that dump or load: who may, how many, for how long
 *   dump.c         all stamps, as they are written to one
 *   load.c         stamps that one brings
 *   links_stop.c   what a node that stops waits for on its links
 *   strangers.c    peer connections that have not proved who they are, oldest first
 *   twins.c        two processes of one name: who stays
 *   link_log.c     what the log says about links
 *   status.c       the state as JSON, and what is known of one stamp
 *   tls.c          the bytes of a link through TLS
 *   admission.c    whose handshake is computed first, and how many
 *   named.c        where the names of neighbours lead, and their dials
 *   edges.c        the neighbours, by number, and how they change
 *   drain.c        taken out of service: the client port closes first, then the node stops
 *   alarms.c       what the node notices about its herd and logs
 *   refusals.c     stamps of peers that are refused
 *   clocks.c       clocks that differ
 *   sealed.c       from TLS to the output of its connection
 *   places.c       connections to the places service
 *   history.c      when the store came to which change
 *   connection.c   the table of connections, and what all kinds have in common
 *   listed.c       clients that may catch up with news
 *   connection_list.c  lists of connections, by their numbers
 *   outbox.c       what one connection is still to be sent
 *   random.c       bytes that nobody can guess
 *
 * Each file alone writes the structs that its header declares; the others read them or call it.
 * node.c writes what is declared here. A counter of `metrics` is written by one file. */
#ifndef CORE_NODE_PRIVATE_H
#define CORE_NODE_PRIVATE_H

#include "core/base/invariant.h"
#include "core/base/log.h"
#include "core/node/admission.h"
#include "core/node/alarms.h"
#include "core/node/budget.h"
#include "core/node/change.h"
#include "core/node/client_log.h"
#include "core/node/clients.h"
#include "core/node/clocks.h"
#include "core/node/commands.h"
#include "core/node/connection.h"
#include "core/node/dialling.h"
#include "core/node/drain.h"
#include "core/node/durable.h"
#include "core/node/durations.h"
#include "core/node/edges.h"
#include "core/node/input.h"
#include "core/node/link_log.h"
#include "core/node/links.h"
#include "core/node/links_stop.h"
#include "core/node/listed.h"
#include "core/node/named.h"
#include "core/node/news.h"
#include "core/node/node.h"
#include "core/node/observers.h"
#include "core/node/pace.h"
#include "core/node/parting.h"
#include "core/node/places.h"
#include "core/node/queries.h"
#include "core/node/questions.h"
#include "core/node/quotas.h"
#include "core/node/random.h"
#include "core/node/ready.h"
#include "core/node/refusals.h"
#include "core/node/replies.h"
#include "core/node/scrape.h"
#include "core/node/sealed.h"
#include "core/node/status.h"
#include "core/node/stop.h"
#include "core/node/strangers.h"
#include "core/node/tls.h"
#include "core/node/transfers.h"
#include "core/node/twins.h"
#include "core/node/unread.h"
#include "core/node/web.h"
#include "core/node/web_tls.h"

struct node {
    const struct topology *topology;
    const struct topology_node *self;
    char herd_text[TOPOLOGY_HERD_BYTES_MAX + 1], name_text[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    struct span herd, name; /* views of these, which outlive a topology */
    struct log *log;
    const char *commit; /* never NULL */
    struct store *store;
    struct metrics metrics;
    struct connections connections;
    struct clients clients;
    struct client_log client_log;
    struct commands commands;
    struct replies replies;
    struct inputs inputs;
    struct pace pace;
    struct quotas quotas;
    struct unread unread;
    struct questions questions;
    struct queries queries;
    struct news news;
    struct listed listed;
    struct edges edges;
    struct named_all named;
    struct links links;
    struct strangers strangers;
    struct admission admission;
    struct link_log link_log;
    struct twins twins;
    struct transfers transfers;
    struct links_tls tls;
    struct node_places places;
    struct alarms alarms;
    struct refusals refusals;
    struct clocks clocks;
    struct status status;
    struct durations durations;
    struct readiness readiness;
    struct webs webs;
    struct webs_tls webs_tls;
    struct random_source random;
    struct stop stop;
    struct drain drain;
    struct durable durable;
    bool stopping;
    bool told; /* something has happened since the last turn: the next one is due at once */
    struct instant now; /* of the last turn */
    int64_t started_ns;
    int64_t slept_ns; /* since then, in all */
};

#endif
