/* test_names.c — names in place of addresses, and ports that listen elsewhere than they are
 * reached. */
#include "unit/topology/side.h"

#define SECRET "secret_file = s\n"
#define NEEDS_SECRET                                                                       \
    " can be reached from other machines, so the herd needs a secret; make one with: "     \
    "(umask 077; head -c 32 /dev/urandom | base64 > herd.secret), copy it to every node, " \
    "and add secret_file = \"herd.secret\"; or give each node a certificate, and name it " \
    "in tls { }\n"
#define ANN(keys) "node Ann { " keys " }\n"
#define BOB(keys) "node Bob { " keys " talks_to = Ann }\n"
#define PORTS(client, peer) "client = \"" client "\" peer = \"" peer "\" "

Test(topology_names, only_localhost_needs_no_secret)
{
    static const struct row rows[] = {
        {HERD ANN(PORTS("localhost:1", "LOCALHOST:2") "http = \"localhost.:3\""), ""},
        {HERD ANN(PORTS("ann.example:1", "127.0.0.1:2")), ""},
        {HERD ANN(PORTS("127.0.0.1:1", "ann.example:2")),
            "f:2: Ann's peer address ann.example:2" NEEDS_SECRET},
        {HERD ANN(PORTS("127.0.0.1:1", "ann.localhost:2")),
            "f:2: Ann's peer address ann.localhost:2" NEEDS_SECRET},
        {HERD ANN(PORTS("127.0.0.1:1", "127.0.0.1:2") "peer_listen = \"0.0.0.0:2\""),
            "f:2: Ann's peer_listen address 0.0.0.0:2" NEEDS_SECRET},
        {HERD ANN(PORTS("127.0.0.1:1", "10.0.0.1:2") "peer_listen = \"127.0.0.1:2\""),
            "f:2: Ann's peer address 10.0.0.1:2" NEEDS_SECRET},
        {HERD SECRET ANN(PORTS("ann:1", "ann.:2")), ""},
        {HERD ANN(PORTS("127.0.0.1:1", "127.0.0.1:2") "http = \"ann.example:3\""),
            "f:2: Ann's http address ann.example:3 can be reached from other machines, so it needs "
            "a token; make one with: (umask 077; head -c 32 /dev/urandom | base64 > http.token), "
            "copy it to every node, and add http { token_file = \"http.token\" }; or give it a "
            "certificate with http { cert_file key_file }; or let it listen on 127.0.0.1\n"},
    };
    CHECK_ROWS(rows);
}

Test(topology_names, what_is_no_name)
{
    static const struct row rows[] = {
        {HERD ANN(PORTS("a b:1", "127.0.0.1:2")),
            "f:2: Ann's client address cannot be \"a b:1\": its host has a byte that no name "
            "has\n"},
        {HERD ANN(PORTS("a..b:1", "127.0.0.1:2")),
            "f:2: Ann's client address cannot be \"a..b:1\": its host has an empty part, or one of "
            "more than 63 bytes\n"},
        {HERD ANN(PORTS(":1", "127.0.0.1:2")),
            "f:2: Ann's client address cannot be \":1\": it has no host; write an address or a "
            "host's name before the port\n"},
        {HERD ANN(PORTS("ann:70000", "127.0.0.1:2")),
            "f:2: Ann's client address cannot be \"ann:70000\": its port is no number from 1 to "
            "65535\n"},
        {HERD ANN(PORTS("::1:1", "127.0.0.1:2")),
            "f:2: Ann's client address cannot be \"::1:1\": an IPv6 address must stand in "
            "brackets, like [::1]:12000\n"},
    };
    CHECK_ROWS(rows);
}

Test(topology_names, ports_that_are_taken)
{
    static const struct row rows[] = {
        /* the same name and port */
        {HERD SECRET ANN(PORTS("ann:1", "Ann:1")),
            "f:3: Ann's peer address Ann:1 is taken by Ann's client address ann:1 in line 3\n"},
        /* localhost is an address, too */
        {HERD ANN(PORTS("localhost:1", "127.0.0.1:2")) BOB(PORTS("127.0.0.1:1", "[::1]:2")),
            "f:3: Bob's client address 127.0.0.1:1 is taken by Ann's client address localhost:1 in "
            "line 2\n"},
        /* containers listen on all addresses of their own */
        {HERD SECRET ANN(PORTS("ann:1", "ann:2") "client_listen = \"0.0.0.0:1\" peer_listen = "
                                                 "\"0.0.0.0:2\"")
                BOB(PORTS("bob:1", "bob:2") "client_listen = \"0.0.0.0:1\" peer_listen = "
                                            "\"0.0.0.0:2\""),
            ""},
        /* two on one machine do not */
        {HERD SECRET ANN(PORTS("h:1", "h:2") "peer_listen = \"0.0.0.0:9\"")
                BOB(PORTS("h:3", "h:4") "peer_listen = \"127.0.0.1:9\""),
            "f:4: Bob's peer_listen address 127.0.0.1:9 is taken by Ann's peer_listen address "
            "0.0.0.0:9 in line 3\n"},
        /* where a port is only reached, it is not bound */
        {HERD SECRET ANN(PORTS("h:1", "h:2") "peer_listen = \"0.0.0.0:9\"")
                BOB(PORTS("h:3", "h:4") "peer_listen = \"0.0.0.0:2\""),
            ""},
        /* but it leads to one node only */
        {HERD SECRET ANN(PORTS("ann:1", "proxy:2") "peer_listen = \"0.0.0.0:9\"")
                BOB(PORTS("bob:1", "proxy:2") "peer_listen = \"0.0.0.0:9\""),
            "f:4: Bob's peer address proxy:2 is taken by Ann's peer address proxy:2 in line 3\n"
            "f:4: Bob's peer_listen address 0.0.0.0:9 is taken by Ann's peer_listen address "
            "0.0.0.0:9 in line 3\n"},
        /* of one node */
        {HERD SECRET ANN(PORTS("ann:1", "ann:2") "client_listen = \"0.0.0.0:9\" peer_listen = "
                                                 "\"0.0.0.0:9\""),
            "f:3: Ann's peer_listen address 0.0.0.0:9 is taken by Ann's client_listen address "
            "0.0.0.0:9 in line 3\n"},
        {HERD SECRET ANN(PORTS("10.0.0.1:1", "10.0.0.1:2") "peer_listen = \"0.0.0.0:2\""), ""},
    };
    CHECK_ROWS(rows);
}

static struct topology_node only_node(const char *text)
{
    struct topology t = {0};
    struct topology_faults faults;
    cr_assert(topology_read_text(span_of(text), &t, &faults), "%s", faults.each[0].text);
    struct topology_node node = t.nodes[0];
    topology_destroy(&t);
    topology_faults_destroy(&faults);
    return node;
}

Test(topology_names, where_it_listens)
{
    struct topology_node n = only_node(HERD SECRET ANN(PORTS("ann:1", "ann:2")));
    cr_expect(host_port_equal(&n.client, &n.client_listen));
    cr_expect(host_port_equal(&n.peer, &n.peer_listen));
    n = only_node(HERD SECRET ANN(
        PORTS("ann:1", "ann:2") "client_listen = \"[::]:3\" peer_listen = \"0.0.0.0:4\""));
    cr_expect_str_eq(n.peer.name, "ann");
    cr_expect_eq(n.peer.address.port, 2);
    cr_expect(n.client_listen.address.v6 && n.client_listen.address.port == 3);
    cr_expect(!host_port_is_name(&n.peer_listen) && n.peer_listen.address.port == 4);
}

Test(topology_names, says_whether_and_which)
{
    struct topology_node nodes[2] = {{.name = "Ann"}, {.name = "Bob"}};
    struct topology t = {.nodes = nodes, .nodes_count = 2};
    for (unsigned i = 0; i < 2; i++) {
        nodes[i].client = nodes[i].client_listen = (struct host_port){.address.port = 1};
        nodes[i].peer = nodes[i].peer_listen = (struct host_port){.address.port = 2};
    }
    cr_expect_not(topology_has_names(&t));
    cr_expect_not(topology_has_host(&t, SPAN("ann.example")));
    strcpy(nodes[1].peer.name, "localhost");
    cr_expect_not(topology_has_names(&t), "it is not looked up");
    strcpy(nodes[1].http.name, "ann.example.");
    cr_expect(topology_has_names(&t));
    cr_expect(topology_has_host(&t, SPAN("ANN.example")));
    cr_expect_not(topology_has_host(&t, SPAN("")));
    cr_expect_not(topology_has_host(&t, SPAN("Ann")), "a node's name is no host");
}

/* Where names lead is no part of what all nodes agree upon. */
Test(topology_names, addresses_are_not_in_the_hash)
{
    struct topology a = {0}, b = {0};
    struct topology_faults faults;
    cr_assert(topology_read_text(SPAN(HERD SECRET ANN(PORTS("ann:1", "ann:2"))), &a, &faults));
    topology_faults_destroy(&faults);
    cr_assert(topology_read_text(
        SPAN(HERD SECRET ANN(PORTS("10.0.0.1:1", "10.0.0.1:2") "peer_listen = \"[::]:2\"")), &b,
        &faults));
    topology_faults_destroy(&faults);
    cr_expect_eq(topology_hash(&a), topology_hash(&b));
    topology_destroy(&a);
    topology_destroy(&b);
}
