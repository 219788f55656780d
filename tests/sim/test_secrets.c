/* test_secrets.c — secrets that change while the herd runs, told as stories in the language of
 * story.h. PROTOCOL.md, "AUTH". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(secrets, .fini = story_ends);

#define OLD "the old one of all"
#define NEW "the new one of all"

static void all_change(const char *to, int64_t apart_ms)
{
    for (unsigned node = 0; node < nodes(); node++) {
        changes_secrets(node, to);
        runs_ms(apart_ms);
    }
}

Test(secrets, change_node_by_node_and_no_link_goes_down)
{
    static const int64_t paces_ms[] = {0, 1, 3000};
    for (unsigned i = 0; i < sizeof paces_ms / sizeof *paces_ms; i++) {
        herd_with_secret(shipped, OLD);
        says_many(Welsh, 300, 1, 1);
        all_change(OLD "|" NEW, paces_ms[i]);
        says_many(Hands, 300, 2, 1);
        all_change(NEW "|" OLD, paces_ms[i]);
        says_many(Wilkes, 300, 3, 1);
        all_change(NEW, paces_ms[i]);
        says_many(Goloman, 300, 4, 1);
        runs_ms(20000);
        all_linked();
        all_know("id299", "4");
        cr_assert_eq(links_lost(), 0, "violated: %u links lost", (unsigned)links_lost());
        alarms(0);
        story_ends();
    }
}

/* Old, both, new; and the last step takes its time and begins where the one before has ended. What
 * the last node knows of the others from then is that they have the old one, so they are asked. */
Test(secrets, change_in_three_slow_steps_because_who_is_asked_answers)
{
    herd_with_secret(shipped, OLD);
    all_change(OLD "|" NEW, 100);
    for (unsigned node = nodes(); node-- > 0;) {
        changes_secrets(node, NEW);
        runs_ms(11000);
    }
    all_linked();
    cr_assert_eq(links_lost(), 0, "violated: %u links lost", (unsigned)links_lost());
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    all_know("kiwi", "1");
}

/* Hands is not told, or has it from somebody who should not: it goes 10 s later, and comes back
 * with the new one. */
Test(secrets, whoever_has_only_the_old_one_is_out_10_s_later)
{
    herd_with_secret(shipped, OLD);
    secrets_may_part();
    for (unsigned node = 0; node < nodes(); node++)
        if (node != Hands)
            changes_secrets(node, OLD "|" NEW);
    runs_ms(1000);
    for (unsigned node = 0; node < nodes(); node++)
        if (node != Hands)
            changes_secrets(node, NEW);
    runs_ms(9000);
    linked(Goloman, Hands);
    linked(Wilkes, Hands);
    says(Hands, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    knows(Welsh, "kiwi", "1");
    runs_ms(1000);
    cr_assert(!herd_has_linked(Goloman, Hands) && !herd_has_linked(Wilkes, Hands),
        "violated: Hands is still linked");
    says(Hands, "IAMAT plum +1+1 1");
    says(Goloman, "IAMAT pear +1+1 1");
    runs_ms(5000);
    knows_not(Goloman, "plum");
    knows_not(Hands, "pear");
    linked(Goloman, Wilkes);
    changes_secrets(Hands, NEW);
    runs_ms(8000);
    all_linked();
    all_know("plum", "1");
    all_know("pear", "1");
}

/* A cut in the middle of a change: the ends have one secret in common, but not the same first. */
Test(secrets, a_link_comes_back_in_the_middle_of_a_change)
{
    herd_with_secret(in_line, OLD);
    changes_secrets(0, NEW "|" OLD);
    for (unsigned node = 0; node + 1 < nodes(); node++)
        breaks(node, node + 1, CUT_RESET);
    runs_ms(1000);
    all_linked();
    changes_secrets(2, OLD "|" NEW);
    changes_secrets(1, OLD "|" NEW);
    runs_ms(10);
    changes_secrets(0, NEW);
    for (unsigned node = 0; node + 1 < nodes(); node++)
        breaks(node, node + 1, CUT_FIN);
    runs_ms(1000);
    all_linked();
    says(0, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    all_know("kiwi", "1");
}

/* -- from secret to TLS ------------------------------------------------------------------------ */

static void restarts(unsigned node, bool also_secret)
{
    is_told_to_stop(node);
    runs_ms(500);
    has_ended(node, 0);
    takes_tls(node, also_secret);
    starts(node);
    runs_ms(3000);
    all_linked();
}

/* Whether the links among the first `count` nodes are TLS, and those to the others are not. */
static void first_are_tls(unsigned count)
{
    static const unsigned edges[][2] = {{Goloman, Hands}, {Goloman, Holiday}, {Goloman, Wilkes},
        {Hands, Wilkes}, {Holiday, Welsh}, {Holiday, Wilkes}};
    for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++)
        by_tls(edges[i][0], edges[i][1], edges[i][0] < count && edges[i][1] < count);
}

Test(secrets, give_way_to_tls_node_by_node)
{
    herd_with_secret(shipped, OLD);
    for (unsigned node = 0; node < nodes(); node++) {
        says_many(node, 20, node + 1, 1);
        runs_ms(500);
        restarts(node, true);
        first_are_tls(node + 1);
    }
    for (unsigned node = 0; node < nodes(); node++) {
        says_many(node, 20, node + 6, 1);
        runs_ms(500);
        restarts(node, false);
        first_are_tls(5);
    }
    all_know("id19", "10");
    alarms(0);
}

/* Both ends dial at once, and again after cuts; and one goes back to the secret alone. */
Test(secrets, and_tls_find_each_other)
{
    herd_asleep(5, shipped);
    for (unsigned node = 0; node < nodes(); node++) {
        changes_secrets(node, OLD);
        takes_tls(node, true);
    }
    for (unsigned node = 0; node < nodes(); node++)
        starts(node);
    runs_ms(3000);
    first_are_tls(5);
    breaks(Goloman, Hands, CUT_RESET);
    breaks(Holiday, Welsh, CUT_FIN);
    runs_ms(3000);
    first_are_tls(5);
    secrets_may_part(); /* Welsh does not understand a dial by TLS */
    dies(Welsh);
    takes_no_tls(Welsh);
    starts(Welsh);
    runs_ms(8000);
    by_tls(Holiday, Welsh, false);
    breaks(Holiday, Welsh, CUT_RESET);
    runs_ms(8000);
    by_tls(Holiday, Welsh, false);
    by_tls(Holiday, Wilkes, true);
}

/* The certificate of these herds has the names of all nodes. To Welsh it is an operator's as well,
 * and so nobody's. */
Test(secrets, and_an_operators_certificate_proves_no_node)
{
    herd_asleep(5, shipped);
    secrets_may_part();
    for (unsigned node = 0; node < nodes(); node++)
        takes_tls(node, false);
    knows_operators(Welsh, "Wilk*");
    for (unsigned node = 0; node < nodes(); node++)
        starts(node);
    runs_ms(8000);
    linked(Goloman, Holiday);
    not_linked(Welsh, Holiday);
    not_linked(Holiday, Welsh);
    says(Holiday, "IAMAT kiwi +1+1 1");
    runs_ms(2000);
    knows_not(Welsh, "kiwi");
}

/* Holiday has only the secret still when Welsh takes TLS only; that it has the same secret, too,
 * does not help. */
Test(secrets, are_not_taken_where_there_is_tls_only)
{
    herd_with_secret(shipped, OLD);
    secrets_may_part();
    dies(Welsh);
    takes_tls(Welsh, false);
    changes_secrets(Welsh, OLD);
    starts(Welsh);
    runs_ms(8000);
    not_linked(Welsh, Holiday);
    not_linked(Holiday, Welsh);
    says(Holiday, "IAMAT kiwi +1+1 1");
    runs_ms(2000);
    knows_not(Welsh, "kiwi");
}
