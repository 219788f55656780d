/* test_disks.c — nodes with a journal on a disk, told as stories in the language of story.h.
 * PROTOCOL.md, "What a reply promises". The disk is that of tests/journal. */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(disks, .fini = story_ends);

static void herd_with_disks(enum journal_mode mode)
{
    const struct topology_journal how = {
        .mode = mode, .flush_ns = SECOND_NS, .compact_percent = 200};
    herd_asleep(5, shipped);
    for (unsigned node = 0; node < nodes(); node++) {
        disk_host_add(host_of(node), node + 1, &how);
        starts(node);
    }
    runs_ms(3000);
    all_linked();
    counts_anew();
}

static void power_is_cut(unsigned node)
{
    host_kill(host_of(node), DEATH_OF_MACHINE);
}

static void answered(unsigned node, uint64_t answers)
{
    cr_expect_eq(client_of(node)->answers, answers, "violated: node %u has given other replies",
        node);
}

/* The flood does not wait. */
Test(disks, a_reply_waits_for_the_disk)
{
    herd_with_disks(JOURNAL_ALWAYS);
    disk_host_stands(host_of(Goloman), 500 * MS_NS);
    says(Goloman, "IAMAT kiwi +1+1 5");
    runs_ms(300);
    knows(Hands, "kiwi", "5");
    answered(Goloman, 0);
    runs_ms(300);
    answered(Goloman, 1);
}

Test(disks, a_reply_that_waits_is_not_let_go_by_a_reload)
{
    herd_with_disks(JOURNAL_ALWAYS);
    disk_host_stands(host_of(Goloman), 1000 * MS_NS);
    says(Goloman, "IAMAT kiwi +1+1 5");
    runs_ms(200);
    file_joins(Goloman, Wilkes);
    reloads(Goloman);
    runs_ms(300);
    answered(Goloman, 0);
    runs_ms(1000);
    answered(Goloman, 1);
}

Test(disks, what_was_told_is_there_when_power_fails_everywhere)
{
    herd_with_disks(JOURNAL_ALWAYS);
    says(Goloman, "IAMAT kiwi +1+1 5");
    for (unsigned ms = 0; ms < 100 && !client_of(Goloman)->answers; ms++)
        runs_ms(1);
    answered(Goloman, 1);
    for (unsigned node = 0; node < nodes(); node++)
        power_is_cut(node);
    for (unsigned node = 0; node < nodes(); node++)
        starts(node);
    runs_ms(20000);
    all_know("kiwi", "5");
}

/* 1 s after its log has failed a node begins another one, and a base of all. When that is there, a
 * reply that waited goes out, and what is older is removed: not when something else happens. */
Test(disks, who_waited_for_a_base_is_answered_with_it)
{
    herd_with_disks(JOURNAL_ALWAYS);
    struct disk *disk = &host_of(Goloman)->disk->disk;
    disk->one_in[DISK_WRITE_EIO] = 1;
    says(Goloman, "IAMAT kiwi +1+1 5");
    runs_ms(500);
    disk->one_in[DISK_WRITE_EIO] = 0;
    answered(Goloman, 0);
    runs_ms(700);
    answered(Goloman, 1);
    cr_expect_eq(disk_count(disk), 2);
}

/* With `interval` a node serves on. */
Test(disks, nobody_waits_for_a_disk_that_is_full_where_no_reply_does)
{
    herd_with_disks(JOURNAL_INTERVAL);
    disk_host_full(host_of(Goloman), 20 * SECOND_NS);
    says(Goloman, "IAMAT kiwi +1+1 5");
    runs_ms(8000);
    answered(Goloman, 1);
    status_says(Goloman, "\"state\":\"full\"");
    runs_ms(60000);
    status_says(Goloman, "\"state\":\"ready\"");
    power_is_cut(Goloman);
    starts(Goloman);
    runs_ms(10000);
    all_know("kiwi", "5");
}
