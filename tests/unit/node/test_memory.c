/* test_memory.c — one node whose n-th allocation fails, alone or with all that follow, for
 * every n of a session that uses every part of the node: clients, questions, held input, links both
 * ways, an observer. Who cannot be served is turned away; nothing else goes wrong, and what failed
 * once works when it is tried again. */
#include "core/store/store.h"
#include "unit/failing_memory.h"
#include "unit/node/side.h"
#include <cjson/cJSON.h>

/* -- the session ------------------------------------------------------------------------------- */

enum { ANT, HANDS, CLIENT = 10, DEAF_CLIENT, HANDS_LINK, ANT_LINK, OBSERVER };

#define HELLO(from)                                                             \
    "HELLO stampede/1 herd=test from=" from " to=Goloman boot=00000000000000b1" \
    " nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0\n"

static unsigned turned_away; /* connections that the node gave up, or did not take */
static uint64_t starved; /* IAMATs that were answered with ? for want of memory */
static bool is_open[CONNECTIONS];

/* Close the connection if the node wants it closed. */
static void clean_up(uint32_t conn)
{
    if (wants[conn] & (NODE_WANT_ABORT | NODE_WANT_CLOSE)) {
        turned_away += wants[conn] == NODE_WANT_ABORT;
        wants[conn] = 0;
        is_open[conn] = false;
        hangs_up(conn);
    }
}

static void says(uint32_t conn, const char *text)
{
    if (!is_open[conn])
        return;
    node_received(node, conn, span_of(text), now);
    turn();
    clean_up(conn);
}

/* Forget what the connection was sent; if there is none, begin a new one: true. */
static bool comes(uint32_t conn, enum node_port port)
{
    forgets(conn);
    if (is_open[conn])
        return false;
    is_open[conn] = node_accepted(node, conn, port, &caller, now);
    turned_away += !is_open[conn];
    turn();
    clean_up(conn);
    return is_open[conn];
}

/* One dial that the node has asked for, as dial.c does it. */
static void ant_answers(void)
{
    static unsigned answered;
    if (dials[ANT] == answered)
        return;
    answered = dials[ANT];
    forgets(ANT_LINK);
    is_open[ANT_LINK] = node_dialled(node, ANT_LINK, ANT, now);
    if (is_open[ANT_LINK]) {
        turn();
        clean_up(ANT_LINK);
        says(ANT_LINK, HELLO("Ant"));
        return;
    }
    turned_away++;
    node_dial_failed(node, ANT, "no place is free for one more connection", now);
    turn();
}

static void client_session(void)
{
    comes(CLIENT, NODE_CLIENT_PORT);
    says(CLIENT, "IAMAT a +1+1 1\nWHATSAT a 1 1\nWHATSAT a 1 2\nnonsense\nIAMAT ha");
    says(CLIENT, "lf +2+2 2\n");
    while (places.waiting_count)
        slow_make_ready(&places, places.waiting_count - 1);
    turn();
    clean_up(CLIENT);
}

/* More than limits.output of replies that are not read, and commands behind them. */
static void deaf_session(void)
{
    static char lines[600 * 15 + 1];
    for (size_t i = 0; i + 15 < sizeof lines; i += 15)
        memcpy(lines + i, "IAMAT a +1+1 1\n", 16);
    deaf[DEAF_CLIENT] = true;
    comes(DEAF_CLIENT, NODE_CLIENT_PORT);
    says(DEAF_CLIENT, lines);
    says(DEAF_CLIENT, lines);
    deaf[DEAF_CLIENT] = false;
    send_out(DEAF_CLIENT);
    turn();
    clean_up(DEAF_CLIENT);
}

static void links_session(void)
{
    comes(HANDS_LINK, NODE_PEER_PORT);
    says(HANDS_LINK, HELLO("Hands"));
    says(HANDS_LINK, "AT Welsh -0.500000000 k +1.50-2 1 Welsh Hands\nMARK 7\n");
    ant_answers();
    comes(OBSERVER, NODE_PEER_PORT);
    says(OBSERVER, HELLO("-") "STATUS\n");
    bool answered = strstr(heard[OBSERVER], "\"twins\":0}}\n");
    bool half = strchr(heard[OBSERVER], '{');
    cr_assert_eq(answered, half, "half an answer: %s", heard[OBSERVER]);
}

/* true: the node could be created. */
static bool session(void)
{
    node = side_node("");
    if (!node)
        return false;
    turn();
    client_session();
    links_session();
    deaf_session();
    return true;
}

/* Everybody who was turned away comes again and is served. */
static void recovers(int failed)
{
    int64_t until = now.mono_ns + 11 * SECOND_NS;
    for (; now.mono_ns < until; passes_ms(500)) {
        for (uint32_t conn = CLIENT; conn <= OBSERVER; conn++)
            clean_up(conn);
        bool is_new = comes(HANDS_LINK, NODE_PEER_PORT);
        says(HANDS_LINK, is_new ? HELLO("Hands") : "PING 1 0 0000000000000000\n");
        ant_answers();
        says(ANT_LINK, "PING 1 0 0000000000000000\n");
    }
    cr_assert(node_linked(node), "after allocation %d failed", failed);
    forgets(HANDS_LINK);
    forgets(ANT_LINK);
    comes(CLIENT, NODE_CLIENT_PORT);
    says(CLIENT, "IAMAT last +1+1 9\nWHATSAT last 1 1\n");
    slow_make_ready(&places, 0);
    turn();
    cr_assert_not_null(strstr(heard[CLIENT], " last +1+1 9\n{}\n\n"));
    cr_assert_not_null(strstr(heard[HANDS_LINK], " last +1+1 9 Goloman\n"));
    cr_assert_not_null(strstr(heard[ANT_LINK], " last +1+1 9 Goloman\n"));
}

static void begin(void)
{
    static uint16_t neighbours[] = {1, 2};
    side_begin();
    topology.limits.output_bytes = 16384;
    nodes[0].neighbours = neighbours;
    nodes[0].neighbours_count = 2;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = malloc, .free_fn = free});
    for (uint32_t conn = CLIENT; conn <= OBSERVER; conn++)
        forgets(conn);
}

TestSuite(node_memory, .init = begin);

/* Run a session in which allocation `failed` fails, or all from that one on. Whether there were so
 * many allocations. */
static bool session_fails(int failed, bool all_that_follow)
{
    memset(is_open, 0, sizeof is_open);
    places = (struct slow_places){0};
    memory_fails(failed, all_that_follow);
    bool created = session();
    bool enough = memory_recovers() >= failed;
    if (created) {
        cr_assert_eq(node_metrics(node)->stamps_refused_full, 0);
        starved += node_metrics(node)->stamps_refused_memory;
        recovers(failed);
    }
    cr_assert(created || enough);
    node_destroy(node);
    return enough;
}

Test(node_memory, fails_at_every_turn)
{
    int held_before = heap.blocks_held;
    for (int n = 1; session_fails(n, false); n++)
        cr_assert_eq(heap.blocks_held, held_before, "lost when allocation %d failed", n);
    cr_expect_gt(turned_away, 10);
    cr_expect_geq(starved, 1);
    cr_expect_eq(logged(" stamps_full "), 0);
}

Test(node_memory, fails_and_goes_on_failing_from_every_turn)
{
    int held_before = heap.blocks_held;
    for (int n = 1; session_fails(n, true); n++)
        cr_assert_eq(heap.blocks_held, held_before, "lost from allocation %d on", n);
    cr_expect_gt(turned_away, 50);
}

/* What it is to begin with stays the caller's. */
Test(node_memory, a_node_that_does_not_begin_leaves_the_store_that_it_was_given)
{
    struct store_config config = {.stamps_max = 1000};
    int failed = 0;
    side_store = store_create(&config);
    int held_before = heap.blocks_held;
    do {
        memory_fails(++failed, false);
        node = side_node("");
        (void)memory_recovers();
        cr_assert(node || heap.blocks_held == held_before, "allocation %d failed", failed);
        cr_assert_eq(store_count(side_store), 0);
    } while (!node);
    cr_expect_gt(failed, 10);
    node_destroy(node);
    cr_expect_lt(heap.blocks_held, held_before);
}

Test(node_memory, a_link_waits_quietly_while_a_long_line_finds_no_room)
{
    static char line[8001];
    memset(line, '0', sizeof line - 1);
    memcpy(line, "IAMAT long +1+1 ", 16);
    memcpy(line + sizeof line - 3, "1\n", 3);
    topology.limits.line_bytes = 8192;
    node = side_node("");
    turn();
    comes(CLIENT, NODE_CLIENT_PORT);
    comes(HANDS_LINK, NODE_PEER_PORT);
    says(HANDS_LINK, HELLO("Hands"));
    says(CLIENT, "IAMAT first +1+1 1\n");
    deaf[HANDS_LINK] = true;
    for (unsigned i = 0; i < 200; i++) {
        char update[40];
        snprintf(update, sizeof update, "IAMAT k%u +1+1 1\n", i);
        says(CLIENT, update);
    }
    memory_fails(1, true);
    says(CLIENT, line);
    cr_assert_not_null(strstr(heard[CLIENT], " long +1+1 000"));
    passes_ms(1000);
    memory_recovers();
    passes_ms(1000);
    deaf[HANDS_LINK] = false;
    send_out(HANDS_LINK);
    turn();
    cr_assert_not_null(strstr(heard[HANDS_LINK], " long +1+1 000"));
    node_destroy(node);
}
