/* test_progress.c — when `stampede wait` has waited enough, and what it says that it waits
 * for. */
#include "cli/progress.h"
#include <criterion/criterion.h>

/* Hands is waited for. Its link to Goloman is of the tree, the one to Wilkes is spare. */
enum { HANDS, GOLOMAN, WILKES, NODES };

static uint16_t of_hands[] = {GOLOMAN, WILKES}, of_others[] = {HANDS};
static struct topology_node nodes[NODES] = {
    {.name = "Hands", .neighbours = of_hands, .neighbours_count = 2},
    {.name = "Goloman", .neighbours = of_others, .neighbours_count = 1},
    {.name = "Wilkes", .neighbours = of_others, .neighbours_count = 1},
};
static const struct topology topology = {.nodes = nodes, .nodes_count = NODES};
static struct report says[NODES]; /* at first: linked, and Hands has told and heard nothing */
static struct progress p;

#define BOOT_OF(digit) "00000000000000b" digit

static void begin(void)
{
    static const char boots[NODES][REPORT_HEX_DIGITS + 1] = {
        BOOT_OF("0"), BOOT_OF("1"), BOOT_OF("2")};
    memset(says, 0, sizeof says);
    for (unsigned i = 0; i < NODES; i++) {
        strcpy(says[i].boot, boots[i]);
        says[i].change = 100 * (i + 1u);
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct report_link link = {.up = true, .marked = true, .in_tree = i == 0};
        struct report *peer = &says[of_hands[i]];
        says[HANDS].links[i] = peer->links[0] = link;
        strcpy(says[HANDS].links[i].peer_boot, peer->boot);
        strcpy(peer->links[0].peer_boot, says[HANDS].boot);
    }
    p = (struct progress){.topology = &topology};
}

TestSuite(progress, .init = begin);

/* The marks of both links have come to what all held at first. */
static void marks_come(void)
{
    for (unsigned i = 0; i < 2; i++) {
        says[HANDS].links[i].acked = 100;
        says[HANDS].links[i].have = says[of_hands[i]].change;
    }
}

static void digests_are_equal(struct report_link *l, uint64_t ms_ago)
{
    l->agreed = true;
    l->agreed_ms = ms_ago;
}

static const struct progress_answers answers = {
    .node = &says[HANDS], .neighbours = {&says[GOLOMAN], &says[WILKES]}};

static bool done(uint64_t asked_ms)
{
    char why[PROGRESS_REASON_BYTES];
    progress_note(&p, &answers, asked_ms);
    return progress_done(&p, &answers, why);
}

static void waits(uint64_t asked_ms, const char *reason)
{
    char why[PROGRESS_REASON_BYTES] = "";
    progress_note(&p, &answers, asked_ms);
    cr_expect_not(progress_done(&p, &answers, why));
    cr_expect_str_eq(why, reason);
}

Test(progress, marks_on_all_links_and_digests_in_the_tree)
{
    says[HANDS].links[0].lag = 7;
    says[WILKES].links[0].lag = 9;
    waits(
        0, "Goloman has not confirmed all that Hands held at the call; 7 stamps are not confirmed");
    marks_come();
    says[HANDS].change = says[WILKES].change = 5000; /* stamps go on coming */
    says[HANDS].links[1].have--;
    waits(500,
        "the digests of Hands and Goloman have not been equal since the call; 7 stamps are not "
        "confirmed");
    digests_are_equal(&says[HANDS].links[0], 500);
    waits(500,
        "the digests of Hands and Goloman have not been equal since the call; 7 stamps are not "
        "confirmed");
    says[HANDS].links[0].agreed_ms--;
    waits(500,
        "Hands has not confirmed all that Wilkes held at the call; 9 stamps are not confirmed");
    says[HANDS].links[0] = (struct report_link){.error = "cut"}; /* it was level once */
    says[HANDS].links[1].have++;
    cr_expect(done(600), "spare links need no digests");
}

Test(progress, either_end_may_have_compared_digests)
{
    marks_come();
    digests_are_equal(&says[GOLOMAN].links[0], 10);
    cr_expect(done(100));
}

Test(progress, both_ends_must_answer_and_be_linked_to_each_other)
{
    says[HANDS].why = "connection refused";
    waits(0, "Hands does not answer: connection refused");
    says[HANDS].why = NULL;
    marks_come();
    digests_are_equal(&says[HANDS].links[0], 10);
    struct report goloman = says[GOLOMAN];
    says[GOLOMAN] = (struct report){.why = "no answer within 2 s"};
    waits(100, "Goloman does not answer: no answer within 2 s");
    says[GOLOMAN] = goloman;
    says[GOLOMAN].links[0].up = false;
    waits(100, "Hands and Goloman do not say that they are linked to each other");
    says[GOLOMAN] = goloman;
    strcpy(says[HANDS].links[0].peer_boot, BOOT_OF("9"));
    waits(100, "Hands and Goloman do not say that they are linked to each other");
    says[HANDS].links[0] = (struct report_link){.error = "connection refused"};
    waits(100, "Hands has no link to Goloman: connection refused");
}

Test(progress, what_another_process_did_does_not_count)
{
    marks_come();
    digests_are_equal(&says[HANDS].links[0], 10);
    says[HANDS].links[1].have = 0;
    says[WILKES].links[0].lag = 3;
    waits(100,
        "Hands has not confirmed all that Wilkes held at the call; 3 stamps are not confirmed");
    cr_expect(p.links[0].level);
    strcpy(says[GOLOMAN].boot, BOOT_OF("9")); /* restarted, and not linked yet */
    waits(200, "Hands and Goloman do not say that they are linked to each other");
    strcpy(says[HANDS].boot, BOOT_OF("8"));
    marks_come();
    says[HANDS].change = 101;
    strcpy(says[HANDS].links[0].peer_boot, BOOT_OF("9"));
    for (unsigned i = GOLOMAN; i < NODES; i++)
        strcpy(says[i].links[0].peer_boot, BOOT_OF("8"));
    waits(300,
        "Goloman has not confirmed all that Hands held at the call; 0 stamps are not confirmed");
}

Test(progress, a_full_send_is_waited_for_in_either_direction)
{
    marks_come();
    digests_are_equal(&says[HANDS].links[0], 10);
    says[HANDS].links[0].full_send = says[WILKES].links[0].full_send = true;
    says[HANDS].links[0].lag = 3;
    waits(100, "Hands is sending all its stamps to Goloman, and 3 are not confirmed");
    says[HANDS].links[0].full_send = false;
    waits(100, "Wilkes is sending all its stamps to Hands, and 0 are not confirmed");
    says[WILKES].links[0].full_send = false;
    cr_expect(done(200));
}

Test(progress, a_partial_peer_is_left_out_once_all_is_confirmed)
{
    says[HANDS].links[1].peer_partial = true;
    says[GOLOMAN].partial = true;
    cr_expect_not(done(100));
    marks_come();
    cr_expect(done(200));
    cr_expect(p.links[0].left_out && p.links[1].left_out);
    cr_expect_not(p.links[0].level || p.links[1].level);
}

Test(progress, a_node_that_is_partial_itself_is_waited_for)
{
    marks_come();
    says[HANDS].partial = true;
    waits(100, "Hands has refused or evicted stamps (limits.stamps, limits.future, limits.clock, "
               "retired), and its digest differs from that of Goloman");
    digests_are_equal(&says[HANDS].links[0], 10);
    cr_expect(done(100));
}

Test(progress, digests_that_differ_on_a_spare_link_are_no_level)
{
    marks_come();
    digests_are_equal(&says[HANDS].links[0], 10);
    says[HANDS].links[1].diverged = true;
    waits(100, "the digests of Hands and Wilkes differ");
}

Test(progress, an_older_node_is_named)
{
    says[GOLOMAN].links[0].marked = false;
    waits(100, "Goloman runs a version that does not say how far it is");
    begin();
    marks_come();
    says[GOLOMAN].change = REPORT_NO_CHANGE;
    digests_are_equal(&says[HANDS].links[0], 10);
    cr_expect_not(done(100));
}
