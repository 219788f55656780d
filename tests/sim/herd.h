/* herd.h — a complete herd in one process: hosts, clients, the network between them, and the
 * judge.
 *
 * Called by the scenarios, which follow a script, and by the campaign, which draws events at
 * random. */
#ifndef TESTS_SIM_HERD_H
#define TESTS_SIM_HERD_H

#include "sim/client.h"
#include "sim/operator.h"
#include "sim/directory.h"
#include "sim/shapes.h"
#include "sim/stranger.h"

struct herd_plan {
    enum shape shape;
    unsigned nodes; /* nodes, children and seed: see struct shape_plan */
    unsigned children;
    uint64_t seed;
    unsigned clients;
    bool secret; /* herd_secrets(secrets_step) */
    unsigned secrets_step;
    uint64_t stamps; /* limits.stamps; 0: 10000 */
    bool evicts; /* when full */
    uint64_t output_bytes; /* limits.output; 0: 1 MiB */
    unsigned strangers;
    bool twin; /* there is one more host, which a node's twin may run on */
    bool operator; /* somebody dumps and loads; not with tls */
    bool names; /* some nodes have names in place of addresses */
    bool tls; /* only for up to five nodes with the names of the shipped file */
    enum service_temper service;
    unsigned places_timeout_ms; /* places.timeout; 0: the default */
};

struct herd {
    struct network network;
    struct judge judge;
    struct topology topology;
    struct host *hosts; /* of the topology's nodes, and perhaps of a twin */
    unsigned hosts_count;
    struct client *clients;
    unsigned clients_count;
    struct stranger *strangers;
    unsigned strangers_count;
    struct tapes tapes;
    struct directory directory;
    struct service *service; /* NULL: none */
    struct operator *operator; /* likewise */
    bool restarts; /* a process that leaves as a twin starts again, if it was the last one; likewise
                      one that ends for its disk */
    struct file_plan file; /* the newest version of topology.conf; `nodes` 0: there is only one */
};

/* The secrets of a herd that changes them, step by step; no node may be more than a step ahead of
 * another. */
struct secrets herd_secrets(unsigned step);

/* Create it; all nodes are down. */
void herd_create(struct herd *h, const struct herd_plan *plan);
void herd_destroy(struct herd *h);

void herd_start(struct herd *h); /* all, at once */

/* Start the twin of a node; its host must be down, and the node always the same. It dials the
 * node's neighbours, whom it reaches by paths of its own; nobody dials it. */
void herd_start_twin(struct herd *h, unsigned node);

/* Let time pass until a party has acted: a node or, from topology.nodes_count on, a client. false:
 * `until_ns` was reached first, or the judge found a violation. */
MUST_USE bool herd_step(struct herd *h, int64_t until_ns, unsigned *party);

/* Let time pass. false: the judge found a violation. */
bool herd_run_ns(struct herd *h, int64_t ns);

/* Open all paths, start all nodes but one whose twin runs, give them memory, set all clocks almost
 * right, remove strangers; the places service is willing. From now on `restarts` holds. */
void herd_heal(struct herd *h);

/* Whether all running nodes hold the same, by their digests and by what the judge saw. If not,
 * `why` says what is missing. */
bool herd_agrees(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX]);

/* Whether a node's status has this text in it; one that is down has none. */
bool herd_status_says(const struct herd *h, unsigned node, const char *text);

/* Whether `a` takes no MARK of `b`, by its status. */
bool herd_thinks_incomplete(const struct herd *h, unsigned a, unsigned b);

/* Whether a node's status says that a neighbour's clock is off. */
bool herd_thinks_clock_off(const struct herd *h, unsigned node);

/* Whether no node thinks that a neighbour's clock is off. */
bool herd_clocks_agree(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX]);

/* Whether each edge has exactly one link, which is up at both ends; of two twins one runs, and has
 * the links. */
bool herd_linked(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX]);

/* Whether `a` considers its link to `b` up, by its status. */
bool herd_thinks_linked(const struct herd *h, unsigned a, unsigned b);

/* Whether that link is up and goes over TLS. */
bool herd_links_by_tls(const struct herd *h, unsigned a, unsigned b);

/* Totals of all nodes: AT lines sent, alarms, stamps of clients that were stored. */
uint64_t herd_messages(const struct herd *h);
uint64_t herd_hellos(const struct herd *h); /* sent so far */
uint64_t herd_divergences(const struct herd *h);
uint64_t herd_links_lost(const struct herd *h); /* by nodes that run, in their present lives */
uint64_t herd_accepted(const struct herd *h);
uint64_t herd_made_up(const struct herd *h); /* full sends for what lists may have kept back */

/* AT lines; of a spare link only those that it sent while it was lazy, beside its leases. */
uint64_t herd_messages_unleased(const struct herd *h);

#endif
