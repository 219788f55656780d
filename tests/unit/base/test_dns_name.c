/* test_dns_name.c — which texts name a host, and what is wrong with the others. */
#include "core/base/dns_name.h"
#include <criterion/criterion.h>

#define TEN "abcdefghi-"
#define SIXTY TEN TEN TEN TEN TEN TEN

Test(dns_name, rows)
{
    static const struct {
        const char *name;
        enum dns_name_fault fault;
    } rows[] = {
        {"localhost", DNS_NAME_WELL},
        {"a", DNS_NAME_WELL},
        {"places.googleapis.com", DNS_NAME_WELL},
        {"xn--caf-dma.Example", DNS_NAME_WELL},
        {"1and1.example", DNS_NAME_WELL},
        {"1.2.3.a", DNS_NAME_WELL},
        {"places_v2.internal", DNS_NAME_WELL},
        {"", DNS_NAME_EMPTY},
        {"127.0.0.1", DNS_NAME_ADDRESS},
        {"2130706433", DNS_NAME_ADDRESS},
        {"::1", DNS_NAME_ADDRESS},
        {"fe80::1", DNS_NAME_ADDRESS},
        {"[::1]", DNS_NAME_ADDRESS},
        {"[", DNS_NAME_ADDRESS},
        {".", DNS_NAME_LABEL},
        {"localhost.", DNS_NAME_LABEL},
        {".localhost", DNS_NAME_LABEL},
        {"a..b", DNS_NAME_LABEL},
        {SIXTY "abc.de", DNS_NAME_WELL},
        {SIXTY "abcd.de", DNS_NAME_LABEL},
        {"de." SIXTY "abc", DNS_NAME_WELL},
        {"de." SIXTY "abcd", DNS_NAME_LABEL},
        {"*.example", DNS_NAME_BYTE},
        {"a b", DNS_NAME_BYTE},
        {"a/b", DNS_NAME_BYTE},
        {"a..b/", DNS_NAME_BYTE},
        {"caf\xc3\xa9.example", DNS_NAME_BYTE},
        {"a.b\x7f", DNS_NAME_BYTE},
        {"a@b", DNS_NAME_BYTE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(
            dns_name_check(span_of(rows[i].name)), rows[i].fault, "row %zu: %s", i, rows[i].name);
    cr_expect_eq(dns_name_check((struct span){"a\0b", 3}), DNS_NAME_BYTE);
}

Test(dns_name, length)
{
    char name[DNS_NAME_BYTES_MAX + 2];
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 50 == 49 ? '.' : 'x';
    cr_expect_eq(dns_name_check((struct span){name, DNS_NAME_BYTES_MAX}), DNS_NAME_WELL);
    cr_expect_eq(dns_name_check((struct span){name, DNS_NAME_BYTES_MAX + 1}), DNS_NAME_LONG);
}
