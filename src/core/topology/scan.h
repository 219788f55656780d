/* scan.h — topology.conf as tokens, each with its line.
 *
 * A pure function over the text: it allocates nothing, reports nothing and keeps no state but where
 * it is, so a copy of `struct scan` looks ahead. Called by reader only. */
#ifndef CORE_TOPOLOGY_SCAN_H
#define CORE_TOPOLOGY_SCAN_H

#include "core/base/buf.h"

enum token_kind {
    TOKEN_END,
    TOKEN_TEXT, /* a bare word, or a text in quotes */
    TOKEN_EQUALS, /* = */
    TOKEN_ADD, /* += */
    TOKEN_OPEN, /* { */
    TOKEN_CLOSE, /* } */
    TOKEN_COMMA,
    TOKEN_STRAY, /* one byte that has no meaning outside of quotes: ( ) * + */
};

struct token {
    enum token_kind kind;
    int line; /* from 1; of an unclosed comment: where it begins */
    bool first; /* on its line */
    bool unclosed; /* of END: inside a comment; of TEXT: the line has a quote too few, and the token
                    * is all that is left of the line */
    char quote; /* of TEXT: " or ', 0 for a bare word */
    struct span text; /* between the quotes, escapes as written */
};

struct scan {
    const char *at, *end;
    const char *line_begin; /* of the line that `at` is in */
    int line;
    int quotes_line; /* the line whose quotes were last checked, 0: none */
    bool quotes_pair; /* they all have a partner */
};

/* Whether no text has this byte: a control byte other than tab, CR and LF. Between words it is a
 * blank. */
static inline bool scan_is_odd(char c)
{
    return ((unsigned char)c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
}

/* text  borrowed as long as tokens are used */
struct scan scan_over(struct span text);

/* The next token; END again and again at the end. */
struct token scan_next(struct scan *s);

/* What a TEXT means: escapes become the bytes that they stand for. In "", a backslash stands before
 * any byte that is neither letter nor digit; in '', only before ' and another backslash, and is
 * itself elsewhere.
 *
 * out  what does not fit sets its overflow
 * false: there is a backslash before a letter or digit in "". */
MUST_USE bool scan_text(const struct token *t, struct buf *out);

#endif
