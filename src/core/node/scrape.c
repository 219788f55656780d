/* scrape.c — see scrape.h. */
#include "core/node/scrape.h"
#include "core/journal/journal.h"
#include "core/node/private.h"
#include "core/web/exposition.h"

enum { /* the buckets that are told, as powers of two in ns */
    TURN_FIRST = 12, /* 4 us */
    TURN_LAST = 33, /* 8.6 s */
    AGE_FIRST = 16, /* 66 us */
    AGE_LAST = 40, /* 18 min */
};

#define NO_LABEL        \
    NULL, (struct span) \
    {                   \
        0               \
    }

static void put_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    exposition_single(out, name, EXPOSITION_GAUGE, help, value);
}

static void put_identity(struct buf *out, const struct node *n)
{
    exposition_family(out, "stampede_build_info", EXPOSITION_GAUGE, "the program that runs");
    buf_text(out, "stampede_build_info{version=\"" STAMPEDE_VERSION "\",commit=\"");
    buf_text(out, n->commit); /* it needs no escape, nor do herd and name */
    buf_text(out, "\"} 1\n");
    exposition_family(out, "stampede_node_info", EXPOSITION_GAUGE, "which node this is");
    buf_text(out, "stampede_node_info{herd=\"");
    buf_text(out, n->topology->herd);
    buf_text(out, "\",node=\"");
    buf_text(out, n->self->name);
    buf_text(out, "\"} 1\n");
}

static void put_state(struct buf *out, const struct node *n, struct instant now)
{
    char memory[128];
    struct buf why = buf_over(memory, sizeof memory);
    exposition_family(
        out, "stampede_uptime_seconds", EXPOSITION_GAUGE, "how long this process has lived");
    exposition_seconds(
        out, "stampede_uptime_seconds", NO_LABEL, now.mono_ns + n->slept_ns - n->started_ns);
    put_gauge(out, "stampede_ready", "whether /ready says yes", ready_judge(n, &why, now));
    put_gauge(out, "stampede_draining", "whether an operator takes the node out of service",
        n->drain.state != DRAIN_SERVES);
    put_gauge(out, "stampede_clients", "client connections that are open", n->clients.count);
    put_gauge(out, "stampede_stamps", "client ids whose stamp is held", store_count(n->store));
    put_gauge(out, "stampede_stamps_max", "limits.stamps", n->topology->limits.stamps);
    put_gauge(out, "stampede_store_bytes", "memory of the store", store_bytes(n->store));
    put_gauge(out, "stampede_partial", "whether stamps were refused or evicted, and not had since",
        peering_partial(&n->links.peering));
    put_gauge(out, "stampede_clock_wrong",
        "whether this node's clock differs from those of most neighbours", n->clocks.wrong);
}

static void put_certificate_of(
    struct buf *out, const char *name, struct span port, const struct tls_config *config)
{
    int64_t ends_s = tls_identity_ends_s(config->identity);
    exposition_count(out, name, "port", port, ends_s < 0 ? 0 : (uint64_t)ends_s);
}

static void put_certificates(struct buf *out, const struct node *n)
{
    static const char name[] = "stampede_certificate_expiry_timestamp_seconds";
    bool peer = n->tls.config && n->tls.config->identity, http = n->webs_tls.config;
    if (!peer && !http)
        return;
    exposition_family(out, name, EXPOSITION_GAUGE,
        "when the first certificate of this node's port ends, in seconds since 1970");
    if (peer)
        put_certificate_of(out, name, SPAN("peer"), n->tls.config);
    if (http)
        put_certificate_of(out, name, SPAN("http"), n->webs_tls.config);
}

static void put_counters(struct buf *out, const struct node *n)
{
#define PUT_METRIC(name, help) \
    exposition_single(out, "stampede_" #name "_total", EXPOSITION_COUNTER, help, n->metrics.name);
    METRICS(PUT_METRIC)
#undef PUT_METRIC
}

/* -- links ------------------------------------------------------------------------------------- */

/* A number of a link. */
struct link_number {
    const char *name, *help;
    enum exposition_kind kind;
    uint64_t (*of)(const struct node *n, const struct neighbour *who);
};

static uint64_t is_up(const struct node *n, const struct neighbour *who)
{
    (void)n;
    return who->linked != NEIGHBOUR_NO_LINK;
}

static uint64_t is_in_tree(const struct node *n, const struct neighbour *who)
{
    (void)n;
    return who->peer->in_tree;
}

static uint64_t lag_of(const struct node *n, const struct neighbour *who)
{
    return status_lag(n, who->peer);
}

static uint64_t is_diverged(const struct node *n, const struct neighbour *who)
{
    (void)n;
    return alarm_diverged(who->peer);
}

static uint64_t sent_to(const struct node *n, const struct neighbour *who)
{
    (void)n;
    return who->peer->sent_stamps;
}

static uint64_t got_from(const struct node *n, const struct neighbour *who)
{
    (void)n;
    return who->peer->got_stamps;
}

static uint64_t refused_from(const struct node *n, const struct neighbour *who)
{
    (void)n;
    return peer_refused(who->peer);
}

static const struct link_number link_numbers[] = {
    {"stampede_link_up", "whether the neighbour is linked", EXPOSITION_GAUGE, is_up},
    {"stampede_link_in_tree", "whether stamps travel by the link; else it is spare, and lags",
        EXPOSITION_GAUGE, is_in_tree},
    {"stampede_link_lag_stamps", "stamps that the neighbour has not confirmed", EXPOSITION_GAUGE,
        lag_of},
    {"stampede_link_diverged", "whether the digests of both ends stay unequal", EXPOSITION_GAUGE,
        is_diverged},
    {"stampede_link_sent_stamps_total", "stamps sent to the neighbour", EXPOSITION_COUNTER,
        sent_to},
    {"stampede_link_got_stamps_total", "stamps that came from the neighbour", EXPOSITION_COUNTER,
        got_from},
    {"stampede_link_refused_stamps_total", "stamps of the neighbour that were refused",
        EXPOSITION_COUNTER, refused_from},
};

static void put_link_numbers(struct buf *out, const struct node *n)
{
    const struct neighbour *who;
    for (unsigned k = 0; k < sizeof link_numbers / sizeof *link_numbers; k++) {
        const struct link_number *number = &link_numbers[k];
        exposition_family(out, number->name, number->kind, number->help);
        for (unsigned at = 0; (who = edges_next(n, &at));)
            exposition_count(out, number->name, "peer", who->peer->name, number->of(n, who));
    }
}

static void put_link_times(struct buf *out, const struct node *n, struct instant now)
{
    static const char lag[] = "stampede_link_lag_seconds";
    static const char round_trip[] = "stampede_link_round_trip_seconds";
    static const char ahead[] = "stampede_link_clock_ahead_seconds";
    const struct neighbour *who;
    int64_t ahead_ns;
    exposition_family(out, lag, EXPOSITION_GAUGE,
        "for how long the oldest change has waited for the neighbour to confirm it");
    for (unsigned at = 0; (who = edges_next(n, &at));)
        exposition_seconds(out, lag, "peer", who->peer->name, status_lag_ns(n, who->peer, now));
    exposition_family(out, round_trip, EXPOSITION_GAUGE, "from PING to PONG, at its best");
    for (unsigned at = 0; (who = edges_next(n, &at));)
        exposition_seconds(
            out, round_trip, "peer", who->peer->name, clock_gauge_round_trip(&who->peer->clock));
    exposition_family(out, ahead, EXPOSITION_GAUGE, "how far the neighbour's clock is ahead");
    for (unsigned at = 0; (who = edges_next(n, &at));)
        if (clock_gauge_ahead(&who->peer->clock, &ahead_ns))
            exposition_seconds(out, ahead, "peer", who->peer->name, ahead_ns);
}

/* -- places ------------------------------------------------------------------------------------ */

static void put_places(struct buf *out, const struct node *n)
{
    if (!n->places.exchange)
        return;
    struct exchange_report r = exchange_report(n->places.exchange);
    const struct {
        const char *name, *help;
        enum exposition_kind kind;
        uint64_t value;
    } all[] = {
        {"stampede_places_down", "whether the places service counts as down", EXPOSITION_GAUGE,
            r.down},
        {"stampede_places_waiting", "questions that wait", EXPOSITION_GAUGE, r.waiting},
        {"stampede_places_questions_total", "questions that were asked of the service",
            EXPOSITION_COUNTER, r.asked},
        {"stampede_places_retried_total", "questions that were asked again", EXPOSITION_COUNTER,
            r.retried},
        {"stampede_places_failed_total", "questions without an answer", EXPOSITION_COUNTER,
            r.failed},
        {"stampede_places_over_budget_total", "questions that places.budget forbade",
            EXPOSITION_COUNTER, r.over_budget},
    };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        exposition_single(out, all[i].name, all[i].kind, all[i].help, all[i].value);
}

/* -- journal ----------------------------------------------------------------------------------- */

static void put_journal(struct buf *out, const struct node *n, struct instant now)
{
    if (!n->durable.journal)
        return;
    struct journal_status j = journal_status(n->durable.journal);
    int64_t behind_ns = j.behind_since_ns == NEVER_NS ? 0 : now.mono_ns - j.behind_since_ns;
    const struct {
        const char *name, *help;
        enum exposition_kind kind;
        uint64_t value;
    } all[] = {
        {"stampede_journal_well", "whether stamps are being kept", EXPOSITION_GAUGE,
            j.state == JOURNAL_READY || j.state == JOURNAL_OPENS},
        {"stampede_journal_behind_changes", "changes that are not on the disk", EXPOSITION_GAUGE,
            j.behind},
        {"stampede_journal_log_bytes", "size of the logs", EXPOSITION_GAUGE, j.log_bytes},
        {"stampede_journal_base_bytes", "size of the base", EXPOSITION_GAUGE, j.base_bytes},
        {"stampede_journal_damaged", "whether its files were damaged when the node started",
            EXPOSITION_GAUGE, j.found.damaged || j.found.digest_differs},
        {"stampede_journal_syncs_total", "how often it was made durable", EXPOSITION_COUNTER,
            j.counts.syncs},
        {"stampede_journal_written_bytes_total", "bytes written to logs", EXPOSITION_COUNTER,
            j.counts.written_bytes},
        {"stampede_journal_failures_total", "writes and syncs that failed", EXPOSITION_COUNTER,
            j.counts.failures},
    };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        exposition_single(out, all[i].name, all[i].kind, all[i].help, all[i].value);
    const struct {
        const char *name, *help;
        int64_t ns;
    } times[] = {
        {"stampede_journal_behind_seconds", "since when there is something not on the disk",
            behind_ns},
        {"stampede_journal_sync_last_seconds", "how long the last sync took",
            j.counts.sync_last_ns},
        {"stampede_journal_sync_longest_seconds", "how long the longest sync took",
            j.counts.sync_longest_ns},
    };
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++) {
        exposition_family(out, times[i].name, EXPOSITION_GAUGE, times[i].help);
        exposition_seconds(out, times[i].name, NO_LABEL, times[i].ns);
    }
}

void scrape_put(const struct node *n, struct buf *out, struct instant now)
{
    const struct durations *d = &n->durations;
    put_identity(out, n);
    put_state(out, n, now);
    put_certificates(out, n);
    put_link_numbers(out, n);
    put_link_times(out, n, now);
    put_places(out, n);
    put_journal(out, n, now);
    put_counters(out, n);
    exposition_histogram(out, "stampede_turn_seconds", "how long a turn of the loop takes",
        &d->turns, TURN_FIRST, TURN_LAST);
    exposition_histogram(out, "stampede_iamat_seconds",
        "how long an IAMAT takes, from the turn that reads it to the send of its reply", &d->iamats,
        TURN_FIRST, TURN_LAST);
    exposition_histogram(out, "stampede_stamp_age_seconds",
        "how old a stamp of a neighbour is when it is stored here, by both nodes' clocks", &d->ages,
        AGE_FIRST, AGE_LAST);
}
