/* loop.c — see loop.h. A turn reads top to bottom in `turn`: facts first, then the node, then
 * deeds.
 *
 * Nothing is submitted while answers are read, so what a turn does depends on all that happened and
 * not on the order in which it was heard. Timers live in user space: every part names its next
 * deadline, and the earliest is how long the ring may wait. Signals come as one more descriptor on
 * the ring, so no handler ever interrupts a turn. */
#include "io/loop.h"
#include "files/clock.h"
#include "io/conn.h"
#include "io/dial.h"
#include "io/listen.h"
#include "io/log_sink.h"
#include "io/resolve.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    FILES_BESIDE_CONNECTIONS = 32, /* ring, listeners, signals, log, standard ones, dials */
    LOOP_REASON_BYTES = 1024, /* of a sentence about files: a path and words */
};

struct loop {
    const struct loop_config *config;
    struct ring *ring;
    int signals_fd;
    int64_t stop_ns; /* when to end whatever happens; NEVER_NS: not asked to */
    struct conns conns;
    struct listeners listeners;
    struct dials dials;
    struct resolve resolve;
    struct log_sink sink;
};

/* -- signals ----------------------------------------------------------------------------------- */

/* Blocked before anything else, so that none is lost between here and the first turn. A client that
 * is gone is an errno of a send, not a signal. */
static int open_signals(void)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGHUP);
    sigprocmask(SIG_BLOCK, &handled, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void await_signals(struct loop *l)
{
    ring_poll(l->ring, l->signals_fd, (struct ring_tag){.op = RING_POLL}, POLLIN);
}

static void begin_stop(struct loop *l, struct instant now)
{
    log_begin(l->config->log, LOG_INFO, "stopping", now);
    log_end(l->config->log);
    l->stop_ns = now.mono_ns + LOOP_STOP_MS * MS_NS;
    listeners_stop(&l->listeners);
    node_stop(l->config->node, now);
}

/* A sentence about files on its way to the log. */
struct loop_words {
    FILE *tell; /* NULL: no memory for it */
    char text[LOOP_REASON_BYTES];
};

static FILE *words_begin(struct loop_words *w)
{
    memset(w->text, 0, sizeof w->text);
    w->tell = fmemopen(w->text, sizeof w->text - 1, "w");
    return w->tell;
}

/* What was read is for new connections; when it cannot be used, what there is stays in use. */
static void tell_reload(
    struct loop *l, const char *what, bool well, struct loop_words *w, struct instant now)
{
    struct log *log = l->config->log;
    if (w->tell)
        fclose(w->tell);
    w->text[strcspn(w->text, "\n")] = '\0';
    log_begin(log, well ? LOG_INFO : LOG_ERROR, well ? "reloaded" : "reload_failed", now);
    log_text(log, "what", span_of(what));
    if (*w->text)
        log_text(log, "why", span_of(w->text));
    if (!well)
        log_text(log, "remedy", SPAN("the old ones stay in use; correct it, then SIGHUP again"));
    log_end(log);
}

static void reload_files(struct loop *l, struct instant now)
{
    const struct loop_config *config = l->config;
    struct loop_words words;
    if (config->tls_files) {
        FILE *tell = words_begin(&words);
        tell_reload(l, "tls", tell && tls_files_reload(config->tls_files, tell), &words, now);
    }
    if (config->places_files) {
        FILE *tell = words_begin(&words);
        tell_reload(
            l, "places", tell && places_files_reload(config->places_files, tell), &words, now);
    }
}

/* Without a log_file, and on a terminal, SIGHUP is what it always was: the terminal is gone. */
static void hang_up(struct loop *l, struct instant now)
{
    const struct loop_config *config = l->config;
    bool has_files = config->tls_files || config->places_files;
    if (!*config->log_file && (l->sink.terminal || !has_files)) {
        if (l->stop_ns == NEVER_NS)
            begin_stop(l, now);
        return;
    }
    if (*config->log_file)
        log_sink_reopen(&l->sink, now);
    reload_files(l, now);
}

static void take_signals(struct loop *l, struct instant now)
{
    struct signalfd_siginfo info;
    while (read(l->signals_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            hang_up(l, now);
        else if (l->stop_ns == NEVER_NS)
            begin_stop(l, now);
    }
    await_signals(l);
}

/* -- the turn ---------------------------------------------------------------------------------- */

static void dispatch(struct loop *l, const struct ring_event *e, struct instant now)
{
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
    case RING_POLL:
        take_signals(l, now);
        break;
    case RING_RESOLVE:
        resolve_completed(&l->resolve, e);
        break;
    case RING_CANCEL: /* what was to be cancelled had answered already */
        break;
    }
}

static int64_t next_deadline(const struct loop *l)
{
    int64_t next_ns = earlier_ns(node_deadline(l->config->node), l->stop_ns);
    next_ns = earlier_ns(next_ns, conns_deadline(&l->conns));
    next_ns = earlier_ns(next_ns, listeners_deadline(&l->listeners));
    next_ns = earlier_ns(next_ns, dials_deadline(&l->dials));
    next_ns = earlier_ns(next_ns, resolve_deadline(&l->resolve));
    return earlier_ns(next_ns, log_sink_deadline(&l->sink));
}

/* How long until `deadline_ns`, with NEVER_NS kept as it is. */
static int64_t until(int64_t deadline_ns, struct instant now)
{
    return deadline_ns == NEVER_NS ? NEVER_NS : deadline_ns - now.mono_ns;
}

static void take_answer(struct loop *l, struct instant now)
{
    struct resolve_answer answer;
    if (!resolve_answer(&l->resolve, &answer, now))
        return;
    if (answer.count)
        node_resolved(l->config->node, answer.addresses, answer.count, answer.ttl_s, now);
    else
        node_resolve_failed(l->config->node, answer.why, now);
}

static void settle_resolve(struct loop *l, struct instant now)
{
    struct span host;
    if (node_resolve(l->config->node, &host))
        resolve_ask(&l->resolve, host, now);
    resolve_settle(&l->resolve, now);
}

/* 0, or an errno of the ring. */
static int turn(struct loop *l, struct instant *now)
{
    int error = ring_enter(l->ring, until(next_deadline(l), *now));
    if (error)
        return error;
    *now = clock_now();

    for (struct ring_event e; ring_next(l->ring, &e);)
        dispatch(l, &e, *now);

    take_answer(l, *now);
    node_turn(l->config->node, *now);

    ring_buffers_return(l->ring);
    conns_settle(&l->conns, *now);
    dials_settle(&l->dials, *now);
    settle_resolve(l, *now);
    log_sink_settle(&l->sink, *now);
    listeners_settle(&l->listeners, *now);
    return 0;
}

static bool over(const struct loop *l, struct instant now)
{
    if (l->stop_ns == NEVER_NS)
        return false;
    bool all_out = node_stopped(l->config->node) && l->conns.slots.used == 0;
    return all_out || now.mono_ns >= l->stop_ns;
}

/* What the log still holds, as far as it can be written in LOOP_FLUSH_MS. */
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

/* As many open files as the administrator allows, before accept is armed: the kernel looks at the
 * limit then. Too few is no reason not to start: connections beyond them wait at the door. */
static void raise_files(struct log *log, uint32_t connections_max, struct instant now)
{
    struct rlimit files;
    rlim_t needed = (rlim_t)connections_max + FILES_BESIDE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max >= needed)
        return;
    log_begin(log, LOG_WARN, "few_files", now);
    log_number(log, "allowed", (int64_t)files.rlim_max);
    log_number(log, "needed", (int64_t)needed);
    log_text(log, "remedy", SPAN("ulimit -Hn, LimitNOFILE, or a lower limits.connections"));
    log_end(log);
}

static void log_ring(struct log *log, const struct ring_sizes *wanted, const struct ring_sizes *got,
    struct instant now)
{
    if (got->submissions == wanted->submissions)
        return;
    log_begin(log, LOG_WARN, "small_ring", now);
    log_number(log, "submissions", got->submissions);
    log_number(log, "wanted", wanted->submissions);
    log_text(log, "remedy", SPAN("raise the limit of locked memory: ulimit -l, LimitMEMLOCK"));
    log_end(log);
}

static int run(struct loop *l)
{
    const struct loop_config *config = l->config;
    struct instant now = clock_now();
    await_signals(l);
    int error = 0;
    while (!error && !over(l, now))
        error = turn(l, &now);
    if (error)
        fprintf(stderr, "stampede: the kernel refuses the ring: %s\n", strerror(error));
    log_begin(config->log, LOG_INFO, "stopped", now);
    log_number(config->log, "connections_left", l->conns.slots.used);
    log_end(config->log);
    flush_log(l);
    return error ? 1 : 0;
}

/* Whatever keeps one part from opening has told why. */
static bool open_parts(struct loop *l)
{
    const struct loop_config *config = l->config;
    struct instant now = clock_now();
    l->ring = ring_open(&config->sizes, config->spin_ns);
    if (!l->ring || !log_sink_open(&l->sink, l->ring, config->log, config->log_file))
        return false;
    log_ring(config->log, &config->sizes, ring_sizes(l->ring), now);
    raise_files(config->log, config->connections_max, now);
    dials_init(&l->dials, &l->conns, config->node);
    resolve_open(&l->resolve, l->ring, NULL);
    uint32_t spare = config->connections_max < LOOP_CONNECTIONS_SPARE ? config->connections_max
                                                                      : LOOP_CONNECTIONS_SPARE;
    if (!conns_init(&l->conns, l->ring, config->node, config->connections_max, spare / 2)) {
        fputs(
            "stampede: no memory for the table of connections; lower limits.connections\n", stderr);
        return false;
    }
    if (config->only_client) {
        listeners_open_none(&l->listeners, &l->conns, config->log);
        if (!conn_accepted(
                &l->conns, *config->only_client, NODE_CLIENT_PORT, SPAN("this process"), now))
            return false;
        conns_settle(&l->conns, now); /* no completion will begin the first turn */
        return true;
    }
    return listeners_open(
        &l->listeners, &l->conns, config->log, &config->client, &config->peer, now);
}

/* The ring first, so that the kernel lets go of all memory before it is freed. */
static void close_parts(struct loop *l)
{
    if (l->ring)
        ring_close(l->ring);
    listeners_stop(&l->listeners);
    resolve_close(&l->resolve);
    conns_deinit(&l->conns);
    log_sink_close(&l->sink);
    close(l->signals_fd);
}

int loop_run(const struct loop_config *config)
{
    struct loop l = {.config = config,
        .signals_fd = open_signals(),
        .stop_ns = NEVER_NS,
        .listeners = {.ports = {{.fd = -1}, {.fd = -1}}},
        .sink = {.fd = STDERR_FILENO}};
    int result = open_parts(&l) ? run(&l) : 1;
    close_parts(&l);
    return result;
}
