/* budget.c — see budget.h. */
#include "core/journal/journal.h"
#include "core/node/private.h"

enum {
    STAMP_BYTES = 128, /* everything included, for an id of 20 bytes */
    MB = 1000000,
};

/* What one link may come to hold. */
static size_t link_bytes_max(const struct node *n)
{
    size_t tls = n->tls.config ? tls_bytes() : 0;
    return sizeof(struct link) + 2 * LINK_OUTPUT_BYTES + tls;
}

void budget_log(struct node *n, struct instant now)
{
    const struct topology_limits *limits = &n->topology->limits;
    size_t connection_bytes = sizeof(struct connection) + n->clients.rooms.block_bytes;
    uint64_t unread = limits->connections * limits->output_bytes * CLIENT_OUTPUT_MEMORY;
    if (unread > limits->output_total_bytes)
        unread = limits->output_total_bytes;
    const struct {
        const char *key;
        uint64_t bytes;
    } uses[] = {{"stamps_mb", limits->stamps * STAMP_BYTES},
        {"connections_mb", n->connections.max * connection_bytes}, {"unread_output_mb", unread},
        {"links_mb", n->links.neighbours.count * link_bytes_max(n)},
        {"journal_mb", n->durable.journal ? JOURNAL_MEMORY_BYTES : 0}};
    uint64_t total = 0;
    log_begin(n->log, LOG_INFO, "memory_budget", now);
    for (unsigned i = 0; i < sizeof uses / sizeof *uses; i++) {
        log_number(n->log, uses[i].key, (int64_t)((uses[i].bytes + MB - 1) / MB));
        total += uses[i].bytes;
    }
    log_number(n->log, "total_mb", (int64_t)((total + MB - 1) / MB));
    log_text(n->log, "means", SPAN("the most that it comes to hold, if all limits are reached"));
    log_end(n->log);
}
