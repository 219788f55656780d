/* test_json_safe.c — JSON that is unusual or hostile, and texts that are not JSON. */
#include "unit/boxed.h"
#include "core/base/json_safe.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>

#define R "\xef\xbf\xbd"

/* The text parsed and printed again, or the fault that is reported. */
static const struct {
    struct span text;
    const char *want; /* NULL: not JSON */
} cases[] = {
    {SPAN("{}"), "{}"},
    {SPAN(" [1,2.5,-3e2,true,false,null,\"a\"] \r\n\t"), "[1,2.5,-300,true,false,null,\"a\"]"},
    {SPAN("\"a\\\"b\\\\\""), "\"a\\\"b\\\\\""},
    {SPAN("\"[[[{,\""), "\"[[[{,\""},
    {SPAN("\"\\u00e4\\ud83d\\uDE00\""), "\"ä\xf0\x9f\x98\x80\""},
    {SPAN("\"a\\u0000b\""), "\"a" R "b\""},
    {SPAN("\"a\0b\""), "\"a" R "b\""},
    {SPAN("\"\\ud83d\""), "\"" R "\""},
    {SPAN("\"\\ud83dx\""), "\"" R "x\""},
    {SPAN("\"\\ud83d\\ud83d\\ude00\""), "\"" R "\xf0\x9f\x98\x80\""},
    {SPAN("\"\\ude00\\ud83d\""), "\"" R R "\""},
    {SPAN("\"\\\\u0000\""), "\"\\\\u0000\""},
    {SPAN("\"\xc3\xa4\xc3\""), "\"ä" R "\""},
    {SPAN("\"\xc0\x80\xed\xa0\x80\""), "\"" R R R R R "\""},
    {SPAN("{\"\xff\":1}"), "{\"" R "\":1}"},
    {SPAN("\"a\nb\x01\""), "\"a\\nb\\u0001\""},
    {SPAN("\xef\xbb\xbf{}"), "{}"},
    {SPAN("1e999"), "null"},
    {SPAN("-1e999"), "null"},
    {SPAN(""), NULL},
    {SPAN(" "), NULL},
    {SPAN("\0"), NULL},
    {SPAN("{}\0"), NULL},
    {SPAN("{} {}"), NULL},
    {SPAN("{}]"), NULL},
    {SPAN("<html>"), NULL},
    {SPAN("\xff\xff"), NULL},
    {SPAN("NaN"), NULL},
    {SPAN("{\"a\":NaN}"), NULL},
    {SPAN("{\"a\":Infinity}"), NULL},
    {SPAN("{\"a\":1"), NULL},
    {SPAN("{\"a\""), NULL},
    {SPAN("[1,]"), NULL},
    {SPAN("\"a"), NULL},
    {SPAN("\"a\\"), NULL},
    {SPAN("\"a\\\""), NULL},
    {SPAN("\"\\uZZZZ\""), NULL},
    {SPAN("\"\\u12\""), NULL},
    {SPAN("\"\\u1"), NULL},
    {SPAN("\"\\ud83d\\u12\""), NULL},
    {SPAN("\"\\x\""), NULL},
};

Test(json_safe, texts_are_mended_or_refused)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span text = boxed(cases[i].text);
        const char *fault;
        cJSON *tree = json_safe_parse(text, &fault);
        unbox(text);
        if (!cases[i].want) {
            cr_expect_null(tree, "case %zu", i);
            cr_expect_str_eq(fault, "something that is not JSON", "case %zu", i);
            cJSON_Delete(tree);
            continue;
        }
        cr_assert_not_null(tree, "case %zu", i);
        cr_expect_null(fault);
        char *printed = cJSON_PrintUnformatted(tree);
        cr_expect_str_eq(printed, cases[i].want, "case %zu: %s", i, printed);
        cJSON_free(printed);
        cJSON_Delete(tree);
    }
}

/* `count` times `each`, between `before` and `after`. */
static struct span repeated(const char *before, const char *each, size_t count, const char *after)
{
    static char memory[1 << 20];
    size_t len = strlen(each), at = strlen(before);
    memcpy(memory, before, at);
    for (size_t i = 0; i < count; i++, at += len)
        memcpy(memory + at, each, len);
    memcpy(memory + at, after, strlen(after));
    return (struct span){memory, at + strlen(after)};
}

static void parses(struct span text, const char *want)
{
    const char *fault;
    cJSON *tree = json_safe_parse(text, &fault);
    if (want) {
        cr_expect_null(tree, "%s", want);
        cr_expect_str_eq(fault, want);
    } else {
        cr_expect_not_null(tree, "%s", fault);
    }
    cJSON_Delete(tree);
}

Test(json_safe, depth_and_values_have_bounds)
{
    static const char deep[] = "JSON that is nested too deeply";
    static const char many[] = "JSON that has too many values";
    char closing[JSON_SAFE_DEPTH_MAX + 1];
    memset(closing, ']', JSON_SAFE_DEPTH_MAX);
    closing[JSON_SAFE_DEPTH_MAX] = 0;
    parses(repeated("", "[", JSON_SAFE_DEPTH_MAX, closing), NULL);
    parses(repeated("[", "[", JSON_SAFE_DEPTH_MAX, ""), deep);
    parses(repeated("", "[", 1000000, ""), deep);
    parses(repeated("", "{\"a\":", 200000, ""), deep);
    parses(repeated("[", "[],", 1000, "[]]"), NULL);
    parses(repeated("[1", ",1", JSON_SAFE_VALUES_MAX - 1, "]"), NULL);
    parses(repeated("[1", ",1", JSON_SAFE_VALUES_MAX, "]"), many);
    parses(repeated("[", "[],", 300000, "[]]"), many);
    parses(repeated("\"", "[,{", 300000, "\""), NULL);
}
