/* metrics.h — everything that a node counts, in one table.
 *
 * A counter is a field that only grows; its name in the table is its name in `stampede status
 * --json`. Each is written by one file of the node, and read by whoever shows it. */
#ifndef CORE_NODE_METRICS_H
#define CORE_NODE_METRICS_H

#include <stdint.h>

#define METRICS(X)                                                                            \
    X(clients_accepted, "client connections accepted")                                        \
    X(clients_refused, "client connections closed at limits.connections")                     \
    X(clients_dropped_http, "closed because their first line was an HTTP request")            \
    X(clients_refused_address, "client connections closed at limits.connections_per_address") \
    X(clients_paused, "times that a client paused at limits.commands_per_address")            \
    X(clients_dropped_idle, "closed after limits.idle without a byte")                        \
    X(clients_dropped_stalled, "closed because they did not read for limits.stall")           \
    X(clients_dropped_unread, "closed because they had most unread at limits.output_total")   \
    X(clients_dropped_memory, "closed because no memory was left for a reply")                \
    X(lines_iamat, "IAMAT lines")                                                             \
    X(lines_whatsat, "WHATSAT lines")                                                         \
    X(lines_live, "NEAR, WATCH and UNWATCH lines")                                            \
    X(lines_invalid, "lines answered with ?")                                                 \
    X(lines_too_long, "lines longer than limits.line")                                        \
    X(stamps_new, "IAMATs that were stored")                                                  \
    X(stamps_old, "IAMATs older than what was stored")                                        \
    X(stamps_refused_full, "IAMATs of new ids at limits.stamps")                              \
    X(stamps_refused_address, "IAMATs of new ids at limits.new_ids_per_address")              \
    X(stamps_refused_memory, "IAMATs for whose stamp no memory was left")                     \
    X(stamps_refused_future, "IAMATs further ahead than limits.future")                       \
    X(places_asked, "WHATSATs that were passed to the places provider")                       \
    X(places_refused, "WHATSATs refused because too many waited at the node")                 \
    X(bytes_received, "from clients and peers")                                               \
    X(bytes_sent, "to clients and peers")                                                     \
    X(links_up, "links that came up")                                                         \
    X(links_lost, "links that were lost")                                                     \
    X(links_refused, "peer connections that were refused, or ended before they were links")   \
    X(strangers_dropped, "peer connections that made room for further strangers")             \
    X(dials_failed, "dials that failed while their peer had no link")                         \
    X(divergences, "alarms: digests of the ends of a link stayed unequal")                    \
    X(web_requests, "requests on the HTTP port")                                              \
    X(web_refused, "of these, refused")                                                       \
    X(web_dropped, "HTTP connections that made room for others")                              \
    X(dumps, "dumps that were begun")                                                         \
    X(stamps_loaded, "stamps that loads brought, and that were stored")                       \
    X(twins, "times that two living processes of a neighbour's name met here")

struct metrics {
#define METRICS_FIELD(name, help) uint64_t name;
    METRICS(METRICS_FIELD)
#undef METRICS_FIELD
};

#endif
