/* google.c — see google.h: requests, in the form that each of the two interfaces expects. Numbers
 * are exact: a position is written from its integer, not by way of a double. */
#include "core/places/google.h"
#include "core/base/ascii.h"
#include "core/http/http.h"
#include "core/base/invariant.h"

enum {
    FDEG_DIGITS = 15, /* of FDEG_PER_DEGREE */
    UM_DIGITS = 6,
};

/* Only the fields that are translated: Google charges by the fields of a request. */
static const char FIELD_MASK[] = "places.id,places.displayName,places.location,places.types,"
                                 "places.formattedAddress,places.shortFormattedAddress";

struct span places_google_host(enum places_google_api api)
{
    return api == PLACES_GOOGLE_LEGACY ? SPAN("maps.googleapis.com")
                                       : SPAN("places.googleapis.com");
}

static bool is_alphanumeric(char byte)
{
    return ascii_is_letter(byte) || ascii_is_digit(byte);
}

/* Only letters, digits and hyphens, so that it needs no escapes in JSON or in a target. */
static bool is_language(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alphanumeric(s.at[i]) && s.at[i] != '-')
            return false;
    return s.len <= PLACES_GOOGLE_LANGUAGE_BYTES_MAX;
}

static bool is_key(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] > '~')
            return false;
    return true;
}

static bool is_host(struct span host)
{
    struct buf nothing = buf_over(NULL, 0);
    const struct http_request asks = {.target = SPAN("/"), .host = host};
    return host.len <= PLACES_GOOGLE_HOST_BYTES_MAX && http_request_put(&nothing, &asks);
}

const char *places_google_fault(const struct places_google *g)
{
    if (g->key.len == 0)
        return "the places key is empty";
    if (g->key.len > PLACES_GOOGLE_KEY_BYTES_MAX)
        return "the places key has more than 256 bytes";
    if (!is_key(g->key))
        return "the places key has a space, or a byte that is not printable ASCII";
    if (!is_language(g->language))
        return "the places language is no tag such as en or pt-BR";
    if (!is_host(g->host))
        return "the places endpoint's host is neither a name nor an address";
    return NULL;
}

/* Write value * 10 ** -digits without superfluous zeros, but with at least `least` fraction digits.
 */
static void put_decimal(struct buf *out, int64_t value, unsigned digits, unsigned least)
{
    char fraction[FDEG_DIGITS];
    ASSERT(digits <= FDEG_DIGITS && least <= digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (unsigned i = digits; i > 0; rest /= 10)
        fraction[--i] = (char)('0' + rest % 10);
    while (digits > least && fraction[digits - 1] == '0')
        digits--;
    buf_text(out, value < 0 ? "-" : "");
    buf_u64(out, rest);
    if (digits > 0) {
        buf_byte(out, '.');
        buf_put(out, fraction, digits);
    }
}

/* Nearby Search (New). Each number has a fraction digit, as in Google's own examples. */
static void put_body(
    struct buf *out, const struct places_google *g, const struct places_question *q)
{
    buf_text(out, "{\"maxResultCount\":");
    buf_u64(out, q->count);
    buf_text(out, ",\"rankPreference\":\"DISTANCE\",");
    if (g->language.len) {
        buf_text(out, "\"languageCode\":\"");
        buf_span_put(out, g->language);
        buf_text(out, "\",");
    }
    buf_text(out, "\"locationRestriction\":{\"circle\":{\"center\":{\"latitude\":");
    put_decimal(out, q->centre.latitude_fdeg, FDEG_DIGITS, 1);
    buf_text(out, ",\"longitude\":");
    put_decimal(out, q->centre.longitude_fdeg, FDEG_DIGITS, 1);
    buf_text(out, "},\"radius\":");
    put_decimal(out, (int64_t)q->radius_um, UM_DIGITS, 1);
    buf_text(out, "}}}");
}

/* Write text percent-encoded, except for the unreserved characters of RFC 3986. */
static void put_encoded(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned byte = (unsigned char)text.at[i];
        if (is_alphanumeric(text.at[i]) || strchr("-._~", text.at[i])) {
            buf_byte(out, text.at[i]);
        } else {
            buf_byte(out, '%');
            buf_byte(out, "0123456789ABCDEF"[byte >> 4]);
            buf_byte(out, "0123456789ABCDEF"[byte & 15]);
        }
    }
}

/* Nearby Search (Legacy). */
static void put_target(
    struct buf *out, const struct places_google *g, const struct places_question *q)
{
    buf_text(out, "/maps/api/place/nearbysearch/json?location=");
    put_decimal(out, q->centre.latitude_fdeg, FDEG_DIGITS, 0);
    buf_byte(out, ',');
    put_decimal(out, q->centre.longitude_fdeg, FDEG_DIGITS, 0);
    buf_text(out, "&radius=");
    put_decimal(out, (int64_t)q->radius_um, UM_DIGITS, 0);
    if (g->language.len) {
        buf_text(out, "&language=");
        buf_span_put(out, g->language);
    }
    buf_text(out, "&key=");
    put_encoded(out, g->key);
}

bool places_google_request(
    const struct places_google *g, const struct places_question *q, struct buf *out)
{
    ASSERT(!places_google_is_moot(q));
    if (places_google_fault(g))
        return false;
    char memory[PLACES_GOOGLE_REQUEST_BYTES_MAX];
    struct buf text = buf_over(memory, sizeof memory);
    struct http_request asks = {.host = g->host, .port = g->port};
    const struct http_header headers[] = {
        {SPAN("X-Goog-Api-Key"), g->key},
        {SPAN("X-Goog-FieldMask"), span_of(FIELD_MASK)},
        {SPAN("Content-Type"), SPAN("application/json")},
    };
    if (g->api == PLACES_GOOGLE_LEGACY) {
        put_target(&text, g, q);
        asks.method = HTTP_GET;
        asks.target = buf_span(&text);
    } else {
        put_body(&text, g, q);
        asks.method = HTTP_POST;
        asks.target = SPAN("/v1/places:searchNearby");
        asks.headers = headers;
        asks.headers_count = sizeof headers / sizeof *headers;
        asks.body = buf_span(&text);
    }
    ASSERT(!text.overflow);
    return http_request_put(out, &asks);
}
