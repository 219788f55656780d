/* test_progress.c — when `stampede wait` has waited enough, and what it says that it waits for. */
#include "cli/progress.h"
#include <criterion/criterion.h>

static uint16_t neighbours[] = {1, 2};
static struct topology_node nodes[] = {
    {.name = "Hands", .neighbours = neighbours, .neighbours_count = 2},
    {.name = "Goloman"},
    {.name = "Wilkes"},
};
static const struct topology topology = {.nodes = nodes, .nodes_count = 3};
static struct progress p;
static char why[PROGRESS_REASON_BYTES];

static void begin(void)
{
    p = (struct progress){.topology = &topology};
}

TestSuite(progress, .init = begin);

static bool notes(struct report r, uint64_t asked_ms)
{
    if (!*r.boot)
        strcpy(r.boot, "00000000000000b1");
    progress_note(&p, &r, asked_ms);
    return progress_done(&p, &r, why);
}

static void waits(const char *reason)
{
    cr_expect_str_eq(why, reason);
}

static const struct report_link level = {.up = true, .agreed = true, .agreed_ms = 10};

Test(progress, each_link_has_to_be_level_once)
{
    struct report_link old = level, down = {.error = "connection refused"};
    old.agreed_ms = 1000;
    cr_expect_not(notes((struct report){.why = "connection refused"}, 0));
    waits("Hands does not answer: connection refused");
    cr_expect_not(notes((struct report){.links = {level, down}}, 500));
    waits("Hands has no link to Wilkes: connection refused");
    cr_expect_not(notes((struct report){.links = {down, old}}, 1000));
    waits("the digests of Hands and Wilkes have not agreed since the call; 0 stamps are not "
          "confirmed");
    cr_expect(notes((struct report){.links = {down, old}}, 1001), "Goloman's link was level");
}

Test(progress, what_was_before_the_call_or_another_process_does_not_count)
{
    cr_expect_not(notes((struct report){.links = {level, level}}, 10));
    cr_expect_not(notes((struct report){.links = {level, {.up = true}}}, 11));
    struct report restarted = {.links = {{.up = true}, level}, .boot = "00000000000000b2"};
    cr_expect_not(notes(restarted, 100));
    waits("the digests of Hands and Goloman have not agreed since the call; 0 stamps are not "
          "confirmed");
}

Test(progress, a_partial_peer_is_left_out_once_it_has_confirmed_all)
{
    struct report_link partial = {.up = true, .peer_partial = true, .lag = 3, .full_send = true};
    cr_expect_not(notes((struct report){.links = {level, partial}}, 100));
    waits("Hands is sending all its stamps to Wilkes, and 3 are not confirmed");
    partial.full_send = false;
    cr_expect_not(notes((struct report){.links = {level, partial}}, 100));
    partial.lag = 0;
    cr_expect(notes((struct report){.links = {level, partial}}, 100));
    cr_expect(p.left_out[1] && !p.left_out[0]);
}

Test(progress, a_node_that_is_partial_itself_is_waited_for)
{
    cr_expect_not(notes((struct report){.partial = true, .links = {level, {.up = true}}}, 100));
    waits("Hands has refused or evicted stamps (limits.stamps, limits.future), and its digest "
          "differs from that of Wilkes");
    struct report_link differs = {.up = true, .diverged = true};
    cr_expect_not(notes((struct report){.links = {level, differs}}, 100));
    waits("the digests of Hands and Wilkes differ");
}
