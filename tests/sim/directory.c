/* directory.c — see directory.h. */
#include "sim/directory.h"
#include <stdio.h>
#include <stdlib.h>

void directory_init(struct directory *n, const struct topology *topology, uint64_t seed)
{
    *n = (struct directory){.dice = {seed ^ 0x6e616d6573}, .nodes = topology->nodes_count};
    n->at = calloc(n->nodes, sizeof *n->at);
    n->lost = calloc(n->nodes, sizeof *n->lost);
    if (!n->at || !n->lost)
        abort();
    for (unsigned i = 0; i < n->nodes; i++)
        n->at[i] = topology->nodes[i].peer.address;
}

void directory_deinit(struct directory *n)
{
    free(n->at);
    free(n->lost);
}

void directory_give(struct directory *n, struct topology *topology, unsigned node)
{
    struct host_port *peer = &topology->nodes[node].peer;
    char text[HOST_PORT_TEXT_BYTES_MAX + 1];
    snprintf(text, sizeof text, "%s.sim:%u", topology->nodes[node].name, n->at[node].port);
    if (host_port_parse(span_of(text), peer))
        abort();
}

bool directory_has(const struct topology *topology, unsigned node)
{
    return host_port_is_name(&topology->nodes[node].peer);
}

/* Ports tell nodes apart, so an address is never another node's. */
void directory_move(struct directory *n, unsigned node)
{
    n->at[node].ip[1]++;
}

unsigned directory_of(const struct topology *topology, struct span host)
{
    for (unsigned i = 0; i < topology->nodes_count; i++)
        if (host_port_has_name(&topology->nodes[i].peer, host))
            return i;
    fprintf(stderr, "no node has the name %.*s\n", (int)host.len, host.at);
    abort();
}

bool directory_find(struct directory *n, unsigned node, struct address *out)
{
    *out = n->at[node];
    return !n->lost[node] && (!n->fails_in || random_below(&n->dice, n->fails_in));
}

int directory_who(const struct directory *n, const struct address *at)
{
    for (unsigned i = 0; i < n->nodes; i++)
        if (address_equal(&n->at[i], at))
            return (int)i;
    return -1;
}
