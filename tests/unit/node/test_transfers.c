/* test_transfers.c — DUMP and LOAD of a node: who may say them, what is said and taken, and what
 * a reader that does not read can cost. PROTOCOL.md, "Dumps and loads". */
#include "unit/node/observer.h"
#include "core/base/decimal.h"
#include "core/protocol/command.h"

enum {
    IDS = 4000, /* more than a dump has unsent */
    UNSENT_MAX = 2 * 65536,
    WINDOW = 1024,
    STALL_MS = 30000, /* limits.stall */
};

static void begin(void)
{
    side_begin();
    topology.limits.stamps = IDS;
    node = side_node(secret);
    cr_assert_not_null(node);
}

static void begin_open(void)
{
    side_begin();
    topology.limits.stamps = IDS;
    side_start();
}

static void tells(unsigned first, unsigned count, unsigned at)
{
    static char text[IDS * 64];
    struct buf out = buf_over(text, sizeof text - 1);
    for (unsigned i = first; i < first + count; i++) {
        buf_text(&out, "IAMAT id");
        buf_u64(&out, i);
        buf_text(&out, " +34.068930-118.445127 ");
        buf_u64(&out, at);
        buf_byte(&out, '\n');
    }
    cr_assert(!out.overflow);
    joins(0);
    sends_bytes(0, text, out.len);
    hangs_up(0);
}

/* -- dumps ------------------------------------------------------------------------------------- */

/* What a reader of a dump has come to hold. */
struct kept {
    uint64_t change, stamps; /* of DUMPING */
    unsigned lines, times[IDS]; /* how often each id came */
    uint64_t hashes[IDS]; /* of its last line */
    bool over;
    uint64_t end_change, end_lines, end_sum, end_stamps, end_digest;
};

static struct kept kept;

static void takes_at(struct span line, uint64_t *sum)
{
    struct span fields[6];
    struct stamp stamp;
    uint64_t id;
    cr_assert_eq(command_split(line, fields, 6), 6, "\"%.*s\"", (int)line.len, line.at);
    cr_assert(stamp_parse(fields, &stamp));
    cr_assert(decimal_count(span_from(stamp.id, 2), IDS - 1, &id));
    kept.lines++;
    kept.times[id]++;
    kept.hashes[id] = stamp_hash(&stamp);
    *sum += stamp_hash(&stamp);
}

/* A dump's connection has heard all; `kept` is what follows from it. */
static void is_kept(uint32_t conn)
{
    struct span rest = {heard[conn], heard_len[conn]}, words[6];
    uint64_t sum = 0, digest = 0, stamps = 0;
    kept = (struct kept){0};
    while (rest.len) {
        const char *end = memchr(rest.at, '\n', rest.len);
        cr_assert_not_null(end);
        struct span line = {rest.at, (size_t)(end - rest.at)};
        rest = span_from(rest, line.len + 1);
        int count = command_split(line, words, 6);
        cr_assert(!kept.over, "something follows DUMPED");
        if (span_equal(words[0], SPAN("DUMPING"))) {
            cr_assert_eq(count, 3);
            cr_assert(decimal_count(words[1], UINT64_MAX, &kept.change));
            cr_assert(decimal_count(words[2], UINT64_MAX, &kept.stamps));
        } else if (span_equal(words[0], SPAN("DUMPED"))) {
            cr_assert_eq(count, 6);
            cr_assert(decimal_count(words[1], UINT64_MAX, &kept.end_change));
            cr_assert(decimal_count(words[2], UINT64_MAX, &kept.end_lines));
            cr_assert(hello_hex64(words[3], &kept.end_sum));
            cr_assert(decimal_count(words[4], UINT64_MAX, &kept.end_stamps));
            cr_assert(hello_hex64(words[5], &kept.end_digest));
            kept.over = true;
        } else {
            takes_at(line, &sum);
        }
    }
    for (unsigned i = 0; i < IDS; i++) {
        digest += kept.hashes[i];
        stamps += kept.times[i] > 0;
    }
    cr_assert(kept.over, "the dump has no end");
    cr_expect_eq(kept.end_lines, kept.lines);
    cr_expect_eq(kept.end_sum, sum);
    cr_expect_eq(kept.end_stamps, stamps);
    cr_expect_eq(kept.end_digest, digest, "the last line of some id is not what was held");
}

Test(node_transfers, an_empty_node_is_dumped, .init = begin_open, .fini = side_end)
{
    joins_by(1, NODE_PEER_PORT);
    sends(1, OBSERVER "\nDUMP\n"); /* it need not wait */
    const char *dump = strstr(heard[1], "\n");
    cr_assert_str_eq(dump, "\nDUMPING 0 0\nDUMPED 0 0 0000000000000000 0 0000000000000000\n");
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
}

Test(node_transfers, a_dump_is_the_feed_in_its_order, .init = begin, .fini = side_end)
{
    tells(3, 1, 5);
    tells(1, 2, 5);
    tells(3, 1, 6);
    observer_comes(1);
    sends(1, "DUMP\n");
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    static const char first[] = "DUMPING 4 3\nAT Goloman +1699999995.000000000 id1 ";
    cr_expect_eq(strncmp(heard[1], first, sizeof first - 1), 0, "%s", heard[1]);
    cr_expect(strstr(strstr(heard[1], " id2 "), " id3 +34.068930-118.445127 6\n"));
    is_kept(1);
    cr_expect_eq(kept.end_change, 4);
    cr_expect_eq(kept.end_digest, store_digest(node_store(node)));
    cr_expect_eq(logged(" dumped stamps=3 whole=yes from="), 1);
    cr_expect_eq(node_metrics(node)->dumps, 1);
}

Test(node_transfers, what_moves_meanwhile_comes_again_and_nothing_is_missing, .init = begin,
    .fini = side_end)
{
    tells(0, IDS, 5);
    observer_comes(1);
    deaf[1] = true;
    sends(1, "DUMP\n");
    tells(0, 1, 6); /* it was said already */
    tells(IDS - 1, 1, 6); /* and this one was not */
    tells(IDS - 1, 1, 7);
    deaf[1] = false;
    send_out(1);
    turn();
    is_kept(1);
    cr_expect_eq(kept.change, IDS);
    cr_expect_eq(kept.stamps, IDS);
    cr_expect_eq(kept.lines, IDS + 1);
    cr_expect_eq(kept.times[0], 2);
    cr_expect_eq(kept.times[IDS - 1], 1);
    cr_expect_eq(kept.end_change, IDS + 3);
    cr_expect_eq(kept.end_digest, store_digest(node_store(node)));
}

Test(node_transfers, a_reader_that_stops_costs_little_and_is_reset, .init = begin, .fini = side_end)
{
    tells(0, IDS, 5);
    observer_comes(1);
    deaf[1] = true;
    sends(1, "DUMP\n");
    for (unsigned at = 6; at < 10; at++)
        tells(0, IDS, at);
    passes_ms(STALL_MS - 1);
    cr_expect_neq(wants[1], NODE_WANT_ABORT);
    deaf[1] = false;
    send_at_most = 1;
    send_out(1); /* all that it has unsent, without a turn */
    cr_expect_leq(heard_len[1], UNSENT_MAX);
    deaf[1] = true;
    turn();
    passes_ms(STALL_MS - 1);
    cr_expect_neq(wants[1], NODE_WANT_ABORT, "it has taken something meanwhile");
    passes_ms(1);
    cr_expect_eq(wants[1], NODE_WANT_ABORT);
    cr_expect_eq(logged(" dumped stamps="), 1);
    cr_expect_eq(logged(" whole=no "), 1);
}

Test(node_transfers, there_are_four_dumps_at_most, .init = begin, .fini = side_end)
{
    tells(0, IDS, 5);
    for (uint32_t conn = 1; conn <= 5; conn++) {
        observer_comes(conn);
        deaf[conn] = conn < 5;
        sends(conn, "DUMP\n");
    }
    hears(5, "BYE this node is dumped 4 times already\n");
    hangs_up(1);
    observer_comes(6);
    sends(6, "DUMP\n");
    is_kept(6);
    cr_expect_eq(kept.lines, IDS);
}

Test(node_transfers, a_dump_does_not_make_room_for_strangers, .init = begin, .fini = side_end)
{
    tells(0, IDS, 5);
    observer_comes(1);
    deaf[1] = true;
    sends(1, "DUMP\n");
    for (uint32_t conn = 10; conn < 10 + NODE_STRANGERS_MAX + 1; conn++)
        joins_by(conn, NODE_PEER_PORT);
    cr_expect_eq(wants[10], NODE_WANT_ABORT);
    deaf[1] = false;
    send_out(1);
    passes_ms(11000); /* longer than an observer has */
    is_kept(1);
    cr_expect_eq(kept.lines, IDS);
}

Test(node_transfers, whoever_reads_a_dump_has_nothing_to_say, .init = begin, .fini = side_end)
{
    tells(0, IDS, 5);
    observer_comes(1);
    deaf[1] = true;
    sends(1, "DUMP\n");
    sends(1, "STATUS\n");
    cr_expect_eq(wants[1], NODE_WANT_ABORT);
}

Test(node_transfers, a_dump_that_never_comes_to_the_end_is_given_up, .init = begin,
    .fini = side_end)
{
    bool ended = false;
    tells(0, IDS, 5);
    observer_comes(1);
    deaf[1] = true;
    sends(1, "DUMP\n");
    for (unsigned at = 6; at < 1000 && !ended; at++) {
        tells(0, IDS, at);
        deaf[1] = false;
        send_out(1); /* it takes what was unsent, and more follows only in the next turn */
        deaf[1] = true;
        cr_assert(!strstr(heard[1], "\nDUMPED "));
        ended = strstr(heard[1], "\nBYE its changes overtake this dump\n") != NULL;
        forgets(1);
        turn();
    }
    cr_expect(ended);
}

Test(node_transfers, a_node_that_stops_says_so, .init = begin, .fini = side_end)
{
    tells(0, IDS, 5);
    observer_comes(1);
    observer_comes(2);
    deaf[1] = true;
    sends(1, "DUMP\n");
    sends(2, "LOAD\n");
    node_stop(node, now);
    turn();
    hears(2, "LOADED 0\nBYE this node stops\n");
    deaf[1] = false;
    send_out(1);
    turn();
    cr_expect(strstr(heard[1], "\nBYE this node stops\n"));
    cr_expect(!strstr(heard[1], "DUMPED "));
}

/* -- who may ----------------------------------------------------------------------------------- */

Test(node_transfers, are_for_those_who_have_the_secret, .init = begin, .fini = side_end)
{
    joins_by(1, NODE_PEER_PORT);
    sends(1, OBSERVER "\nDUMP\n");
    cr_expect(strstr(heard[1], "BYE this node wants AUTH\n"), "%s", heard[1]);
    cr_expect(!strstr(heard[1], "DUMPING"));
    joins_by(2, NODE_PEER_PORT);
    sends(2, OBSERVER "\nLOAD\nAT Goloman +1.000000000 id1 +1-1 5\n");
    cr_expect(strstr(heard[2], "BYE this node wants AUTH\n"));
    cr_expect_eq(store_count(node_store(node)), 0);
}

/* -- loads ------------------------------------------------------------------------------------- */

Test(node_transfers, a_load_is_told_what_became_of_each_line, .init = begin, .fini = side_end)
{
    tells(0, IDS - 1, 100);
    observer_comes(1);
    sends(1, "LOAD\n");
    hears(1, "LOADED 0\n");
    sends(1, "AT Hands +1.000000000 id1 +1-1 101\n"
             "# nothing\n"
             "AT Hands +1.000000000 id2 +1-1 99\n"
             "AT Hands +1.000000000 id1 +1-1 101\n"
             "AT Hands -86401.000000000 id3 +1-1 1700086400\n"
             "AT Hands +0.000000000 id3 +1-1 1700086521\n"
             "AT Nobody +0.000000000 id3 +1-1 101\n"
             "AT Nobody +0.000000000 id3 +1-1 99\n"
             "AT Welsh +0.000000000 new1 +1-1 5\n"
             "AT Welsh +0.000000000 new2 +1-1 5\n");
    hears(1, "LOADED 9 noofauonr\n");
    cr_expect_eq(node_metrics(node)->stamps_loaded, 2);
    joins(0);
    sends(0, "IAMAT id1 +2+2 1\n");
    cr_expect_eq(strncmp(heard[0], "AT Hands +1.000000000 id1 +1-1 101\n", 35), 0, "%s", heard[0]);
    hangs_up(1);
    cr_expect_eq(logged(" loaded stamps=9 new=2 old=3 of_future=1 ahead=1 of_unknown=1 no_room=1 "),
        1);
}

Test(node_transfers, a_load_need_not_wait_in_a_herd_without_a_secret, .init = begin_open,
    .fini = side_end)
{
    joins_by(1, NODE_PEER_PORT);
    sends(1, OBSERVER "\nLOAD\nAT Goloman +1.000000000 id1 +1-1 5\nAT Goloman +1.0000");
    cr_expect(strstr(heard[1], "\nLOADED 0\n") || strstr(heard[1], "\nLOADED 1 n\n"));
    forgets(1);
    sends(1, "00000 id2 +1-1 5\r\nBYE\n");
    hears(1, "LOADED 2 n\n");
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    cr_expect_eq(store_count(node_store(node)), 2);
}

/* `count` lines at once, each of another id. */
static void loads_lines(uint32_t conn, unsigned count)
{
    static char text[IDS * 64];
    struct buf out = buf_over(text, sizeof text);
    for (unsigned i = 0; i < count; i++) {
        buf_text(&out, "AT Hands +1.000000000 id");
        buf_u64(&out, i);
        buf_text(&out, " +1-1 5\n");
    }
    cr_assert(!out.overflow);
    sends_bytes(conn, text, out.len);
}

Test(node_transfers, a_load_may_be_a_window_ahead, .init = begin, .fini = side_end)
{
    observer_comes(1);
    sends(1, "LOAD\n");
    for (unsigned i = 1; i <= 3; i++) {
        char expected[32];
        forgets(1);
        loads_lines(1, WINDOW);
        snprintf(expected, sizeof expected, "LOADED %u ", i * WINDOW);
        cr_expect_eq(strncmp(heard[1], expected, strlen(expected)), 0);
        cr_expect_eq(heard_len[1], strlen(expected) + WINDOW + 1);
    }
    forgets(1);
    loads_lines(1, WINDOW + 1);
    cr_expect_eq(strncmp(heard[1], "LOADED 4096 o", 13), 0);
    cr_expect(strstr(heard[1], "o\nBYE more lines than LOADED allows\n"));
    cr_expect_eq(store_count(node_store(node)), WINDOW);
}

/* It is told so much that no room is left for BYE. */
Test(node_transfers, a_load_that_reads_nothing_is_reset, .init = begin, .fini = side_end)
{
    observer_comes(1);
    sends(1, "LOAD\n");
    deaf[1] = true;
    for (unsigned i = 0; i < UNSENT_MAX / WINDOW + 2; i++)
        loads_lines(1, WINDOW);
    cr_expect_neq(wants[1], NODE_WANT_ABORT);
    for (int i = 0; i < 3; i++) {
        passes_ms(STALL_MS / 4);
        loads_lines(1, 1);
    }
    cr_expect_neq(wants[1], NODE_WANT_ABORT);
    passes_ms(STALL_MS / 4);
    cr_expect_eq(wants[1], NODE_WANT_ABORT, "it holds the load for as long as it likes");
    observer_comes(2);
    sends(2, "LOAD\n");
    hears(2, "LOADED 0\n");
}

Test(node_transfers, there_is_one_load, .init = begin, .fini = side_end)
{
    observer_comes(1);
    sends(1, "LOAD\n");
    observer_comes(2);
    sends(2, "LOAD\n");
    hears(2, "BYE another load is under way\n");
    finishes(1);
    observer_comes(3);
    sends(3, "LOAD\n");
    hears(3, "LOADED 0\n");
}

Test(node_transfers, a_load_that_is_silent_ends, .init = begin, .fini = side_end)
{
    observer_comes(1);
    sends(1, "LOAD\n");
    for (int i = 0; i < 3; i++) {
        passes_ms(STALL_MS - 1);
        sends(1, "#\n");
    }
    hears(1, "LOADED 0\n");
    passes_ms(STALL_MS - 1);
    hears(1, "");
    cr_expect_eq(node_deadline(node), now.mono_ns + MS_NS);
    passes_ms(1);
    hears(1, "BYE no line of a load came\n");
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
}

Test(node_transfers, what_is_no_stamp_ends_a_load_and_what_came_before_counts, .init = begin,
    .fini = side_end)
{
    static const struct {
        const char *line, *why;
    } wrong[] = {{"MARK 5\n", "a load has only AT lines"}, {"\n", "a load has only AT lines"},
        {"LOAD\n", "a load has only AT lines"},
        {"AT Hands +1.000000000 id2 +1-1 5 Hands\n",
            "AT that lacks a field, or holds a control byte"},
        {"AT Hands +1.000000000 id2 +1-1\n", "AT that lacks a field, or holds a control byte"},
        {"AT Hands +1.000000000 i\1 +1-1 5\n", "AT that lacks a field, or holds a control byte"},
        {"AT Hands 1.000000000 id2 +1-1 5\n", "AT with a bad field"},
        {"AT Hands -6.000000000 id2 +1-1 5\n", "AT with a bad field"},
        {"AT -s +1.000000000 id2 +1-1 5\n", "AT with a bad field"}};
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[256];
        observer_comes(1);
        sends(1, "LOAD\n");
        forgets(1);
        snprintf(text, sizeof text, "AT Hands +1.000000000 id1 +1-1 %u\n%s", 5 + i, wrong[i].line);
        sends(1, text);
        snprintf(text, sizeof text, "LOADED 1 n\nBYE %s\n", wrong[i].why);
        hears(1, text);
        hangs_up(1);
    }
    cr_expect_eq(store_count(node_store(node)), 1);
}
