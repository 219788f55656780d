/* test_decimal.c — numbers at each bound, one below and one above it. */
#include "unit/boxed.h"
#include "core/base/decimal.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

enum { UNTOUCHED = 4711 };

/* Every byte value at every offset among up to 20 digits: the digits before it are taken, it is
 * not. */
Test(decimal, digits_end_at_any_other_byte)
{
    static const char digits[] = "18446744073709551615";
    for (size_t len = 1; len <= 20; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                struct span text = boxed((struct span){digits, len}), left = text;
                ((char *)text.at)[at] = (char)byte;
                uint64_t value = UNTOUCHED, expected = 0;
                size_t count = 0;
                for (; count < len && text.at[count] >= '0' && text.at[count] <= '9'; count++)
                    expected = expected * 10 + (uint64_t)(text.at[count] - '0');
                if (count < 20) {
                    cr_assert_eq(decimal_take_digits(&left, UINT64_MAX, &value), count);
                    cr_assert_eq(left.len, len - count);
                    cr_assert(count == 0 || value == expected);
                }
                unbox(text);
            }
        }
    }
}

Test(decimal, digits_up_to_a_bound)
{
    static const struct {
        struct span text;
        uint64_t max, value;
        size_t digits;
    } rows[] = {
        {SPAN("12345678"), UINT64_MAX, 12345678, 8},
        {SPAN("123456789"), UINT64_MAX, 123456789, 9},
        {SPAN("1234567890123456"), UINT64_MAX, 1234567890123456, 16},
        {SPAN("12345678901234567"), UINT64_MAX, 12345678901234567, 17},
        {SPAN("18446744073709551615"), UINT64_MAX, UINT64_MAX, 20},
        {SPAN("18446744073709551616"), UINT64_MAX, 0, 0},
        {SPAN("99999999999999999999"), UINT64_MAX, 0, 0},
        {SPAN("100000000000000000000000000000000"), UINT64_MAX, 0, 0},
        {SPAN("000000000000000000000000000000001"), 1, 1, 33},
        {SPAN("999"), 999, 999, 3},
        {SPAN("999x"), 999, 999, 3},
        {SPAN("1000"), 999, 0, 0},
        {SPAN("12345678"), 12345677, 0, 0},
        {SPAN(""), UINT64_MAX, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i].text), left = text;
        uint64_t value = 0;
        cr_expect_eq(decimal_take_digits(&left, rows[i].max, &value), rows[i].digits, "row %zu", i);
        if (rows[i].digits)
            cr_expect_eq(value, rows[i].value, "row %zu: %" PRIu64, i, value);
        unbox(text);
    }
}

Test(decimal, fraction)
{
    static const struct {
        struct span text;
        unsigned digits_max;
        uint64_t value;
        bool valid;
    } rows[] = {
        {SPAN("5"), 9, 500000000, true},
        {SPAN("05"), 9, 50000000, true},
        {SPAN("000000001"), 9, 1, true},
        {SPAN("123456789"), 9, 123456789, true},
        {SPAN("1234567890"), 9, 0, false},
        {SPAN("0000000000"), 9, 0, false},
        {SPAN("00000000000000000000000000000000"), 9, 0, false},
        {SPAN("1"), 15, 100000000000000, true},
        {SPAN("999999999999999"), 15, 999999999999999, true},
        {SPAN("9999999999999999"), 15, 0, false},
        {SPAN(""), 15, 0, false},
        {SPAN("-"), 15, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i].text), left = text;
        uint64_t value = 0;
        bool valid = decimal_take_fraction(&left, rows[i].digits_max, &value);
        cr_expect_eq(valid, rows[i].valid, "row %zu", i);
        if (valid)
            cr_expect(value == rows[i].value && left.len == 0, "row %zu: %" PRIu64, i, value);
        unbox(text);
    }
}

Test(decimal, time)
{
    static const struct {
        struct span text;
        int64_t ns; /* -1: refused */
    } rows[] = {
        {SPAN("0"), 0}, {SPAN("0.0"), 0}, {SPAN("0.000000001"), 1}, {SPAN("1"), 1000000000},
        {SPAN("1.5"), 1500000000}, {SPAN("1.50"), 1500000000}, {SPAN("1.05"), 1050000000},
        {SPAN("0001.5"), 1500000000},
        {SPAN("00000000000000000000000000000000000000000000000000000000000000000001"), 1000000000},
        {SPAN("1520023934.918963997"), 1520023934918963997},
        {SPAN("1520023934.918963998"), 1520023934918963998},
        {SPAN("1520023934.91896399"), 1520023934918963990},
        {SPAN("9223372036"), 9223372036000000000}, {SPAN("9223372036.854775807"), INT64_MAX},
        {SPAN("009223372036.854775807"), INT64_MAX}, {SPAN("9223372036.854775808"), -1},
        {SPAN("9223372036.9"), -1}, {SPAN("9223372037"), -1}, {SPAN("9223372037.0"), -1},
        {SPAN("18446744073.709551616"), -1}, {SPAN("18446744073709551615"), -1},
        {SPAN("18446744073709551616"), -1}, {SPAN("184467440737095516160000000001"), -1},
        {SPAN("99999999999999999999999999999999999999999999999999"), -1},
        {SPAN("1.1234567890"), -1}, {SPAN("1.0000000000"), -1},
        {SPAN("1.00000000000000000000000000000000000000001"), -1}, {SPAN(""), -1}, {SPAN("."), -1},
        {SPAN("1."), -1}, {SPAN(".5"), -1}, {SPAN("+1"), -1}, {SPAN("-1"), -1}, {SPAN("-0"), -1},
        {SPAN("1e5"), -1}, {SPAN("0x10"), -1}, {SPAN("1.2.3"), -1}, {SPAN("1..2"), -1},
        {SPAN("1,5"), -1}, {SPAN(" 1"), -1}, {SPAN("1 "), -1}, {SPAN("1_000"), -1},
        {SPAN("1\0"), -1}, {SPAN("1.5\0"), -1}, {SPAN("inf"), -1}, {SPAN("nan"), -1},
        {SPAN("1/"), -1}, {SPAN("1:"), -1}, {SPAN("\xd9\xa1"), -1}, /* an Arabic digit */
        {SPAN("\xb1"), -1}, /* '1' with the high bit */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i].text);
        int64_t ns = UNTOUCHED;
        bool valid = decimal_time(text, &ns);
        cr_expect_eq(valid, rows[i].ns >= 0, "%.*s", (int)text.len, text.at);
        cr_expect_eq(
            ns, valid ? rows[i].ns : UNTOUCHED, "%.*s: %" PRId64, (int)text.len, text.at, ns);
        unbox(text);
    }
}

/* Parse a time byte by byte. false: it is not valid. */
static bool time_by_bytes(struct span text, int64_t *ns)
{
    unsigned __int128 sum = 0;
    size_t point = text.len;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '.' && point == text.len)
            point = i;
        else if (text.at[i] >= '0' && text.at[i] <= '9')
            sum = sum * 10 + (unsigned)(text.at[i] - '0');
        else
            return false;
    }
    size_t decimals = point == text.len ? 0 : text.len - point - 1;
    for (size_t i = decimals; i < 9; i++)
        sum *= 10;
    *ns = (int64_t)sum;
    return point > 0 && point + 1 != text.len && decimals <= 9 && sum <= INT64_MAX;
}

/* Texts of 16 to 20 bytes may take the fast way of decimal_time; the result must be the same. */
Test(decimal, time_of_any_shape)
{
    struct random random = random_begin();
    static const char other[] = ".:/ 9\xb0";
    unsigned valids = 0;
    for (int i = 0; i < 200000; i++) {
        char bytes[24];
        size_t len = 1 + random_below(&random, sizeof bytes);
        for (size_t k = 0; k < len; k++)
            bytes[k] = (char)('0' + random_below(&random, 10));
        if (random_below(&random, 8))
            bytes[random_below(&random, (uint32_t)len)] = '.';
        if (!random_below(&random, 8))
            bytes[random_below(&random, (uint32_t)len)] =
                other[random_below(&random, sizeof other - 1)];
        struct span text = boxed((struct span){bytes, len});
        int64_t ns = UNTOUCHED, expected;
        bool valid = time_by_bytes(text, &expected);
        cr_assert_eq(decimal_time(text, &ns), valid, "%.*s", (int)len, bytes);
        cr_assert_eq(ns, valid ? expected : UNTOUCHED, "%.*s", (int)len, bytes);
        valids += valid && len >= 16;
        unbox(text);
    }
    cr_assert_gt(valids, 1000);
}

Test(decimal, digits_of_a_number)
{
    uint64_t power = 1;
    for (unsigned digits = 1; digits <= 15; digits++, power *= 10) {
        cr_expect_eq(decimal_digits(power), digits);
        cr_expect_eq(decimal_digits(power * 9 + (power - 1)), digits);
    }
    cr_expect_eq(decimal_digits(0), 1);
}

Test(decimal, radius)
{
    static const struct {
        struct span text;
        int64_t um; /* -1: refused */
    } rows[] = {
        {SPAN("0"), 0},
        {SPAN("0.0"), 0},
        {SPAN("1.5"), 1500000000},
        {SPAN("007"), 7000000000},
        {SPAN("0.000000001"), 1},
        {SPAN("0.0000000019"), 1},
        {SPAN("49.999999999"), 49999999999},
        {SPAN("49.99999999999999999999999999999"), 49999999999},
        {SPAN("50"), 50000000000},
        {SPAN("50.000"), 50000000000},
        {SPAN("50.0000000000000000000000000000000000000000000000"), 50000000000},
        {SPAN("00050.0"), 50000000000},
        {SPAN("50.0000000000000001"), -1},
        {SPAN("50.0000000001"), -1},
        {SPAN("50.000000001"), -1},
        {SPAN("50.1"), -1},
        {SPAN("51"), -1},
        {SPAN("500"), -1},
        {SPAN("18446744073709551617"), -1},
        {SPAN("99999999999999999999999999999"), -1},
        {SPAN(""), -1},
        {SPAN("5."), -1},
        {SPAN(".5"), -1},
        {SPAN("+5"), -1},
        {SPAN("-0"), -1},
        {SPAN("1e1"), -1},
        {SPAN("1.2.3"), -1},
        {SPAN("1.000000000."), -1},
        {SPAN("1.00000000a"), -1},
        {SPAN("1.000000000a"), -1},
        {SPAN("1.0000000000000000000-"), -1},
        {SPAN("1\0"), -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i].text);
        uint64_t um = UNTOUCHED;
        bool valid = decimal_radius(text, &um);
        cr_expect_eq(valid, rows[i].um >= 0, "%.*s", (int)text.len, text.at);
        cr_expect_eq(um, valid ? (uint64_t)rows[i].um : UNTOUCHED, "%.*s", (int)text.len, text.at);
        unbox(text);
    }
}

Test(decimal, count)
{
    static const struct {
        struct span text;
        uint64_t max, value;
        bool valid;
    } rows[] = {
        {SPAN("0"), 20, 0, true},
        {SPAN("20"), 20, 20, true},
        {SPAN("0000000000000000000000000000020"), 20, 20, true},
        {SPAN("21"), 20, 0, false},
        {SPAN("200"), 20, 0, false},
        {SPAN("0"), 0, 0, true},
        {SPAN("1"), 0, 0, false},
        {SPAN("18446744073709551615"), UINT64_MAX, UINT64_MAX, true},
        {SPAN("18446744073709551616"), UINT64_MAX, 0, false},
        {SPAN("18446744073709551625"), UINT64_MAX, 0, false},
        {SPAN("184467440737095516150"), UINT64_MAX, 0, false},
        {SPAN("18446744073709551636"), 20, 0, false}, /* 20 modulo 2^64 */
        {SPAN(""), 20, 0, false},
        {SPAN("+1"), 20, 0, false},
        {SPAN("-1"), 20, 0, false},
        {SPAN("1.0"), 20, 0, false},
        {SPAN("1."), 20, 0, false},
        {SPAN("1 "), 20, 0, false},
        {SPAN("1a"), 20, 0, false},
        {SPAN("1\0"), 20, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i].text);
        uint64_t value = UNTOUCHED;
        cr_expect_eq(decimal_count(text, rows[i].max, &value), rows[i].valid, "%.*s", (int)text.len,
            text.at);
        cr_expect_eq(value, rows[i].valid ? rows[i].value : UNTOUCHED);
        unbox(text);
    }
}

Test(decimal, skew_there_and_back)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "+0.000000000"},
        {1, "+0.000000001"},
        {-1, "-0.000000001"},
        {263873386, "+0.263873386"},
        {-263873386, "-0.263873386"},
        {999999999, "+0.999999999"},
        {1000000000, "+1.000000000"},
        {-1000000000, "-1.000000000"},
        {9999999999, "+9.999999999"},
        {10000000000, "+10.000000000"},
        {-86400000000000, "-86400.000000000"},
        {999999999999999999, "+999999999.999999999"},
        {1000000000000000000, "+1000000000.000000000"},
        {1520023934918963997, "+1520023934.918963997"},
        {INT64_MAX, "+9223372036.854775807"},
        {-INT64_MAX, "-9223372036.854775807"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t bytes = strlen(rows[i].text);
        cr_expect_leq(bytes, STAMPEDE_SKEW_BYTES_MAX);
        char *room = malloc(STAMPEDE_SKEW_BYTES_MAX);
        struct span skew = {room, decimal_skew_put(room, rows[i].ns)};
        cr_expect(span_equal(skew, span_of(rows[i].text)), "%.*s, not %s", (int)skew.len, skew.at,
            rows[i].text);
        int64_t ns = UNTOUCHED;
        cr_expect(decimal_skew(skew, &ns), "%s", rows[i].text);
        cr_expect_eq(ns, rows[i].ns, "%s: %" PRId64, rows[i].text, ns);
        free(room);
    }
}

Test(decimal, skew_has_one_text)
{
    static const struct span refused[] = {
        SPAN(""),
        SPAN("+"),
        SPAN("-"),
        SPAN("0.000000000"),
        SPAN("-0.000000000"),
        SPAN("+00.000000000"),
        SPAN("+01.000000000"),
        SPAN("-00.000000001"),
        SPAN("+.000000000"),
        SPAN("+0"),
        SPAN("+1"),
        SPAN("+0."),
        SPAN("+0.00000000"),
        SPAN("+0.0000000000"),
        SPAN("+0.0"),
        SPAN("++0.000000000"),
        SPAN("+-1.000000000"),
        SPAN("+1,000000000"),
        SPAN("+1.00000000a"),
        SPAN("+1.0.00000000"),
        SPAN("+1a000000000"),
        SPAN("+a.000000000"),
        SPAN("+9223372036.854775808"),
        SPAN("-9223372036.854775808"),
        SPAN("+9223372037.000000000"),
        SPAN("+18446744073.709551616"),
        SPAN("+99999999999999999999.000000000"),
        SPAN(" +1.000000000"),
        SPAN("+1.000000000 "),
        SPAN("+1.000000000\0"),
        SPAN("+1234567890"),
        SPAN("+000000000"),
        SPAN("000000000"),
        SPAN(".000000000"),
        SPAN("\xe2\x88\x92"
             "1.000000000"),
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct span text = boxed(refused[i]);
        int64_t ns = UNTOUCHED;
        cr_expect(!decimal_skew(text, &ns), "%.*s", (int)text.len, text.at);
        cr_expect_eq(ns, UNTOUCHED);
        unbox(text);
    }
}

/* Numbers of every length, written by the C library and parsed here. */
Test(decimal, agrees_with_the_c_library)
{
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        int64_t expected = (int64_t)(random >> (1 + random % 63)), ns;
        char text[64];
        int digits = snprintf(text, sizeof text, "%+" PRId64 ".%09" PRId64, expected / 1000000000,
            expected % 1000000000);
        struct span skew = {text, (size_t)digits};
        cr_assert(decimal_skew(skew, &ns) && ns == expected, "%s", text);
        cr_assert(decimal_time(span_from(skew, 1), &ns) && ns == expected, "%s", text);
        skew.len = decimal_skew_put(text, -expected);
        cr_assert(decimal_skew(skew, &ns) && ns == -expected, "%s", text);
    }
}
