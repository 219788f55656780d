/* json_safe.c — cleans the text before cJSON parses it. cJSON (1.7.15) allows a depth of 1,000,
 * ends a string at an escaped NUL, takes "\uZZZZ" for an escaped NUL, refuses half a surrogate
 * pair, takes raw NULs for white space, and ignores what follows the value and whether the text is
 * UTF-8. One pass over the text copies it with all this corrected or refused. */
#include "core/base/json_safe.h"
#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/base/invariant.h"
#include "core/base/utf8.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

enum { ESCAPE_BYTES = 6 }; /* \uXXXX */

struct scan {
    struct span text; /* what is left of it */
    struct buf out; /* the clean copy */
    bool string; /* inside a string */
    unsigned depth;
    unsigned values;
    const char *fault;
};

static void copy(struct scan *s, size_t bytes)
{
    ASSERT(bytes <= s->text.len);
    buf_put(&s->out, s->text.at, bytes);
    s->text = span_from(s->text, bytes);
}

/* The value of a \uXXXX at the beginning of the text; -1: there is none. */
static int escape_value(struct span text)
{
    if (text.len < ESCAPE_BYTES || text.at[0] != '\\' || text.at[1] != 'u')
        return -1;
    int value = 0;
    for (size_t i = 2; i < ESCAPE_BYTES; i++) {
        int digit = ascii_hex(text.at[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void escape(struct scan *s)
{
    ASSERT(s->string && s->text.at[0] == '\\');
    if (s->text.len < 2 || s->text.at[1] != 'u') {
        copy(s, s->text.len < 2 ? s->text.len : 2);
        return;
    }
    int value = escape_value(s->text);
    if (value < 0) {
        s->fault = "something that is not JSON";
    } else if (value >= 0xd800 && value <= 0xdbff) {
        int low = escape_value(span_from(s->text, ESCAPE_BYTES));
        if (low >= 0xdc00 && low <= 0xdfff) {
            copy(s, 2 * (size_t)ESCAPE_BYTES);
            return;
        }
        value = 0;
    }
    if (value > 0 && (value < 0xdc00 || value > 0xdfff)) {
        copy(s, ESCAPE_BYTES);
        return;
    }
    buf_text(&s->out, "\\ufffd");
    s->text = span_from(s->text, s->text.len < ESCAPE_BYTES ? s->text.len : ESCAPE_BYTES);
}

/* A byte outside of strings. Values are counted by the bracket, brace or comma before each. */
static void structure(struct scan *s, char byte)
{
    ASSERT(!s->string && s->depth <= JSON_SAFE_DEPTH_MAX && s->values <= JSON_SAFE_VALUES_MAX);
    if (byte == '[' || byte == '{') {
        s->values++;
        if (++s->depth > JSON_SAFE_DEPTH_MAX)
            s->fault = "JSON that is nested too deeply";
    } else if (byte == ',') {
        s->values++;
    } else if ((byte == ']' || byte == '}') && s->depth > 0) {
        s->depth--;
    }
    if (s->values > JSON_SAFE_VALUES_MAX)
        s->fault = "JSON that has too many values";
}

static void step(struct scan *s)
{
    char byte = s->text.at[0];
    size_t bytes = byte ? utf8_sequence(s->text) : 0;
    if (bytes == 0) {
        buf_text(&s->out, UTF8_REPLACEMENT);
        s->text = span_from(s->text, 1);
    } else if (s->string && byte == '\\') {
        escape(s);
    } else {
        if (byte == '"')
            s->string = !s->string;
        else if (!s->string)
            structure(s, byte);
        copy(s, bytes);
    }
}

static bool is_white(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n'))
        text++;
    return text == end;
}

struct cJSON *json_safe_parse(struct span text, const char **fault)
{
    *fault = NULL;
    size_t room = text.len * strlen(UTF8_REPLACEMENT) + 1; /* enough if no byte of it is valid */
    struct scan s = {.text = text, .out = buf_over(malloc(room), room)};
    if (!s.out.at)
        return NULL;
    while (s.text.len && !s.fault)
        step(&s);
    ASSERT(!s.out.overflow);
    struct cJSON *tree = NULL;
    if (!s.fault) {
        const char *end = NULL;
        tree = cJSON_ParseWithLengthOpts(s.out.at, s.out.len, &end, false);
        if (tree && !is_white(end, s.out.at + s.out.len)) {
            cJSON_Delete(tree);
            tree = NULL;
        }
        if (!tree)
            s.fault = "something that is not JSON";
    }
    free(s.out.at);
    ASSERT((tree == NULL) == (s.fault != NULL));
    *fault = s.fault;
    return tree;
}
