/* observers.c — see observers.h. Called by links.c.
 *
 * Holds always: an observer is answered once, and its connection finishes with the answer; nothing
 * is answered or obeyed that was not proved when it was asked. */
#include "core/node/observers.h"
#include "core/base/decimal.h"
#include "core/node/private.h"
#include "core/protocol/command.h"
#include <stdlib.h>

enum { WORDS = 3 }; /* of the longest question */

static bool say(struct node *n, struct link *l, struct span text)
{
    if (l->tls.engine)
        return link_tls_say(n, l, text);
    struct connection *c = l->connection;
    return outbox_put(&c->out, connection_chunks(&n->connections, c), text);
}

/* -- orders ------------------------------------------------------------------------------------ */

static bool is_of_herd(const struct topology *t, const struct tls_names *names)
{
    for (unsigned i = 0; i < t->nodes_count; i++)
        if (tls_names_hold(names, span_of(t->nodes[i].name)))
            return true;
    return false;
}

/* NULL: it may drain this node. PROTOCOL.md, "Draining". */
static const char *may_drain(const struct node *n, const struct link *l)
{
    const struct peering *p = &l->peering;
    ASSERT(p->observer && p->state == PEERING_LINKED);
    if (p->by_secret)
        return NULL;
    if (!p->certified)
        return "this node has neither secret nor TLS to prove who may drain it";
    if (certified_operator(p))
        return NULL;
    return is_of_herd(n->topology, p->certified) ? NULL
                                                 : "the certificate is for no node of this herd";
}

/* Where nothing can be proved, whoever comes could call itself a neighbour as well. PROTOCOL.md,
 * "Dumps and loads". */
static const char *transfer(struct node *n, struct link *l, bool loads)
{
    const struct peering *p = &l->peering;
    const char *why = p->by_secret || p->certified ? may_drain(n, l) : NULL;
    if (!p->by_secret && certified_operator(p))
        why = "the certificate is an operator's";
    if (!why && n->stopping)
        why = "this node stops";
    return why ? why : transfer_begin(n, l, loads);
}

const char *observer_obey(struct node *n, struct link *l, struct instant now)
{
    struct span words[WORDS];
    uint64_t grace_ms, timeout_ms;
    int count = command_split(l->peering.asked, words, WORDS);
    bool undo = span_equal(words[0], SPAN("UNDRAIN"));
    if (!l->peering.by_secret && certified_proves_too_little(&l->peering))
        return "this node wants AUTH"; /* it was an operator's when it said HELLO */
    bool loads = span_equal(words[0], SPAN("LOAD"));
    if (loads || span_equal(words[0], SPAN("DUMP")))
        return transfer(n, l, loads);
    if (!undo && count < WORDS)
        return NULL;
    const char *why = may_drain(n, l);
    if (why)
        return why;
    if (undo)
        return drain_undo(n, l->from, now) ? NULL : "this node stops";
    if (!decimal_count(words[1], DRAIN_GRACE_MS_MAX, &grace_ms) ||
        !decimal_count(words[2], DRAIN_TIMEOUT_MS_MAX, &timeout_ms) || timeout_ms < grace_ms)
        return "DRAIN with a bad number";
    if (n->stopping || n->drain.state == DRAIN_OVER)
        return "this node stops";
    drain_begin(n, (int64_t)grace_ms, (int64_t)timeout_ms, l->from, now);
    return NULL;
}

/* -- answers ----------------------------------------------------------------------------------- */

static void put_answer(
    const struct node *n, const struct span *words, struct buf *out, struct instant now)
{
    if (span_equal(words[0], SPAN("TRACE")))
        status_trace(n, words[1], out, now);
    else
        node_status(n, out, now);
    buf_byte(out, '\n');
}

bool observer_answer(struct node *n, struct link *l, struct instant now)
{
    struct connection *c = l->connection;
    ASSERT(l->peering.observer && !c->finishing);
    struct span words[WORDS];
    int count = command_split(l->peering.asked, words, WORDS);
    ASSERT(count >= 1 && count <= WORDS);
    char *text = malloc(STATUS_BYTES_MAX);
    struct buf out = buf_over(text, text ? STATUS_BYTES_MAX : 0);
    put_answer(n, words, &out, now);
    if (out.overflow || !say(n, l, buf_span(&out)))
        connection_abort(&n->connections, c);
    free(text);
    connection_finish(&n->connections, c, now);
    return count != 2;
}
