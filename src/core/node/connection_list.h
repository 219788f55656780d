/* connection_list.h — lists of connections, by their numbers. A connection may stand in one list
 * of each purpose, and be taken out of its middle.
 *
 * Holds always: each entry's neighbours name it, and first and last are the ends. Called by
 * connection.c, input.c, pace.c, replies.c and news.c. Written by connection_list.c alone. */
#ifndef CORE_NODE_CONNECTION_LIST_H
#define CORE_NODE_CONNECTION_LIST_H

#include <stdint.h>

#define CONNECTION_NONE UINT32_MAX

enum list_purpose { LIST_WATCHED, LIST_SILENT_INPUT, LIST_PAUSED, LIST_NEWS, LIST_PURPOSES };

struct connections;
struct connection;

struct list_entry {
    uint32_t next, prev;
};

struct connection_list {
    uint32_t first, last; /* CONNECTION_NONE: it is empty */
};

void connection_list_begin(struct connection_list *l);
/* `c` must not be in a list of this purpose; it is the last then. */
void connection_list_append(struct connections *t, struct connection_list *l,
    enum list_purpose purpose, struct connection *c);
/* `c` must be in this list. */
void connection_list_remove(struct connections *t, struct connection_list *l,
    enum list_purpose purpose, struct connection *c);

#endif
