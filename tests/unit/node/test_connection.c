/* test_connection.c — bytes on their way to a connection's output, and connections that are
 * silent at one moment. */
#include "core/node/private.h"
#include "unit/node/side.h"

TestSuite(connection, .init = side_begin, .fini = side_end);

/* In a block of exactly their size, and in more chunks than one. */
Test(connection, writes_whatever_it_is_given)
{
    enum { BYTES = 50000 };
    side_start();
    joins(0);
    send_at_most = 0;
    char *block = malloc(BYTES);
    for (size_t begin = 0, part = 1; begin < BYTES; begin += part, part = 3 * part + 1) {
        size_t len = part < BYTES - begin ? part : BYTES - begin;
        char *bytes = malloc(len);
        for (size_t i = 0; i < len; i++)
            bytes[i] = block[begin + i] = (char)('!' + (begin + i) * 2654435761u / 65536 % 90);
        struct connection *c = connection_of(&node->connections, 0);
        cr_assert_eq(connection_write(&node->connections, c, (struct span){bytes, len}), len);
        free(bytes);
    }
    turn();
    send_at_most = 1000;
    wants[0] = node_wants(node, 0);
    send_out(0);
    cr_assert_eq(heard_len[0], BYTES);
    cr_expect_eq(memcmp(heard[0], block, BYTES), 0);
    free(block);
}

/* As many as connected at one moment, which their clients choose. */
Test(connection, of_those_silent_at_one_moment_a_turn_looks_at_few)
{
    enum { CLIENTS = 600, MOST = CONNECTION_LOOKS_MAX };
    struct connections t = {0};
    cr_assert(connections_begin(&t, CLIENTS, &topology.limits, 4096, 1));
    for (uint32_t i = 0; i < CLIENTS; i++)
        connection_watch(&t, connection_open(&t, i, CONNECTION_CLIENT, now), now);
    unsigned gone = 0, turns = 0, looks_in_all = 0;
    while (gone < CLIENTS && turns++ < 10000) {
        int64_t due_ns = connections_deadline(&t);
        now.mono_ns = due_ns > now.mono_ns ? due_ns : now.mono_ns;
        unsigned looks = MOST, in_a_turn = 0;
        for (struct connection *c; (c = connections_silent(&t, &looks, now)); in_a_turn++)
            connection_abort(&t, c);
        cr_assert_leq(in_a_turn, MOST);
        gone += in_a_turn;
        looks_in_all += MOST - looks;
        bool more = gone < CLIENTS && in_a_turn == MOST;
        cr_assert(!more || connections_deadline(&t) <= now.mono_ns, "the next turn comes at once");
    }
    cr_expect_eq(gone, CLIENTS);
    cr_expect_geq(looks_in_all, CONNECTION_WATCH_PARTS * CLIENTS);
    cr_expect_leq(now.mono_ns, SECOND_NS + (int64_t)topology.limits.idle_ms * MS_NS);
    for (uint32_t i = 0; i < CLIENTS; i++)
        connection_free(&t, connection_of(&t, i));
    connections_end(&t);
}
