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
    struct outbox held; /* input behind the request that is being answered */
    unsigned index; /* in webs.each; WEB_CONNECTIONS_MAX: it had to go */
    int64_t since_ns; /* monotonic; when it began to wait for what it waits for */
};

void webs_begin(struct node *n, const struct secrets *tokens)
{
    n->webs = (struct webs){.tokens = tokens, .due_ns = NEVER_NS};
}

void webs_end(struct node *n)
{
    ASSERT(n->webs.count == 0);
    free(n->webs.page);
}

/* -- time -------------------------------------------------------------------------------------- */

static bool waits(const struct web_connection *w)
{
    return !w->request.begun && !w->connection->out.head;
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
    if (w->index == WEB_CONNECTIONS_MAX)
        return;
    struct web_connection *last = n->webs.each[--n->webs.count];
    n->webs.each[w->index] = last;
    last->index = w->index;
    w->index = WEB_CONNECTIONS_MAX;
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
    if (n->webs.count < WEB_CONNECTIONS_MAX)
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

static void starved(struct node *n, struct web_connection *w)
{
    drop(n, w);
}

/* The answer is sent before anything else of this connection is looked at. */
static void answer(struct node *n, struct web_connection *w, struct instant now)
{
    struct connection *c = w->connection;
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
    if (page.overflow || connection_write(&n->connections, c, buf_span(&head)) < head.len ||
        (!head_only && connection_write(&n->connections, c, buf_span(&page)) < page.len)) {
        starved(n, w);
        return;
    }
    restart(n, w, now);
    if (!a.keep)
        connection_finish(&n->connections, c, now);
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

static bool hold(struct web_connection *w, struct span in)
{
    char *room = outbox_room(&w->held, NULL, in.len);
    if (!room)
        return false;
    memcpy(room, in.at, in.len);
    outbox_wrote(&w->held, in.len);
    return true;
}

void web_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    struct web_connection *w = c->web;
    if (!w->held.head)
        take(n, w, &in, now);
    if (c->finishing || c->aborted)
        return;
    if (c->out.head)
        connection_choke(&n->connections, c, now);
    if (in.len && !hold(w, in))
        starved(n, w);
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
    restart(n, w, now);
    if (c->out.head || c->finishing || c->aborted)
        return;
    resume(n, w, now);
    if (c->out.head || c->finishing || c->aborted)
        return;
    connection_release(c);
    connection_touch(&n->connections, c);
    if (c->ended || n->stopping)
        connection_finish(&n->connections, c, now);
}

void web_ended(struct node *n, struct connection *c, struct instant now)
{
    if (c->out.head) /* it is closed when the answers are sent */
        connection_choke(&n->connections, c, now);
    else
        connection_finish(&n->connections, c, now);
}

void webs_stop(struct node *n, struct instant now)
{
    for (unsigned i = 0; i < n->webs.count; i++)
        if (!n->webs.each[i]->connection->out.head)
            connection_finish(&n->connections, n->webs.each[i]->connection, now);
}
