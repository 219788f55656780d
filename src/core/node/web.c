/* web.c — see web.h.
 *
 * Holds always: a connection with output is not read from, and what came behind its request is
 * held; it is never more than what one turn received. */
#include "core/web/web.h"
#include "core/node/private.h"
#include "core/web/exposition.h"
#include <stdlib.h>

enum { WEB_HEAD_BYTES_MAX = 512 };

struct web_connection {
    struct connection *connection;
    struct http_incoming request;
    struct web_tls tls;
    struct outbox held; /* input behind the request that is being answered */
    unsigned index; /* in webs.each; NODE_WEBS_MAX: it had to go */
    int64_t since_ns; /* monotonic; when it began to wait for what it waits for */
};

void webs_begin(struct node *n, const struct node_config *config)
{
    static const struct secrets none;
    ASSERT(config->webs_max <= NODE_WEBS_MAX);
    webs_tls_begin(n, config->http_tls);
    n->webs = (struct webs){.tokens = config->tokens ? config->tokens : &none,
        .max = config->webs_max ? config->webs_max : NODE_WEBS_MAX,
        .due_ns = NEVER_NS};
}

void webs_end(struct node *n)
{
    ASSERT(n->webs.count == 0);
    free(n->webs.page);
}

/* -- time -------------------------------------------------------------------------------------- */

static bool waits(const struct web_connection *w)
{
    return web_tls_is_open(&w->tls) && !w->request.begun && !w->connection->out.head;
}

static int64_t until_ns(const struct web_connection *w)
{
    return w->since_ns + (waits(w) ? WEB_WAIT_MS : WEB_REQUEST_MS) * MS_NS;
}

/* It begins to wait for something else, or the other end has done something for it. */
static void restart(struct node *n, struct web_connection *w, struct instant now)
{
    w->since_ns = now.mono_ns;
    n->webs.due_ns = earlier_ns(n->webs.due_ns, until_ns(w));
}

static void leave(struct node *n, struct web_connection *w)
{
    if (w->index == NODE_WEBS_MAX)
        return;
    struct web_connection *last = n->webs.each[--n->webs.count];
    n->webs.each[w->index] = last;
    last->index = w->index;
    w->index = NODE_WEBS_MAX;
}

/* The other end is told that nothing follows. */
static void finish(struct node *n, struct web_connection *w, struct instant now)
{
    web_tls_finish(n, &w->tls);
    connection_finish(&n->connections, w->connection, now);
}

static void drop(struct node *n, struct web_connection *w)
{
    leave(n, w);
    connection_abort(&n->connections, w->connection);
}

void webs_turn(struct node *n, struct instant now)
{
    n->webs.due_ns = NEVER_NS;
    for (unsigned i = n->webs.count; i-- > 0;) {
        struct web_connection *w = n->webs.each[i];
        if (until_ns(w) <= now.mono_ns)
            drop(n, w);
        else
            n->webs.due_ns = earlier_ns(n->webs.due_ns, until_ns(w));
    }
}

/* -- life -------------------------------------------------------------------------------------- */

static void make_room(struct node *n)
{
    struct web_connection *oldest = NULL;
    if (n->webs.count < n->webs.max)
        return;
    for (unsigned i = 0; i < n->webs.count; i++)
        if (!oldest || n->webs.each[i]->since_ns < oldest->since_ns)
            oldest = n->webs.each[i];
    n->metrics.web_dropped++;
    drop(n, oldest);
}

bool web_open(struct node *n, struct connection *c, struct instant now)
{
    struct web_connection *w = calloc(1, sizeof *w);
    if (!w)
        return false;
    make_room(n);
    w->connection = c;
    web_tls_open(n, &w->tls, c);
    w->index = n->webs.count;
    n->webs.each[n->webs.count++] = w;
    c->web = w;
    restart(n, w, now);
    connection_touch(&n->connections, c);
    return true;
}

void web_close(struct node *n, struct connection *c)
{
    struct web_connection *w = c->web;
    if (!w)
        return;
    leave(n, w);
    web_tls_close(n, &w->tls);
    http_incoming_next(&w->request);
    outbox_clear(&w->held, NULL);
    free(w);
    c->web = NULL;
}

/* -- answers ----------------------------------------------------------------------------------- */

static void put_page(struct node *n, const struct web_verdict *v, struct http_outgoing *a,
    struct buf *page, struct instant now)
{
    switch (v->page) {
    case WEB_REFUSED:
        buf_text(page, v->words);
        buf_byte(page, '\n');
        break;
    case WEB_HEALTH:
        buf_text(page, "the loop turns\n");
        break;
    case WEB_READY:
        if (!ready_judge(n, page, now))
            a->status = 503;
        buf_byte(page, '\n');
        links_watch(n, now); /* a herd under load is found level only if it is looked for */
        break;
    case WEB_METRICS:
        a->type = EXPOSITION_TYPE;
        scrape_put(n, page, now);
        break;
    case WEB_STATUS:
        a->type = "application/json";
        node_status(n, page, now);
        buf_byte(page, '\n');
        break;
    }
}

/* The answer is sent before anything else of this connection is looked at. */
static void answer(struct node *n, struct web_connection *w, struct instant now)
{
    struct web_rules rules = {.topology = n->topology, .tokens = n->webs.tokens};
    struct web_verdict v = web_judge(&rules, &w->request);
    bool head_only = span_equal(w->request.method, SPAN("HEAD"));
    struct http_outgoing a = {.status = v.status,
        .type = "text/plain; charset=utf-8",
        .allow = v.allow,
        .asks_token = v.asks_token,
        .keep = w->request.keep && !n->stopping};
    char memory[WEB_HEAD_BYTES_MAX];
    struct buf head = buf_over(memory, sizeof memory);
    if (!n->webs.page)
        n->webs.page = malloc(WEB_PAGE_BYTES_MAX);
    struct buf page = buf_over(n->webs.page, n->webs.page ? WEB_PAGE_BYTES_MAX : 0);
    put_page(n, &v, &a, &page, now);
    a.length = page.len;
    http_outgoing_put(&head, &a, now.real_ns);
    ASSERT(!head.overflow);
    n->metrics.web_requests++;
    n->metrics.web_refused += v.page == WEB_REFUSED;
    http_incoming_next(&w->request);
    if (page.overflow || !web_tls_say(n, &w->tls, buf_span(&head)) ||
        (!head_only && !web_tls_say(n, &w->tls, buf_span(&page)))) {
        drop(n, w);
        return;
    }
    restart(n, w, now);
    if (!a.keep)
        finish(n, w, now);
}

/* Take requests until one is answered. */
static void take(struct node *n, struct web_connection *w, struct span *in, struct instant now)
{
    struct connection *c = w->connection;
    while (in->len && !c->out.head && !c->finishing && !c->aborted) {
        bool began = w->request.begun;
        if (http_incoming_take(&w->request, in) != HTTP_MORE)
            answer(n, w, now);
        else if (!began)
            restart(n, w, now);
    }
}

/* Bytes of HTTP have come in. */
static void hear(struct node *n, struct web_connection *w, struct span in, struct instant now)
{
    struct connection *c = w->connection;
    if (!w->held.head)
        take(n, w, &in, now);
    if (c->finishing || c->aborted)
        return;
    if (c->out.head)
        connection_choke(&n->connections, c, now);
    if (in.len && !outbox_put(&w->held, NULL, in))
        drop(n, w);
}

static void log_broken(struct node *n, const struct web_connection *w, struct instant now)
{
    const char *why = web_tls_reason(&w->tls);
    log_begin(n->log, LOG_DEBUG, "http_tls_ended", now);
    log_number(n->log, "conn", w->connection->number);
    log_text(n->log, "why", span_of(*why ? why : "closed by the other end"));
    log_end(n->log);
}

static void hear_sealed(
    struct node *n, struct web_connection *w, struct span in, struct instant now)
{
    struct connection *c = w->connection;
    enum web_tls_input found = WEB_TLS_MORE;
    struct span plain;
    bool was_open = web_tls_is_open(&w->tls);
    while (!c->finishing && !c->aborted &&
           (found = web_tls_read(n, &w->tls, &in, &plain)) == WEB_TLS_PLAIN) {
        hear(n, w, plain, now);
        web_tls_heard(n, &w->tls, plain);
    }
    if (!was_open && web_tls_is_open(&w->tls))
        restart(n, w, now);
    if (c->finishing || c->aborted)
        return;
    if (found == WEB_TLS_ENDED) {
        log_broken(n, w, now);
        web_ended(n, c, now);
    } else if (found == WEB_TLS_STUCK) {
        drop(n, w);
    }
}

void web_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    struct web_connection *w = c->web;
    if (!web_tls_is(&w->tls))
        hear(n, w, in, now);
    else if (web_tls_is_open(&w->tls))
        hear_sealed(n, w, in, now);
    else if (!web_tls_hold(n, &w->tls, in, now))
        drop(n, w);
}

bool webs_shake(struct node *n, struct instant now)
{
    struct connection *c = webs_tls_next(n);
    if (!c)
        return false;
    struct web_connection *w = c->web;
    struct span in;
    if (!web_tls_begin(n, &w->tls, now))
        drop(n, w);
    while (!c->finishing && !c->aborted && (in = web_tls_held(&w->tls)).len) {
        hear_sealed(n, w, in, now);
        web_tls_used(&w->tls, in);
    }
    return true;
}

/* Go on with what is held. */
static void resume(struct node *n, struct web_connection *w, struct instant now)
{
    struct connection *c = w->connection;
    while (!c->out.head && w->held.head && !c->finishing && !c->aborted) {
        struct span in = outbox_window(&w->held);
        size_t before = in.len;
        take(n, w, &in, now);
        outbox_sent(&w->held, NULL, before - in.len);
    }
}

void web_sent(struct node *n, struct connection *c, struct instant now)
{
    struct web_connection *w = c->web;
    if (!web_tls_is_open(&w->tls))
        return; /* a flight of the handshake, which has its time in all */
    restart(n, w, now);
    if (c->out.head || c->finishing || c->aborted)
        return;
    resume(n, w, now);
    if (c->out.head || c->finishing || c->aborted)
        return;
    connection_release(c);
    connection_touch(&n->connections, c);
    if (c->ended || n->stopping)
        finish(n, w, now);
}

void web_ended(struct node *n, struct connection *c, struct instant now)
{
    if (c->out.head) /* it is closed when the answers are sent */
        connection_choke(&n->connections, c, now);
    else
        finish(n, c->web, now);
}

void webs_stop(struct node *n, struct instant now)
{
    for (unsigned i = 0; i < n->webs.count; i++)
        if (!n->webs.each[i]->connection->out.head)
            finish(n, n->webs.each[i], now);
}
