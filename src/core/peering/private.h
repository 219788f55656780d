/* private.h — spare links (lazy.c), for what comes in (peering.c) and what goes out (out.c).
 * For these only. */
#ifndef CORE_PEERING_PRIVATE_H
#define CORE_PEERING_PRIVATE_H

#include "core/base/buf.h"
#include "core/peering/peering.h"

/* -- lazy.c ---------------------------------------------------------------------------- */

/* The link has come up. */
void lazy_begin(struct peering *p, struct instant now);

/* A stamp that came in, by its stamp_hash. For groups: first all of this, then all of that. */
void lazy_prefetch(const struct peering *p, uint64_t hash);
void lazy_note(struct peering *p, uint64_t hash);

/* A line that begins with one of the four words; `line` is all of it. NULL: well. Else what is
 * wrong with it. *taken false: its word is none of these. */
MUST_USE const char *lazy_take(
    struct peering *p, struct span line, bool *taken, struct instant now);

/* PRUNE, GRAFT and EAGER, whichever is due. false: no room. */
bool lazy_put_answers(struct peering *p, struct buf *out, struct instant now);

/* Whether the feed's next item goes as AT. */
bool lazy_as_stamp(const struct peering *p, const struct feed_item *item);

/* Up to which own change notices may count the time: what the tree has confirmed, as far as it
 * moves. */
uint64_t lazy_confirmed(const struct peering_node *node, struct instant now);

/* An item of the feed has been passed. */
void lazy_passed(const struct peering *p, const struct feed_item *item);

/* Notices for which it is time, as many as there is room for. true: all of them. */
bool lazy_put_seen(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now);

#endif
