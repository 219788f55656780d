/* Two ends of one link together, whose bytes are cut in every way. */
#include "unit/peering/goloman.h"

static struct side h; /* Hands, with the neighbours Goloman and Wilkes */

static void create_both(void)
{
    create();
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xaa, 1000);
}

static void destroy_both(void)
{
    destroy();
    side_close(&h);
}

TestSuite(pair, .init = create_both, .fini = destroy_both);

struct heard {
    int ups, alarms;
    enum peering_event last;
};

/* Moves bytes both ways, in windows and pieces of these sizes, until both are silent. */
static struct heard shuttle(size_t window, size_t piece)
{
    struct heard heard = {0};
    struct side *ends[] = {&g, &h};
    for (int quiet = 0; quiet < 2;) {
        for (int i = 0; i < 2; i++) {
            const char *said = side_says_by(ends[i], 0, window);
            quiet = *said ? 0 : quiet + 1;
            enum peering_event event = side_hear(ends[!i], 0, span_of(said), piece);
            heard.ups += event == PEERING_UP;
            heard.alarms += event == PEERING_DIVERGED;
            if (event)
                heard.last = event;
        }
    }
    return heard;
}

static void connect(void)
{
    side_begin(&g, 0, 0);
    side_begin(&h, 0, ACCEPTED);
}

static void equal(void)
{
    cr_expect_eq(store_count(g.node.store), store_count(h.node.store));
    cr_expect_eq(store_digest(g.node.store), store_digest(h.node.store));
}

static void linked(void)
{
    cr_assert_eq(g.links[0].state, PEERING_LINKED, "%s", g.links[0].reason);
    cr_assert_eq(h.links[0].state, PEERING_LINKED, "%s", h.links[0].reason);
}

/* Lets 3 s pass in silence, and returns what comes of it. */
static struct heard silence(void)
{
    pass_ms(3000);
    cr_assert_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    cr_assert_eq(peering_tick(&h.links[0], now), PEERING_NOTHING);
    return shuttle(65536, SIZE_MAX);
}

Test(pair, both_hold_the_same_after_every_way_of_cutting_bytes)
{
    static const size_t windows[] = {300, 333, 65536}, pieces[] = {1, 2, 7, 100, 65536};
    for (int with_secret = 0; with_secret < 2; with_secret++)
        for (size_t w = 0; w < 3; w++)
            for (size_t c = 0; c < 5; c++) {
                destroy_both();
                create_both();
                g.node.secrets = h.node.secrets = secrets_of(with_secret ? "sixteen bytes ok" : "");
                for (int i = 0; i < 30; i++) {
                    char id[16];
                    sprintf(id, "id%d", i);
                    side_put(i % 3 ? &g : &h, id, 100 + i);
                    side_put(i % 5 ? &g : &h, id, 100 + i % 7);
                }
                connect();
                (void)shuttle(windows[w], pieces[c]);
                linked();
                equal();
                cr_expect_eq(store_count(g.node.store), 30);
                cr_expect_eq(side_lag(&g, 0), 0);
                cr_expect_eq(side_lag(&h, 0), 0);
                for (int i = 0; i < 3; i++)
                    cr_expect_eq(silence().alarms, 0);
            }
}

Test(pair, each_comes_up_once_and_a_quiet_link_says_nothing)
{
    connect();
    struct heard heard = shuttle(65536, SIZE_MAX);
    cr_expect_eq(heard.ups, 2);
    linked();
    cr_expect_str_eq(side_says(&g, 0), "");
    cr_expect_str_eq(side_says(&h, 0), "");
    cr_expect_eq(silence().last, PEERING_NOTHING);
    linked();
}

Test(pair, different_secrets_part)
{
    g.node.secrets = secrets_of("sixteen bytes ok");
    h.node.secrets = secrets_of("sixteen bytes no");
    side_put(&g, "kiwi", 1);
    connect();
    (void)shuttle(65536, SIZE_MAX);
    cr_expect_eq(g.links[0].state, PEERING_OVER);
    cr_expect_eq(h.links[0].state, PEERING_OVER);
    cr_expect_str_eq(g.links[0].reason, "AUTH is wrong: the secrets differ");
    cr_expect_eq(store_count(h.node.store), 0);
}

Test(pair, a_secret_at_one_end_only_parts_with_a_clear_word)
{
    for (int at_dialler = 0; at_dialler < 2; at_dialler++) {
        g.node.secrets = secrets_of(at_dialler ? "sixteen bytes ok" : "");
        h.node.secrets = secrets_of(at_dialler ? "" : "sixteen bytes ok");
        connect();
        (void)shuttle(65536, SIZE_MAX);
        cr_expect_eq(g.links[0].state, PEERING_OVER);
        cr_expect_eq(h.links[0].state, PEERING_OVER);
        cr_expect_str_eq(g.links[0].reason, "this node has no secret, its peer wants AUTH");
        cr_expect_str_eq(h.links[0].reason, "this node has no secret, its peer wants AUTH");
        cr_expect_eq(g.peers[0].boot, 0, "neither was ever linked");
        cr_expect_eq(h.peers[0].boot, 0);
    }
}

Test(pair, a_cut_link_resumes_with_what_changed_since)
{
    for (int i = 0; i < 100; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(&g, id, 100);
    }
    connect();
    (void)shuttle(65536, SIZE_MAX);
    equal();
    for (int i = 0; i < 7; i++) { /* three ids change while it is cut, some twice */
        char id[16];
        sprintf(id, "id%d", i % 3);
        side_put(&g, id, 200 + i);
    }
    side_put(&h, "plum", 1);
    connect();
    (void)shuttle(65536, SIZE_MAX);
    linked();
    equal();
    cr_expect_eq(g.peers[0].sent_stamps, 103);
    cr_expect_eq(h.peers[0].sent_stamps, 1);
}

/* The link breaks after every number of bytes, and comes back. */
Test(pair, a_cut_at_every_byte_loses_nothing)
{
    for (size_t cut = 0; cut < 1500; cut++) {
        for (int i = 0; i < 5; i++) {
            char id[16];
            sprintf(id, "id%zu", (cut + (size_t)i) % 9);
            side_put(cut % 2 ? &g : &h, id, 100 + (int)cut);
        }
        connect();
        size_t left = cut;
        struct side *ends[] = {&g, &h};
        for (int turn = 0; left && turn < 12; turn++) {
            const char *said = side_says_by(ends[turn % 2], 0, 400);
            size_t len = strlen(said) < left ? strlen(said) : left;
            (void)side_hear(ends[!(turn % 2)], 0, (struct span){said, len}, 64);
            left -= len;
        }
        if (cut % 3)
            continue;
        connect();
        (void)shuttle(65536, SIZE_MAX);
        linked();
        cr_assert_eq(store_digest(g.node.store), store_digest(h.node.store), "cut %zu", cut);
    }
}

Test(pair, a_node_that_restarts_empty_gets_all_of_it_back)
{
    for (int i = 0; i < 20; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(i % 2 ? &g : &h, id, 100);
    }
    connect();
    (void)shuttle(65536, SIZE_MAX);
    side_close(&h);
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xab, 1000);
    side_put(&h, "plum", 1);
    connect();
    (void)shuttle(300, 11);
    linked();
    equal();
    cr_expect_eq(store_count(h.node.store), 21);
}

/* Goloman holds a stamp that it believes to be from Hands, which has never seen it. */
Test(pair, digests_find_and_mend_what_nothing_else_would)
{
    connect();
    (void)shuttle(65536, SIZE_MAX);
    pass_ms(1);
    uint16_t route;
    cr_assert(route_number(g.node.routes, SPAN("Hands"), 0, &route));
    side_put_by(&g, "lost", 7, route);
    (void)shuttle(65536, SIZE_MAX);
    pass_ms(PEERING_ACK_DELAY_MS);
    (void)shuttle(65536, SIZE_MAX);
    cr_expect_eq(side_time(&h, "lost"), 0);
    cr_expect_eq(silence().alarms, 0);
    struct heard second = silence();
    cr_expect_eq(second.alarms, 2, "at both ends");
    cr_expect_eq(side_time(&h, "lost"), 7);
    equal();
    for (int i = 0; i < 10; i++)
        cr_expect_eq(silence().alarms, 0);
}

Test(pair, full_stores_do_not_resend_for_ever)
{
    side_close(&h);
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xab, 3);
    for (int i = 0; i < 20; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(&g, id, 100);
    }
    connect();
    (void)shuttle(65536, SIZE_MAX);
    linked();
    cr_expect_eq(store_count(h.node.store), 3);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(silence().alarms, 0);
    cr_expect_eq(g.peers[0].sent_stamps, 20);
    cr_expect(g.peers[0].partial && !h.peers[0].partial);
}
