/* escape.c — see escape.h. Every character that is escaped is below U+10000, so four digits
 * do. */
#include "core/base/escape.h"
#include "core/base/invariant.h"
#include "core/base/utf8.h"

/* The character at the beginning of `text`, which is `len` bytes long. */
static uint32_t value_of(struct span text, size_t len)
{
    static const uint8_t bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    ASSERT(len >= 1 && len <= 4 && len <= text.len);
    uint32_t value = (unsigned char)text.at[0] & bits[len];
    for (size_t i = 1; i < len; i++)
        value = value << 6 | ((unsigned char)text.at[i] & 0x3f);
    return value;
}

static bool is_shown(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool line_end = c == 0x2028 || c == 0x2029;
    bool direction = c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                     (c >= 0x2066 && c <= 0x2069);
    return !control && !line_end && !direction;
}

size_t escape_shows(struct span text)
{
    size_t len = utf8_sequence(text);
    return len && is_shown(value_of(text, len)) ? len : 0;
}

/* Escape the character at the beginning of `text`, or its first byte. Returns how many bytes that
 * were. */
static size_t put_escaped(struct buf *out, enum escape kind, struct span text)
{
    size_t len = utf8_sequence(text);
    bool json = kind == ESCAPE_JSON || kind == ESCAPE_JSON_TEXT;
    uint32_t value = len ? value_of(text, len) : 0xfffd;
    ASSERT(value <= 0xffff);
    if (json || (kind == ESCAPE_TERMINAL && len && value >= 0x80)) {
        buf_text(out, "\\u");
        buf_hex(out, value, 4);
        return len ? len : 1;
    }
    buf_text(out, "\\x");
    buf_hex(out, (unsigned char)text.at[0], 2);
    return 1;
}

void escape_put(struct buf *out, enum escape kind, struct span text)
{
    bool whole_text = kind == ESCAPE_TERMINAL || kind == ESCAPE_JSON_TEXT;
    while (text.len) {
        char first = text.at[0];
        size_t len = whole_text && (first == '\n' || first == '\t') ? 1 : escape_shows(text);
        if (len) {
            if (!whole_text && (first == '"' || first == '\\'))
                buf_byte(out, '\\');
            buf_put(out, text.at, len);
        } else {
            len = put_escaped(out, kind, text);
        }
        text = span_from(text, len);
    }
}

size_t escape_whole(struct span text)
{
    for (size_t back = 1; back <= 3 && back <= text.len; back++) {
        unsigned char byte = (unsigned char)text.at[text.len - back];
        if (byte >= 0xc2 && byte <= 0xf4) {
            size_t needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            return needs > back ? text.len - back : text.len;
        }
        if ((byte & 0xc0) != 0x80)
            break;
    }
    return text.len;
}
