/* test_foreign.c — which lines are the first one of an HTTP request, whole and cut off at each of
 * their bytes. */
#include "core/protocol/command.h"
#include "core/protocol/foreign.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>

static bool is_http(struct span line, bool cut)
{
    struct span box = boxed(line);
    bool is = foreign_is_http(box, cut);
    unbox(box);
    return is;
}

static const struct {
    struct span line;
    bool http;
} rows[] = {
    {SPAN("GET / HTTP/1.1"), true},
    {SPAN("POST / HTTP/1.1"), true},
    {SPAN("POST /a?b=c&d=%20 HTTP/1.0"), true},
    {SPAN("OPTIONS * HTTP/1.1"), true},
    {SPAN("GET http://node:12000/ HTTP/1.1"), true},
    {SPAN("CONNECT node:12000 HTTP/1.1"), true},
    {SPAN("IAMAT / HTTP/1.1"), true}, /* methods are what the sender likes */
    {SPAN("x-!#$%&'*+.^_`|~9 / HTTP/1.9"), true},
    {SPAN("GET /\xc3\xa9 HTTP/1.1"), true},
    {SPAN(""), false},
    {SPAN(" "), false},
    {SPAN("GET"), false},
    {SPAN("GET "), false},
    {SPAN("GET /"), false},
    {SPAN("GET / "), false},
    {SPAN("GET  HTTP/1.1"), false},
    {SPAN("GET / HTTP/1."), false},
    {SPAN("GET / HTTP/1.x"), false},
    {SPAN("GET / HTTP/1.10"), false},
    {SPAN("GET / HTTP/1.1 "), false},
    {SPAN("GET / HTTP/2"), false},
    {SPAN("PRI * HTTP/2.0"), false},
    {SPAN("GET / http/1.1"), false},
    {SPAN(" GET / HTTP/1.1"), false},
    {SPAN("GET  / HTTP/1.1"), false},
    {SPAN("GET\t/ HTTP/1.1"), false},
    {SPAN("GET / a HTTP/1.1"), false},
    {SPAN("G(T / HTTP/1.1"), false},
    {SPAN("GET /\0 HTTP/1.1"), false},
    {SPAN("GET /\x7f HTTP/1.1"), false},
    {SPAN("GET / HTTP/1.1\0"), false},
    {SPAN("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"), false}, /* TLS */
    {SPAN("HTTP/1.1 200 OK"), false}, /* an answer */
    {SPAN("IAMAT kiwi +34-118 1.5"), false},
    {SPAN("WHATSAT kiwi 10 5"), false},
    {SPAN("AT Goloman +0.1 kiwi +1-1 1"), false},
};

Test(foreign, lines)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(is_http(rows[i].line, false), rows[i].http, "row %zu", i);
}

Test(foreign, no_command_is_a_request)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct command command;
        command_parse(rows[i].line, &command);
        cr_expect(command.kind == COMMAND_INVALID || !rows[i].http, "row %zu", i);
    }
}

Test(foreign, a_line_that_is_cut_off)
{
    static const struct span line = SPAN("POST /path HTTP/1.1");
    for (size_t len = 0; len <= line.len; len++) {
        struct span cut = {line.at, len};
        cr_expect_eq(is_http(cut, true), len > strlen("POST ") && len < line.len, "%zu", len);
        cr_expect_eq(is_http(cut, false), len == line.len, "%zu", len);
    }
    cr_expect_not(is_http(SPAN("IAMAT kiwikiwikiwikiwi"), true)); /* an id that is too long */
    cr_expect_not(is_http(SPAN("IAMAT /kiwikiwikiwikiw"), true));
    cr_expect_not(is_http(SPAN("WHATSAT /kiwikiwikiwik"), true));
    cr_expect_not(is_http(SPAN("GET http://node/aaaaaa"), true));
    cr_expect_not(is_http(SPAN("GET /path HTTP/2"), true));
    cr_expect_not(is_http(SPAN("/////////////////////"), true));
    cr_expect_not(is_http(SPAN("POST /path HTTP/1.11"), true));
}
