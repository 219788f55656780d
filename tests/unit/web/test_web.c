/* test_web.c — which request gets which page, and who is refused. */
#include "core/web/web.h"
#include "unit/secrets.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct topology_node nodes[] = {{.name = "Goloman"}, {.name = "Hands"}};
static struct topology topology = {.nodes = nodes, .nodes_count = 2};

static struct web_verdict judge(const char *text, const char *tokens)
{
    struct secrets known = secrets_of(tokens);
    struct web_rules rules = {.topology = &topology, .tokens = &known};
    struct http_incoming r = {0};
    struct span in = span_of(text);
    cr_assert_neq(http_incoming_take(&r, &in), HTTP_MORE, "%s", text);
    struct web_verdict v = web_judge(&rules, &r);
    http_incoming_next(&r);
    cr_assert_eq(v.page == WEB_REFUSED, v.status != 200);
    cr_assert_eq(v.page == WEB_REFUSED, v.words != NULL);
    return v;
}

#define ASK(method, path, host, more) method " " path " HTTP/1.1\r\nHost: " host "\r\n" more "\r\n"

Test(web, pages)
{
    cr_expect_eq(judge(ASK("GET", "/health", "localhost", ""), "").page, WEB_HEALTH);
    cr_expect_eq(judge(ASK("HEAD", "/ready?x", "localhost", ""), "").page, WEB_READY);
    cr_expect_eq(judge(ASK("GET", "/metrics", "localhost", ""), "").page, WEB_METRICS);
    cr_expect_eq(judge(ASK("GET", "/status.json", "localhost", ""), "").page, WEB_STATUS);
    cr_expect_eq(judge(ASK("GET", "/", "localhost", ""), "").status, 404);
    cr_expect_eq(judge(ASK("GET", "/metrics/", "localhost", ""), "").status, 404);
    cr_expect_eq(judge(ASK("get", "/metrics", "localhost", ""), "").status, 405);
    struct web_verdict v = judge(ASK("POST", "/metrics", "localhost", ""), "");
    cr_expect_eq(v.status, 405);
    cr_expect_str_eq(v.allow, "GET, HEAD");
    cr_expect_eq(judge("GET /health\r\n", "").status, 400);
    cr_expect_eq(judge("GET /health HTTP/1.0\r\n\r\n", "").page, WEB_HEALTH);
}

Test(web, hosts)
{
    static const char *const well[] = {"localhost", "LocalHost:80", "localhost.", "127.0.0.1",
        "127.0.0.1:12200", "[::1]", "[::1]:80", "192.0.2.7:1", "hands", "Goloman:80", "a.example",
        "A.Example:443"};
    static const char *const ill[] = {"evil.example", "localhost.evil.example", "127.0.0.1.evil",
        "127.1", "2130706433", "0x7f.0.0.1", "::1", "", ":80", "[localhost]", "Wilkes",
        "a.example.evil", "127.0.0.1@evil"};
    strcpy(topology.http.hosts[0], "a.example");
    topology.http.hosts_count = 1;
    char text[256];
    for (size_t i = 0; i < sizeof well / sizeof *well; i++) {
        snprintf(text, sizeof text, ASK("GET", "/health", "%s", ""), well[i]);
        cr_expect_eq(judge(text, "").status, 200, "%s", well[i]);
    }
    for (size_t i = 0; i < sizeof ill / sizeof *ill; i++) {
        snprintf(text, sizeof text, ASK("GET", "/health", "%s", ""), ill[i]);
        cr_expect_eq(judge(text, "").status, 421, "%s", ill[i]);
    }
    struct topology_node one = {.name = "Wilkes", .http = {.name = "evil.Example"}};
    struct topology with_name = {.nodes = &one, .nodes_count = 1};
    const struct topology before = topology;
    topology = with_name; /* the name of its port */
    snprintf(text, sizeof text, ASK("GET", "/health", "%s", ""), ill[0]);
    cr_expect_eq(judge(text, "").status, 200);
    topology = before;
    cr_expect_eq(judge("GET http://evil/health HTTP/1.0\r\n\r\n", "").status, 421);
}

Test(web, tokens)
{
    static const char tokens[] = "0123456789abcdef|fedcba9876543210=";
    static const struct {
        const char *header;
        unsigned status;
    } rows[] = {
        {"", 401},
        {"Authorization: Bearer 0123456789abcdef\r\n", 200},
        {"authorization: bearer  fedcba9876543210=\r\n", 200},
        {"Authorization: Bearer 0123456789abcdeg\r\n", 401},
        {"Authorization: Bearer 0123456789abcde\r\n", 401},
        {"Authorization: Bearer 0123456789abcdef0\r\n", 401},
        {"Authorization: Bearer\r\n", 401},
        {"Authorization: Bearer \r\n", 401},
        {"Authorization: Basic 0123456789abcdef\r\n", 401},
        {"Authorization: 0123456789abcdef\r\n", 401},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text, ASK("GET", "/metrics", "localhost", "%s"), rows[i].header);
        struct web_verdict v = judge(text, tokens);
        cr_expect_eq(v.status, rows[i].status, "%s", rows[i].header);
        cr_expect_eq(v.asks_token, rows[i].status == 401);
        snprintf(text, sizeof text, ASK("GET", "/status.json", "localhost", "%s"), rows[i].header);
        cr_expect_eq(judge(text, tokens).status, rows[i].status, "%s", rows[i].header);
    }
    cr_expect_eq(judge(ASK("GET", "/ready", "localhost", ""), tokens).page, WEB_READY);
    cr_expect_eq(judge(ASK("GET", "/health", "localhost", ""), tokens).page, WEB_HEALTH);
}
