/* test_host_port.c — addresses and names, as topology.conf writes them. */
#include "core/base/host_port.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct host_port parsed(const char *text)
{
    struct host_port h;
    const char *wrong = host_port_parse(span_of(text), &h);
    cr_assert_null(wrong, "%s: %s", text, wrong);
    return h;
}

Test(host_port, understands)
{
    static const char *const rows[] = {"127.0.0.1:12000", "[::1]:12000", "[2001:db8::1]:1",
        "localhost:1", "goloman:65535", "Goloman.example:1", "goloman.example.:1", "a_b-c.d_e:7",
        "host.docker.internal:12100", "1a.2b:1", "3com.example:1", "a.b.c.d:1"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host_port h = parsed(rows[i]);
        char text[HOST_PORT_TEXT_BYTES_MAX + 1];
        host_port_text(&h, text);
        cr_expect_str_eq(text, rows[i]);
        cr_expect_eq(host_port_is_name(&h), rows[i][0] != '[' && i != 0, "%s", rows[i]);
    }
}

Test(host_port, refuses)
{
    static const char *const rows[] = {"", "a", ":1", "a:", "a:0", "a:65536", "a:01", "a:+1",
        "a:1 ", "a: 1", "a b:1", "a..b:1", ".a:1", ".:1", "a..:1", "::1:1", "a:b:1", "[a]:1",
        "127.0.0:1", "127.0.0.1.:1", "1:1", "a/b:1", "h\xc3\xa4:1", "0x7f000001:1", "0x7f.1:1",
        "0X7F.0x1:1", "a.1:1", "127.0.0.1", "[::1]", "a:99999999999"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host_port h;
        cr_expect_not_null(host_port_parse(span_of(rows[i]), &h), "%s", rows[i]);
    }
}

Test(host_port, has_bounds)
{
    char text[300];
    struct host_port h;
    for (unsigned bytes = 250; bytes < 260; bytes++) {
        memset(text, 'a', bytes);
        for (unsigned i = 50; i < bytes; i += 50)
            text[i] = '.';
        strcpy(text + bytes, ":65535");
        const char *wrong = host_port_parse(span_of(text), &h);
        cr_expect_eq(wrong == NULL, bytes <= HOST_PORT_NAME_BYTES_MAX, "%u", bytes);
        char again[HOST_PORT_TEXT_BYTES_MAX + 1];
        if (!wrong) {
            host_port_text(&h, again);
            cr_expect_str_eq(again, text);
        }
    }
}

/* What inet_aton(3) and getaddrinfo(3) take for an address must be none that is looked up. */
Test(host_port, only_localhost_and_addresses_are_loopback)
{
    static const struct {
        const char *text;
        bool loopback;
        unsigned fixed;
    } rows[] = {{"127.0.0.1:1", true, 1}, {"127.9.9.9:1", true, 1}, {"[::1]:1", true, 1},
        {"localhost:1", true, 2}, {"LocalHost:1", true, 2}, {"localhost.:1", true, 2},
        {"10.0.0.1:1", false, 1}, {"0.0.0.0:1", false, 1}, {"localhost.example:1", false, 0},
        {"my-localhost:1", false, 0}, {"localhos:1", false, 0}, {"ip6-localhost:1", false, 0},
        {"a.localhost:1", false, 0}, {"goloman:1", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host_port h = parsed(rows[i].text);
        struct address fixed[HOST_PORT_FIXED_MAX];
        cr_expect_eq(host_port_is_loopback(&h), rows[i].loopback, "%s", rows[i].text);
        cr_expect_eq(host_port_fixed(&h, fixed), rows[i].fixed, "%s", rows[i].text);
        for (unsigned k = 0; k < rows[i].fixed; k++) {
            cr_expect_eq(address_is_loopback(&fixed[k]), rows[i].loopback);
            cr_expect_eq(fixed[k].port, 1);
        }
    }
}

Test(host_port, compares)
{
    static const struct {
        const char *a, *b;
        bool equal, same_host;
    } rows[] = {{"a:1", "a:1", true, true}, {"a:1", "A:1", true, true}, {"a:1", "a:2", false, true},
        {"a:1", "a.:1", false, false}, {"a:1", "ab:1", false, false},
        {"127.0.0.1:1", "127.0.0.1:1", true, true}, {"127.0.0.1:1", "localhost:1", false, false},
        {"[::1]:1", "[::1]:2", false, true}, {"10.0.0.1:1", "a:1", false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host_port a = parsed(rows[i].a), b = parsed(rows[i].b);
        cr_expect_eq(host_port_equal(&a, &b), rows[i].equal, "row %zu", i);
        cr_expect_eq(host_port_same_host(&b, &a), rows[i].same_host, "row %zu", i);
    }
    struct host_port h = parsed("Goloman.example:1"), address = parsed("127.0.0.1:1");
    cr_expect(host_port_has_name(&h, SPAN("goloman.EXAMPLE")));
    cr_expect(host_port_has_name(&h, SPAN("goloman.example.")));
    cr_expect_not(host_port_has_name(&h, SPAN("goloman")));
    cr_expect_not(host_port_has_name(&address, SPAN("")));
    cr_expect_not(host_port_has_name(&address, SPAN(".")));
}
