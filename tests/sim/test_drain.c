/* test_drain.c — nodes that are drained, told as stories in the language of story.h.
 *
 * PROTOCOL.md, "Draining". */
#include "sim/inside.h"
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(drain, .fini = story_ends);

enum { GRACE_MS = 10000, TIMEOUT_MS = 30000, VISIT_MS = 100 };

/* A client of Hands comes to Goloman, says something, hears the answer and goes. */
static void is_served(const char *id)
{
    char line[64];
    uint64_t before = client_of(Hands)->answers;
    snprintf(line, sizeof line, "IAMAT %s +1+1 1", id);
    visits(Hands, Goloman);
    says(Hands, line);
    runs_ms(VISIT_MS);
    uint64_t after = client_of(Hands)->answers;
    cr_assert_eq(after, before + 1, "violated: the client of %s is refused", id);
    client_vanish(client_of(Hands));
}

static void is_refused(void)
{
    visits(Hands, Goloman);
    runs_ms(VISIT_MS);
    cr_assert_eq(client_of(Hands)->state, CLIENT_AWAY, "violated: the client port is open");
}

Test(drain, under_load_loses_nothing_and_refuses_nobody_before_the_grace_is_over)
{
    char line[64], id[32];
    unsigned visit = 0, said = 0;
    herd(shipped);
    says(Goloman, "IAMAT stays +1+1 1");
    inside_drain(host_of(Goloman), GRACE_MS, TIMEOUT_MS);
    for (; visit < GRACE_MS / VISIT_MS; visit++) {
        snprintf(id, sizeof id, "visitor%u", visit);
        snprintf(line, sizeof line, "IAMAT stays +1+1 %u", ++said + 1);
        says(Goloman, line);
        is_served(id);
    }
    is_refused();
    while (host_of(Goloman)->node) {
        snprintf(line, sizeof line, "IAMAT stays +1+1 %u", ++said + 1);
        says(Goloman, line);
        runs_ms(VISIT_MS);
        cr_assert_leq(said * VISIT_MS, TIMEOUT_MS + 1000, "violated: it goes on for ever");
    }
    cr_assert_geq(said * VISIT_MS, TIMEOUT_MS, "violated: it did not wait for its client");
    has_ended(Goloman, 0);
    runs_ms(1000);
    cr_assert(has_of(Hands, "visitor0") && has_of(Welsh, id), "violated: a stamp is lost");
    alarms(0);
}

Test(drain, ends_when_the_last_client_has_gone)
{
    herd(shipped);
    says(Goloman, "IAMAT kiwi +1+1 1");
    runs_ms(100);
    inside_drain(host_of(Goloman), GRACE_MS, TIMEOUT_MS);
    finishes(Goloman);
    runs_ms(GRACE_MS - 100);
    runs_still(Goloman);
    runs_ms(200);
    has_ended(Goloman, 0);
    knows(Hands, "kiwi", "1");
    starts(Goloman);
    runs_ms(2000);
    is_served("mango");
    all_know("kiwi", "1");
}

Test(drain, is_undone_and_clients_come_again)
{
    herd(shipped);
    says(Goloman, "IAMAT kiwi +1+1 1");
    inside_drain(host_of(Goloman), GRACE_MS, TIMEOUT_MS);
    runs_ms(GRACE_MS + 1000);
    is_refused();
    inside_undrain(host_of(Goloman));
    runs_ms(10);
    is_served("mango");
    runs_ms(TIMEOUT_MS);
    runs_still(Goloman);
    is_served("plum");
    all_know("plum", "1");
    all_linked();
}
