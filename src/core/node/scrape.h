/* scrape.h — the page /metrics: what a node counts and measures, for Prometheus.
 *
 * Nothing in it names a client. Called by web.c. */
#ifndef CORE_NODE_SCRAPE_H
#define CORE_NODE_SCRAPE_H

#include "core/base/buf.h"
#include "core/base/instant.h"

struct node;

void scrape_put(const struct node *n, struct buf *out, struct instant now);

#endif
