/* test_quotas.c — each address has its own account, which reconnecting does not clear; rates let
 * exactly what they say happen, at once and later; memory is bounded. */
#include "core/node/quotas.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct quotas q;

static const struct topology_limits limits = {.connections = 4,
    .connections_per_address = 2,
    .commands_per_address = {10, 1},
    .new_ids_per_address = {3, 60}};

static void begin(void)
{
    const uint64_t key[2] = {1, 2};
    cr_assert(quotas_begin(&q, &limits, key));
}

static void end(void)
{
    quotas_end(&q);
}

TestSuite(quotas, .init = begin, .fini = end);

static struct address address(const char *host)
{
    char text[80];
    struct address a;
    snprintf(text, sizeof text, "%s:1", host);
    cr_assert_null(address_parse(span_of(text), &a), "%s", text);
    return a;
}

/* An account, or QUOTA_NONE - 1: it was refused. */
static uint32_t enter(const char *host)
{
    uint32_t account;
    struct address from = address(host);
    return quotas_enter(&q, &from, &account) ? account : QUOTA_NONE - 1;
}

static bool new_id(uint32_t account, struct instant now)
{
    if (!quotas_has_new_id(&q, account, now))
        return false;
    quotas_took_new_id(&q, account, now);
    return true;
}

static void expect_exceeded(enum quota which, const char *expected)
{
    char text[ADDRESS_TEXT_BYTES_MAX + 1];
    struct address a;
    cr_assert(quotas_exceeded(&q, which, &a));
    address_text(&a, text);
    cr_expect_str_eq(text, expected);
}

enum { REFUSED = -2 }; /* as enter returns it */

static struct instant at(int64_t ms)
{
    return (struct instant){.mono_ns = 1000 * SECOND_NS + ms * MS_NS};
}

Test(quotas, connections_are_counted_by_address)
{
    uint32_t first = enter("192.0.2.1");
    cr_expect_eq(enter("192.0.2.1"), first);
    cr_expect_eq(enter("192.0.2.1"), (uint32_t)REFUSED);
    cr_expect_neq(enter("192.0.2.2"), (uint32_t)REFUSED);
    quotas_leave(&q, first);
    cr_expect_eq(enter("192.0.2.1"), first);
}

Test(quotas, an_ipv6_address_is_its_first_64_bits)
{
    uint32_t first = enter("[2001:db8::1]");
    cr_expect_eq(enter("[2001:db8::ffff:1:2:3]"), first);
    cr_expect_neq(enter("[2001:db8:0:1::1]"), first);
    cr_expect_eq(enter("[2001:db8::2]"), (uint32_t)REFUSED);
    expect_exceeded(QUOTA_CONNECTIONS, "[2001:db8::]:1");
    /* the same bits as an IPv4 address are another one */
    cr_expect_neq(enter("[0:0:c000:201::1]"), enter("192.0.2.1"));
}

Test(quotas, the_own_machine_has_no_account)
{
    static const char *const own[] = {"127.0.0.1", "127.9.9.9", "[::1]"};
    for (int round = 0; round < 9; round++)
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            cr_expect_eq(enter(own[i]), QUOTA_NONE);
    cr_expect_leq(quotas_commands(&q, QUOTA_NONE, 1000000, at(0)), at(0).mono_ns);
    cr_expect(new_id(QUOTA_NONE, at(0)));
    quotas_leave(&q, QUOTA_NONE);
}

Test(quotas, commands_are_paused_until_there_is_one_again)
{
    uint32_t account = enter("192.0.2.1");
    struct address nobody;
    cr_expect_not(quotas_exceeded(&q, QUOTA_COMMANDS, &nobody));
    cr_expect_leq(quotas_commands(&q, account, 9, at(0)), at(0).mono_ns);
    cr_expect_eq(quotas_commands(&q, account, 1, at(0)), at(100).mono_ns);
    cr_expect_eq(quotas_commands(&q, account, 1, at(100)), at(200).mono_ns);
    cr_expect_eq(quotas_commands(&q, account, 20, at(1200)), at(2300).mono_ns);
    cr_expect_leq(quotas_commands(&q, account, 9, at(90000)), at(90000).mono_ns);
}

Test(quotas, new_ids_come_back)
{
    uint32_t account = enter("192.0.2.1"), other = enter("192.0.2.2");
    for (int i = 0; i < 3; i++)
        cr_expect(new_id(account, at(0)));
    cr_expect_not(new_id(account, at(0)));
    cr_expect_not(new_id(account, at(19999)));
    expect_exceeded(QUOTA_NEW_IDS, "192.0.2.1:1");
    cr_expect(new_id(other, at(19999)));
    cr_expect(new_id(account, at(20000)));
    cr_expect_not(new_id(account, at(20000)));
}

Test(quotas, reconnecting_does_not_clear_an_account)
{
    uint32_t account = enter("192.0.2.1");
    for (int i = 0; i < 3; i++)
        cr_expect(new_id(account, at(i)));
    quotas_leave(&q, account);
    account = enter("192.0.2.1");
    cr_expect_not(new_id(account, at(10)));
}

/* The accounts left first make room, and those with a connection stay. */
Test(quotas, memory_is_bounded)
{
    char host[32];
    uint32_t first = enter("192.0.2.1"), last = QUOTA_NONE;
    for (int i = 0; i < 3; i++)
        cr_expect(new_id(first, at(0)));
    for (int i = 0; i < 3 * QUOTAS_REMEMBERED; i++) {
        snprintf(host, sizeof host, "10.0.%d.%d", i / 256, i % 256);
        last = enter(host);
        cr_assert_neq(last, (uint32_t)REFUSED);
        cr_expect(new_id(last, at(0)));
        quotas_leave(&q, last);
    }
    cr_expect_eq(q.accounts_count, q.accounts_max);
    cr_expect_eq(enter("192.0.2.1"), first);
    cr_expect_not(new_id(first, at(0)));
    cr_expect_eq(enter(host), last, "what was left last is remembered");
}

Test(quotas, off)
{
    struct topology_limits without = limits;
    const uint64_t key[2] = {0};
    without.commands_per_address = without.new_ids_per_address = (struct topology_rate){0};
    quotas_end(&q);
    cr_assert(quotas_begin(&q, &without, key));
    uint32_t account = enter("192.0.2.1");
    for (int i = 0; i < 1000; i++)
        cr_expect(new_id(account, at(0)));
    cr_expect_leq(quotas_commands(&q, account, 1000000, at(0)), at(0).mono_ns);
}

Test(quotas, other_limits_hold_from_now_on_and_accounts_stay)
{
    struct topology_limits more = limits;
    char host[32];
    uint32_t first = enter("192.0.2.1");
    cr_expect_eq(enter("192.0.2.1"), first);
    cr_expect_eq(enter("192.0.2.1"), (uint32_t)REFUSED);
    for (int i = 0; i < 3; i++)
        cr_expect(new_id(first, at(0)));
    more.connections = 3 * QUOTAS_REMEMBERED;
    more.connections_per_address = 3;
    cr_assert(quotas_take_limits(&q, &more));
    cr_expect_eq(enter("192.0.2.1"), first);
    cr_expect_eq(enter("192.0.2.1"), (uint32_t)REFUSED);
    cr_expect_not(new_id(first, at(0)), "what was taken counts on");
    for (int i = 0; i < 3 * QUOTAS_REMEMBERED - 1; i++) {
        snprintf(host, sizeof host, "10.0.%d.%d", i / 256, i % 256);
        cr_assert_neq(enter(host), (uint32_t)REFUSED);
    }
    cr_assert(quotas_take_limits(&q, &limits));
    cr_expect_eq(enter("192.0.2.1"), (uint32_t)REFUSED, "three are there, and two are allowed");
    for (int i = 0; i < 3; i++)
        quotas_leave(&q, first);
    cr_expect_eq(enter("192.0.2.1"), first);
}
