/* parrot.h — replaces core/node in tests of the loop: an echo server.
 *
 * Some bytes are commands: `C` close once all output is sent, `A` abort, `L` write a thousand log
 * lines, `S` do not echo this, `D` dial another address instead, `H` look up the host, `W` reply
 * only when no other connection is open, `M` reply with the most connections that were accepted in
 * one turn. It does not read from a connection while more than
 * UNREAD_MAX bytes of its output are unsent. It logs what the loop reports, and aborts when the
 * loop breaks the rules of node.h. It runs in a child process, where criterion's assertions have no
 * effect. */
#ifndef TESTS_UNIT_IO_PARROT_H
#define TESTS_UNIT_IO_PARROT_H

#include "core/base/invariant.h"
#include "core/node/node.h"
#include "core/node/outbox.h"
#include "files/clock.h"
#include "unit/io/stand_in.h"
#include <stdio.h>
#include <stdlib.h>

enum { PARROT_MAX = 2048, UNREAD_MAX = 65536, PARROT_LOOKUP = 3 };

struct parrot {
    struct outbox out;
    bool open, ended, closing, aborted;
};

struct node {
    struct parrot each[PARROT_MAX];
    bool touched[PARROT_MAX];
    uint32_t open, first_touched; /* no connection below it is touched */
    uint32_t waiter; /* who sent `W` and has no reply yet; PARROT_MAX: nobody */
    struct address dial, dial_instead; /* port 0: none */
    int64_t dial_ns; /* how long an attempt may take */
    bool dialling, dial_elsewhere;
    const char *host;
    bool resolving;
    struct log *log;
    bool stopping;
    unsigned accepts, accepts_most; /* in this turn; in any */
};

static void note(
    struct node *n, const char *event, uint32_t conn, const char *why, struct instant now)
{
    log_begin(n->log, LOG_INFO, event, now);
    log_number(n->log, "conn", conn);
    log_text(n->log, "why", span_of(why));
    log_end(n->log);
}

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void touch(struct node *n, uint32_t conn)
{
    n->touched[conn] = true;
    n->first_touched = conn < n->first_touched ? conn : n->first_touched;
}

static void say_back(struct node *n, uint32_t conn, struct span bytes)
{
    struct parrot *p = &n->each[conn];
    memcpy(outbox_room(&p->out, NULL, bytes.len), bytes.at, bytes.len);
    outbox_wrote(&p->out, bytes.len);
    touch(n, conn);
}

static void tell_waiter(struct node *n)
{
    if (n->waiter == PARROT_MAX || n->open > 1)
        return;
    say_back(n, n->waiter, SPAN("W"));
    n->waiter = PARROT_MAX;
}

bool node_accepted(struct node *n, uint32_t conn, enum node_port port, const struct address *from,
    struct instant now)
{
    must(!n->each[conn].open && from->port > 0);
    n->each[conn] = (struct parrot){.open = true};
    n->open++;
    n->accepts++;
    note(n, port == NODE_PEER_PORT ? "peer_opened" : "opened", conn, "", now);
    return true;
}

bool node_dialled(struct node *n, uint32_t conn, unsigned dial, struct instant now)
{
    n->dialling = false;
    n->each[conn] = (struct parrot){.open = true};
    n->open++;
    note(n, "dialled", dial, "", now);
    return true;
}

void node_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now)
{
    n->dialling = false;
    note(n, "dial_failed", dial, why, now);
}

void node_received(struct node *n, uint32_t conn, struct span bytes, struct instant now)
{
    struct parrot *p = &n->each[conn];
    must(p->open && !p->ended);
    if (memchr(bytes.at, 'A', bytes.len))
        p->aborted = true;
    if (memchr(bytes.at, 'C', bytes.len))
        p->closing = true;
    for (int i = 0; i < 1000 && memchr(bytes.at, 'L', bytes.len); i++)
        note(n, "one_of_many", conn, "", now);
    if (memchr(bytes.at, 'H', bytes.len))
        n->resolving = true;
    if (memchr(bytes.at, 'D', bytes.len))
        n->dial_elsewhere = true;
    if (memchr(bytes.at, 'W', bytes.len)) {
        n->waiter = conn;
        tell_waiter(n);
    } else if (memchr(bytes.at, 'M', bytes.len)) {
        char most[32];
        int len = snprintf(most, sizeof most, "%04u", n->accepts_most);
        say_back(n, conn, (struct span){most, (size_t)len});
    } else if (!memchr(bytes.at, 'S', bytes.len)) {
        say_back(n, conn, bytes);
    }
}

void node_ended(struct node *n, uint32_t conn, struct instant now)
{
    (void)now;
    must(n->each[conn].open && !n->each[conn].ended);
    n->each[conn].ended = true;
    touch(n, conn);
}

void node_sent(struct node *n, uint32_t conn, size_t bytes, struct instant now)
{
    (void)now;
    outbox_sent(&n->each[conn].out, NULL, bytes);
    touch(n, conn);
}

void node_closed(struct node *n, uint32_t conn, const char *why, struct instant now)
{
    must(n->each[conn].open);
    outbox_clear(&n->each[conn].out, NULL);
    n->each[conn].open = false;
    n->open--;
    n->waiter = n->waiter == conn ? PARROT_MAX : n->waiter;
    note(n, "closed", conn, why, now);
    tell_waiter(n);
}

void node_stop(struct node *n, struct instant now)
{
    (void)now;
    n->stopping = true;
    for (uint32_t i = 0; i < PARROT_MAX; i++)
        if (n->each[i].open)
            touch(n, i);
}

bool node_stopped(const struct node *n)
{
    return n->open == 0;
}

void node_turn(struct node *n, struct instant now)
{
    (void)now;
    n->accepts_most = n->accepts > n->accepts_most ? n->accepts : n->accepts_most;
    n->accepts = 0;
}

bool node_touched(struct node *n, uint32_t *conn)
{
    for (; n->first_touched < PARROT_MAX; n->first_touched++) {
        *conn = n->first_touched;
        if (!n->touched[*conn])
            continue;
        n->touched[*conn] = false;
        if (n->each[*conn].open)
            return true;
    }
    return false;
}

unsigned node_wants(const struct node *n, uint32_t conn)
{
    const struct parrot *p = &n->each[conn];
    must(p->open);
    if (p->aborted)
        return NODE_WANT_ABORT;
    bool finishing = p->ended || p->closing || n->stopping;
    if (finishing && !p->out.bytes)
        return NODE_WANT_CLOSE;
    unsigned read = !finishing && p->out.bytes < UNREAD_MAX ? NODE_WANT_READ : 0;
    return read | (p->out.bytes ? NODE_WANT_WRITE : 0);
}

struct span node_output(const struct node *n, uint32_t conn)
{
    return outbox_window(&n->each[conn].out);
}

bool node_dial(struct node *n, struct dial_order *out)
{
    *out = (struct dial_order){
        .id = NODE_DIALS_MAX - 1, .to = n->dial, .until_ns = clock_now().mono_ns + n->dial_ns};
    n->dial.port = 0;
    n->dialling |= out->to.port != 0;
    return out->to.port != 0;
}

bool node_dial_cancel(struct node *n, unsigned *dial)
{
    if (!n->dial_elsewhere)
        return false;
    n->dial_elsewhere = false;
    n->dial = n->dial_instead;
    *dial = NODE_DIALS_MAX - 1;
    return n->dialling;
}

bool node_resolve(struct node *n, struct lookup_order *out)
{
    bool asks = n->resolving;
    n->resolving = false;
    if (asks)
        *out = (struct lookup_order){.id = PARROT_LOOKUP, .host = span_of(n->host)};
    return asks;
}

void node_resolved(struct node *n, unsigned lookup, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now)
{
    ASSERT(lookup == PARROT_LOOKUP);
    for (unsigned i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_BYTES_MAX + 1];
        address_text(&addresses[i], text);
        note(n, "resolved", ttl_s, text, now);
    }
}

void node_take_secrets(struct node *n, const struct secrets *secrets, struct instant now)
{
    note(n, "secrets", secrets->count, "", now);
}

void node_resolve_failed(struct node *n, unsigned lookup, const char *why, struct instant now)
{
    ASSERT(lookup == PARROT_LOOKUP);
    note(n, "resolve_failed", 0, why, now);
}

#endif
