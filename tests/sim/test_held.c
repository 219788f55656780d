/* test_held.c — who takes more than its part, told as stories in the language of story.h:
 * clients, strangers and peers in a loop. PROTOCOL.md, "Connections" and "Peer port". */
#include "sim/inside.h"
#include "sim/story.h"
#include "sim/tls_fixture.h"
#include <criterion/criterion.h>

TestSuite(held, .fini = story_ends);

static const struct address elsewhere = {.ip = {10, 0, 0, 9}, .port = 5};
static const struct address further = {.ip = {10, 0, 0, 10}, .port = 5};

static void herd_with_outside(struct address outside)
{
    host_of(Goloman)->outside = outside;
    for (unsigned node = 0; node < 5; node++)
        starts(node);
    runs_ms(800);
}

/* -- clients ----------------------------------------------------------------------------------- */

static unsigned held_of(unsigned node, const char *prefix, unsigned ids)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ids; i++) {
        char id[24];
        snprintf(id, sizeof id, "%s%u", prefix, i);
        count += has_of(node, id);
    }
    return count;
}

Test(held, new_ids_of_one_address_are_few_and_those_of_others_are_taken)
{
    enum { MOST = 5, SAID = 50 };
    herd_asleep(5, shipped);
    host_of(Goloman)->topology.limits.new_ids_per_address = (struct topology_rate){MOST, 60};
    client_of(Goloman)->judge->forgetful = true; /* it may be refused */
    herd_with_outside(elsewhere);
    says_many(Goloman, SAID, 1, 1);
    runs_ms(500);
    unsigned held = held_of(Goloman, "id", SAID);
    cr_assert_eq(held, MOST, "violated: %u ids of one address are taken, not %u", held, MOST);
    says_many(Goloman, MOST, 2, 1);
    host_of(Goloman)->outside = further;
    visits(Hands, Goloman);
    says(Hands, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    all_know("kiwi", "1");
    all_know("id0", "2");
    hears(Goloman, SAID + MOST);
}

Test(held, clients_of_one_address_are_few_and_others_come_in)
{
    enum { MOST = 3 };
    herd_asleep(5, shipped);
    host_of(Goloman)->topology.limits.connections_per_address = MOST;
    host_of(Goloman)->sheds = true; /* it resets the one that is too much */
    herd_with_outside(elsewhere);
    for (unsigned whose = 0; whose <= MOST; whose++) {
        visits(whose, Goloman);
        says(whose, "IAMAT kiwi +1+1 1");
        runs_ms(100);
        uint64_t heard = client_of(whose)->answers;
        cr_assert_eq(heard, whose < MOST, "violated: client %u of one address has %lu replies",
            whose, (unsigned long)heard);
    }
    host_of(Goloman)->outside = further;
    visits(MOST, Goloman);
    says(MOST, "IAMAT kiwi +1+1 1");
    runs_ms(100);
    hears(MOST, 1);
}

/* It is read from later, and loses nothing. */
Test(held, commands_of_one_address_have_a_rate)
{
    enum { RATE = 100, SAID = 1500, SECONDS = 2, WINDOW = 4096 };
    enum { AT_ONCE = WINDOW / sizeof "IAMAT kiwi +1+1 1" }; /* what has come in a turn is taken */
    herd_asleep(5, shipped);
    host_of(Goloman)->topology.limits.commands_per_address = (struct topology_rate){RATE, 1};
    herd_with_outside(elsewhere);
    windows_hold(WINDOW);
    for (unsigned i = 0; i < SAID; i++)
        says(Goloman, "IAMAT kiwi +1+1 1");
    runs_ms(SECONDS * 1000);
    uint64_t heard = client_of(Goloman)->answers;
    cr_assert_leq(heard, (SECONDS + 1) * RATE + 2 * AT_ONCE,
        "violated: %lu commands of one address in %d s", (unsigned long)heard, SECONDS);
    runs_ms(1000 * SAID / RATE);
    hears(Goloman, SAID);
}

Test(held, unread_replies_of_all_together_have_a_bound)
{
    enum { TOTAL = 256 * 1024, LINES = 3000, CLIENTS = 4, SLACK = 128 * 1024 };
    herd_asleep(5, shipped);
    windows_hold(4096);
    struct host *goloman = host_of(Goloman);
    goloman->topology.limits.output_total_bytes = TOTAL;
    goloman->sheds = true;
    herd_with_outside(elsewhere);
    for (unsigned whose = 0; whose < CLIENTS; whose++) {
        visits(whose, Goloman);
        runs_ms(20);
        client_dawdle(client_of(whose), 20 * SECOND_NS);
        for (unsigned i = 0; i < LINES; i++)
            says(whose, "a line of no meaning, which is answered by itself and a question mark");
    }
    for (unsigned i = 0; i < 500; i++) {
        runs_ms(10);
        uint64_t held = inside_unread_bytes(goloman);
        cr_assert_leq(held, TOTAL + SLACK, "violated: %lu bytes are held for those who do not read",
            (unsigned long)held);
    }
    cr_assert_geq(inside_dropped_unread(goloman), 1);
    visits(Wilkes, Goloman);
    says(Wilkes, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    hears(Wilkes, 1);
}

/* -- the places service ------------------------------------------------------------------------ */

Test(held, no_more_is_asked_of_the_service_than_its_budget)
{
    enum { BUDGET = 6, ASKED = 20 };
    herd_with_service(shipped);
    inside_budget(host_of(Goloman), BUDGET);
    host_of(Goloman)->caller.service->troubled_ns[Goloman] =
        NEVER_NS / 2; /* refusals are excused */
    says(Goloman, "IAMAT kiwi +34.068930-118.445127 1");
    for (unsigned radius = 1; radius <= ASKED; radius++) {
        char line[64];
        snprintf(line, sizeof line, "WHATSAT kiwi %u 5", radius);
        says(Goloman, line);
        runs_ms(radius <= ASKED / 2 ? 0 : 1000); /* at once, and one after another */
    }
    hears(Goloman, 1 + ASKED);
    service_was_asked(BUDGET);
}

/* -- peers ------------------------------------------------------------------------------------- */

Test(held, a_peer_in_a_loop_is_sent_everything_once_in_two_seconds)
{
    enum { STAMPS = 200, SECONDS = 5, FULL_SENDS = 1 + SECONDS / 2 };
    herd(shipped);
    says_many(Goloman, STAMPS, 1, 1);
    runs_ms(3000);
    counts_anew();
    for (unsigned ms = 0; ms < SECONDS * 1000; ms += 10) {
        inside_says_graft_0(host_of(Wilkes), "Hands"); /* a spare link */
        runs_ms(10);
    }
    messages_at_most(Hands, Wilkes, FULL_SENDS * STAMPS);
    all_linked();
    cr_assert_eq(links_lost(), 0);
}

/* -- strangers --------------------------------------------------------------------------------- */

enum { WIRES = 60, HELLO_BYTES = 1024, STEP_MS = 100 };

/* Whoever floods is where this client would be. */
static struct flood {
    const struct client *from;
    uint32_t wires[WIRES];
    char hello[HELLO_BYTES];
    size_t hello_len;
} flood;

static void flood_begins(unsigned whose)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    struct tls *tls = tls_client(tls_fixture(), entropy, (struct instant){0});
    struct span hello = tls_output(tls);
    flood = (struct flood){.from = client_of(whose), .hello_len = hello.len};
    cr_assert(hello.len && hello.len <= HELLO_BYTES);
    memcpy(flood.hello, hello.at, hello.len);
    tls_destroy(tls);
    for (unsigned i = 0; i < WIRES; i++)
        flood.wires[i] = WIRE_NONE;
}

/* New connections replay a ClientHello to the node, again and again, for so long. */
static void flood_runs_ms(unsigned node, unsigned ms)
{
    struct network *n = flood.from->network;
    for (; ms >= STEP_MS; ms -= STEP_MS) {
        for (unsigned i = 0; i < WIRES; i++)
            flood.wires[i] = network_dial(n, flood.from->party, node, NODE_PEER_PORT);
        runs_ms(5);
        for (unsigned i = 0; i < WIRES; i++)
            (void)network_write(n, flood.wires[i], 0, flood.hello, flood.hello_len);
        runs_ms(STEP_MS - 5);
        for (unsigned i = 0; i < WIRES; i++)
            network_close(n, flood.wires[i], 0, true);
    }
}

Test(held, handshakes_of_strangers_take_a_tenth_of_the_processor)
{
    enum { SECONDS = 3, FLIGHT_MS = 5 };
    herd_with_tls(shipped);
    struct host *goloman = host_of(Goloman);
    goloman->outside = elsewhere;
    goloman->flight_ns = FLIGHT_MS * MS_NS;
    goloman->flights_ns = 0;
    flood_begins(Wilkes);
    flood_runs_ms(Goloman, SECONDS * 1000);
    cr_assert_leq(goloman->flights_ns, (SECONDS + 1) * 100 * MS_NS, "violated: %ld ms in %d s",
        (long)(goloman->flights_ns / MS_NS), SECONDS);
    all_linked();
}

/* Goloman has a smaller name than Hands, so if both dial, its dial stays. */
Test(held, a_neighbour_that_restarts_goes_before_strangers)
{
    herd_with_tls(shipped);
    struct host *hands = host_of(Hands);
    hands->outside = elsewhere;
    hands->flight_ns = 20 * MS_NS;
    flood_begins(Wilkes);
    dies(Goloman);
    flood_runs_ms(Hands, 4000);
    not_linked(Hands, Goloman);
    starts(Goloman);
    flood_runs_ms(Hands, 500);
    linked(Goloman, Hands);
    dialled_by(Goloman, Hands);
}
