/* stamp.h — what a herd knows about one client: where it was, when, and which node heard it.
 *
 * The order of stamps decides everything: a newer stamp is stored and flooded, any other is
 * answered with the one that is stored. It is total, so nodes that have seen the same stamps hold
 * the same one, in whatever order they came. Its last criterion is the time's text: one time may be
 * written in several ways ("1.5", "1.50"), and all nodes must give the same answer. PROTOCOL.md,
 * "Total order". Called by store, peering and node. */
#ifndef CORE_PROTOCOL_STAMP_H
#define CORE_PROTOCOL_STAMP_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "stampede/protocol.h"
#include <stdint.h>

/* The longest text of a time, and what decimal_time_put may write behind it. */
enum { STAMP_TIME_ROOM_BYTES = STAMPEDE_LINE_BYTES_MAX + 16 };

struct stamp {
    struct span id;       /* 1 to STAMPEDE_CLIENT_ID_BYTES_MAX bytes, no white space or control */
    struct span position; /* ISO 6709 text, valid */
    struct span time;     /* the client's own text of time_ns */
    struct span origin;   /* node name, 1 to STAMPEDE_NODE_NAME_BYTES_MAX bytes */
    int64_t time_ns;      /* >= 0 */
    int64_t skew_ns;      /* origin's receive time - time_ns; their sum is >= 0, no overflow */
};

/* Compare two stamps of one id: > 0 when `a` is newer, < 0 when `b` is, 0 when they are equal in
 * every field. The criteria are, in this order: time, origin, skew, position text, time text. */
int stamp_compare(const struct stamp *a, const struct stamp *b);

/* Whether the stamp's time was more than `future_ns` ahead of its origin's clock when the origin
 * received it. No other clock matters, so all nodes with the same limits.future decide alike. */
bool stamp_is_of_future(const struct stamp *s, uint64_t future_ns);

/* A 64-bit hash of all fields, the same on every node and machine. Digests are sums of it. */
uint64_t stamp_hash(const struct stamp *s);

/* The bytes that stamp_at_put may write and needs room for. */
static inline size_t stamp_at_bytes_max(const struct stamp *s)
{
    return sizeof "AT     " - 1 + s->origin.len + STAMPEDE_SKEW_BYTES_MAX + s->id.len +
           s->position.len + s->time.len;
}

/* Write `AT <origin> <skew> <client-id> <position> <time>`, without LF: the reply to IAMAT, the
 * first line of the reply to WHATSAT, and the beginning of a peer's AT. Where out has less room
 * than stamp_at_bytes_max, nothing is written and overflow is set. */
void stamp_at_put(struct buf *out, const struct stamp *s);

/* Parse the first six fields of an AT line, as command_split returns them (fields[0] is "AT" and is
 * not looked at). The spans of *out are those fields.
 *
 * false: a field breaks the bounds of struct stamp. That includes a skew that no origin can have
 * measured, because it puts the receive time before 1970 or beyond 64 bits. */
MUST_USE bool stamp_parse(const struct span fields[6], struct stamp *out);

/* Whether a text may be a node's name: 1 to 63 bytes of A-Z a-z 0-9 . _ -, of which the first is a
 * letter or digit. So an observer's "-" is never the name of a node. */
bool stamp_node_name_valid(struct span name);

#endif
