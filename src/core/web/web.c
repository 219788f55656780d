/* web.c — see web.h. */
#include "core/web/web.h"
#include "core/base/ascii.h"
#include "core/base/invariant.h"

static const struct {
    const char *path;
    enum web_page page;
    bool open; /* needs no token */
} pages[] = {
    {"/health", WEB_HEALTH, true},
    {"/ready", WEB_READY, true},
    {"/metrics", WEB_METRICS, false},
    {"/status.json", WEB_STATUS, false},
};

enum { PAGES = sizeof pages / sizeof *pages };

static struct web_verdict refused(unsigned status, const char *words)
{
    return (struct web_verdict){.page = WEB_REFUSED, .status = status, .words = words};
}

/* -- hosts ------------------------------------------------------------------------------------- */

static bool is_same_name(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return a.len > 0;
}

/* Without the port, and without the dot that may end a full name. */
static struct span host_of(struct span value)
{
    const char *bracket = value.len ? memchr(value.at, ']', value.len) : NULL;
    const char *end = bracket ? bracket + 1 : value.len ? memchr(value.at, ':', value.len) : NULL;
    if (end)
        value.len = (size_t)(end - value.at);
    if (value.len && value.at[value.len - 1] == '.')
        value.len--;
    return value;
}

/* An address is what a browser was told to go to; only a name can be made to lead elsewhere. */
static bool is_address(struct span host)
{
    char text[64];
    struct address parsed;
    if (host.len == 0 || host.len > sizeof text - 3)
        return false;
    memcpy(text, host.at, host.len);
    memcpy(text + host.len, ":1", 2);
    return address_parse((struct span){text, host.len + 2}, &parsed) == NULL;
}

static bool is_allowed(const struct topology *t, struct span value)
{
    struct span host = host_of(value);
    if (is_address(host) || is_same_name(host, SPAN("localhost")))
        return true;
    if (topology_has_host(t, host))
        return true;
    for (unsigned i = 0; i < t->http.hosts_count; i++)
        if (is_same_name(host, span_of(t->http.hosts[i])))
            return true;
    for (unsigned i = 0; i < t->nodes_count; i++)
        if (is_same_name(host, span_of(t->nodes[i].name)))
            return true;
    return false;
}

/* -- tokens ------------------------------------------------------------------------------------ */

/* Takes the same time for each token of the same length, right or wrong. */
static bool is_equal(struct span shown, const char *token, unsigned bytes)
{
    unsigned char differs = 0;
    if (shown.len != bytes)
        return false;
    for (unsigned i = 0; i < bytes; i++)
        differs |= (unsigned char)(shown.at[i] ^ token[i]);
    return differs == 0;
}

static bool shows_token(const struct secrets *tokens, struct span authorization)
{
    static const char scheme[] = "Bearer ";
    size_t bytes = sizeof scheme - 1;
    bool right = false;
    if (authorization.len <= bytes ||
        !is_same_name((struct span){authorization.at, bytes}, span_of(scheme)))
        return false;
    struct span shown = span_from(authorization, bytes);
    while (shown.len && shown.at[0] == ' ')
        shown = span_from(shown, 1);
    for (unsigned i = 0; i < tokens->count; i++)
        right |= is_equal(shown, tokens->text[i], tokens->bytes[i]);
    return right;
}

/* -- the whole --------------------------------------------------------------------------------- */

struct web_verdict web_judge(const struct web_rules *rules, const struct http_incoming *request)
{
    if (request->state == HTTP_FAILED)
        return refused(request->status, request->error);
    ASSERT(request->state == HTTP_DONE);
    if ((request->host.len || request->one_one) && !is_allowed(rules->topology, request->host))
        return refused(
            421, "this node has no such name; add it to http { hosts } of topology.conf");
    unsigned i = 0;
    while (i < PAGES && !span_equal(request->path, span_of(pages[i].path)))
        i++;
    if (i == PAGES)
        return refused(404, "there are /health, /ready, /metrics and /status.json");
    if (!span_equal(request->method, SPAN("GET")) && !span_equal(request->method, SPAN("HEAD"))) {
        struct web_verdict v = refused(405, "this page can only be read");
        v.allow = "GET, HEAD";
        return v;
    }
    if (!pages[i].open && rules->tokens->count &&
        !shows_token(rules->tokens, request->authorization)) {
        struct web_verdict v = refused(401, "this page needs one of the tokens of http.token_file");
        v.asks_token = true;
        return v;
    }
    return (struct web_verdict){.page = pages[i].page, .status = 200};
}
