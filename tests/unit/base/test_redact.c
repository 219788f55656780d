/* test_redact.c — a secret is removed in every spelling. */
#include "unit/boxed.h"
#include "core/base/redact.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>

static const struct {
    const char *text, *secret, *want;
} cases[] = {
    {"", "AIza-1", ""},
    {"nothing here", "AIza-1", "nothing here"},
    {"AIza-1", "AIza-1", "…"},
    {"key AIza-1.", "AIza-1", "key …."},
    {"AIza-1AIza-1", "AIza-1", "……"},
    {"AIzAIza-1za-1", "AIza-1", "AIz…za-1"},
    {"aiZA-1", "AIza-1", "…"},
    {"%41Iza%2d1, %41%49%7A%61%2D%31", "AIza-1", "…, …"},
    {"AIza-", "AIza-1", "AIza-"},
    {"AIza%2", "AIza-1", "AIza%2"},
    {"AIza%2d", "AIza-1", "AIza%2d"},
    {"AIza%2g1", "AIza-1", "AIza%2g1"},
    {"%", "%", "…"},
    {"a%25b a%b", "a%b", "… …"},
    {"%25 %2525", "%25", "… …"},
    {"k", "k", "…"},
    {"Königin", "k", "…önigin"},
    {"ä…", "*", "ä…"},
};

Test(redact, a_secret_becomes_an_ellipsis)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[64];
        struct buf out = buf_over(room, sizeof room);
        struct span text = boxed(span_of(cases[i].text)), secret = boxed(span_of(cases[i].secret));
        redact_put(&out, text, secret);
        cr_expect(span_equal(buf_span(&out), span_of(cases[i].want)), "%s: %.*s", cases[i].text,
            (int)out.len, out.at);
        unbox(text);
        unbox(secret);
    }
}

Test(redact, what_does_not_fit_is_cut_between_characters)
{
    static const char want[] = "a…ä€";
    for (size_t cap = 0; cap <= sizeof want - 1; cap++) {
        char room[sizeof want];
        struct buf out = buf_over(room, cap);
        redact_put(&out, SPAN("aSECRETä€"), SPAN("SECRET"));
        size_t fits = cap < 1 ? 0 : cap < 4 ? 1 : cap < 6 ? 4 : cap < 9 ? 6 : 9;
        cr_expect(span_equal(buf_span(&out), (struct span){want, fits}), "%zu bytes", cap);
        cr_expect_eq(out.overflow, cap < 9);
    }
}

Test(redact, strings_and_names_of_a_tree)
{
    cJSON *tree =
        cJSON_Parse("{\"a\":\"SECRET\",\"SECRET\":[\"x\",{\"b\":\"1secret2\"},3,null],\"c\":\"\"}");
    cr_assert(redact_json(tree, SPAN("SECRET")));
    char *text = cJSON_PrintUnformatted(tree);
    cr_assert_str_eq(text, "{\"a\":\"…\",\"…\":[\"x\",{\"b\":\"1…2\"},3,null],\"c\":\"\"}");
    cJSON_free(text);
    cJSON_Delete(tree);
}

Test(redact, a_short_secret_makes_a_text_longer)
{
    cJSON *tree = cJSON_Parse("\"kkkk\"");
    cr_assert(redact_json(tree, SPAN("k")));
    cr_assert_str_eq(tree->valuestring, "…………");
    cJSON_Delete(tree);
}
