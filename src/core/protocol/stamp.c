/* stamp.c — see stamp.h: the order, the hash behind digests, and the AT line.
 *
 * The hash is of the multiply-fold kind: each step takes 16 bytes, multiplies 64 x 64 -> 128 bits
 * and xors the halves of the product. Its input is, in this order: time, skew, the four lengths in
 * one word, then the bytes of each text. The lengths come first, so two different stamps never have
 * the same input. Words are little-endian on every machine. The hash is part of the peer protocol:
 * if it changed, old and new nodes would disagree about their digests. PROTOCOL.md, "Stamp hash and
 * digest". */
#include "core/protocol/stamp.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/protocol/position.h"
#include "core/base/word.h"

/* The first 64 bits of the fractions of pi, e and the square root of 2. */
#define KEY_TEXT UINT64_C(0x243f6a8885a308d3)
#define KEY_START UINT64_C(0xb7e151628aed2a6a)
#define KEY_END UINT64_C(0x6a09e667f3bcc908)

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int stamp_compare(const struct stamp *a, const struct stamp *b)
{
    ASSERT(word_equal(a->id, b->id));
    int by = order(a->time_ns, b->time_ns);
    if (!by)
        by = span_compare(a->origin, b->origin);
    if (!by)
        by = order(a->skew_ns, b->skew_ns);
    if (!by)
        by = span_compare(a->position, b->position);
    return by ? by : span_compare(a->time, b->time);
}

/* The factors are xored in as well, so that a factor of 0, by chance or by intent, does not hide
 * the other. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ a ^ b;
}

static inline uint64_t absorb(uint64_t hash, uint64_t first, uint64_t second)
{
    return fold(first ^ KEY_TEXT, second ^ hash);
}

/* Whole steps of 16 bytes, then the last 16 or fewer as two words, which overlap if there are
 * fewer. They cover every byte; the length has been absorbed already, so the overlap is no loss. */
static inline uint64_t absorb_text(uint64_t hash, struct span text)
{
    const char *at = text.at, *end = text.at + text.len;
    for (; end - at > 16; at += 16)
        hash = absorb(hash, word_load(at), word_load(at + 8));
    if (end - at >= 8)
        return absorb(hash, word_load(at), word_load(end - 8));
    if (end - at >= 4)
        return absorb(hash, word_load_half(at), word_load_half(end - 4));
    uint64_t word = 0;
    for (; at < end; at++)
        word = word << 8 | (uint8_t)*at;
    return absorb(hash, word, 0);
}

bool stamp_is_of_future(const struct stamp *s, uint64_t future_ns)
{
    if (s->skew_ns >= 0)
        return false;
    ASSERT(s->skew_ns > INT64_MIN);
    return (uint64_t)-s->skew_ns > future_ns;
}

uint64_t stamp_hash(const struct stamp *s)
{
    uint64_t lengths = (uint64_t)s->id.len | (uint64_t)s->position.len << 16 |
                       (uint64_t)s->time.len << 32 | (uint64_t)s->origin.len << 48;
    uint64_t hash = absorb(KEY_START, (uint64_t)s->time_ns, (uint64_t)s->skew_ns);
    hash = absorb(hash, lengths, 0);
    hash = absorb_text(hash, s->id);
    hash = absorb_text(hash, s->position);
    hash = absorb_text(hash, s->time);
    hash = absorb_text(hash, s->origin);
    return fold(hash, KEY_END);
}

/* Whether `b` follows `a` in memory with one space between them, as in an AT line. Then both are
 * views of one line, and can be copied in one piece. */
static bool follows(struct span a, struct span b)
{
    return a.at + a.len + 1 == b.at && b.at[-1] == ' ';
}

static char *put_spaced(char *at, struct span text)
{
    *at = ' ';
    word_copy(at + 1, text.at, text.len);
    return at + 1 + text.len;
}

void stamp_at_put(struct buf *out, const struct stamp *s)
{
    if (buf_room(out) < stamp_at_bytes_max(s)) {
        out->overflow = true;
        return;
    }
    char *at = out->at + out->len;
    memcpy(at, "AT", 2);
    at = put_spaced(at + 2, s->origin);
    *at = ' ';
    at += 1 + decimal_skew_put(at + 1, s->skew_ns);
    if (follows(s->id, s->position) && follows(s->position, s->time)) {
        at = put_spaced(at, (struct span){s->id.at, (size_t)(s->time.at + s->time.len - s->id.at)});
    } else {
        at = put_spaced(at, s->id);
        at = put_spaced(at, s->position);
        at = put_spaced(at, s->time);
    }
    out->len = (size_t)(at - out->at);
}

/* Where a byte may stand in a node's name. */
enum { NOWHERE, NOT_FIRST, ANYWHERE };

static const uint8_t in_name[256] = {
    ['0' ... '9'] = ANYWHERE,
    ['A' ... 'Z'] = ANYWHERE,
    ['a' ... 'z'] = ANYWHERE,
    ['.'] = NOT_FIRST,
    ['_'] = NOT_FIRST,
    ['-'] = NOT_FIRST,
};

bool stamp_node_name_valid(struct span name)
{
    if (name.len == 0 || name.len > STAMPEDE_NODE_NAME_BYTES_MAX ||
        in_name[(uint8_t)name.at[0]] != ANYWHERE)
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (in_name[(uint8_t)name.at[i]] == NOWHERE)
            return false;
    return true;
}

bool stamp_parse(const struct span fields[6], struct stamp *out)
{
    int64_t received_ns;
    *out = (struct stamp){
        .origin = fields[1], .id = fields[3], .position = fields[4], .time = fields[5]};
    return stamp_node_name_valid(out->origin) && decimal_skew(fields[2], &out->skew_ns) &&
           out->id.len > 0 && out->id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX &&
           position_valid(out->position) && decimal_time(out->time, &out->time_ns) &&
           !__builtin_add_overflow(out->time_ns, out->skew_ns, &received_ns) && received_ns >= 0;
}
