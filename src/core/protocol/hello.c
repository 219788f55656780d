/* hello.c — see hello.h. PROTOCOL.md, "HELLO". */
#include "core/protocol/hello.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/protocol/command.h"
#include "core/protocol/stamp.h"

enum { BOOT_DIGITS = 16 };

static void put_bytes_hex(struct buf *out, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_hex(out, bytes[i], 2);
}

static void put_field(struct buf *out, const char *key, struct span value)
{
    buf_byte(out, ' ');
    buf_text(out, key);
    buf_byte(out, '=');
    buf_span_put(out, value);
}

static bool name_valid(struct span name)
{
    return span_equal(name, SPAN(HELLO_OBSERVER)) || stamp_node_name_valid(name);
}

void hello_put(struct buf *out, const struct hello *h)
{
    ASSERT(h->boot != 0 && h->herd.len >= 1 && h->herd.len <= HERD_NAME_BYTES_MAX);
    ASSERT(name_valid(h->from) && name_valid(h->to));
    size_t before = out->len;
    buf_text(out, "HELLO " HELLO_VERSION);
    put_field(out, "herd", h->herd);
    put_field(out, "from", h->from);
    put_field(out, "to", h->to);
    buf_text(out, " boot=");
    buf_hex(out, h->boot, BOOT_DIGITS);
    buf_text(out, " nonce=");
    put_bytes_hex(out, h->nonce, NONCE_BYTES);
    buf_text(out, " have=");
    buf_hex(out, h->have_boot, BOOT_DIGITS);
    buf_byte(out, ':');
    buf_u64(out, h->have_change);
    if (h->have_by) {
        buf_text(out, " by=");
        buf_hex(out, h->have_by, BOOT_DIGITS);
    }
    if (h->lazy)
        put_field(out, "lazy", SPAN("1"));
    if (h->stop)
        put_field(out, "stop", SPAN("1"));
    if (h->started) {
        buf_text(out, " started=");
        buf_u64(out, h->started);
    }
    if (h->secrets)
        put_field(out, "secrets", SPAN("1"));
    if (h->tls)
        put_field(out, "tls", SPAN("1"));
    if (h->topology) {
        buf_text(out, " topology=");
        buf_hex(out, h->topology, BOOT_DIGITS);
    }
    if (h->auth)
        put_field(out, "auth", SPAN(HELLO_AUTH));
    buf_byte(out, '\n');
    ASSERT(out->len - before <= HELLO_LINE_BYTES_MAX);
}

/* -- parsing a HELLO --------------------------------------------------------------------------- */

enum key {
    KEY_HERD,
    KEY_FROM,
    KEY_TO,
    KEY_BOOT,
    KEY_NONCE,
    KEY_HAVE,
    KEY_AUTH,
    KEY_LAZY,
    KEY_STOP,
    KEY_STARTED,
    KEY_SECRETS,
    KEY_TLS,
    KEY_TOPOLOGY,
    KEY_BY,
    KEYS
};

static const struct {
    const char *key, *missing, *twice, *wrong;
} keys[KEYS] = {
#define KEY(name)                                                                     \
    {                                                                                 \
        name, "HELLO without " name, "HELLO with two " name, "HELLO with a bad " name \
    }
    [KEY_HERD] = KEY("herd"),
    [KEY_FROM] = KEY("from"),
    [KEY_TO] = KEY("to"),
    [KEY_BOOT] = KEY("boot"),
    [KEY_NONCE] = KEY("nonce"),
    [KEY_HAVE] = KEY("have"),
    [KEY_AUTH] = KEY("auth"), /* this one and those below may be left out */
    [KEY_LAZY] = KEY("lazy"),
    [KEY_STOP] = KEY("stop"),
    [KEY_STARTED] = KEY("started"),
    [KEY_SECRETS] = KEY("secrets"),
    [KEY_TLS] = KEY("tls"),
    [KEY_TOPOLOGY] = KEY("topology"),
    [KEY_BY] = KEY("by"),
#undef KEY
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly 2 * count lower-case hexadecimal digits. */
static bool parse_hex(struct span text, unsigned char *bytes, size_t count)
{
    if (text.len != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(text.at[2 * i]), low = hex_digit(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool hello_hex64(struct span text, uint64_t *value)
{
    if (text.len != BOOT_DIGITS)
        return false;
    bool well = true;
    *value = 0;
    for (size_t i = 0; i < BOOT_DIGITS; i++) { /* branches on random digits would be mispredicted */
        unsigned digit = (unsigned char)text.at[i] - '0', letter = (unsigned char)text.at[i] - 'a';
        well &= (digit < 10) | (letter < 6);
        *value = *value << 4 | ((digit < 10 ? digit : letter + 10) & 15);
    }
    return well;
}

static bool parse_have(struct span text, struct hello *out)
{
    return text.len > BOOT_DIGITS && text.at[BOOT_DIGITS] == ':' &&
           hello_hex64((struct span){text.at, BOOT_DIGITS}, &out->have_boot) &&
           decimal_count(span_from(text, BOOT_DIGITS + 1), UINT64_MAX, &out->have_change);
}

static bool parse_value(enum key key, struct span value, struct hello *out)
{
    switch (key) {
    case KEY_HERD:
        out->herd = value;
        return value.len > 0 && value.len <= HERD_NAME_BYTES_MAX;
    case KEY_FROM:
        out->from = value;
        return name_valid(value);
    case KEY_TO:
        out->to = value;
        return name_valid(value);
    case KEY_BOOT:
        return hello_hex64(value, &out->boot) && out->boot != 0;
    case KEY_NONCE:
        return parse_hex(value, out->nonce, NONCE_BYTES);
    case KEY_LAZY:
        out->lazy = true;
        return span_equal(value, SPAN("1"));
    case KEY_STOP:
        out->stop = true;
        return span_equal(value, SPAN("1"));
    case KEY_STARTED:
        return decimal_count(value, INT64_MAX, &out->started) && out->started != 0;
    case KEY_SECRETS:
        out->secrets = true;
        return span_equal(value, SPAN("1"));
    case KEY_TLS:
        out->tls = true;
        return span_equal(value, SPAN("1"));
    case KEY_TOPOLOGY:
        return hello_hex64(value, &out->topology) && out->topology != 0;
    case KEY_BY:
        return hello_hex64(value, &out->have_by) && out->have_by != 0;
    case KEY_AUTH:
        out->auth = true;
        return span_equal(value, SPAN(HELLO_AUTH));
    default:
        return parse_have(value, out);
    }
}

static const char *parse_field(struct span field, bool seen[KEYS], struct hello *out)
{
    const char *equals = memchr(field.at, '=', field.len);
    if (!equals || equals == field.at)
        return "HELLO with a field that is not key=value";
    struct span key = {field.at, (size_t)(equals - field.at)};
    struct span value = span_from(field, key.len + 1);
    for (enum key k = 0; k < KEYS; k++) {
        if (!span_equal(key, span_of(keys[k].key)))
            continue;
        if (seen[k])
            return keys[k].twice;
        seen[k] = true;
        return parse_value(k, value, out) ? NULL : keys[k].wrong;
    }
    return NULL;
}

const char *hello_parse(struct span line, struct hello *out)
{
    struct span fields[HELLO_FIELDS_MAX];
    int count = command_split(line, fields, HELLO_FIELDS_MAX);
    if (count < 1 || !span_equal(fields[0], SPAN("HELLO")))
        return "no HELLO";
    if (count > HELLO_FIELDS_MAX)
        return "HELLO with too many fields";
    if (count < 2 || !span_equal(fields[1], SPAN(HELLO_VERSION)))
        return "HELLO of another version than " HELLO_VERSION;
    *out = (struct hello){0};
    bool seen[KEYS] = {false};
    for (int i = 2; i < count; i++) {
        const char *wrong = parse_field(fields[i], seen, out);
        if (wrong)
            return wrong;
    }
    for (enum key k = 0; k < KEY_AUTH; k++)
        if (!seen[k])
            return keys[k].missing;
    ASSERT(out->boot != 0 && out->from.len >= 1 && out->to.len >= 1);
    return NULL;
}
