/* test_named.c — one node, driven by hand, whose neighbours have names: what it looks up, what it
 * dials, and what it makes of answers that come late. The simulator tests whole herds. */
#include "core/node/private.h"
#include "unit/node/side.h"

enum { HANDS, HANDS_LINK = 11 };

static uint16_t only_hands[] = {2}, only_goloman[] = {0};
static struct topology_node others[3];
static struct topology next;

static struct host_port named(const char *text)
{
    struct host_port h;
    cr_assert_null(host_port_parse(span_of(text), &h));
    return h;
}

static void begin(void)
{
    side_begin();
    nodes[0].neighbours = only_hands;
    nodes[0].neighbours_count = 1;
    nodes[2].neighbours = only_goloman;
    nodes[2].neighbours_count = 1;
    nodes[2].peer = named("hands.example:12102");
    side_start();
    node_turn(node, now);
}

TestSuite(node_named, .init = begin, .fini = side_end);

static const struct address v4 = {.ip = {192, 0, 2, 1}}, v4_other = {.ip = {192, 0, 2, 2}},
                            v6 = {.v6 = true, .ip = {0x20, 1, [15] = 1}};

/* It wants a dial, to this address. */
static unsigned dials_to(struct address to)
{
    struct dial_order order;
    node_turn(node, now);
    cr_assert(node_dial(node, &order));
    to.port = 12102;
    cr_assert(address_equal(&order.to, &to));
    cr_assert_gt(order.until_ns, now.mono_ns);
    return order.id;
}

static void dials_nothing(void)
{
    struct dial_order order;
    node_turn(node, now);
    cr_assert_not(node_dial(node, &order));
}

/* It wants a name looked up, once, and nothing is dialled before. */
static void looks_up(const char *host)
{
    struct lookup_order order;
    dials_nothing();
    cr_assert(node_resolve(node, &order));
    cr_assert_eq(order.id, HANDS);
    cr_assert(span_equal(order.host, span_of(host)));
    cr_assert_not(node_resolve(node, &order));
}

static void looks_nothing_up(void)
{
    struct lookup_order order;
    dials_nothing();
    cr_assert_not(node_resolve(node, &order));
}

static void time_passes_ms(int64_t ms)
{
    now.mono_ns += ms * MS_NS;
    now.real_ns += ms * MS_NS;
}

static void cancels(unsigned id)
{
    unsigned cancelled;
    cr_assert(node_dial_cancel(node, &cancelled));
    cr_assert_eq(cancelled, id);
}

static void cancels_nothing(void)
{
    unsigned id;
    cr_assert_not(node_dial_cancel(node, &id));
}

static void reloads_with(const char *peer)
{
    next = topology;
    memcpy(others, nodes, sizeof others);
    others[2].peer = named(peer);
    next.nodes = others;
    cr_assert_null(node_take_topology(node, &next, CONNECTIONS, now));
}

Test(node_named, its_addresses_race_and_the_loser_is_cancelled)
{
    const struct address found[] = {v4, v6};
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 2, 60, now);
    unsigned first = dials_to(v6);
    dials_nothing();
    cr_assert_leq(node_deadline(node), now.mono_ns + ENDPOINT_NEXT_MS * MS_NS);
    time_passes_ms(ENDPOINT_NEXT_MS);
    unsigned second = dials_to(v4);
    cr_assert_neq(first, second);
    cr_assert(node_dialled(node, HANDS_LINK, second, now));
    cancels(first);
    cancels_nothing();
    node_turn(node, now);
    cr_assert(node_wants(node, HANDS_LINK) & NODE_WANT_WRITE, "it says HELLO");
    looks_nothing_up();
}

/* Both have connected before the node could say that it wants one only. */
Test(node_named, a_loser_that_connects_is_closed)
{
    const struct address found[] = {v4, v4_other};
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 2, 60, now);
    unsigned first = dials_to(v4);
    time_passes_ms(ENDPOINT_NEXT_MS);
    unsigned second = dials_to(v4_other);
    cr_assert(node_dialled(node, HANDS_LINK, first, now));
    cr_assert(node_dialled(node, HANDS_LINK + 1, second, now));
    cancels_nothing();
    node_turn(node, now);
    cr_assert(node_wants(node, HANDS_LINK) & NODE_WANT_WRITE);
    cr_assert_eq(node_wants(node, HANDS_LINK + 1), NODE_WANT_ABORT);
    node_closed(node, HANDS_LINK + 1, "", now);
    node_turn(node, now);
    cr_assert_eq(node->edges.neighbour_of[HANDS].tries, 1);
}

Test(node_named, or_that_fails_is_no_failure_of_the_dial)
{
    const struct address found[] = {v4, v4_other};
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 2, 60, now);
    unsigned first = dials_to(v4);
    time_passes_ms(ENDPOINT_NEXT_MS);
    unsigned second = dials_to(v4_other);
    cr_assert(node_dialled(node, HANDS_LINK, second, now));
    node_dial_failed(node, first, "refused", now);
    cancels_nothing();
    cr_assert_str_eq(node->edges.neighbour_of[HANDS].last_error, "");
    cr_assert(node->edges.neighbour_of[HANDS].dialling, "the handshake goes on");
}

Test(node_named, all_are_tried_before_the_dial_has_failed_and_the_next_one_looks_up_again)
{
    const struct address found[] = {v4, v4_other, v6};
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 3, 60, now);
    const struct address order[] = {v6, v4, v4_other};
    for (unsigned i = 0; i < 3; i++) {
        cr_assert(node->edges.neighbour_of[HANDS].dialling);
        node_dial_failed(node, dials_to(order[i]), "refused", now);
    }
    cr_assert_not(node->edges.neighbour_of[HANDS].dialling);
    cr_assert_str_eq(node->edges.neighbour_of[HANDS].last_error, "refused");
    time_passes_ms(200);
    looks_up("hands.example");
}

Test(node_named, a_lookup_that_fails_fails_the_dial_unless_addresses_are_known)
{
    looks_up("hands.example");
    node_resolve_failed(node, HANDS, "no such host", now);
    const struct neighbour *hands = &node->edges.neighbour_of[HANDS];
    cr_assert_str_eq(hands->last_error, "cannot look up hands.example: no such host");
    time_passes_ms(200);
    looks_up("hands.example");
    node_resolved(node, HANDS, &v4, 1, 60, now);
    node_dial_failed(node, dials_to(v4), "refused", now);
    time_passes_ms(400);
    looks_up("hands.example");
    node_resolve_failed(node, HANDS, "the name servers do not answer", now);
    node_dial_failed(node, dials_to(v4), "refused", now);
    cr_assert_str_eq(
        hands->last_error, "cannot look up hands.example: the name servers do not answer");
}

/* A connection that led to no link: somebody else has the address by now. */
Test(node_named, an_address_without_a_link_is_tried_last)
{
    const struct address found[] = {v4, v4_other};
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 2, 60, now);
    cr_assert(node_dialled(node, HANDS_LINK, dials_to(v4), now));
    node_turn(node, now);
    node_closed(node, HANDS_LINK, "reset", now);
    time_passes_ms(200);
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 2, 60, now);
    dials_to(v4_other);
}

Test(node_named, localhost_is_not_looked_up)
{
    reloads_with("LOCALHOST:12102");
    dials_to((struct address){.v6 = true, .ip = {[15] = 1}});
    time_passes_ms(ENDPOINT_NEXT_MS);
    dials_to((struct address){.ip = {127, 0, 0, 1}});
}

/* The name is another one while the first is looked up: its answer says nothing. */
Test(node_named, an_answer_for_the_name_before_is_not_used)
{
    looks_up("hands.example");
    reloads_with("elsewhere.example:12102");
    cancels_nothing();
    looks_nothing_up();
    node_resolved(node, HANDS, &v4, 1, 60, now);
    looks_up("elsewhere.example");
    node_resolved(node, HANDS, &v4_other, 1, 60, now);
    dials_to(v4_other);
}

Test(node_named, from_a_name_to_an_address_and_back)
{
    looks_up("hands.example");
    node_resolved(node, HANDS, &v4, 1, 60, now);
    unsigned by_name = dials_to(v4);
    reloads_with("192.0.2.2:12102");
    cancels(by_name);
    cancels_nothing();
    unsigned by_address = dials_to(v4_other);
    cr_assert_null(node_take_topology(node, &topology, CONNECTIONS, now));
    cancels(by_address);
    looks_up("hands.example");
}

Test(node_named, where_it_leads_is_an_address_of_the_herd)
{
    struct address seen = v4_other;
    cr_assert_eq(admission_of(node, &seen), ADMISSION_OTHER);
    const struct address found[] = {v4, v4_other};
    looks_up("hands.example");
    node_resolved(node, HANDS, found, 2, 60, now);
    cr_assert_eq(admission_of(node, &seen), ADMISSION_KNOWN);
    node_dial_failed(node, dials_to(v4), "refused", now);
    node_dial_failed(node, dials_to(v4_other), "refused", now);
    time_passes_ms(200);
    looks_up("hands.example");
    node_resolved(node, HANDS, &v4, 1, 60, now);
    cr_assert_eq(admission_of(node, &seen), ADMISSION_OTHER, "it leads there no more");
    reloads_with("elsewhere.example:12102");
    cr_assert_eq(admission_of(node, &v4), ADMISSION_OTHER);
}

/* A node that stops begins nothing. */
Test(node_named, nothing_is_looked_up_by_a_node_that_stops)
{
    struct lookup_order order;
    dials_nothing();
    node_stop(node, now);
    node_turn(node, now);
    cr_assert_not(node_resolve(node, &order));
}
