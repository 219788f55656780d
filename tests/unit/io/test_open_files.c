/* test_open_files.c — how files are shared. That clients cannot take the others' is tested with
 * processes. */
#include "io/loop.h"
#include "io/open_files.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct open_files five = {
    .in_use = 3, .neighbours = 4, .places = true, .http = true, .clients = 10000};

static struct open_files_share share_of(struct open_files f, uint64_t allowed)
{
    f.allowed = allowed;
    return open_files_share(&f);
}

Test(open_files, plenty_are_shared_as_always)
{
    uint64_t plenty = 10000 + LOOP_CONNECTIONS_SPARE + FILES_BESIDE_CONNECTIONS;
    struct open_files_share s = share_of(five, plenty);
    cr_expect_eq(s.clients, 10000);
    cr_expect_eq(s.connections, 10000 + LOOP_CONNECTIONS_SPARE);
    cr_expect_eq(s.spare, LOOP_CONNECTIONS_SPARE / 2);
    cr_expect_eq(s.strangers, 0);
    cr_expect_neq(share_of(five, plenty - 1).strangers, 0, "each has a share of its own");
    cr_expect_eq(share_of(five, UINT64_MAX).clients, 10000, "no limit at all");
}

/* What all may have open at one time. */
static uint64_t most(const struct open_files *f, const struct open_files_share *s)
{
    return f->in_use + FILES_OWN + (f->places ? FILES_OF_PLACES : 0) + s->clients +
           CLIENTS_REFUSED + s->strangers + s->webs + f->neighbours * FILES_OF_NEIGHBOUR;
}

Test(open_files, whatever_the_limit_all_fit)
{
    uint32_t before = 0;
    uint64_t least = share_of(five, 1).needed;
    for (uint64_t allowed = 0; allowed < 11000; allowed++) {
        struct open_files_share s = share_of(five, allowed);
        cr_expect_eq(s.clients > 0, allowed >= least, "%u", (unsigned)allowed);
        if (!s.clients || !s.strangers)
            continue;
        cr_expect_leq(most(&five, &s), allowed, "%u", (unsigned)allowed);
        cr_expect_geq(s.clients, CLIENTS_LEAST);
        cr_expect_geq(s.strangers, STRANGERS_LEAST);
        cr_expect_leq(s.strangers, STRANGERS_USUAL);
        cr_expect(s.webs >= 4 && s.webs <= NODE_WEBS_MAX);
        cr_expect_eq(s.connections - s.spare, s.clients + CLIENTS_REFUSED);
        cr_expect_geq(s.spare, s.strangers + s.webs + five.neighbours * FILES_OF_NEIGHBOUR);
        cr_expect_geq(s.clients + 1, before, "more files, fewer clients");
        before = s.clients;
    }
}

Test(open_files, names_take_some)
{
    struct open_files named = five;
    named.names = true;
    uint64_t more = FILES_OF_NAMES + five.neighbours;
    cr_expect_eq(share_of(named, 1).needed, share_of(five, 1).needed + more);
    struct open_files_share s = share_of(named, 1000);
    cr_expect_leq(most(&five, &s) + more, 1000);
    cr_expect_geq(s.spare, s.strangers + s.webs + 3 * five.neighbours);
}

Test(open_files, more_than_are_wanted_are_left_alone)
{
    struct open_files few_wanted = five;
    few_wanted.clients = 20;
    cr_expect_eq(share_of(few_wanted, 70).clients, 20);
    cr_expect_lt(share_of(few_wanted, 60).clients, 20);
}

Test(open_files, those_that_are_open_already_are_counted)
{
    struct open_files before, after;
    struct rlimit files;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = 40;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    cr_assert(open_files_raise(&before));
    cr_assert_geq(open("/dev/null", O_RDONLY), 0);
    cr_assert_geq(open("/dev/null", O_RDONLY), 0);
    cr_assert(open_files_raise(&after));
    cr_expect_eq(before.allowed, files.rlim_max);
    cr_expect_eq(after.in_use, before.in_use + 2);
}
