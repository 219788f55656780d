/* echo.c — the event loop without a node: sends back what it receives.
 *
 *     echo PORT [SPIN_MICROSECONDS [RECEIVE_BUFFERS [BUFFER_BYTES]]]
 *
 * Implements the functions of core/node/node.h, so its throughput is the limit of src/io on this
 * machine: system calls, the kernel's TCP and one copy. What a node achieves less than this is the
 * cost of the core. Stops reading from a client that has more than UNREAD_BYTES_MAX unread
 * bytes. */
#include "core/base/invariant.h"
#include "core/node/node.h"
#include "core/node/outbox.h"
#include "io/invariant.h"
#include "io/loop.h"
#include "unit/io/stand_in.h"
#include <stdio.h>
#include <stdlib.h>

enum { CONNECTIONS_MAX = 20000, UNREAD_BYTES_MAX = 256 * 1024, LOG_BYTES = 65536 };

struct connection {
    struct outbox out;
    bool open, ended, touched;
    uint32_t next_touched;
};

struct node {
    struct connection each[CONNECTIONS_MAX];
    uint32_t touched; /* the first of a list; CONNECTIONS_MAX: none */
    struct pool chunks;
    uint32_t open;
    bool stopping;
};

static void touch(struct node *n, uint32_t number)
{
    struct connection *c = &n->each[number];
    if (c->touched)
        return;
    c->touched = true;
    c->next_touched = n->touched;
    n->touched = number;
}

bool node_accepted(struct node *n, uint32_t number, enum node_port port, const struct address *from,
    struct instant now)
{
    (void)port, (void)from, (void)now;
    n->each[number].open = true;
    n->each[number].ended = false;
    n->open++;
    return true;
}

bool node_dialled(struct node *n, uint32_t number, unsigned dial, struct instant now)
{
    (void)n, (void)number, (void)dial, (void)now;
    return false;
}

void node_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now)
{
    (void)n, (void)dial, (void)why, (void)now;
}

void node_received(struct node *n, uint32_t number, struct span bytes, struct instant now)
{
    (void)now;
    struct connection *c = &n->each[number];
    char *room = outbox_room(&c->out, &n->chunks, bytes.len);
    if (!room)
        abort();
    memcpy(room, bytes.at, bytes.len);
    outbox_wrote(&c->out, bytes.len);
    touch(n, number);
}

void node_ended(struct node *n, uint32_t number, struct instant now)
{
    (void)now;
    n->each[number].ended = true;
    touch(n, number);
}

void node_sent(struct node *n, uint32_t number, size_t bytes, struct instant now)
{
    (void)now;
    outbox_sent(&n->each[number].out, &n->chunks, bytes);
    touch(n, number);
}

void node_closed(struct node *n, uint32_t number, const char *why, struct instant now)
{
    (void)why, (void)now;
    outbox_clear(&n->each[number].out, &n->chunks);
    n->each[number].open = false;
    n->open--;
}

void node_stop(struct node *n, struct instant now)
{
    (void)now;
    n->stopping = true;
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++)
        if (n->each[i].open)
            touch(n, i);
}

bool node_stopped(const struct node *n)
{
    return n->open == 0;
}

void node_turn(struct node *n, struct instant now)
{
    (void)n, (void)now;
}

bool node_touched(struct node *n, uint32_t *number)
{
    while (n->touched < CONNECTIONS_MAX) {
        *number = n->touched;
        n->touched = n->each[*number].next_touched;
        n->each[*number].touched = false;
        if (n->each[*number].open)
            return true;
    }
    return false;
}

unsigned node_wants(const struct node *n, uint32_t number)
{
    const struct connection *c = &n->each[number];
    bool finishing = c->ended || n->stopping;
    if (c->out.bytes == 0 && finishing)
        return NODE_WANT_CLOSE;
    unsigned read = !finishing && c->out.bytes < UNREAD_BYTES_MAX ? NODE_WANT_READ : 0;
    return read | (c->out.bytes ? NODE_WANT_WRITE : 0);
}

struct span node_output(const struct node *n, uint32_t number)
{
    return outbox_window(&n->each[number].out);
}

bool node_dial(struct node *n, struct dial_order *out)
{
    (void)n, (void)out;
    return false;
}

bool node_dial_cancel(struct node *n, unsigned *dial)
{
    (void)n, (void)dial;
    return false;
}

bool node_resolve(struct node *n, struct lookup_order *out)
{
    (void)n, (void)out;
    return false;
}

void node_resolved(struct node *n, unsigned lookup, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now)
{
    (void)n, (void)lookup, (void)addresses, (void)count, (void)ttl_s, (void)now;
}

void node_resolve_failed(struct node *n, unsigned lookup, const char *why, struct instant now)
{
    (void)n, (void)lookup, (void)why, (void)now;
}

void node_take_secrets(struct node *n, const struct secrets *secrets, struct instant now)
{
    (void)n, (void)secrets, (void)now;
}

int main(int argc, char **argv)
{
    invariant_hook = invariant_report;
    static struct node node = {.touched = CONNECTIONS_MAX};
    static char log_memory[LOG_BYTES];
    static struct log log;
    if (argc < 2 || argc > 5) {
        fputs("usage: echo PORT [SPIN_MICROSECONDS [RECEIVE_BUFFERS [BUFFER_BYTES]]]\n", stderr);
        return 2;
    }
    log_init(&log, LOG_INFO, SPAN("echo"), log_memory, sizeof log_memory);
    pool_init(&node.chunks, OUTBOX_CHUNK_BYTES, OUTBOX_SPARE_CHUNKS);
    struct host_port any = {.address = {.ip = {127, 0, 0, 1}}};
    struct loop_config config = {.node = &node,
        .log = &log,
        .log_file = "",
        .at = {any, any},
        .connections_max = CONNECTIONS_MAX,
        .sizes = RING_SIZES};
    config.at[NODE_CLIENT_PORT].address.port = (uint16_t)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        config.spin_ns = strtol(argv[2], NULL, 10) * 1000;
    if (argc > 3)
        config.sizes.buffers = (unsigned)strtoul(argv[3], NULL, 10);
    if (argc > 4)
        config.sizes.buffer_bytes = (unsigned)strtoul(argv[4], NULL, 10);
    return loop_run(&config);
}
