/* redact.c — see redact.h. The search is the simplest one, byte by byte: texts are short, or come
 * once per question, and the first byte seldom matches. */
#include "core/base/redact.h"
#include "core/base/ascii.h"
#include "core/base/invariant.h"
#include "core/base/utf8.h"
#include <cjson/cJSON.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* The first byte of `text` (not empty), percent-decoded. *len: how many bytes spell it, 1 or 3. */
static char decoded(struct span text, size_t *len)
{
    *len = 1;
    if (text.at[0] != '%' || text.len < 3)
        return text.at[0];
    int high = ascii_hex(text.at[1]), low = ascii_hex(text.at[2]);
    if (high < 0 || low < 0)
        return text.at[0];
    *len = 3;
    return (char)(high << 4 | low);
}

/* How many bytes at the beginning of `text` spell the secret; 0: it does not begin with it. */
static size_t spelled(struct span text, struct span secret, bool encoded)
{
    size_t at = 0;
    for (size_t i = 0; i < secret.len; i++) {
        if (at >= text.len)
            return 0;
        size_t len = 1;
        char byte = encoded ? decoded(span_from(text, at), &len) : text.at[at];
        if (ascii_lower(byte) != ascii_lower(secret.at[i]))
            return 0;
        at += len;
    }
    return at;
}

/* The same, encoded or not, whichever is longer: the secret itself may hold a '%'. */
static size_t spelled_here(struct span text, struct span secret)
{
    size_t plain = spelled(text, secret, false), encoded = spelled(text, secret, true);
    return plain > encoded ? plain : encoded;
}

void redact_put(struct buf *out, struct span text, struct span secret)
{
    ASSERT(secret.len > 0);
    while (text.len && !out->overflow) {
        size_t len = spelled_here(text, secret);
        if (len) {
            buf_text(out, ELLIPSIS);
        } else {
            len = utf8_sequence(text);
            ASSERT(len > 0);
            buf_put(out, text.at, len);
        }
        text = span_from(text, len);
    }
}

static bool holds(struct span text, struct span secret)
{
    for (; text.len; text = span_from(text, 1))
        if (spelled_here(text, secret))
            return true;
    return false;
}

/* *text is a string that cJSON has allocated, or NULL. false: out of memory. */
static bool redact_string(char **text, struct span secret)
{
    if (!*text || !holds(span_of(*text), secret))
        return true;
    size_t room = strlen(*text) * strlen(ELLIPSIS) + 1;
    struct buf out = buf_over(cJSON_malloc(room), room);
    if (!out.at)
        return false;
    redact_put(&out, span_of(*text), secret);
    buf_byte(&out, 0);
    ASSERT(!out.overflow);
    cJSON_free(*text);
    *text = out.at;
    return true;
}

bool redact_json(struct cJSON *tree, struct span secret)
{
    ASSERT(secret.len > 0);
    if (!redact_string(&tree->string, secret) || !redact_string(&tree->valuestring, secret))
        return false;
    for (cJSON *item = tree->child; item; item = item->next)
        if (!redact_json(item, secret))
            return false;
    return true;
}
