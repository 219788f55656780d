/* web_tls.c — see web_tls.h.
 *
 * Holds always: who waits in the queue is choked, so what is held is what one turn received; a
 * connection has no engine before its first flight is computed, as that takes tens of KB. */
#include "core/node/web_tls.h"
#include "core/node/private.h"

void webs_tls_begin(struct node *n, const struct tls_config *config)
{
    ASSERT(!config || (config->identity && !config->trust));
    n->webs_tls = (struct webs_tls){.config = config};
}

/* -- the queue --------------------------------------------------------------------------------- */

int64_t webs_tls_ready_ns(const struct node *n)
{
    ASSERT(n->webs_tls.first);
    return admission_ready_ns(n, ADMISSION_OTHER);
}

bool webs_tls_wait(const struct node *n, struct instant now)
{
    return n->webs_tls.first && now.mono_ns >= webs_tls_ready_ns(n);
}

bool webs_tls_go_first(const struct node *n)
{
    return !n->webs_tls.shook && n->tls.shaken == ADMISSION_OTHER;
}

void webs_tls_let_pass(struct node *n)
{
    n->webs_tls.shook = false;
}

bool webs_tls_shook(const struct node *n)
{
    return n->webs_tls.shook;
}

static void leave_queue(struct node *n, struct web_tls *t)
{
    struct webs_tls *all = &n->webs_tls;
    struct web_tls *before = NULL;
    if (!t->waits)
        return;
    for (struct web_tls *at = all->first; at != t; at = at->next)
        before = at;
    *(before ? &before->next : &all->first) = t->next;
    all->last = all->last == t ? before : all->last;
    t->waits = false;
    t->next = NULL;
    ASSERT(!all->first == !all->last);
    connection_release(t->connection);
    connection_touch(&n->connections, t->connection);
}

static void join_queue(struct node *n, struct web_tls *t, struct instant now)
{
    struct webs_tls *all = &n->webs_tls;
    if (t->waits)
        return;
    *(all->last ? &all->last->next : &all->first) = t;
    all->last = t;
    t->waits = true;
    connection_choke(&n->connections, t->connection, now);
}

struct connection *webs_tls_next(struct node *n)
{
    struct web_tls *t = n->webs_tls.first;
    while (t && (t->connection->finishing || t->connection->aborted)) {
        leave_queue(n, t);
        t = n->webs_tls.first;
    }
    if (!t)
        return NULL;
    leave_queue(n, t);
    n->webs_tls.shook = true;
    return t->connection;
}

/* -- life -------------------------------------------------------------------------------------- */

void web_tls_open(struct node *n, struct web_tls *t, struct connection *c)
{
    ASSERT(!t->engine && !t->waits && !t->held.head);
    t->sealed = n->webs_tls.config != NULL;
    t->connection = c;
}

void web_tls_close(struct node *n, struct web_tls *t)
{
    leave_queue(n, t);
    outbox_clear(&t->held, NULL);
    tls_destroy(t->engine);
    t->engine = NULL;
}

bool web_tls_is_open(const struct web_tls *t)
{
    return !t->sealed || (t->engine && tls_state(t->engine) != TLS_SHAKES);
}

bool web_tls_hold(struct node *n, struct web_tls *t, struct span in, struct instant now)
{
    ASSERT(t->sealed && t->held.bytes <= WEB_TLS_HELD_BYTES_MAX);
    if (in.len > WEB_TLS_HELD_BYTES_MAX - t->held.bytes)
        return false;
    if (!in.len || !outbox_put(&t->held, NULL, in))
        return false;
    join_queue(n, t, now);
    return true;
}

bool web_tls_begin(struct node *n, struct web_tls *t, struct instant now)
{
    unsigned char entropy[RANDOM_BYTES];
    _Static_assert((int)RANDOM_BYTES >= (int)TLS_ENTROPY_BYTES, "one draw is enough");
    ASSERT(t->sealed && !t->waits);
    if (t->engine)
        return true;
    random_draw(&n->random, entropy);
    t->engine = tls_server(n->webs_tls.config, entropy, now);
    return t->engine != NULL;
}

struct span web_tls_held(const struct web_tls *t)
{
    return outbox_window(&t->held);
}

void web_tls_used(struct web_tls *t, struct span in)
{
    outbox_sent(&t->held, NULL, in.len);
}

/* -- input and output -------------------------------------------------------------------------- */

static bool flush(struct node *n, struct web_tls *t)
{
    return sealed_flush(n, t->engine, t->connection);
}

enum web_tls_input web_tls_read(
    struct node *n, struct web_tls *t, struct span *in, struct span *plain)
{
    for (;;) {
        *plain = tls_read(t->engine);
        if (plain->len)
            return WEB_TLS_PLAIN;
        bool stuck = !flush(n, t);
        if (tls_state(t->engine) == TLS_ENDED)
            return WEB_TLS_ENDED;
        if (stuck)
            return WEB_TLS_STUCK;
        if (!in->len)
            return WEB_TLS_MORE;
        size_t before = in->len;
        tls_feed(t->engine, in);
        bool moved = in->len < before || tls_read(t->engine).len || tls_output(t->engine).len;
        if (!moved && tls_state(t->engine) != TLS_ENDED)
            return WEB_TLS_STUCK;
    }
}

/* BearSSL says close_notify only when all plaintext is read. */
void web_tls_heard(struct node *n, struct web_tls *t, struct span plain)
{
    ASSERT(plain.len);
    tls_read_ack(t->engine, plain.len);
    if (t->connection->finishing && !t->connection->aborted)
        (void)!flush(n, t);
}

const char *web_tls_reason(const struct web_tls *t)
{
    ASSERT(tls_state(t->engine) == TLS_ENDED);
    return tls_reason(t->engine);
}

bool web_tls_say(struct node *n, struct web_tls *t, struct span text)
{
    if (!t->sealed)
        return connection_write(&n->connections, t->connection, text) == text.len;
    return sealed_say(n, t->engine, t->connection, text);
}

void web_tls_finish(struct node *n, struct web_tls *t)
{
    if (!t->engine || t->connection->finishing || t->connection->aborted)
        return;
    tls_close(t->engine);
    (void)!flush(n, t);
}
