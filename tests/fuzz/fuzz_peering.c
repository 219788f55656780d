/* fuzz_peering.c — garbage to an accepted link in each of its states.
 *
 * The first byte chooses the state that the link is brought to by a well-behaved other end, the
 * second the size of the pieces in which the rest arrives, the third how much time passes between
 * them and how much room there is to answer. Before LINKED the store and what is remembered of the
 * peers must be as they were; whatever goes out must be whole lines; what is OVER must stay so and
 * fall silent.
 *
 * Covers: src/core/peering */
#include "core/base/invariant.h"
#include "core/peering/peering.h"
#include "unit/secrets.h"
#include <stdint.h>
#include <stdlib.h>

enum { IN_HELLO, IN_AUTH, IN_LINKED, IN_OBSERVED, STARTS };

static struct peer peers[2];
static struct peering_node node;
static struct peering link;
static char room[PEERING_LINE_BYTES_MAX + 1], window[2 * PEERING_LINE_BYTES_MAX];
static struct instant now;
static bool linked; /* has been, to a peer */

static void open_node(unsigned start)
{
    static const struct span names[] = {{"Hands", 5}, {"Wilkes", 6}};
    struct store_config config = {.stamps_max = 8, .seed = {1, 2}};
    node = (struct peering_node){
        .herd = SPAN("demo"),
        .name = SPAN("Goloman"),
        .secrets = secrets_of(start == IN_AUTH ? "sixteen bytes ok" : ""),
        .boot = 0x60,
        .future_ns = 86400 * (uint64_t)SECOND_NS,
        .peers = peers,
        .peers_count = 2,
        .store = store_create(&config),
        .routes = route_table_create(names, 2),
        .spare_links = spare_links_create(8),
    };
    ASSERT(node.store && node.routes && node.spare_links);
    for (unsigned i = 0; i < 2; i++)
        peers[i] =
            (struct peer){.name = names[i], .number = i, .cursor = store_cursor_open(node.store)};
    now = (struct instant){.mono_ns = SECOND_NS, .real_ns = SECOND_NS};
    linked = false;
}

static void pull(size_t room_bytes)
{
    bool was_over = link.state == PEERING_OVER, was_due = link.bye_due;
    struct buf out = buf_over(window, room_bytes);
    (void)peering_pull(&link, &out, 3, now);
    ASSERT(!out.overflow && out.cap == room_bytes);
    ASSERT(out.len == 0 || window[out.len - 1] == '\n');
    ASSERT(!was_over || was_due || out.len == 0);
}

/* In a block of its own size, so that AddressSanitizer sees a read past its end. */
static void take(const uint8_t *data, size_t size)
{
    char *block = malloc(size ? size : 1);
    ASSERT(block);
    memcpy(block, data, size);
    struct span in = {block, size};
    bool was_over = link.state == PEERING_OVER;
    for (enum peering_event event; (event = peering_take(&link, &in, now));) {
        linked |= event == PEERING_UP && link.peer;
        ASSERT(!was_over && in.len <= size);
        ASSERT((event == PEERING_ENDED) == (link.state == PEERING_OVER));
    }
    ASSERT(in.len == 0);
    free(block);
}

/* Nobody guesses the secret, and an observer only asks. */
static void check_untouched(void)
{
    ASSERT(store_change(node.store) == 0 && store_count(node.store) == 0);
    for (unsigned i = 0; i < 2; i++)
        ASSERT(!peers[i].boot && !peers[i].have_change && !peers[i].got_stamps && !peers[i].acked);
}

static void bring_to(unsigned start)
{
    static const unsigned char nonce[NONCE_BYTES] = {1};
    peering_begin(&link, &node, NULL, nonce, room, now);
    if (start == IN_HELLO)
        return;
    struct hello h = {
        .herd = SPAN("demo"),
        .from = start == IN_OBSERVED ? SPAN(HELLO_OBSERVER) : SPAN("Hands"),
        .to = SPAN("Goloman"),
        .boot = 0xaa,
        .lazy = true,
    };
    struct buf out = buf_over(window, sizeof window);
    hello_put(&out, &h);
    take((const uint8_t *)window, out.len);
    ASSERT(link.state == (start == IN_AUTH ? PEERING_AUTH : PEERING_LINKED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    unsigned start = data[0] % STARTS;
    size_t piece = (size_t)data[1] + 1;
    open_node(start);
    bring_to(start);
    for (size_t at = 3; at < size; at += piece) {
        take(data + at, size - at < piece ? size - at : piece);
        if (!linked)
            check_untouched();
        now.mono_ns += (data[2] & 15) * 100 * MS_NS;
        enum peering_event event = peering_tick(&link, now);
        ASSERT(event == PEERING_NOTHING || event == PEERING_ENDED);
        ASSERT(peering_deadline(&link) > now.mono_ns);
        pull((size_t)(data[2] >> 4) * 128);
    }
    pull(sizeof window);
    store_destroy(node.store);
    route_table_destroy(node.routes);
    spare_links_destroy(node.spare_links);
    return 0;
}
