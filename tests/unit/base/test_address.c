/* test_address.c — what is a valid address; inet_pton of the C library must agree. */
#include "core/base/address.h"
#include "unit/random.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>

Test(address, understands)
{
    static const struct {
        const char *text, *again;
    } rows[] = {
        {"127.0.0.1:12000", "127.0.0.1:12000"},
        {"0.0.0.0:1", "0.0.0.0:1"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"[::1]:12000", "[::1]:12000"},
        {"[::]:80", "[::]:80"},
        {"[0:0:0:0:0:0:0:0]:80", "[::]:80"},
        {"[2001:DB8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1"},
        {"[2001:db8:0:1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1"},
        {"[1::]:1", "[1::]:1"},
        {"[fe80:0:0:1::]:1", "[fe80:0:0:1::]:1"},
        {"[64:ff9b::192.0.2.33]:1", "[64:ff9b::c000:221]:1"},
        {"[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"},
        {"[::2:3:4:5:6:7:8]:1", "[0:2:3:4:5:6:7:8]:1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address a;
        const char *wrong = address_parse(span_of(rows[i].text), &a);
        cr_assert_null(wrong, "%s: %s", rows[i].text, wrong);
        char text[ADDRESS_TEXT_BYTES_MAX + 1];
        address_text(&a, text);
        cr_expect_str_eq(text, rows[i].again);
    }
}

Test(address, refuses)
{
    static const char *const rows[] = {"", ":", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
        "127.0.0.1:65536", "127.0.0.1:99999999999", "127.0.0.1:01", "127.0.0.1:+1", "127.0.0.1: 1",
        "127.0.0:1", "127.0.0.1.1:1", "256.0.0.1:1", "01.0.0.1:1", "a.b.c.d:1", "localhost:1",
        "::1:12000", "[::1]", "[]:1", "[:]:1", "[:::]:1", "[1::2::3]:1", "[1:2:3:4:5:6:7]:1",
        "[1:2:3:4:5:6:7:8:9]:1", "[1:2:3:4:5:6:7:8::]:1", "[12345::]:1", "[::g]:1", "[1:]:1",
        "[fe80::1%eth0]:1", "[::ffff:127.0.0.1]:1", "[1:2:3:4:5:6:7:1.2.3.4]:1", "[127.0.0.1]:1",
        "127.0.0.1:1 "};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address a;
        cr_expect_not_null(address_parse(span_of(rows[i]), &a), "%s", rows[i]);
    }
}

/* Random texts over the alphabet of addresses: both parsers accept the same ones, with the same
 * value. */
Test(address, agrees_with_libc)
{
    struct random chance = random_begin();
    unsigned taken = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char host[24] = "", text[ADDRESS_TEXT_BYTES_MAX + 1];
        unsigned pieces = 1 + random_below(&chance, 9);
        for (unsigned i = 0; i < pieces; i++) {
            static const char *const alphabet[] = {
                ":", ":", "::", "0", "1", "ab", "f00", "1.2.3.4"};
            const char *piece = alphabet[random_below(&chance, 8)];
            if (strlen(host) + strlen(piece) < sizeof host)
                strcat(host, piece);
        }
        unsigned char expected[16];
        struct address a;
        snprintf(text, sizeof text, "[%s]:1", host);
        bool libc = inet_pton(AF_INET6, host, expected) == 1;
        bool ours = address_parse(span_of(text), &a) == NULL;
        cr_assert_eq(ours, libc, "%s", text);
        if (!ours)
            continue;
        cr_assert_arr_eq(a.ip, expected, 16, "%s", text);
        address_text(&a, text);
        struct address again;
        cr_assert_null(address_parse(span_of(text), &again), "%s", text);
        cr_assert(address_equal(&a, &again), "%s", text);
        taken++;
    }
    cr_assert_gt(taken, 1000, "the texts are worth something");
}

Test(address, tells_kinds_apart)
{
    static const struct {
        const char *text;
        bool loopback, any;
    } rows[] = {{"127.0.0.1:1", true, false}, {"127.255.0.9:1", true, false},
        {"128.0.0.1:1", false, false}, {"0.0.0.0:1", false, true}, {"0.0.0.1:1", false, false},
        {"[::1]:1", true, false}, {"[::]:1", false, true}, {"[::2]:1", false, false},
        {"[7f00::1]:1", false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address a;
        cr_assert_null(address_parse(span_of(rows[i].text), &a));
        cr_expect_eq(address_is_loopback(&a), rows[i].loopback, "%s", rows[i].text);
        cr_expect_eq(address_is_any(&a), rows[i].any, "%s", rows[i].text);
    }
    struct address a, b, c;
    cr_assert_null(address_parse(SPAN("0.0.0.0:1"), &a));
    cr_assert_null(address_parse(SPAN("[::]:1"), &b));
    cr_assert_null(address_parse(SPAN("0.0.0.0:2"), &c));
    cr_expect_not(address_equal(&a, &b));
    cr_expect_not(address_equal(&a, &c));
    cr_expect(address_same_host(&a, &c));
    cr_expect(address_equal(&a, &a));
}
