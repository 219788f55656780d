/* engine.h — puts a load on a server and times the answers: many connections on one io_uring.
 *
 * Closed loop: every connection has `depth` commands under way; an answer makes room for the next.
 * Its figure is throughput; a slow server is asked less, so its latencies are those of a server
 * that is as busy as it can be. Open loop: a command is due every 1/rate seconds whatever the
 * server does, and an answer's latency counts from then, also when it could not be sent yet
 * because all connections had `depth` under way (no "coordinated omission", Tene 2013).
 *
 * One turn: take in all that has come, judge the replies, make the commands for which there is room
 * or time, send them, one send a connection. The clock is read once a turn. */
#ifndef PERF_LOAD_ENGINE_H
#define PERF_LOAD_ENGINE_H

#include "load/histogram.h"
#include "load/protocol.h"

enum {
    CONNECTIONS_MAX = 60000,
    DEPTH_MAX = 4096,
    PORTS_MAX = 64,
    PIDS_MAX = 1024, /* a LAMP stack has hundreds */
};

struct plan {
    const struct protocol *protocol;
    uint16_t ports[PORTS_MAX]; /* of 127.0.0.1; connections are dealt out to them in turn */
    unsigned ports_count;
    unsigned connections; /* 1 to CONNECTIONS_MAX */
    unsigned depth; /* commands under way on one, 1 to DEPTH_MAX */
    unsigned queries_percent; /* of commands, the rest are updates */
    int64_t rate; /* commands a second; 0: closed loop */
    int64_t warm_up_ns, duration_ns; /* answers in the first are not counted */
    uint64_t count; /* so many commands, all counted, instead of a duration; 0: no */
    bool poll; /* never sleep, look for answers all the time: takes the waking out of latencies */
    int pids[PIDS_MAX]; /* whose processor time is taken: the servers' */
    unsigned pids_count;
};

struct outcome {
    struct histogram latency; /* nanoseconds */
    double seconds; /* from the beginning of what is counted to its end, or its last answer */
    uint64_t answered; /* in that time; all of these below are of these */
    uint64_t overtaken;
    uint64_t
        unanswered; /* open loop: so many more were due; in latency as far as they had waited */
    int64_t backlog_max; /* open loop: commands that were due and could not be sent */
    int64_t servers_cpu_ns, own_cpu_ns;
};

/* Run the plan. false: it could not be done (no connection, no memory, the server hung up), or a
 * reply was wrong, as said on standard error: then there is no figure. */
MUST_USE bool engine_run(const struct plan *p, struct traffic *t, struct outcome *out);

#endif
