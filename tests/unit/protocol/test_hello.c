/* test_hello.c — HELLO: what is written, and what is accepted. */
#include "core/protocol/hello.h"
#include <criterion/criterion.h>

#define NONCE "000102030405060708090a0b0c0d0e0f"
#define WHOLE                                                                            \
    "HELLO stampede/1 herd=demo from=Hands to=Wilkes boot=00000000000000ff nonce=" NONCE \
    " have=123456789abcdef0:42"

static const struct hello hands = {
    .herd = {"demo", 4},
    .from = {"Hands", 5},
    .to = {"Wilkes", 6},
    .boot = 255,
    .nonce = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .have_boot = UINT64_C(0x123456789abcdef0),
    .have_change = 42,
};

Test(hello, is_written_like_this)
{
    char text[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    hello_put(&out, &hands);
    cr_expect_not(out.overflow);
    cr_expect(span_equal(buf_span(&out), SPAN(WHOLE "\n")), "%.*s", (int)out.len, text);
}

Test(hello, the_longest_fits)
{
    char name[63], text[HELLO_LINE_BYTES_MAX];
    memset(name, 'a', sizeof name);
    struct hello h = {.boot = UINT64_MAX,
        .have_boot = UINT64_MAX,
        .have_change = UINT64_MAX,
        .auth = true,
        .lazy = true,
        .stop = true,
        .secrets = true,
        .tls = true,
        .started = INT64_MAX,
        .have_by = UINT64_MAX,
        .topology = UINT64_MAX};
    h.herd = h.from = h.to = (struct span){name, sizeof name};
    struct buf out = buf_over(text, sizeof text);
    hello_put(&out, &h);
    cr_assert_not(out.overflow);
    struct hello back;
    cr_expect_null(hello_parse((struct span){text, out.len - 1}, &back));
    cr_expect_eq(back.have_change, UINT64_MAX);
    cr_expect_eq(back.started, INT64_MAX);
    cr_expect(back.auth);
}

Test(hello, auth_is_announced_by_name_or_not_at_all)
{
    struct hello h;
    cr_expect_null(hello_parse(SPAN(WHOLE), &h));
    cr_expect_not(h.auth);
    cr_expect_null(hello_parse(SPAN(WHOLE " auth=hmac-sha256"), &h));
    cr_expect(h.auth);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " auth=none"), &h), "HELLO with a bad auth");
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " auth="), &h), "HELLO with a bad auth");
}

Test(hello, lazy_is_announced_or_not)
{
    struct hello h = hands;
    char text[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    h.lazy = true;
    hello_put(&out, &h);
    cr_expect(span_equal(buf_span(&out), SPAN(WHOLE " lazy=1\n")), "%.*s", (int)out.len, text);
    cr_expect_null(hello_parse(SPAN(WHOLE), &h));
    cr_expect_not(h.lazy);
    cr_expect_null(hello_parse(SPAN(WHOLE " lazy=1"), &h));
    cr_expect(h.lazy);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " lazy=2"), &h), "HELLO with a bad lazy");
}

Test(hello, by_is_said_or_not)
{
    struct hello h = hands;
    char text[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    h.have_by = 0xab;
    hello_put(&out, &h);
    cr_expect(span_equal(buf_span(&out), SPAN(WHOLE " by=00000000000000ab\n")), "%.*s",
        (int)out.len, text);
    cr_expect_null(hello_parse(SPAN(WHOLE), &h));
    cr_expect_eq(h.have_by, 0);
    cr_expect_null(hello_parse(SPAN(WHOLE " by=00000000000000ab"), &h));
    cr_expect_eq(h.have_by, 0xab);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " by=0000000000000000"), &h), "HELLO with a bad by");
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " by=ab"), &h), "HELLO with a bad by");
}

Test(hello, started_is_said_or_not)
{
    struct hello h = hands;
    char text[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    h.started = 1700000000000000000;
    hello_put(&out, &h);
    cr_expect(span_equal(buf_span(&out), SPAN(WHOLE " started=1700000000000000000\n")), "%.*s",
        (int)out.len, text);
    cr_expect_null(hello_parse(SPAN(WHOLE), &h));
    cr_expect_eq(h.started, 0);
    cr_expect_null(hello_parse(SPAN(WHOLE " started=9223372036854775807"), &h));
    cr_expect_eq(h.started, INT64_MAX);
    static const char bad[] = "HELLO with a bad started";
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " started=0"), &h), bad);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " started=-1"), &h), bad);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " started=9223372036854775808"), &h), bad);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " started=1 started=1"), &h), "HELLO with two started");
}

Test(hello, several_secrets_are_announced_or_not)
{
    struct hello h = hands;
    char text[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    h.secrets = true;
    hello_put(&out, &h);
    cr_expect(span_equal(buf_span(&out), SPAN(WHOLE " secrets=1\n")), "%.*s", (int)out.len, text);
    cr_expect_null(hello_parse(SPAN(WHOLE), &h));
    cr_expect_not(h.secrets);
    cr_expect_null(hello_parse(SPAN(WHOLE " secrets=1"), &h));
    cr_expect(h.secrets);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " secrets=2"), &h), "HELLO with a bad secrets");
}

Test(hello, tls_is_announced_or_not)
{
    struct hello h = hands;
    char text[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    h.tls = true;
    hello_put(&out, &h);
    cr_expect(span_equal(buf_span(&out), SPAN(WHOLE " tls=1\n")), "%.*s", (int)out.len, text);
    cr_expect_null(hello_parse(SPAN(WHOLE), &h));
    cr_expect_not(h.tls);
    cr_expect_null(hello_parse(SPAN(WHOLE " tls=1"), &h));
    cr_expect(h.tls);
    cr_expect_str_eq(hello_parse(SPAN(WHOLE " tls=yes"), &h), "HELLO with a bad tls");
}

Test(hello, is_understood_with_fields_in_any_order_and_unknown_ones)
{
    static const char *const rows[] = {
        WHOLE,
        WHOLE " zone=west x=",
        "HELLO stampede/1 tls=1 have=123456789abcdef0:42 nonce=" NONCE
        " boot=00000000000000ff to=Wilkes a==b from=Hands herd=demo",
        "HELLO stampede/1 herd=demo a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10 k=11 l=12 m=13 n=14 "
        "o=15 p=16 q=17 r=18 s=19 t=20 u=21 v=22 w=23 x=24 from=Hands to=Wilkes "
        "boot=00000000000000ff nonce=" NONCE " have=123456789abcdef0:42",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hello h;
        const char *wrong = hello_parse(span_of(rows[i]), &h);
        cr_assert_null(wrong, "%zu: %s", i, wrong);
        cr_expect(span_equal(h.herd, hands.herd) && span_equal(h.from, hands.from) &&
                  span_equal(h.to, hands.to));
        cr_expect_eq(h.boot, hands.boot);
        cr_expect_arr_eq(h.nonce, hands.nonce, NONCE_BYTES);
        cr_expect_eq(h.have_boot, hands.have_boot);
        cr_expect_eq(h.have_change, hands.have_change);
    }
}

#define HEAD "HELLO stampede/1 "
#define HERD "herd=demo "
#define FROM "from=Hands "
#define TO "to=Wilkes "
#define BOOT "boot=00000000000000ff "
#define WITH_NONCE "nonce=" NONCE " "
#define HAVE "have=0000000000000000:0"
#define NAME_64 "a23456789012345678901234567890123456789012345678901234567890abcd"

Test(hello, each_wrong_field_has_its_reason)
{
    static const struct {
        const char *line, *wrong;
    } rows[] = {
        {HEAD HERD FROM TO BOOT WITH_NONCE HAVE, NULL},
        {HEAD HERD "from=- " TO BOOT WITH_NONCE HAVE, NULL},
        {"", "no HELLO"},
        {"   ", "no HELLO"},
        {"HELO", "no HELLO"},
        {"hello stampede/1", "no HELLO"},
        {"GET / HTTP/1.1", "no HELLO"},
        {HEAD HERD FROM TO BOOT WITH_NONCE HAVE "\x01", "no HELLO"},
        {"HELLO", "HELLO of another version than stampede/1"},
        {"HELLO stampede/2 " HERD, "HELLO of another version than stampede/1"},
        {"HELLO stampede/10 " HERD, "HELLO of another version than stampede/1"},
        {HEAD FROM TO BOOT WITH_NONCE HAVE, "HELLO without herd"},
        {HEAD HERD TO BOOT WITH_NONCE HAVE, "HELLO without from"},
        {HEAD HERD FROM BOOT WITH_NONCE HAVE, "HELLO without to"},
        {HEAD HERD FROM TO WITH_NONCE HAVE, "HELLO without boot"},
        {HEAD HERD FROM TO BOOT HAVE, "HELLO without nonce"},
        {HEAD HERD FROM TO BOOT WITH_NONCE, "HELLO without have"},
        {HEAD HERD HERD FROM TO BOOT WITH_NONCE HAVE, "HELLO with two herd"},
        {HEAD HERD FROM TO BOOT WITH_NONCE HAVE " from=Hands", "HELLO with two from"},
        {HEAD HERD FROM TO BOOT WITH_NONCE HAVE " " HAVE, "HELLO with two have"},
        {HEAD "herd= " FROM TO BOOT WITH_NONCE HAVE, "HELLO with a bad herd"},
        {HEAD "herd=" NAME_64 " " FROM TO BOOT WITH_NONCE HAVE, "HELLO with a bad herd"},
        {HEAD HERD "from= " TO BOOT WITH_NONCE HAVE, "HELLO with a bad from"},
        {HEAD HERD "from=-- " TO BOOT WITH_NONCE HAVE, "HELLO with a bad from"},
        {HEAD HERD "from=Ha/nds " TO BOOT WITH_NONCE HAVE, "HELLO with a bad from"},
        {HEAD HERD "from=" NAME_64 " " TO BOOT WITH_NONCE HAVE, "HELLO with a bad from"},
        {HEAD HERD FROM "to= " BOOT WITH_NONCE HAVE, "HELLO with a bad to"},
        {HEAD HERD FROM "to=.x " BOOT WITH_NONCE HAVE, "HELLO with a bad to"},
        {HEAD HERD FROM TO "boot=0000000000000000 " WITH_NONCE HAVE, "HELLO with a bad boot"},
        {HEAD HERD FROM TO "boot=ff " WITH_NONCE HAVE, "HELLO with a bad boot"},
        {HEAD HERD FROM TO "boot=000000000000000ff " WITH_NONCE HAVE, "HELLO with a bad boot"},
        {HEAD HERD FROM TO "boot=00000000000000FF " WITH_NONCE HAVE, "HELLO with a bad boot"},
        {HEAD HERD FROM TO "boot=00000000000000fg " WITH_NONCE HAVE, "HELLO with a bad boot"},
        {HEAD HERD FROM TO BOOT "nonce= " HAVE, "HELLO with a bad nonce"},
        {HEAD HERD FROM TO BOOT "nonce=" NONCE "0 " HAVE, "HELLO with a bad nonce"},
        {HEAD HERD FROM TO BOOT "nonce=" NONCE "00 " HAVE, "HELLO with a bad nonce"},
        {HEAD HERD FROM TO BOOT "nonce=x00102030405060708090a0b0c0d0e0f " HAVE,
            "HELLO with a bad nonce"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0", "HELLO with a bad have"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0:0", "HELLO with a bad have"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0000000000000000", "HELLO with a bad have"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0000000000000000:", "HELLO with a bad have"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0000000000000000:-1", "HELLO with a bad have"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0000000000000000:18446744073709551616",
            "HELLO with a bad have"},
        {HEAD HERD FROM TO BOOT WITH_NONCE "have=0000000000000000-1", "HELLO with a bad have"},
        {HEAD HERD "lonely " FROM TO BOOT WITH_NONCE HAVE,
            "HELLO with a field that is not key=value"},
        {HEAD HERD "=x " FROM TO BOOT WITH_NONCE HAVE, "HELLO with a field that is not key=value"},
        {HEAD HERD FROM TO BOOT WITH_NONCE HAVE
            " a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10 k=11 l=12 m=13 n=14 o=15 p=16 q=17 r=18 "
            "s=19 t=20 u=21 v=22 w=23 x=24 y=25",
            "HELLO with too many fields"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hello h;
        const char *wrong = hello_parse(span_of(rows[i].line), &h);
        if (rows[i].wrong)
            cr_expect_str_eq(wrong ? wrong : "well", rows[i].wrong, "%s", rows[i].line);
        else
            cr_expect_null(wrong, "%s: %s", rows[i].line, wrong);
    }
}

Test(hello, a_nul_byte_is_no_hello)
{
    struct hello h;
    cr_expect_not_null(hello_parse((struct span){WHOLE "\0", sizeof WHOLE}, &h));
}

Test(hello, hex_numbers)
{
    uint64_t value = 0;
    cr_expect(hello_hex64(SPAN("ffffffffffffffff"), &value));
    cr_expect_eq(value, UINT64_MAX);
    cr_expect(hello_hex64(SPAN("0123456789abcdef"), &value));
    cr_expect_eq(value, UINT64_C(0x0123456789abcdef));
    cr_expect_not(hello_hex64(SPAN(""), &value));
    cr_expect_not(hello_hex64(SPAN("123456789abcdef"), &value));
    cr_expect_not(hello_hex64(SPAN("0123456789abcdeF"), &value));
    cr_expect_not(hello_hex64(SPAN("0x23456789abcdef"), &value));
}
