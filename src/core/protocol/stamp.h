/* stamp.h — what a herd knows about one client: where it was, when, and who heard it say so.
 *
 * Its order decides everything: whether a stamp is stored, answered from memory, or flooded. It is
 * total, so nodes that saw the same stamps in any order hold the same one. PROTOCOL.md, "Total
 * order", where the time's text is the last word: texts of one value may differ ("1.5", "1.50") and
 * answers must not. */
#ifndef CORE_PROTOCOL_STAMP_H
#define CORE_PROTOCOL_STAMP_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "stampede/protocol.h"
#include <stdint.h>

/* Room for the text of any time, and for what decimal_time_put may write behind it. */
enum { STAMP_TIME_ROOM_BYTES = STAMPEDE_LINE_BYTES_MAX + 16 };

struct stamp {
    struct span id;       /* 1 to STAMPEDE_CLIENT_ID_BYTES_MAX bytes, no white space or control */
    struct span position; /* ISO 6709 text, valid */
    struct span time;     /* the client's own text of time_ns */
    struct span origin;   /* node name, 1 to STAMPEDE_NODE_NAME_BYTES_MAX bytes */
    int64_t time_ns;      /* >= 0 */
    int64_t skew_ns;      /* origin's receive time minus time_ns; their sum is >= 0 and fits */
};

/* Above 0 when `a` is the newer of two stamps of one id, below when `b` is, 0 when they are equal
 * in every field: time, origin, skew, position text, time text. */
int stamp_compare(const struct stamp *a, const struct stamp *b);

/* Whether its time was further ahead of its origin's clock than `future_ns` when it came in there.
 * Says nothing of any other clock, so all nodes with one limits.future decide alike. */
bool stamp_is_of_future(const struct stamp *s, uint64_t future_ns);

/* A 64-bit hash of all fields, the same on every node and machine. Digests are sums of it. */
uint64_t stamp_hash(const struct stamp *s);

/* At most so many bytes will stamp_at_put write, and needs room for. */
static inline size_t stamp_at_bytes_max(const struct stamp *s)
{
    return sizeof "AT     " - 1 + s->origin.len + STAMPEDE_SKEW_BYTES_MAX + s->id.len +
           s->position.len + s->time.len;
}

/* `AT <origin> <skew> <client-id> <position> <time>`, without LF: the reply to IAMAT, the head of
 * the reply to WHATSAT, and the beginning of a peer's AT. */
void stamp_at_put(struct buf *out, const struct stamp *s);

/* Understand the first six fields of an AT line, as command_split cuts them (fields[0] is "AT" and
 * is not looked at). false: a field is not valid; which bounds, see struct stamp. A skew that no
 * origin can have measured, because it puts the receive time before 1970 or beyond 64 bits, is not
 * valid either. The views are those of the fields. */
MUST_USE bool stamp_parse(const struct span fields[6], struct stamp *out);

/* Whether a text may be a node's name: 1 to 63 bytes of A-Z a-z 0-9 . _ -, the first a letter or
 * digit. A lone "-" therefore never is one. */
bool stamp_node_name_valid(struct span name);

#endif
