/* test_connection.c — bytes on their way to a connection's output. */
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
