/* Topologies that differ: who knows of two, for how long, what is said of it, and that it does not
 * remind two nodes for ever. */
#include "core/peering/peer.h"
#include "core/peering/topologies.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { OWN = 0xaa, OTHER = 0xbb };

static struct peer peers[2];
static struct peering_node node;

static struct instant at(int64_t ms)
{
    return (struct instant){.mono_ns = 1000 * SECOND_NS + ms * MS_NS};
}

static void begin(void)
{
    memset(peers, 0, sizeof peers);
    peers[0].up = peers[1].up = true;
    peers[0].topology = peers[1].topology = OWN;
    node = (struct peering_node){.peers = peers, .peers_count = 2};
    topologies_begin(&node.topologies, OWN);
}

TestSuite(topologies, .init = begin);

static bool look(int64_t ms)
{
    return topologies_look(&node, at(ms));
}

static const char *heard(unsigned peer, const char *hash, const char *ms, int64_t now_ms)
{
    struct span words[] = {SPAN("TOPOLOGY"), span_of(hash), span_of(ms)};
    return topologies_heard(&peers[peer], words, at(now_ms));
}

static void says(const char *expected, int64_t ms)
{
    char memory[64];
    struct buf out = buf_over(memory, sizeof memory);
    cr_assert(topologies_put(&node.topologies, &out, at(ms)));
    cr_expect(span_equal(buf_span(&out), span_of(expected)), "%.*s", (int)out.len, out.at);
}

Test(topologies, agree)
{
    peers[1].topology = 0; /* an older version says nothing */
    cr_expect_not(look(0));
    cr_expect_not(node.topologies.differ);
    cr_expect_eq(node.topologies.look_ns, NEVER_NS);
    says("TOPOLOGY 00000000000000aa 10000\n", 0);
}

Test(topologies, differ_while_a_link_is_up_and_ten_seconds_longer)
{
    peers[0].topology = OTHER;
    cr_expect(look(0) && node.topologies.differ);
    cr_expect_eq(node.topologies.round, 1);
    says("TOPOLOGY 00000000000000aa 0\n", 0);
    for (int64_t ms = 3000; ms <= 60000; ms += 3000) {
        cr_expect_eq(node.topologies.look_ns, at(ms).mono_ns);
        cr_expect_not(look(ms));
        cr_expect(node.topologies.differ);
    }
    cr_expect_eq(node.topologies.round, 21, "%u", node.topologies.round);
    cr_expect_null(heard(0, "00000000000000aa", "0", 61000));
    cr_expect_not(look(61000));
    cr_expect_not(look(63000));
    says("TOPOLOGY 00000000000000aa 2000\n", 63000);
    cr_expect_not(look(70999));
    cr_expect(look(71000));
    cr_expect_not(node.topologies.differ);
    cr_expect_eq(node.topologies.look_ns, NEVER_NS);
}

Test(topologies, a_link_that_is_down_shows_nothing)
{
    peers[0].topology = OTHER;
    peers[0].up = false;
    cr_expect_not(look(0));
    cr_expect_not(topologies_peer_differs(&node, &peers[0]));
}

Test(topologies, what_a_peer_knows_counts_for_what_is_left_of_ten_seconds)
{
    cr_expect_null(heard(0, "00000000000000aa", "4000", 0));
    cr_expect(look(0) && node.topologies.differ);
    says("TOPOLOGY 00000000000000aa 4100\n", 0);
    cr_expect_not(look(3000));
    cr_expect_eq(node.topologies.look_ns, at(5900).mono_ns);
    cr_expect(look(5900));
    cr_expect_not(node.topologies.differ);
}

/* Two nodes tell each other what they know, over and over. */
Test(topologies, news_comes_back_older)
{
    char ms[16];
    cr_expect_null(heard(0, "00000000000000aa", "0", 0));
    int64_t now = 0;
    for (; now < 20000 && (look(now), node.topologies.differ); now += 50) {
        int64_t ago = (at(now).mono_ns - node.topologies.two_ns) / MS_NS;
        snprintf(ms, sizeof ms, "%d", (int)ago);
        cr_expect_null(heard(1, "00000000000000aa", ms, now)); /* at once, and back */
    }
    cr_expect_lt(now, 10000);
}

Test(topologies, another_own_one_is_said)
{
    topologies_take(&node.topologies, OWN);
    cr_expect_not(node.topologies.changed || node.topologies.round);
    topologies_take(&node.topologies, OTHER);
    cr_expect(node.topologies.changed);
    cr_expect_eq(node.topologies.round, 1);
    cr_expect(look(0), "the peers have the old one");
    cr_expect_not(node.topologies.changed);
}

Test(topologies, bad_fields)
{
    static const char *const rows[][2] = {{"0000000000000000", "0"}, {"00000000000000AA", "0"},
        {"aa", "0"}, {"00000000000000aa", "10001"}, {"00000000000000aa", "-1"},
        {"00000000000000aa", ""}, {"00000000000000aa", "1.5"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *wrong = heard(0, rows[i][0], rows[i][1], 0);
        cr_expect(wrong && strcmp(wrong, "TOPOLOGY with a bad field") == 0, "row %zu", i);
        cr_expect_eq(peers[0].topology, OWN);
    }
    cr_expect_null(heard(0, "00000000000000aa", "10000", 0));
    cr_expect_not(look(0));
}
