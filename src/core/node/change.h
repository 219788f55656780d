/* change.h — another topology.conf while the node runs: node_take_topology, which node.h describes, is
 * written here. Called by node.c. */
#ifndef CORE_NODE_CHANGE_H
#define CORE_NODE_CHANGE_H

struct node;

/* The store takes stamps of all nodes that the topology has or retires, besides those that it took
 * before. */
void change_know_origins(struct node *n);

#endif
