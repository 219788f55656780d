/* scan.c — see scan.h.
 *
 * The lexical rules are those of libconfuse 3.3, which read the file in version 0.1: blanks; bare
 * words; texts in '' or ""; comments from # or // to the end of the line, or between slash-star
 * pairs. A comment begins between words only: /var//log is one word. Three things that libconfuse
 * allows are refused, as mistakes or as different on every machine: a text that goes on in the next
 * line (so a forgotten quote costs one line, not the rest of the file), a letter or digit after a
 * backslash in "", and ${NAME}, which is one token with what surrounds it.
 *
 * Holds always: `at` never goes back, and every token but END moves it. */
#include "core/topology/scan.h"
#include "core/base/ascii.h"
#include "core/base/invariant.h"

struct scan scan_over(struct span text)
{
    ASSERT(text.at || text.len == 0);
    return (struct scan){
        .at = text.at, .end = text.at + text.len, .line_begin = text.at, .line = 1};
}

static bool next_is(const struct scan *s, struct span text)
{
    return (size_t)(s->end - s->at) >= text.len && memcmp(s->at, text.at, text.len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || scan_is_odd(c);
}

static bool ends_word(char c)
{
    return is_blank(c) || (strchr("#\"'={}()+,*", c));
}

static void step(struct scan *s)
{
    ASSERT(s->at < s->end);
    if (*s->at++ == '\n') {
        s->line++;
        s->line_begin = s->at;
    }
}

static void skip_line(struct scan *s)
{
    const char *feed = memchr(s->at, '\n', (size_t)(s->end - s->at));
    s->at = feed ? feed : s->end;
}

/* Past blanks and comments. false: the text ends inside a comment, which begins in *line. */
static bool skip_blanks(struct scan *s, int *line)
{
    while (s->at < s->end) {
        if (is_blank(*s->at)) {
            step(s);
        } else if (*s->at == '#' || next_is(s, SPAN("//"))) {
            skip_line(s);
        } else if (next_is(s, SPAN("/*"))) {
            *line = s->line;
            for (s->at += 2; s->at < s->end && !next_is(s, SPAN("*/"));)
                step(s);
            if (s->at == s->end)
                return false;
            s->at += 2;
        } else {
            break;
        }
    }
    return true;
}

/* Past the text in quotes at s->at. false: it does not end in its line, whose end s->at then is. */
static bool skip_quoted(struct scan *s)
{
    char quote = *s->at++;
    while (s->at < s->end && *s->at != '\n' && *s->at != quote) {
        bool escape = *s->at == '\\' && s->end - s->at > 1 && s->at[1] != '\n' &&
                      (quote == '"' || s->at[1] == '\'' || s->at[1] == '\\');
        s->at += escape ? 2 : 1;
    }
    bool closed = s->at < s->end && *s->at == quote;
    s->at += closed;
    return closed;
}

/* Whether all quotes from here to the end of the line come in pairs. Asked once a line: to look
 * ahead anew from each text would take time in the square of a long line. */
static bool quotes_pair(struct scan *s)
{
    if (s->quotes_line == s->line)
        return s->quotes_pair;
    s->quotes_line = s->line;
    s->quotes_pair = true;
    struct scan ahead = *s;
    skip_line(&ahead);
    ahead.end = ahead.at;
    ahead.at = s->at;
    struct token t;
    do
        t = scan_next(&ahead);
    while (t.kind != TOKEN_END && !t.unclosed);
    s->quotes_pair = t.kind == TOKEN_END;
    return s->quotes_pair;
}

static struct token quoted(struct scan *s, struct token t)
{
    t.kind = TOKEN_TEXT;
    t.quote = *s->at;
    t.text.at = s->at + 1;
    t.unclosed = !quotes_pair(s) || !skip_quoted(s);
    if (t.unclosed)
        skip_line(s);
    t.text.len = (size_t)(s->at - t.text.at) - !t.unclosed;
    ASSERT(t.unclosed || t.text.at[t.text.len] == t.quote);
    return t;
}

static struct token word(struct scan *s, struct token t)
{
    t.kind = TOKEN_TEXT;
    t.text.at = s->at;
    while (s->at < s->end && !ends_word(*s->at)) {
        if (next_is(s, SPAN("${")))
            while (s->at < s->end && *s->at != '}' && !is_blank(*s->at))
                s->at++;
        s->at += s->at < s->end && !is_blank(*s->at);
    }
    t.text.len = (size_t)(s->at - t.text.at);
    return t;
}

static struct token sign(struct scan *s, struct token t)
{
    static const enum token_kind kinds[] = {
        ['='] = TOKEN_EQUALS, ['{'] = TOKEN_OPEN, ['}'] = TOKEN_CLOSE, [','] = TOKEN_COMMA};
    unsigned char c = (unsigned char)*s->at;
    bool add = next_is(s, SPAN("+="));
    t.text = (struct span){s->at, add ? 2 : 1};
    t.kind = add                                            ? TOKEN_ADD
             : c < sizeof kinds / sizeof *kinds && kinds[c] ? kinds[c]
                                                            : TOKEN_STRAY;
    s->at += t.text.len;
    return t;
}

struct token scan_next(struct scan *s)
{
    const char *before = s->at;
    struct token t = {.kind = TOKEN_END};
    t.unclosed = !skip_blanks(s, &t.line);
    if (s->at == s->end) {
        if (!t.unclosed)
            t.line = s->line;
        return t;
    }
    t.line = s->line;
    t.first = before <= s->line_begin;
    if (*s->at == '"' || *s->at == '\'')
        t = quoted(s, t);
    else
        t = ends_word(*s->at) ? sign(s, t) : word(s, t);
    ASSERT(s->at > before && s->at <= s->end);
    return t;
}

bool scan_text(const struct token *t, struct buf *out)
{
    ASSERT(t->kind == TOKEN_TEXT);
    for (size_t i = 0; i < t->text.len; i++) {
        const char *c = &t->text.at[i];
        bool escape = t->quote && *c == '\\' && i + 1 < t->text.len &&
                      (t->quote == '"' || c[1] == '\'' || c[1] == '\\');
        if (escape && (ascii_is_letter(c[1]) || ascii_is_digit(c[1])))
            return false;
        buf_byte(out, escape ? c[1] : *c);
        i += escape;
    }
    return true;
}
