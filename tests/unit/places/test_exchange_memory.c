/* test_exchange_memory.c — an exchange whose n-th allocation fails, alone or with all later ones,
 * for every n of a session that uses all its parts. Each question is answered in the end, questions
 * work again once there is memory, and nothing leaks. Also how much memory an exchange can hold. */
#include "unit/failing_memory.h"
#define SIDE_MALLOC __real_malloc
#define SIDE_FREE __real_free
#include "unit/places/side.h"
#include <cjson/cJSON.h>

static void begin(void)
{
    https_side_begin();
    now = today();
    piece = SIZE_MAX;
    addresses = 1;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = malloc, .free_fn = free});
    log_init(&log_, LOG_INFO, SPAN(""), log_memory, sizeof log_memory - 1);
}

TestSuite(exchange_memory, .init = begin, .fini = https_side_end);

#define ONE_PLACE                                                  \
    "{\"places\":[{\"id\":\"i\",\"displayName\":{\"text\":\"n\"}," \
    "\"location\":{\"latitude\":1,\"longitude\":2},\"types\":[\"cafe\"]}]}"

static void says_all(const char *text)
{
    for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++)
        if (asked_at(c))
            says(c, text);
}

/* Three ask the same, one something else, one nothing; one is answered with results, one is busy
 * first, one connection ends in the middle. */
static void session(void)
{
    static const struct places_question moot = {.count = 0};
    for (unsigned i = 1; i <= 3; i++)
        asks_for(i, 1, TIMEOUT_MS);
    asks_for(4, 4, TIMEOUT_MS);
    provider.ask(provider.self, 5, &moot, now.mono_ns + TIMEOUT_MS * MS_NS, now);
    turn();
    static char text[512];
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(ONE_PLACE), ONE_PLACE);
    says_all(text);
    asks(6);
    says_all(BUSY);
    passes_ms(250);
    says_all("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
             "2\r\n{}\r\n0\r\n\r\n");
    asks(7);
    says_all("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}");
    for (unsigned c = 0; c < EXCHANGE_CHANNELS; c++)
        if (connected[c])
            ends(c);
}

/* Allocation `failed` fails, or all from that on. Whether there were so many. */
static bool session_fails(int failed, bool all_that_follow)
{
    memory_fails(failed, all_that_follow);
    bool created = exchange_starts(1);
    if (created)
        session();
    bool enough = memory_recovers() >= failed;
    if (!created)
        return enough;
    for (int s = 0; s < 22; s++)
        passes_ms(1000);
    for (unsigned i = 1; i <= 7; i++)
        cr_assert_not_null(told[i], "allocation %d: ticket %u was never told", failed, i);
    asks(8);
    says_all(EMPTY);
    is_well(8);
    exchange_ends();
    return enough;
}

Test(exchange_memory, fails_at_every_turn)
{
    int held_before = heap.blocks_held, n = 1;
    for (; session_fails(n, false); n++)
        cr_assert_eq(heap.blocks_held, held_before, "lost when allocation %d failed", n);
    cr_expect_gt(n, 80, "%d", n);
}

Test(exchange_memory, fails_and_goes_on_failing_from_every_turn)
{
    int held_before = heap.blocks_held;
    for (int n = 1; session_fails(n, true); n++)
        cr_assert_eq(heap.blocks_held, held_before, "lost from allocation %d on", n);
}

/* The probe of an open breaker that dies of memory, wherever, is followed by another. */
Test(exchange_memory, a_probe_that_finds_no_memory_is_followed_by_another)
{
    for (int n = 1; n < 20; n++) {
        cr_assert(exchange_starts(1));
        goes_down();
        passes_ms(5000);
        asks(1);
        unsigned channel = finds(1);
        memory_fails(n, true);
        says(channel, EMPTY);
        memory_recovers();
        passes_ms(100);
        cr_expect_not_null(told[1]);
        passes_ms(5000);
        asks(2);
        says(finds(2), EMPTY);
        is_well(2);
        exchange_ends();
    }
}

/* Answers as long as they may be, on both connections: what they take besides what is fixed. */
Test(exchange_memory, what_it_holds_is_bounded)
{
    static char block[16384];
    memset(block, ' ', sizeof block);
    heap.bytes_most = heap.bytes_held;
    size_t before = heap.bytes_held;
    cr_assert(exchange_starts(1));
    size_t idle = heap.bytes_held - before;
    for (unsigned i = 1; i <= 66; i++)
        asks(i);
    cr_assert_eq(connections(), 2);
    size_t two = heap.bytes_held - before - idle;
    cr_expect_lt(idle, 256 << 10, "%zu", idle);
    cr_expect_lt(two, 2 * 48 << 10, "%zu", two);
    for (unsigned c = 0; c < 2; c++)
        server_says(&servers[c], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; connections(); i++) {
        cr_assert_lt(i, 80);
        for (unsigned c = 0; c < 2; c++)
            if (connected[c]) {
                server_says(&servers[c], "4000\r\n");
                server_says_bytes(&servers[c], block, sizeof block);
                server_says(&servers[c], "\r\n");
                turn();
                servers[c].out_from = servers[c].out_len = 0;
            }
        dialling = HANGS;
    }
    cr_expect_lt(heap.bytes_most - before - idle - two, 5 << 20, "%zu", heap.bytes_most);
    exchange_ends();
    cr_expect_eq(heap.bytes_held, before);
}
