/* host.h — a machine that runs one node: drives the core as node.h says, on the simulated
 * network, like io/conn and io/loop do on the real one.
 *
 * A turn: what happened (accepted, dialled, sent, received, ended, broken), node_turn, what the
 * node wants. Received bytes are in blocks of exactly their size, which are freed after the turn,
 * and output is read from its window long after it was shown, so that AddressSanitizer reports a
 * node that keeps or moves what it must not. */
#ifndef TESTS_SIM_HOST_H
#define TESTS_SIM_HOST_H

#include "core/base/awake.h"
#include "sim/caller.h"
#include "sim/directory.h"
#include "sim/disk_host.h"
#include "sim/file.h"
#include "sim/judge.h"
#include "sim/kept.h"
#include "sim/memory.h"
#include "sim/tapes.h"

enum {
    HOST_CONNECTIONS = 160,
    HOST_BYE_BYTES_MAX = 240,
};

/* Lines that one node has sent to another, by their first word. */
struct tally {
    uint64_t hellos, ats, marks, acks, pings, pongs, byes;
    uint64_t ats_lazy; /* AT after the other end's PRUNE, and before an EAGER */
    uint64_t seens, hashes; /* notices: SEEN lines, and the hashes in them */
    uint64_t prunes;
    uint64_t turns; /* PRUNE, GRAFT and EAGER: a link turns lazy or eager */
    uint64_t sends; /* windows passed to the kernel */
};

struct host_conn {
    bool used, draining, ended_told;
    bool lost; /* it was reset, and the node is told after its turn */
    uint32_t wire;
    unsigned end;
    enum node_port port;
    struct span sending; /* the window that was passed to the kernel; empty: none */
    int64_t drain_until_ns;
    char line[HOST_BYE_BYTES_MAX]; /* the peer line being sent, as far as it fits */
    size_t line_len;
    unsigned spaces; /* spaces in the whole line */
};

/* It was dialled, but not to a peer. */
static inline bool host_conn_is_of_places(const struct host_conn *c)
{
    return c->port == NODE_CLIENT_PORT && c->end == 0;
}

enum death {
    DEATH_OF_PROCESS, /* the kernel closes its connections */
    DEATH_OF_MACHINE, /* nobody does */
};

struct host {
    struct network *network;
    struct judge *judge;
    unsigned self; /* its node, by index in the topology */
    unsigned party; /* on the network, and as the judge knows it: `self`, unless it is a twin */
    struct topology topology; /* its own copy, because limits may differ */
    struct topology *file; /* what its node goes by; NULL: by `topology`. The host's own */
    struct secrets secrets; /* what it has, or starts with */
    struct directory *directory; /* where the nodes are */
    const struct tls_config *tls; /* links are TLS; NULL: they are plain */
    struct tapes *tapes; /* where what it says on links is recorded; NULL: nowhere */
    int64_t mono_ahead_ns; /* its monotonic clock minus virtual time */
    struct awake awake; /* the clock of its process, as io/loop's */
    int64_t due_ns; /* by that clock, when its next turn is due even if nothing happens */
    struct node *node; /* NULL: down */
    unsigned life; /* incremented by each start */
    bool paused; /* the process is stopped; its kernel is not */
    int64_t stopped_ns; /* virtual: since when it has had no turn for that; NEVER_NS: it had one */
    bool stopping;
    int64_t grace_ends_ns, drain_ends_ns; /* by its clock, of DRAIN; NEVER_NS: it does not drain */
    uint64_t unconfirmed; /* stamps, when it last ended in order */
    bool was_twin; /* then: with exit code 1, since another process had its name */
    bool failed; /* it last ended with exit code 1, for its journal */
    struct host_conn conns[HOST_CONNECTIONS];
    uint32_t conns_end; /* connections from here on were never used */
    uint32_t *dials; /* wires under way, by the node's ids; WIRE_NONE: none */
    struct caller caller; /* of the places service */
    struct tally *said; /* to each node, by index in the topology */
    unsigned judges_cursor; /* on its store */
    struct account memory; /* for the present life */
    size_t memory_idle_bytes; /* when it had just started */
    unsigned clients_most, links_most; /* most connections at a time in this life */
    uint64_t diverged; /* alarms of former lives */
    uint64_t turns;
    unsigned turns_in_a_row; /* within one millisecond */
    int64_t row_began_ns;
    struct address outside; /* of clients and strangers; that of the node's machine at first */
    int64_t flight_ns; /* of the processor, for a step of a handshake of TLS, and all so far: */
    int64_t flights_ns;
    struct kept kept; /* beyond the end of its node */
    struct disk_host *disk; /* NULL: its node has no journal */
    bool sheds; /* it may reset clients that do not read */
    struct log log;
    char *log_memory;
};

void host_init(struct host *h, struct network *network, struct judge *judge,
    const struct topology *topology, unsigned self, struct secrets secrets);
void host_deinit(struct host *h);

/* Start with an empty store, or with what is kept, or on its disk. The host must be down. */
void host_start(struct host *h);
void host_kill(struct host *h, enum death how);
void host_stop(struct host *h); /* with BYE; it is down when all output is sent */
void host_pause(struct host *h, bool paused);
/* Its file has these from now on, and it gets SIGHUP; it must not be paused. */
void host_changes_secrets(struct host *h, const struct secrets *secrets);
/* Its topology.conf is another version from now on, and it gets SIGHUP. false: it is paused or
 * stops, the file does not name it, or it has no memory: nothing has changed. */
bool host_takes_file(struct host *h, const struct file_plan *plan);
/* From now on one in `fails_in` allocations of at least `from_bytes` fails; 0: none. */
void host_starve(struct host *h, unsigned fails_in, size_t from_bytes);
/* Set its clock to virtual time plus this. */
void host_set_clock(struct host *h, int64_t ahead_ns);

/* Run its turn, when the network says so. */
void host_act(struct host *h);

/* Its status, as in the answer to STATUS. */
void host_status(const struct host *h, struct buf *out);

/* Alarms about digests, in all its lives. */
uint64_t host_divergences(const struct host *h);

#endif
