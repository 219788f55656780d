/* lists.c — see lists.h.
 *
 * Holds always: while lists do not count because one of the two is partial, no stamp is passed over
 * because of its list, so one full send makes up for all that was. */
#include "core/peering/lists.h"

static bool told_all(const struct link_state *l)
{
    const struct store *store = l->node->store;
    uint64_t change = store_change(store);
    return l->positioned && !l->goes_back && l->mark_said == change &&
           store_cursor_change(store, l->peer->cursor) == change;
}

static void count_again(struct link_state *l, struct instant now)
{
    struct peer *peer = l->peer;
    if (peer->lists_from_ns == NEVER_NS)
        peer->lists_from_ns = now.mono_ns;
    l->listed_differ = 0;
    l->listed_sent = false;
}

/* A peer that has refused stamps need not have confirmed anything. */
void lists_compared(struct link_state *l, bool equal, struct instant now)
{
    struct peer *peer = l->peer;
    ASSERT(peer == &l->node->peers[peer->number] && peer->boot);
    if (equal)
        peer->listed = false;
    if (!peer->partial && !peering_partial(l->node)) {
        count_again(l, now);
        return;
    }
    peer->lists_from_ns = NEVER_NS;
    if (!peer->listed || l->listed_sent || l->node->stopping || !told_all(l))
        return;
    l->listed_differ++;
    if (l->listed_differ < 2 || now.mono_ns < peer->resend_not_before_ns)
        return;
    l->listed_sent = true; /* listed stays, until digests agree: this link may end first */
    peer->made_up++;
    link_state_resend(l, now);
}
