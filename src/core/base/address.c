/* address.c — see address.h. It reads the text of RFC 4291, 2.2, and writes that of RFC 5952.
 *
 * An IPv6 address is read from left to right into at most eight groups. The offset of "::" is
 * remembered, and at the end the groups behind it are moved to the right edge. */
#include "core/base/address.h"
#include "core/base/buf.h"
#include "core/base/invariant.h"

static const char no_address[] =
    "it is no numeric address with a port, like 127.0.0.1:12000 or [::1]:12000";

/* A decimal number without leading zeros. false: it is none, or above `max`. */
static bool read_decimal(struct span text, unsigned max, unsigned *out)
{
    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.at[0] == '0'))
        return false;
    unsigned value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.at[i] - '0');
    }
    *out = value;
    return value <= max;
}

static size_t find_byte(struct span text, char byte)
{
    size_t i = 0;
    while (i < text.len && text.at[i] != byte)
        i++;
    return i;
}

static bool read_v4(struct span text, uint8_t *ip)
{
    for (unsigned i = 0; i < 4; i++) {
        size_t dot = find_byte(text, '.');
        unsigned byte = 0;
        if ((dot == text.len) != (i == 3) || !read_decimal((struct span){text.at, dot}, 255, &byte))
            return false;
        ip[i] = (uint8_t)byte;
        text = span_from(text, i == 3 ? dot : dot + 1);
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_group(struct span text, uint8_t *two)
{
    unsigned value = 0;
    if (text.len == 0 || text.len > 4)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_value(text.at[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    two[0] = (uint8_t)(value >> 8);
    two[1] = (uint8_t)value;
    return true;
}

static bool read_v6(struct span text, uint8_t *ip)
{
    size_t used = 0, gap = SIZE_MAX;
    if (text.len >= 2 && text.at[0] == ':' && text.at[1] == ':') {
        gap = 0;
        text = span_from(text, 2);
    }
    while (text.len) {
        size_t colon = find_byte(text, ':');
        struct span group = {text.at, colon};
        bool last = colon == text.len;
        if (last && find_byte(group, '.') < group.len) {
            if (used > 12 || !read_v4(group, ip + used))
                return false;
            used += 4;
            break;
        }
        if (used > 14 || !read_group(group, ip + used))
            return false;
        used += 2;
        if (last)
            break;
        text = span_from(text, colon + 1);
        if (text.len == 0)
            return false;
        if (text.at[0] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = used;
            text = span_from(text, 1);
        }
    }
    if (gap == SIZE_MAX)
        return used == 16;
    if (used > 14)
        return false;
    ASSERT(gap <= used);
    memmove(ip + 16 - (used - gap), ip + gap, used - gap);
    memset(ip + gap, 0, 16 - used);
    return true;
}

static bool is_mapped_v4(const uint8_t *ip)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(ip, prefix, sizeof prefix) == 0;
}

const char *address_parse(struct span text, struct address *out)
{
    *out = (struct address){0};
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return no_address;
    struct span host = {text.at, colon - 1}, port = span_from(text, colon);
    unsigned number = 0;
    out->v6 = host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    if (out->v6) {
        if (!read_v6((struct span){host.at + 1, host.len - 2}, out->ip))
            return no_address;
        if (is_mapped_v4(out->ip))
            return "it is an IPv4 address written as IPv6; write it like 127.0.0.1:12000";
    } else if (find_byte(host, ':') < host.len) {
        return "an IPv6 address must stand in brackets, like [::1]:12000";
    } else if (!read_v4(host, out->ip)) {
        return no_address;
    }
    if (!read_decimal(port, 65535, &number) || number == 0)
        return "its port is no number from 1 to 65535";
    ASSERT(number <= UINT16_MAX);
    out->port = (uint16_t)number;
    return NULL;
}

bool address_is_loopback(const struct address *a)
{
    static const uint8_t one[16] = {[15] = 1};
    return a->v6 ? memcmp(a->ip, one, sizeof one) == 0 : a->ip[0] == 127;
}

bool address_is_any(const struct address *a)
{
    static const uint8_t zero[16];
    return memcmp(a->ip, zero, sizeof zero) == 0;
}

bool address_same_host(const struct address *a, const struct address *b)
{
    return a->v6 == b->v6 && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_same_host(a, b);
}

static unsigned group_of(const struct address *a, unsigned i)
{
    return (unsigned)a->ip[2 * i] << 8 | a->ip[2 * i + 1];
}

/* The first longest run of two or more zero groups; *length is 0 where there is none. */
static unsigned longest_gap(const struct address *a, unsigned *length)
{
    unsigned best = 0;
    *length = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && group_of(a, i + n) == 0)
            n++;
        if (n > 1 && n > *length) {
            best = i;
            *length = n;
        }
        i += n;
    }
    ASSERT(best + *length <= 8);
    return best;
}

static void put_v6(struct buf *b, const struct address *a)
{
    unsigned length, gap = longest_gap(a, &length);
    for (unsigned i = 0; i < 8; i++) {
        if (length && i == gap) {
            buf_text(b, "::");
            i += length - 1;
            continue;
        }
        if (i && !(length && i == gap + length))
            buf_byte(b, ':');
        unsigned group = group_of(a, i);
        buf_hex(b, group, group > 0xfff ? 4 : group > 0xff ? 3 : group > 0xf ? 2 : 1);
    }
}

void address_text(const struct address *a, char out[ADDRESS_TEXT_BYTES_MAX + 1])
{
    struct buf b = buf_over(out, ADDRESS_TEXT_BYTES_MAX);
    if (a->v6) {
        buf_byte(&b, '[');
        put_v6(&b, a);
        buf_byte(&b, ']');
    } else {
        for (unsigned i = 0; i < 4; i++) {
            if (i)
                buf_byte(&b, '.');
            buf_u64(&b, a->ip[i]);
        }
    }
    buf_byte(&b, ':');
    buf_u64(&b, a->port);
    ASSERT(!b.overflow);
    out[b.len] = '\0';
}
