/* test_queries_durable.c — with journal.mode = always nothing that shows a stamp leaves the node
 * before the stamp is on the disk: news, and what NEAR finds. Here the disk never answers. */
#include "core/journal/found.h"
#include "core/store/store.h"
#include "unit/node/queries_side.h"

enum { HELD = 13000 }; /* more than the index reads in three turns */

static struct found found;

static void begin(void)
{
    queries_side_begin();
    struct store_config config = {.stamps_max = 20000};
    side_store = store_create(&config);
    for (uint64_t i = 1; i <= HELD; i++) {
        char id[16];
        snprintf(id, sizeof id, "n%05u", (unsigned)i);
        struct stamp in = {
            span_of(id), SPAN("-50+100"), SPAN("5"), SPAN("Nobody"), 5 * SECOND_NS, 0};
        cr_assert_eq(
            store_restore(side_store, &in, store_hash(side_store, in.id), i, 0), STORE_NEW);
    }
    found.change = HELD;
    side_found = &found;
    topology.journal.mode = JOURNAL_ALWAYS;
    side_start();
    for (uint32_t conn = WRITER; conn <= OTHER; conn++)
        cr_assert(node_accepted(node, conn, NODE_CLIENT_PORT, &caller, now));
    node_turn(node, now);
}

TestSuite(node_queries_durable, .init = begin, .fini = side_end);

static size_t may_go(uint32_t conn)
{
    return node_output(node, conn).len;
}

Test(node_queries_durable, news_wait_like_the_reply)
{
    says(CLIENT, "WATCH kiwi\n");
    node_turn(node, now);
    cr_expect_eq(may_go(CLIENT), strlen("WATCHING 1 kiwi\n"));
    says(WRITER, "IAMAT kiwi +1+1 1\n");
    node_turn(node, now);
    cr_expect_eq(may_go(WRITER), 0);
    cr_expect_eq(may_go(CLIENT), strlen("WATCHING 1 kiwi\n"));
}

/* What was written behind the search could go, but now there is something before it. */
Test(node_queries_durable, what_a_search_finds_waits)
{
    says(CLIENT, "NEAR +1+1 1 1\nnonsense\n");
    says(OTHER, "WATCH NEAR +1+1 1\n");
    node_turn(node, now);
    cr_expect_eq(may_go(CLIENT), 0);
    says(WRITER, "IAMAT kiwi +1+1 1\n");
    for (int i = 0; i < 4; i++)
        node_turn(node, now);
    cr_expect_eq(may_go(WRITER), 0);
    cr_expect_eq(may_go(CLIENT), 0);
    cr_expect_eq(may_go(OTHER), 0);
}

Test(node_queries_durable, what_stands_before_a_search_goes)
{
    says(CLIENT, "nonsense\nNEAR +1+1 1 1\nnonsense\n");
    node_turn(node, now);
    cr_expect_eq(may_go(CLIENT), strlen("? nonsense\n"));
    says(WRITER, "IAMAT kiwi +1+1 1\n");
    for (int i = 0; i < 4; i++)
        node_turn(node, now);
    cr_expect_eq(may_go(CLIENT), strlen("? nonsense\n"));
}
