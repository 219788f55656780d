/* engine.h — applies load to a server and measures latencies: many connections on one io_uring.
 *
 * Closed loop: every connection has `depth` commands under way; a reply makes room for the next.
 * The result is throughput. A slow server gets fewer commands, so latencies are those of a fully
 * loaded server. Open loop: a command is due every 1/rate seconds, whatever the server does. Its
 * latency counts from that time even if it could not be sent then because all connections had
 * `depth` commands under way, so that "coordinated omission" (Tene, 2013) does not occur.
 *
 * One turn: receive, check replies, write the commands for which there is room or which are due,
 * send, with one send per connection. The clock is read once a turn. */
#ifndef PERF_LOAD_ENGINE_H
#define PERF_LOAD_ENGINE_H

#include "load/histogram.h"
#include "load/protocol.h"

enum {
    CONNECTIONS_MAX = 60000,
    DEPTH_MAX = 4096,
    PORTS_MAX = 64,
    PIDS_MAX = 1024, /* a LAMP server has hundreds */
};

struct plan {
    const struct protocol *protocol;
    uint16_t ports[PORTS_MAX]; /* on 127.0.0.1; connections are distributed over them in turn */
    unsigned ports_count;
    unsigned connections; /* 1 to CONNECTIONS_MAX */
    unsigned depth; /* commands under way on one, 1 to DEPTH_MAX */
    unsigned queries_percent; /* of all commands; the others are updates */
    int64_t rate; /* commands a second; 0: closed loop */
    int64_t warm_up_ns, duration_ns; /* replies during warm_up_ns are not counted */
    uint64_t count; /* so many commands, all counted, instead of a duration; 0: no */
    bool poll; /* never sleep but look for replies all the time: no wake-up time in the latencies */
    int pids[PIDS_MAX]; /* whose processor time is taken: the servers' */
    unsigned pids_count;
};

struct outcome {
    struct histogram latency; /* nanoseconds */
    double seconds; /* from the beginning of what is counted to its end, or its last answer */
    uint64_t answered; /* in the counted time, like all that follows */
    uint64_t overtaken;
    uint64_t
        unanswered; /* open loop; in latency, with the time they have waited */
    int64_t backlog_max; /* open loop: commands that were due and could not be sent */
    int64_t servers_cpu_ns, own_cpu_ns;
};

/* Run the plan. false: it failed (no connection, no memory, the server closed, a wrong reply), as
 * written to standard error; there is no result then. */
MUST_USE bool engine_run(const struct plan *p, struct traffic *t, struct outcome *out);

#endif
