/* test_reach.c — which address reaches a node that listens on all addresses. */
#include "cli/reach.h"
#include <criterion/criterion.h>

Test(reach, addresses)
{
    static const struct {
        const char *client, *peer, *call_client, *call_peer;
    } rows[] = {
        {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1", "127.0.0.1:2"},
        {"0.0.0.0:1", "10.0.0.5:2", "10.0.0.5:1", "10.0.0.5:2"},
        {"10.0.0.9:1", "0.0.0.0:2", "10.0.0.9:1", "127.0.0.1:2"},
        {"0.0.0.0:1", "0.0.0.0:2", "127.0.0.1:1", "127.0.0.1:2"},
        {"[::]:1", "[::]:2", "[::1]:1", "[::1]:2"},
        {"[::]:1", "10.0.0.5:2", "10.0.0.5:1", "10.0.0.5:2"},
        {"0.0.0.0:1", "[::]:2", "[::1]:1", "[::1]:2"},
        {"a.example:1", "b.example:2", "a.example:1", "b.example:2"},
        {"0.0.0.0:1", "b.example:2", "b.example:1", "b.example:2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct topology_node node = {.name = "A"};
        char client[HOST_PORT_TEXT_BYTES_MAX + 1], peer[HOST_PORT_TEXT_BYTES_MAX + 1];
        cr_assert_null(host_port_parse(span_of(rows[i].client), &node.client));
        cr_assert_null(host_port_parse(span_of(rows[i].peer), &node.peer));
        struct host_port at = reach_client(&node);
        host_port_text(&at, client);
        at = reach_peer(&node);
        host_port_text(&at, peer);
        cr_expect_str_eq(client, rows[i].call_client, "row %zu: %s", i, client);
        cr_expect_str_eq(peer, rows[i].call_peer, "row %zu: %s", i, peer);
    }
}
