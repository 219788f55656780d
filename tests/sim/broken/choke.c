/* choke.c — a core that keeps reading from clients that do not read their replies. */
#include "core/node/node.h"

unsigned __real_node_wants(const struct node *n, uint32_t conn);
unsigned __wrap_node_wants(const struct node *n, uint32_t conn);

unsigned __wrap_node_wants(const struct node *n, uint32_t conn)
{
    unsigned wants = __real_node_wants(n, conn);
    return wants & (NODE_WANT_CLOSE | NODE_WANT_ABORT) ? wants : wants | NODE_WANT_READ;
}
