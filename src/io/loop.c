/* loop.c — see loop.h. The function `turn` reads top to bottom: completions, node_turn, requests.
 *
 * Nothing is submitted while completions are read, so a turn acts on everything that happened, not
 * on the order in which it was reported. There are no kernel timers: every part returns its next
 * deadline, and the earliest limits how long the ring waits. All of them live by the clock of
 * awake.h, so that time in which this process did not run is nobody's silence. Signals are read
 * from a descriptor that the ring polls, so no handler ever interrupts a turn. */
#include "io/loop.h"
#include "core/base/awake.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "io/calls.h"
#include "io/conn.h"
#include "io/dial.h"
#include "io/journal_files.h"
#include "io/listen.h"
#include "io/log_sink.h"
#include "io/lookups.h"
#include "io/notify.h"
#include "io/own_addresses.h"
#include "io/reason.h"
#include "io/reload.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct loop {
    const struct loop_config *config;
    struct ring *ring;
    int signals_fd;
    struct awake awake; /* the clock of the turns */
    int64_t woken_ns; /* when the present turn began, by the system's clock */
    bool signalled; /* there are signals to read */
    unsigned stops; /* signals to stop that have come: the second ends the node at once */
    bool stopping; /* the node was told to stop */
    bool stopped_early; /* before it had started */
    int64_t drain_ns; /* when to end at the latest; NEVER_NS: the node has not stopped */
    int64_t look_ns; /* when to look next whether the last bytes have arrived */
    struct conns conns;
    struct listeners listeners;
    struct dials dials;
    struct lookups lookups;
    struct log_sink sink;
    struct notify notify;
    struct reload reload;
    struct journal_files journal;
};

/* -- signals ----------------------------------------------------------------------------------- */

/* Signals are blocked before anything else, so that none is lost before the first turn. SIGPIPE is
 * ignored: a send to a closed connection returns an errno. -1: failed, and the reason was written
 * to standard error. */
static int open_signals(void)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &handled, NULL) < 0) {
        calls_tell_denied("rt_sigprocmask", errno);
        return -1;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        calls_tell_denied("rt_sigaction", errno);
        return -1;
    }
    int fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0 && calls_denied(errno))
        calls_tell_denied("signalfd4", errno);
    else if (fd < 0)
        fprintf(stderr, "stampede: cannot listen to signals: %s\n", reason_of(errno));
    return fd;
}

static void await_signals(struct loop *l)
{
    ring_poll(l->ring, l->signals_fd, (struct ring_tag){.op = RING_POLL}, POLLIN);
}

static void begin_stop(struct loop *l, struct instant now)
{
    if (l->stopping)
        return;
    l->stopping = true;
    node_stop(l->config->node, now);
    log_begin(l->config->log, LOG_INFO, "stopping", now);
    log_end(l->config->log);
    notify_say(&l->notify, NOTIFY_STOPPING);
    reload_end(&l->reload);
    listeners_stop(&l->listeners);
    conns_hand_over(&l->conns);
}

static void stop(struct loop *l, struct instant now)
{
    if (l->stops++)
        node_stop(l->config->node, now);
    begin_stop(l, now);
}

/* SIGHUP: to reload, or because the terminal is gone (loop.h says when it is which). */
static void hang_up(struct loop *l, struct instant now)
{
    bool is_service = l->notify.fd >= 0;
    bool of_terminal = l->sink.terminal || (!l->config->files && !is_service);
    if (!*l->sink.path && of_terminal) {
        stop(l, now);
        return;
    }
    if (l->stopping)
        return;
    notify_say(&l->notify, NOTIFY_RELOADING);
    reload_begin(&l->reload, now);
    if (!l->reload.waits)
        notify_say(&l->notify, NOTIFY_READY);
}

/* A reload that waits for names. */
static void go_on_reloading(struct loop *l, struct instant now)
{
    if (reload_turn(&l->reload, now))
        notify_say(&l->notify, NOTIFY_READY);
}

/* After all else that has happened: what was received before a node stops is answered. */
static void take_signals(struct loop *l, struct instant now)
{
    struct signalfd_siginfo info;
    if (!l->signalled)
        return;
    l->signalled = false;
    while (read(l->signals_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            hang_up(l, now);
        else
            stop(l, now);
    }
    await_signals(l);
}

/* -- the turn ---------------------------------------------------------------------------------- */

static void dispatch(struct loop *l, const struct ring_event *e, struct instant now)
{
    ASSERT(e->tag.op >= RING_ACCEPT && e->tag.op <= RING_CANCEL);
    switch ((enum ring_op)e->tag.op) {
    case RING_RECEIVE:
    case RING_SEND:
        conn_completed(&l->conns, e, now);
        break;
    case RING_ACCEPT:
        listener_completed(&l->listeners, e, now);
        break;
    case RING_CONNECT:
        dial_completed(&l->dials, e, now);
        break;
    case RING_WRITE:
        log_sink_completed(&l->sink, e, now);
        break;
    case RING_NOTIFY:
        notify_completed(&l->notify);
        break;
    case RING_POLL:
        l->signalled = true;
        break;
    case RING_RESOLVE:
        lookups_completed(&l->lookups, e);
        break;
    case RING_JOURNAL:
        journal_files_completed(&l->journal, e, now);
        break;
    case RING_CANCEL: /* the request had completed before it could be cancelled */
        break;
    }
}

static int64_t next_deadline(const struct loop *l)
{
    int64_t next_ns = earlier_ns(node_deadline(l->config->node), l->look_ns);
    next_ns = earlier_ns(next_ns, conns_deadline(&l->conns));
    next_ns = earlier_ns(next_ns, listeners_deadline(&l->listeners));
    next_ns = earlier_ns(next_ns, dials_deadline(&l->dials));
    next_ns = earlier_ns(next_ns, lookups_deadline(&l->lookups));
    if (l->reload.waits)
        next_ns = earlier_ns(next_ns, resolve_deadline(&l->lookups.own));
    next_ns = earlier_ns(next_ns, notify_deadline(&l->notify));
    return earlier_ns(next_ns, log_sink_deadline(&l->sink));
}

/* How long until `deadline_ns`; NEVER_NS stays NEVER_NS. */
static int64_t until(int64_t deadline_ns, struct instant now)
{
    return deadline_ns == NEVER_NS ? NEVER_NS : deadline_ns - now.mono_ns;
}

/* The instant of the turn that begins. */
static struct instant wake(struct loop *l, int64_t due_ns)
{
    struct instant now = clock_now();
    l->woken_ns = now.mono_ns;
    int64_t slept_ns = awake_turn(&l->awake, now.mono_ns, due_ns);
    now.mono_ns = l->awake.now_ns;
    if (slept_ns) {
        node_slept(l->config->node, slept_ns, now);
        notify_slept(&l->notify);
    }
    return now;
}

/* Go on with a handshake of TLS, and tell what that took. */
static void shake(struct node *node, struct instant now)
{
    if (!node_shakes(node, now))
        return;
    int64_t began_ns = clock_processor_ns();
    if (node_shake(node, now))
        node_shook(node, clock_processor_ns() - began_ns, now);
}

/* 0, or the errno of a ring that failed. */
static int turn(struct loop *l, struct instant *now)
{
    int64_t due_ns = next_deadline(l);
    int error = ring_enter(l->ring, until(due_ns, *now));
    if (error)
        return error;
    *now = wake(l, due_ns);

    for (struct ring_event e; ring_next(l->ring, &e);)
        dispatch(l, &e, *now);

    if (l->lookups.busy)
        lookups_turn(&l->lookups, *now);
    take_signals(l, *now);
    if (l->reload.waits)
        go_on_reloading(l, *now);
    shake(l->config->node, *now);
    node_turn(l->config->node, *now);
    if (node_is_twin(l->config->node) || node_is_drained(l->config->node))
        begin_stop(l, *now);
    if (node_gives_up(l->config->node) && !l->stopping)
        begin_stop(l, *now);

    ring_buffers_return(l->ring);
    conns_settle(&l->conns, *now);
    dials_settle(&l->dials, *now);
    lookups_settle(&l->lookups, *now);
    journal_files_settle(&l->journal, *now);
    log_sink_settle(&l->sink, *now);
    bool listens = node_listens(l->config->node);
    if (listeners_turn(&l->listeners, NODE_CLIENT_PORT, listens, *now))
        node_port_shut(l->config->node);
    listeners_settle(&l->listeners, *now);
    notify_settle(&l->notify, *now);
    node_turn_took(l->config->node, clock_mono_ns() - l->woken_ns);
    return 0;
}

/* The process must not end before the other ends' kernels have the last bytes: connections that are
 * closed with unread input are reset, and then this kernel forgets what it has not sent. */
static bool over(struct loop *l, struct instant now)
{
    if (!l->stopping || !node_stopped(l->config->node))
        return l->stops > 1;
    if (l->drain_ns == NEVER_NS)
        l->drain_ns = now.mono_ns + LOOP_DRAIN_MS * MS_NS;
    l->look_ns = now.mono_ns + LOOP_DRAIN_LOOK_MS * MS_NS;
    return l->stops > 1 || now.mono_ns >= l->drain_ns || conns_have_arrived(&l->conns);
}

/* Write what the log still holds, for at most LOOP_FLUSH_MS. */
static void flush_log(struct loop *l)
{
    struct instant now = clock_now();
    int64_t until_ns = now.mono_ns + LOOP_FLUSH_MS * MS_NS;
    log_sink_settle(&l->sink, now);
    while (!log_sink_idle(&l->sink) && now.mono_ns < until_ns &&
           ring_enter(l->ring, until_ns - now.mono_ns) == 0) {
        now = clock_now();
        for (struct ring_event e; ring_next(l->ring, &e);)
            if (e.tag.op == RING_WRITE)
                log_sink_completed(&l->sink, &e, now);
        ring_buffers_return(l->ring);
        log_sink_settle(&l->sink, now);
    }
}

/* -- from start to end ------------------------------------------------------------------------- */

static void log_ring(struct log *log, const struct ring_sizes *wanted, const struct ring_sizes *got,
    struct instant now)
{
    if (got->submissions == wanted->submissions)
        return;
    log_begin(log, LOG_WARN, "small_ring", now);
    log_number(log, "submissions", got->submissions);
    log_number(log, "wanted", wanted->submissions);
    log_text(log, "remedy", SPAN("raise the limit of locked memory: ulimit -l, LimitMEMLOCK="));
    log_end(log);
}

static int run(struct loop *l)
{
    const struct loop_config *config = l->config;
    struct instant now = clock_now();
    awake_begin(&l->awake, now.mono_ns);
    await_signals(l);
    notify_say(&l->notify, NOTIFY_READY);
    int error = 0;
    while (!error && !over(l, now))
        error = turn(l, &now);
    if (error)
        fprintf(stderr, "stampede: io_uring failed: %s\n", strerror(error));
    log_begin(config->log, LOG_INFO, "stopped", now);
    log_number(config->log, "connections_left", l->conns.slots.used);
    log_end(config->log);
    flush_log(l);
    return error || node_is_twin(config->node) || node_gives_up(config->node) ? 1 : 0;
}

/* A node with a journal lets nobody in before that can be written. false: it cannot, and the reason
 * was written to standard error. */
static bool open_journal(struct loop *l)
{
    struct node *node = l->config->node;
    const char *why;
    int error = 0;
    node_turn(node, clock_now());
    while (!error && !node_journal_is_open(node, &why) && !why) {
        struct instant now = clock_now();
        journal_files_settle(&l->journal, now);
        error = ring_enter(l->ring, until(node_deadline(node), now));
        now = clock_now();
        for (struct ring_event e; ring_next(l->ring, &e);)
            dispatch(l, &e, now);
        node_turn(node, now);
    }
    if (error)
        fprintf(stderr, "stampede: io_uring failed: %s\n", strerror(error));
    else if (why)
        fprintf(stderr, "stampede: the journal cannot be written: %s; see journal.dir\n", why);
    return !error && !why;
}

static bool open_ports(struct loop *l)
{
    const struct loop_config *config = l->config;
    struct own_addresses own;
    enum own_await found = own_addresses_await(&own, config->at, &l->lookups);
    l->stopped_early = found == OWN_AWAIT_STOPPED;
    return found == OWN_AWAIT_WELL &&
           listeners_open(&l->listeners, &l->conns, config->log, own.at, clock_now());
}

/* A part that cannot be opened has reported why. */
static bool open_parts(struct loop *l)
{
    const struct loop_config *config = l->config;
    struct instant now = clock_now();
    struct ring_sizes sizes = config->sizes;
    sizes.files = config->journal != NULL;
    l->ring = ring_open(&sizes, config->spin_ns);
    if (!l->ring || !log_sink_open(&l->sink, l->ring, config->log, config->log_file))
        return false;
    log_ring(config->log, &config->sizes, ring_sizes(l->ring), now);
    dials_init(&l->dials, &l->conns, config->node);
    lookups_open(&l->lookups, l->ring, config->node, NULL);
    notify_open(&l->notify, l->ring, config->log, now);
    journal_files_open(&l->journal, l->ring, config->node, config->journal ? *config->journal : -1);
    if (!conns_init(&l->conns, l->ring, config->node, config->connections_max, config->spare)) {
        fputs("stampede: no memory for the connection table; lower limits.connections\n", stderr);
        return false;
    }
    l->reload = (struct reload){.files = config->files,
        .open_files = config->open_files,
        .node = config->node,
        .log = config->log,
        .sink = &l->sink,
        .conns = &l->conns,
        .listeners = &l->listeners,
        .lookups = &l->lookups,
        .ring = l->ring};
    if (config->only_client) {
        listeners_open_none(&l->listeners, &l->conns, config->log);
        const struct address own = {.ip = {127, 0, 0, 1}, .port = 1};
        if (!conn_accepted(&l->conns, *config->only_client, NODE_CLIENT_PORT, &own, now))
            return false;
        conns_settle(&l->conns, now); /* arms its receive; without it no turn would ever begin */
        return true;
    }
    return open_journal(l) && open_ports(l);
}

/* The ring is closed first, so that the kernel no longer uses memory that is then freed. */
static void close_parts(struct loop *l)
{
    if (l->ring)
        ring_close(l->ring);
    reload_end(&l->reload);
    listeners_stop(&l->listeners);
    lookups_close(&l->lookups);
    conns_deinit(&l->conns);
    journal_files_close(&l->journal);
    log_sink_close(&l->sink);
    notify_close(&l->notify);
    close(l->signals_fd);
}

int loop_run(const struct loop_config *config)
{
    struct loop l = {.config = config,
        .signals_fd = calls_are_allowed() ? open_signals() : -1,
        .drain_ns = NEVER_NS,
        .look_ns = NEVER_NS,
        .sink = {.fd = STDERR_FILENO},
        .notify = {.fd = -1}};
    bool well = l.signals_fd >= 0 && open_parts(&l) &&
                sandbox_enter(config->sandbox, config->log, clock_now());
    int result = well ? run(&l) : !l.stopped_early;
    close_parts(&l);
    return result;
}
