/* records.c — see records.h. The first eight bytes of a record are one word, of which the fields
 * are cut. */
#include "core/journal/records.h"
#include "core/base/invariant.h"
#include "core/base/packed.h"
#include "core/base/time_text.h"
#include "core/base/wide.h"
#include "core/base/word.h"
#include "core/protocol/position.h"

enum record_kind { KIND_STAMP = 1, KIND_HAVE = 2, KIND_SKIPPED = 128 };

enum {
    AT_TIME = 8,
    AT_SKEW = 16,
    AT_CHANGE = 24,
    AT_HAD = 8,
    AT_CONFIRMED = 32,
    SKIPPED_HEADER_BYTES = 4,
};

_Static_assert(STAMPEDE_LINE_BYTES_MAX <= UINT16_MAX, "the length of a time");

size_t records_put_stamp(unsigned char *out, const struct feed_item *item)
{
    const struct stamp *s = &item->stamp;
    unsigned decimals = time_text_decimals(s->time);
    ASSERT(s->id.len >= 1 && s->id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX);
    ASSERT(s->position.len <= STAMPEDE_POSITION_BYTES_MAX);
    ASSERT(s->origin.len >= 1 && s->origin.len <= STAMPEDE_NODE_NAME_BYTES_MAX);
    ASSERT(s->time.len <= STAMPEDE_LINE_BYTES_MAX &&
           time_text_fits(s->time.len, s->time_ns, decimals));
    word_store(out, KIND_STAMP | s->id.len << 8 | s->position.len << 16 | s->origin.len << 24 |
                        (uint64_t)s->time.len << 32 | (uint64_t)decimals << 48);
    word_store(out + AT_TIME, (uint64_t)s->time_ns);
    word_store(out + AT_SKEW, (uint64_t)s->skew_ns);
    word_store(out + AT_CHANGE, item->change);
    unsigned char *at = out + STAMP_RECORD_HEADER_BYTES;
    word_copy((char *)at, s->id.at, s->id.len);
    at += s->id.len;
    packed_put(at, s->position);
    at += packed_bytes(s->position.len);
    word_copy((char *)at, s->origin.at, s->origin.len);
    at += s->origin.len;
    return (size_t)(at - out);
}

static void put_had(unsigned char *out, const struct had *had)
{
    word_store(out, had->boot);
    word_store(out + 8, had->change);
    word_store(out + 16, had->by);
}

size_t records_put_have(unsigned char *out, const struct have *have)
{
    ASSERT(have->peer.len >= 1 && have->peer.len <= STAMPEDE_NODE_NAME_BYTES_MAX);
    word_store(out, KIND_HAVE | have->peer.len << 8);
    put_had(out + AT_HAD, &have->had);
    put_had(out + AT_CONFIRMED, &have->confirmed);
    memcpy(out + HAVE_RECORD_HEADER_BYTES, have->peer.at, have->peer.len);
    return HAVE_RECORD_HEADER_BYTES + have->peer.len;
}

/* Take the next `len` bytes of *payload. false: there are fewer. */
static bool take(struct span *payload, size_t len, struct span *out)
{
    if (payload->len < len)
        return false;
    *out = (struct span){payload->at, len};
    *payload = span_from(*payload, len);
    return true;
}

/* Whether an id has 1 byte or more, and none that ends a field of a line. */
static bool id_is_sound(struct span id)
{
    uint32_t stops = id.len == 0;
    if (id.len >= WIDE_BYTES) {
        for (size_t i = 0; i < id.len - WIDE_BYTES; i += WIDE_BYTES)
            stops |= wide_stops(id.at + i);
        stops |= wide_stops(id.at + id.len - WIDE_BYTES);
    } else {
        for (size_t i = 0; i < id.len; i++)
            stops |= (uint8_t)id.at[i] < 0x21 || id.at[i] == 0x7f;
    }
    return !stops;
}

/* The text of a position, for which `text` has STAMPEDE_POSITION_BYTES_MAX bytes. The unused half
 * of the last byte must be zero, so that a stamp has one record only. */
static bool unpack_position(struct span packed, size_t characters, char *text)
{
    unsigned char copy[STAMPEDE_POSITION_BYTES_MAX / 2 + PACKED_SLACK] = {0};
    memcpy(copy, packed.at, packed.len);
    packed_get(copy, characters, text);
    return (characters % 2 == 0 || copy[characters / 2] >> 4 == 0) &&
           position_valid((struct span){text, characters});
}

/* The text of a time, of which the record has no more than its value, its length and its decimals:
 * the value must have no more decimals than that. */
static bool spell_time(int64_t ns, size_t len, unsigned decimals, char *text)
{
    if (len > STAMPEDE_LINE_BYTES_MAX || decimals > STAMPEDE_FRACTION_DIGITS_TIME_MAX ||
        !time_text_fits(len, ns, decimals) ||
        (uint64_t)ns % decimal_powers[STAMPEDE_FRACTION_DIGITS_TIME_MAX - decimals] != 0)
        return false;
    decimal_time_put(text, len, ns, decimals);
    return true;
}

static bool take_stamp(struct span *payload, struct feed_item *item, struct stamp_text *text)
{
    struct span head, packed;
    struct stamp *s = &item->stamp;
    if (!take(payload, STAMP_RECORD_HEADER_BYTES, &head))
        return false;
    uint64_t lengths = word_load(head.at);
    size_t position_len = lengths >> 16 & 0xff, time_len = lengths >> 32 & 0xffff;
    unsigned decimals = lengths >> 48 & 0xff;
    if (lengths >> 56 || position_len > STAMPEDE_POSITION_BYTES_MAX ||
        !take(payload, lengths >> 8 & 0xff, &s->id) ||
        !take(payload, packed_bytes(position_len), &packed) ||
        !take(payload, lengths >> 24 & 0xff, &s->origin))
        return false;
    int64_t received_ns;
    s->time_ns = (int64_t)word_load(head.at + AT_TIME);
    s->skew_ns = (int64_t)word_load(head.at + AT_SKEW);
    s->position = (struct span){text->position, position_len};
    s->time = (struct span){text->time, time_len};
    if (!id_is_sound(s->id) || !stamp_node_name_valid(s->origin) ||
        !unpack_position(packed, position_len, text->position) ||
        !spell_time(s->time_ns, time_len, decimals, text->time) ||
        __builtin_add_overflow(s->time_ns, s->skew_ns, &received_ns) || received_ns < 0)
        return false;
    item->change = word_load(head.at + AT_CHANGE);
    item->hash = stamp_hash(s);
    item->route = 0;
    return item->change != 0;
}

static struct had read_had(const char *at)
{
    return (struct had){
        .boot = word_load(at), .change = word_load(at + 8), .by = word_load(at + 16)};
}

static bool take_have(struct span *payload, struct have *have)
{
    struct span head;
    if (!take(payload, HAVE_RECORD_HEADER_BYTES, &head) || word_load(head.at) >> 16 ||
        !take(payload, (uint8_t)head.at[1], &have->peer))
        return false;
    have->had = read_had(head.at + AT_HAD);
    have->confirmed = read_had(head.at + AT_CONFIRMED);
    return stamp_node_name_valid(have->peer);
}

/* Take a record that is only known by its length. */
static bool take_skipped(struct span *payload)
{
    struct span head, rest;
    return take(payload, SKIPPED_HEADER_BYTES, &head) &&
           take(payload, word_load_half(head.at) >> 16, &rest);
}

enum record_verdict records_take(
    struct span *payload, struct feed_item *item, struct stamp_text *text, struct have *have)
{
    struct span left = *payload;
    while (left.len && (uint8_t)left.at[0] >= KIND_SKIPPED)
        if (!take_skipped(&left))
            return RECORD_UNSOUND;
    enum record_verdict verdict = RECORD_NONE;
    if (left.len && left.at[0] == KIND_STAMP)
        verdict = take_stamp(&left, item, text) ? RECORD_STAMP : RECORD_UNSOUND;
    else if (left.len && left.at[0] == KIND_HAVE)
        verdict = take_have(&left, have) ? RECORD_HAVE : RECORD_UNSOUND;
    else if (left.len)
        verdict = RECORD_UNSOUND;
    if (verdict != RECORD_UNSOUND)
        *payload = left;
    return verdict;
}
