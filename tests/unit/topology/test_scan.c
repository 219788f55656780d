/* test_scan.c — texts as tokens: kinds, lines, what is between quotes, and where a line has one
 * too few. */
#include "core/topology/scan.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>
#include <stdio.h>

/* Each token as its line, "^" where it is the first of it, its kind as a letter, the text in
 * brackets, "!" when it is unclosed; up to END. */
static const char *tokens(const char *text)
{
    static char said[1024];
    struct span box = boxed(span_of(text));
    struct scan s = scan_over(box);
    size_t len = 0;
    struct token t;
    do {
        t = scan_next(&s);
        len += (size_t)snprintf(said + len, sizeof said - len, "%d%s%c", t.line, t.first ? "^" : "",
            ".t=+{},?"[t.kind]);
        if (t.kind == TOKEN_TEXT || t.kind == TOKEN_STRAY)
            len += (size_t)snprintf(
                said + len, sizeof said - len, "[%.*s]", (int)t.text.len, t.text.at);
        len += (size_t)snprintf(said + len, sizeof said - len, "%s ", t.unclosed ? "!" : "");
    } while (t.kind != TOKEN_END);
    cr_expect_eq(scan_next(&s).kind, TOKEN_END, "and so it stays");
    unbox(box);
    said[len - 1] = '\0';
    return said;
}

Test(scan, tokens)
{
    static const struct {
        const char *text, *tokens;
    } rows[] = {
        {"", "1."},
        {"a", "1^t[a] 1."},
        {" a b\nc\r\n\td", "1^t[a] 1t[b] 2^t[c] 3^t[d] 3."},
        {"a={b,}c+=d", "1^t[a] 1= 1{ 1t[b] 1, 1} 1t[c] 1+ 1t[d] 1."},
        {"a+(*)", "1^t[a] 1?[+] 1?[(] 1?[*] 1?[)] 1."},
        {"a#b\n//c\nd//e /*\n*/ f", "1^t[a] 3^t[d//e] 4^t[f] 4."},
        {"/*/ */a", "1^t[a] 1."},
        {"\n/* \n*", "2.!"},
        {"/", "1^t[/] 1."},
        {"'a\"' \"b'\" ''", "1^t[a\"] 1t[b'] 1t[] 1."},
        {"'a\\'b' \"c\\\"d\" '\\\\' '\\d'", "1^t[a\\'b] 1t[c\\\"d] 1t[\\\\] 1t[\\d] 1."},
        {"a 'b\nc", "1^t[a] 1t[b]! 2^t[c] 2."},
        {"'a' \"b\nc", "1^t[a' \"b]! 2^t[c] 2."},
        {"'a' #'\n'b' //\"\n'c' /*'*/", "1^t[a] 2^t[b] 3^t[c] 3."},
        {"'a' /*\n'*/ 'b", "1^t[a] 2^t[b]! 2."},
        {"\"\\", "1^t[\\]! 1."},
        {"'\\", "1^t[\\]! 1."},
        {"\"a\\\n\"", "1^t[a\\]! 2^t[]! 2."},
        {"a${b}c ${d\n${ $e", "1^t[a${b}c] 1t[${d] 2^t[${] 2t[$e] 2."},
        {"a\x01"
         "b\x7f"
         "c",
            "1^t[a] 1t[b] 1t[c] 1."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = tokens(rows[i].text);
        cr_expect_str_eq(got, rows[i].tokens, "row %zu: %s, not %s", i, got, rows[i].tokens);
    }
}

Test(scan, text)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\\b\\\\c", "a\\b\\\\c"},
        {"\"a\\\\b\\\"\\$\\'\"", "a\\b\"$'"},
        {"'a\\\\b\\'\\\"\\n'", "a\\b'\\\"\\n"},
        {"\"\\n\"", NULL},
        {"\"\\0\"", NULL},
        {"\"\\Z\"", NULL},
        {"\"\\9\"", NULL},
        {"''", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char memory[16];
        struct buf b = buf_over(memory, sizeof memory);
        struct scan s = scan_over(span_of(rows[i].in));
        struct token t = scan_next(&s);
        bool well = scan_text(&t, &b);
        cr_expect_eq(well, rows[i].out != NULL, "row %zu", i);
        if (well && rows[i].out)
            cr_expect(span_equal(buf_span(&b), span_of(rows[i].out)), "row %zu: %.*s", i,
                (int)b.len, b.at);
    }
}
