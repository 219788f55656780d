/* connection_list.c — see connection_list.h. */
#include "core/node/connection_list.h"
#include "core/node/connection.h"

static struct list_entry *entry_of(
    struct connections *t, enum list_purpose purpose, uint32_t number)
{
    return &connection_of(t, number)->entries[purpose];
}

void connection_list_begin(struct connection_list *l)
{
    l->first = l->last = CONNECTION_NONE;
}

void connection_list_append(struct connections *t, struct connection_list *l,
    enum list_purpose purpose, struct connection *c)
{
    ASSERT((l->first == CONNECTION_NONE) == (l->last == CONNECTION_NONE));
    c->entries[purpose] = (struct list_entry){.next = CONNECTION_NONE, .prev = l->last};
    if (l->last == CONNECTION_NONE)
        l->first = c->number;
    else
        entry_of(t, purpose, l->last)->next = c->number;
    l->last = c->number;
}

void connection_list_remove(struct connections *t, struct connection_list *l,
    enum list_purpose purpose, struct connection *c)
{
    struct list_entry was = c->entries[purpose];
    uint32_t *before =
        was.prev == CONNECTION_NONE ? &l->first : &entry_of(t, purpose, was.prev)->next;
    uint32_t *after =
        was.next == CONNECTION_NONE ? &l->last : &entry_of(t, purpose, was.next)->prev;
    ASSERT(*before == c->number && *after == c->number);
    *before = was.next;
    *after = was.prev;
}
