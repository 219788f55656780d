/* test_queries_memory.c — live queries where the n-th allocation fails, alone or with all that
 * follow: who cannot be served is turned away, nothing is lost, and what failed once works when it
 * is tried again. */
#include "unit/failing_memory.h"
#include "unit/node/queries_side.h"

static unsigned turned_away;
static bool is_open[CONNECTIONS];

static void clean_up(void)
{
    for (uint32_t conn = 0; conn <= THIRD; conn++)
        if (is_open[conn] && wants[conn] & (NODE_WANT_ABORT | NODE_WANT_CLOSE)) {
            turned_away++;
            wants[conn] = 0;
            is_open[conn] = false;
            hangs_up(conn);
        }
}

static void comes(uint32_t conn)
{
    forgets(conn);
    if (is_open[conn])
        return;
    deaf[conn] = false;
    is_open[conn] = node_accepted(node, conn, NODE_CLIENT_PORT, &caller, now);
    turn();
    clean_up();
}

/* The bytes have to stay until the turn. */
static void tells(uint32_t conn, const char *text)
{
    if (is_open[conn])
        says(conn, text);
}

static void turns(void)
{
    turn();
    clean_up();
}

/* Some of these wait for the index, two of one client; all kinds of news; one that is behind. */
static void session(void)
{
    static char lines[4200 * 32];
    size_t len = 0;
    for (unsigned i = 0; i < 4200; i++)
        len += (size_t)snprintf(lines + len, sizeof lines - len, "IAMAT n%u -50+100 1\n", i);
    for (uint32_t conn = WRITER; conn <= THIRD; conn++)
        comes(conn);
    for (char *at = lines; *at; turns()) {
        size_t part = strlen(at) < 4000 ? strlen(at) : 4000;
        if (is_open[WRITER])
            node_received(node, WRITER, (struct span){at, part}, now);
        forgets(WRITER);
        at += part;
    }
    tells(CLIENT, "NEAR +1+1 1 1\nNEAR -50+100 1 100\nWATCH kiwi\nWATCH NEAR +1+1 1\n");
    tells(OTHER, "WATCH NEAR +1+1  10\nUNWATCH 1\nWATCH NEAR +1+1 10\nNEAR +1+1 1 0\n");
    tells(THIRD, "WATCH\n");
    turns();
    deaf[OTHER] = true;
    for (unsigned at = 1; at < 10; at++) {
        char line[64];
        snprintf(line, sizeof line, "IAMAT kiwi +1.0%u+1 %u\n", at % 3, at);
        tells(WRITER, line);
        turns();
    }
    deaf[OTHER] = false;
    tells(WRITER, "IAMAT kiwi +5+5 20\nIAMAT new +1+1 1\n"); /* one is evicted */
    turns();
}

static void recovers(int failed)
{
    now.mono_ns += SECOND_NS;
    now.real_ns += SECOND_NS;
    turns();
    for (uint32_t conn = WRITER; conn <= THIRD; conn++)
        comes(conn);
    forgets(CLIENT);
    tells(CLIENT, "WATCH last\nNEAR +1+1 0 0\n");
    turns();
    tells(WRITER, "IAMAT last +7+7 9\n");
    turns();
    char *begun = strstr(heard[CLIENT], " last\nNEAR 0 +1+1 0 0\n");
    cr_assert(begun, "%d: %s", failed, heard[CLIENT]);
    cr_assert(strstr(begun, " last +7+7 9\n"), "%d: %s", failed, heard[CLIENT]);
    forgets(CLIENT);
    tells(CLIENT, "NEAR +7+7 0 1\n");
    turns();
    cr_assert(strstr(heard[CLIENT], "NEAR 1 +7+7 0 1\n0.000 AT Goloman "), "%d: %s", failed,
        heard[CLIENT]);
}

static bool session_fails(int failed, bool all_that_follow)
{
    memset(is_open, 0, sizeof is_open);
    memset(wants, 0, sizeof wants);
    places = (struct slow_places){0};
    topology.limits.stamps = 4201;
    topology.limits.stamps_evict = true;
    node = side_node("");
    cr_assert(node);
    turn();
    memory_fails(failed, all_that_follow);
    session();
    bool enough = memory_recovers() >= failed;
    recovers(failed);
    node_destroy(node);
    return enough;
}

static void begin(void)
{
    queries_side_begin();
    for (uint32_t conn = 0; conn <= THIRD; conn++)
        forgets(conn);
}

TestSuite(node_queries_memory, .init = begin);

Test(node_queries_memory, fails_once)
{
    int held_before = heap.blocks_held, n = 1;
    for (; session_fails(n, false); n++)
        cr_assert_eq(heap.blocks_held, held_before, "lost when allocation %d failed", n);
    cr_expect_gt(n, 30);
    cr_expect_gt(turned_away, 20);
}

Test(node_queries_memory, fails_and_goes_on_failing)
{
    int held_before = heap.blocks_held, n = 1;
    for (; session_fails(n, true); n++)
        cr_assert_eq(heap.blocks_held, held_before, "lost from allocation %d on", n);
    cr_expect_gt(n, 30);
    cr_expect_gt(turned_away, 50);
}
