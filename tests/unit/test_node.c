/* test_node.c — one node, driven by hand: clients, order of replies, limits, time-outs.
 *
 * The driver here does what node.h says and nothing more; what is sent to a client is collected in
 * `heard`. Herds of many nodes are the simulator's. */
#include "core/log.h"
#include "core/node.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONNECTIONS = 64, HEARD_BYTES = 1 << 20, NOW_S = 1700000000 };

/* -- a provider that answers when the test says so ------------------------------------------------ */

struct slow_places {
    uint64_t waiting[64];
    unsigned waiting_count;
    uint64_t ready[64];
    unsigned ready_count;
    struct places_question last;
    unsigned cancelled;
};

static void slow_ask(void *self, uint64_t ticket, const struct places_question *question,
    int64_t deadline_ns, struct instant now)
{
    struct slow_places *p = self;
    cr_assert_gt(deadline_ns, now.mono_ns);
    p->waiting[p->waiting_count++] = ticket;
    p->last = *question;
}

static bool slow_answer(void *self, struct places_answer *out, struct instant now)
{
    (void)now;
    struct slow_places *p = self;
    if (!p->ready_count)
        return false;
    out->ticket = p->ready[0];
    memmove(p->ready, p->ready + 1, --p->ready_count * sizeof *p->ready);
    out->json = malloc(64);
    out->json_bytes = (size_t)snprintf(out->json, 64, "{}\n\n");
    return true;
}

/* Answer the i-th question that waits. */
static void slow_make_ready(struct slow_places *p, unsigned i)
{
    cr_assert_lt(i, p->waiting_count);
    p->ready[p->ready_count++] = p->waiting[i];
    p->waiting_count--;
    memmove(p->waiting + i, p->waiting + i + 1, (p->waiting_count - i) * sizeof *p->waiting);
}

static void slow_cancel(void *self, uint64_t ticket)
{
    struct slow_places *p = self;
    for (unsigned i = 0; i < p->waiting_count; i++)
        if (p->waiting[i] == ticket) {
            p->waiting_count--;
            memmove(p->waiting + i, p->waiting + i + 1,
                (p->waiting_count - i) * sizeof *p->waiting);
            p->cancelled++;
            return;
        }
    cr_assert_fail("cancelled a question that does not wait");
}

static int64_t slow_deadline(const void *self)
{
    return ((const struct slow_places *)self)->ready_count ? 0 : NEVER_NS;
}

static void slow_destroy(void *self)
{
    (void)self;
}

/* -- the driver ----------------------------------------------------------------------------------- */

static struct topology topology;
static struct topology_node self_node;
static struct slow_places places;
static struct log log_;
static char log_memory[1 << 16];
static struct node *node;
static struct instant now;
static char *heard[CONNECTIONS]; /* all that a client was sent; ended by NUL */
static size_t heard_len[CONNECTIONS];
static unsigned wants[CONNECTIONS];
static size_t send_at_most; /* bytes the kernel takes at a time; 0: none */

static void begin(void)
{
    strcpy(topology.herd, "test");
    strcpy(self_node.name, "Goloman");
    topology.nodes = &self_node;
    topology.nodes_count = 1;
    topology.places_timeout_ms = 10000;
    topology.limits = (struct topology_limits){.line_bytes = 1024,
        .output_bytes = 65536,
        .connections = 8,
        .stamps = 1000,
        .idle_ms = 600000,
        .stall_ms = 30000,
        .future_ns = (uint64_t)86400 * SECOND_NS};
    log_init(&log_, LOG_INFO, (struct span){"", 0}, log_memory, sizeof log_memory);
    now = (struct instant){.mono_ns = SECOND_NS, .real_ns = NOW_S * SECOND_NS};
    send_at_most = SIZE_MAX;
}

static void start(void)
{
    struct node_config config = {.topology = &topology,
        .connections_max = CONNECTIONS,
        .places = {&places, slow_ask, slow_answer, slow_cancel, slow_deadline, slow_destroy},
        .log = &log_};
    memset(config.seed, 7, sizeof config.seed);
    node = node_create(&config, now);
    cr_assert_not_null(node);
}

static void end(void)
{
    node_destroy(node);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        free(heard[i]);
}

TestSuite(node, .init = begin, .fini = end);

static void send_out(uint32_t conn)
{
    while (wants[conn] & NODE_WANT_WRITE && send_at_most) {
        struct span window = node_output(node, conn);
        size_t n = window.len < send_at_most ? window.len : send_at_most;
        cr_assert_leq(heard_len[conn] + n, HEARD_BYTES);
        memcpy(heard[conn] + heard_len[conn], window.at, n);
        heard_len[conn] += n;
        heard[conn][heard_len[conn]] = '\0';
        node_sent(node, conn, n, now);
        wants[conn] = node_wants(node, conn);
    }
}

/* Turns until nothing more happens at this instant. */
static void turn(void)
{
    for (int i = 0; i < 10000; i++) {
        node_turn(node, now);
        uint32_t conn;
        while (node_touched(node, &conn)) {
            wants[conn] = node_wants(node, conn);
            send_out(conn);
        }
        if (node_deadline(node) > now.mono_ns || node_stopped(node))
            return;
    }
    cr_assert_fail("the node never comes to rest");
}

static void passes_ms(int64_t ms)
{
    now.mono_ns += ms * MS_NS;
    now.real_ns += ms * MS_NS;
    turn();
}

static void joins(uint32_t conn)
{
    free(heard[conn]);
    heard[conn] = calloc(1, HEARD_BYTES + 1);
    heard_len[conn] = 0;
    cr_assert(node_accepted(node, conn, NODE_CLIENT_PORT, SPAN("127.0.0.1:5"), now));
    turn();
}

/* Bytes are handed over in a block of their own, freed after the turn, as receive buffers are. */
static void sends(uint32_t conn, const char *text)
{
    size_t n = strlen(text);
    char *block = malloc(n);
    memcpy(block, text, n);
    node_received(node, conn, (struct span){block, n}, now);
    turn();
    free(block);
}

static void hangs_up(uint32_t conn)
{
    node_closed(node, conn, "", now);
    turn();
}

static void hears(uint32_t conn, const char *expected)
{
    cr_assert_str_eq(heard[conn], expected);
    heard_len[conn] = 0;
    heard[conn][0] = '\0';
}

/* -- commands ------------------------------------------------------------------------------------- */

Test(node, answers_with_the_clients_own_text)
{
    start();
    joins(0);
    sends(0, " IAMAT\tkiwi  +34.068930-118.445127 001699999999.736126614 \r\n");
    hears(0, "AT Goloman +0.263873386 kiwi +34.068930-118.445127 001699999999.736126614\n");
}

Test(node, answers_an_older_time_with_what_is_stored)
{
    start();
    joins(0);
    sends(0, "IAMAT k +1+1 1699999999.918963998\n");
    hears(0, "AT Goloman +0.081036002 k +1+1 1699999999.918963998\n");
    passes_ms(5);
    sends(0, "IAMAT k +2+2 1699999999.918963997\nIAMAT k +3+3 1699999999.918963998\n");
    hears(0, "AT Goloman +0.081036002 k +1+1 1699999999.918963998\n"
             "AT Goloman +0.081036002 k +1+1 1699999999.918963998\n");
    sends(0, "IAMAT k +4+4 1699999999.918963999\n");
    hears(0, "AT Goloman +0.086036001 k +4+4 1699999999.918963999\n");
}

Test(node, refuses_what_it_does_not_understand)
{
    start();
    joins(0);
    sends(0, "hello\n\nAT Goloman +0.1 k +1+1 1\r\nWHATSAT nobody 10 5\nIAMAT k +1+1 9e9\n");
    hears(0, "? hello\n? \n? AT Goloman +0.1 k +1+1 1\n? WHATSAT nobody 10 5\n"
             "? IAMAT k +1+1 9e9\n");
}

Test(node, refuses_times_beyond_the_future)
{
    start();
    joins(0);
    sends(0, "IAMAT k +1+1 1700086400.000000001\nIAMAT k +1+1 1700086400\n");
    hears(0, "? IAMAT k +1+1 1700086400.000000001\n"
             "AT Goloman -86400.000000000 k +1+1 1700086400\n");
}

static const char mixed[] = "IAMAT a +1+1 1\nWHATSAT a 1 1\n\nIAMAT b +2+2 2\r\nnonsense here\n"
                            "WHATSAT a 0.5 2\nIAMAT a +3+3 0.5\n";
static const char mixed_heard[] =
    "AT Goloman +1699999999.000000000 a +1+1 1\nAT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n"
    "? \nAT Goloman +1699999998.000000000 b +2+2 2\n? nonsense here\n"
    "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\nAT Goloman +1699999999.000000000 a +1+1 1\n";

Test(node, answers_the_same_however_the_bytes_are_split)
{
    start();
    size_t n = sizeof mixed - 1;
    for (size_t split = 1; split < n; split++) {
        char first[sizeof mixed] = {0};
        memcpy(first, mixed, split);
        joins(0);
        sends(0, first);
        sends(0, mixed + split);
        while (places.waiting_count)
            slow_make_ready(&places, places.waiting_count - 1); /* the last one first */
        turn();
        hears(0, mixed_heard);
        hangs_up(0);
    }
}

Test(node, answers_byte_by_byte)
{
    start();
    joins(0);
    for (size_t i = 0; i < sizeof mixed - 1; i++)
        sends(0, (char[]){mixed[i], '\0'});
    slow_make_ready(&places, 1);
    slow_make_ready(&places, 0);
    turn();
    hears(0, mixed_heard);
}

Test(node, an_over_long_line_is_refused_in_its_place)
{
    start();
    joins(0);
    char line[3000] = "IAMAT a +1+1 1\n", expected[3000] = {0};
    memset(line + 15, 'x', 1500);
    strcpy(line + 1515, "\nIAMAT b +2+2 2\n");
    strcpy(expected, "AT Goloman +1699999999.000000000 a +1+1 1\n? ");
    memset(expected + strlen(expected), 'x', 1024);
    strcat(expected, "\nAT Goloman +1699999998.000000000 b +2+2 2\n");
    sends(0, line);
    hears(0, expected);
}

/* -- places --------------------------------------------------------------------------------------- */

Test(node, replies_wait_for_places_in_order_and_others_do_not)
{
    start();
    joins(0);
    joins(1);
    sends(0, "IAMAT a +1.5-2 1\nWHATSAT a 1.5 3\nIAMAT b +2+2 2\n");
    hears(0, "AT Goloman +1699999999.000000000 a +1.5-2 1\n");
    cr_assert_eq(places.last.centre.latitude_fdeg, FDEG_PER_DEGREE * 3 / 2);
    cr_assert_eq(places.last.centre.longitude_fdeg, -2 * FDEG_PER_DEGREE);
    cr_assert_eq(places.last.radius_um, 1500000000u);
    cr_assert_eq(places.last.count, 3);
    sends(1, "IAMAT b +2+2 1\n"); /* the b behind the gate is stored already */
    hears(1, "AT Goloman +1699999998.000000000 b +2+2 2\n");
    slow_make_ready(&places, 0);
    turn();
    hears(0, "AT Goloman +1699999999.000000000 a +1.5-2 1\n{}\n\n"
             "AT Goloman +1699999998.000000000 b +2+2 2\n");
}

Test(node, a_client_that_leaves_cancels_its_questions)
{
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\nWHATSAT a 1 2\nWHATSAT a 1 3\n");
    cr_assert_eq(places.waiting_count, 3);
    slow_make_ready(&places, 1);
    turn();
    hangs_up(0);
    cr_assert_eq(places.cancelled, 2);
    joins(0);
    sends(0, "IAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 b +1+1 1\n");
}

Test(node, holds_input_while_too_many_questions_wait)
{
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n");
    for (unsigned i = 0; i < 64; i++)
        sends(0, "WHATSAT a 1 1\n");
    cr_assert_not(wants[0] & NODE_WANT_READ, "a client with 64 questions must not be read from");
    sends(0, "IAMAT c +1+1 1\nIAM"); /* was in the receive queue already */
    cr_assert_eq(store_count(node_store(node)), 1);
    while (places.waiting_count) {
        slow_make_ready(&places, 0);
        turn();
    }
    cr_assert(wants[0] & NODE_WANT_READ);
    cr_assert_eq(store_count(node_store(node)), 2);
    heard_len[0] = 0;
    sends(0, "AT d +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 d +1+1 1\n");
}

/* -- ends ----------------------------------------------------------------------------------------- */

Test(node, a_last_line_without_lf_counts_and_all_replies_are_sent_before_the_close)
{
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\nIAMAT b +2+2 2");
    node_ended(node, 0, now);
    turn();
    cr_assert_eq(wants[0], 0, "it waits for places");
    slow_make_ready(&places, 0);
    turn();
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n"
             "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n"
             "AT Goloman +1699999998.000000000 b +2+2 2\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hangs_up(0);
}

Test(node, closes_after_the_first_reply_when_told_to)
{
    topology.client_close = CLIENT_CLOSE_REPLY;
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    cr_assert_eq(store_count(node_store(node)), 1);
    joins(1);
    sends(1, "WHATSAT a 1 1\nIAMAT b +1+1 1\n");
    cr_assert_eq(wants[1], 0);
    slow_make_ready(&places, 0);
    turn();
    hears(1, "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n");
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
    topology.client_close = CLIENT_CLOSE_EOF;
}

Test(node, stops_when_what_is_pending_is_out)
{
    start();
    joins(0);
    joins(1);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    node_stop(node, now);
    turn();
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
    hangs_up(1);
    cr_assert_not(node_stopped(node));
    slow_make_ready(&places, 0);
    turn();
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hangs_up(0);
    cr_assert(node_stopped(node));
}

Test(node, stops_in_bounded_time_whatever_is_pending)
{
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    node_stop(node, now);
    passes_ms(199);
    cr_assert_not(node_stopped(node));
    passes_ms(1);
    cr_assert(node_stopped(node));
}

/* -- limits --------------------------------------------------------------------------------------- */

Test(node, a_client_that_does_not_read_is_no_longer_read_from_then_dropped)
{
    start();
    joins(0);
    send_at_most = 0;
    unsigned lines = 0;
    while (wants[0] & NODE_WANT_READ) {
        sends(0, "IAMAT a +1+1 1\n");
        cr_assert_lt(++lines, 10000);
    }
    cr_assert_geq(lines * 42, 65536 - 42 * 16);
    passes_ms(29999);
    cr_assert_not(wants[0] & NODE_WANT_ABORT);
    passes_ms(30000 / 8 + 1);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
    cr_assert_eq(node_metrics(node)->clients_dropped_stalled, 1);
    hangs_up(0);
}

Test(node, a_client_that_reads_again_loses_nothing)
{
    start();
    joins(0);
    send_at_most = 0;
    char batch[100 * 16] = {0};
    for (unsigned i = 0; i < 100; i++)
        strcat(batch, "IAMAT a +1+1 1\n");
    unsigned batches = 0;
    while (wants[0] & NODE_WANT_READ) {
        sends(0, batch);
        batches++;
    }
    sends(0, batch); /* one more that was on its way */
    batches++;
    send_at_most = 1000;
    passes_ms(1);
    for (unsigned i = 0; i < 100; i++) {
        wants[0] = node_wants(node, 0);
        send_out(0);
        turn();
    }
    static const char reply[] = "AT Goloman +1699999999.000000000 a +1+1 1\n";
    cr_assert_eq(heard_len[0], batches * 100 * (sizeof reply - 1));
    cr_assert(wants[0] & NODE_WANT_READ);
}

Test(node, drops_idle_clients_only)
{
    start();
    joins(0);
    joins(1);
    for (unsigned i = 0; i < 11; i++) {
        passes_ms(60000);
        sends(1, "IAMAT a +1+1 1\n");
    }
    passes_ms(75001 - 60000);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
    cr_assert_eq(wants[1], NODE_WANT_READ);
    cr_assert_eq(node_metrics(node)->clients_dropped_idle, 1);
}

Test(node, keeps_to_its_number_of_connections)
{
    start();
    for (uint32_t i = 0; i < 8; i++)
        joins(i);
    joins(8);
    cr_assert_eq(wants[8], NODE_WANT_ABORT);
    hangs_up(8);
    cr_assert_eq(node_metrics(node)->clients_refused, 1);
    hangs_up(3);
    joins(3);
    sends(3, "IAMAT a +1+1 1\n");
    hears(3, "AT Goloman +1699999999.000000000 a +1+1 1\n");
}

Test(node, refuses_new_ids_when_full_and_says_so_once)
{
    topology.limits.stamps = 2;
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    heard_len[0] = 0;
    sends(0, "IAMAT c +1+1 1\nIAMAT d +1+1 1\nIAMAT a +1+1 2\n");
    hears(0, "? IAMAT c +1+1 1\n? IAMAT d +1+1 1\nAT Goloman +1699999998.000000000 a +1+1 2\n");
    log_memory[log_.pending.len] = '\0';
    char *first = strstr(log_memory, " stamps_full ");
    cr_assert_not_null(first);
    cr_assert_null(strstr(first + 1, " stamps_full "));
}

Test(node, a_number_that_is_used_again_brings_nothing_over_from_its_last_life)
{
    start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT half");
    node_closed(node, 0, "reset", now);
    joins(0);
    sends(0, "IAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 b +1+1 1\n");
}
