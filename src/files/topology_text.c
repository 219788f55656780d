/* topology_text.c — see topology_text.h.
 *
 * One pass, byte by byte. What it tells apart is what libconfuse's lexer does: blanks, bare words,
 * strings in '' or "", comments from # or // to the end of the line or between slash-star pairs.
 * Inside a bare word slashes are ordinary (/var//log); a comment begins between words only. */
#include "files/topology_text.h"
#include <stdlib.h>

struct scan {
    const char *at, *end;
    char *out;
    int line;
    int depth; /* of open braces */
    int depth_line; /* where the outermost was opened */
    struct topology_draft *draft;
};

static bool next_is(const struct scan *s, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
}

/* Bytes that end a bare word. */
static bool is_special(char c)
{
    return c && strchr(" #\"'\t\n\r={}()+,*", c);
}

static void copy(struct scan *s)
{
    s->line += *s->at == '\n';
    *s->out++ = *s->at++;
}

static void blank(struct scan *s)
{
    s->line += *s->at == '\n';
    *s->out++ = *s->at++ == '\n' ? '\n' : ' ';
}

static void skip_line_comment(struct scan *s)
{
    while (s->at < s->end && *s->at != '\n')
        blank(s);
}

static void skip_block_comment(struct scan *s)
{
    int began = s->line;
    blank(s);
    blank(s);
    while (s->at < s->end && !next_is(s, "*/"))
        blank(s);
    if (s->at == s->end) {
        topology_draft_fault(
            s->draft, began, false, "the comment that begins here does not end; \"*/\" is missing");
        topology_draft_cut(s->draft);
        return;
    }
    blank(s);
    blank(s);
}

/* No value goes on in the next line, so a string that does has lost its quote: it ends there. */
static void copy_string(struct scan *s)
{
    char quote = *s->at;
    copy(s);
    while (s->at < s->end && *s->at != '\n' && *s->at != quote) {
        if (quote == '"' && next_is(s, "${"))
            *s->out++ = '\\';
        if (*s->at == '\\' && s->at + 1 < s->end && s->at[1] != '\n')
            copy(s);
        else if (*s->at == '\\') {
            blank(s);
            continue;
        }
        copy(s);
    }
    if (s->at < s->end && *s->at == quote) {
        copy(s);
        return;
    }
    *s->out++ = quote;
    topology_draft_fault(
        s->draft, s->line, false, "a %c that opens a text here is not closed in this line", quote);
}

static void drop_stray(struct scan *s)
{
    topology_draft_fault(s->draft, s->line, false,
        "a \"%c\" means nothing here; put texts that have one in quotes", *s->at);
    blank(s);
}

/* A bare ${NAME} becomes a text of that spelling, which no key takes. */
static void copy_variable(struct scan *s)
{
    const char *end = s->at;
    while (end < s->end && *end != '}' && *end != '\n' && *end != '"' && *end != '\\')
        end++;
    if (end == s->end || *end != '}') {
        drop_stray(s);
        return;
    }
    *s->out++ = '"';
    *s->out++ = '\\';
    while (s->at <= end)
        copy(s);
    *s->out++ = '"';
}

/* libconfuse does not mind a section that is open at the end of the file. */
static void copy_special(struct scan *s)
{
    if (*s->at == '{' && s->depth++ == 0)
        s->depth_line = s->line;
    else if (*s->at == '}' && s->depth > 0)
        s->depth--;
    copy(s);
}

static void copy_word(struct scan *s)
{
    while (s->at < s->end && !is_special(*s->at))
        copy(s);
}

static void scan_one(struct scan *s)
{
    char c = *s->at;
    if (c == '#' || next_is(s, "//"))
        skip_line_comment(s);
    else if (next_is(s, "/*"))
        skip_block_comment(s);
    else if (c == '"' || c == '\'')
        copy_string(s);
    else if (next_is(s, "${"))
        copy_variable(s);
    else if (c == '*' || (c == '+' && !next_is(s, "+=")))
        drop_stray(s);
    else if (is_special(c))
        copy_special(s);
    else
        copy_word(s);
}

/* The length of what is text: all, or up to the first byte that no text file has. */
static size_t text_bytes(struct span raw, struct topology_draft *d)
{
    int line = 1;
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        line += c == '\n';
        if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\r' || c == '\t')
            continue;
        topology_draft_fault(d, line, false,
            "the byte 0x%02x stands here, which no text has; is this the right file?", c);
        topology_draft_cut(d);
        return i;
    }
    return raw.len;
}

void topology_text_prepare(struct span raw, struct topology_draft *d, char **out, size_t *len)
{
    if (raw.len >= 3 && memcmp(raw.at, "\xef\xbb\xbf", 3) == 0)
        raw = span_from(raw, 3);
    raw.len = text_bytes(raw, d);
    *out = malloc(2 * raw.len + 8); /* most grows "${}" bare: 3 bytes become 6 */
    if (!*out)
        return;
    struct scan s = {.at = raw.at, .end = raw.at + raw.len, .out = *out, .line = 1, .draft = d};
    while (s.at < s.end)
        scan_one(&s);
    if (s.depth > 0)
        topology_draft_fault(
            d, s.depth_line, false, "the \"{\" in this line is not closed; a \"}\" is missing");
    *len = (size_t)(s.out - *out);
}
