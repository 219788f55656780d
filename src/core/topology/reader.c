/* reader.c — the syntax of topology.conf; what it finds goes to the draft, item by item.
 *
 *   file    = item*                       section = "node" NAME "{" item* "}"
 *   item    = key ("=" | "+=") value              | ("limits" | "places" | "tls") "{" item* "}"
 *                                             | "http" "{" item* "}"
 *   value   = TEXT | "{" [TEXT ("," TEXT)* [","]] "}"
 *
 * Sections do not nest, "+=" and lists are for talks_to, retired and hosts. Keys, names and values
 * may all be in quotes or not; line ends mean no more than other blanks. (scan.c has the tokens.)
 *
 * A mistake of syntax ends nothing: it is reported, and reading goes on where the text makes sense
 * again. So that one mistake is not reported as many:
 *
 *  - At most one mistake of syntax is reported for a line, and what is left of its line is passed
 *    over up to a brace or what looks like the beginning of an item: a word before "=" or "{".
 *  - A section that begins inside another shows that a "}" is missing before it. Should it have
 *    been meant to stand there, one "}" too many follows, and is passed over.
 *  - A part that could not be read is in doubt: what it may have held is not reported as missing.
 *    In a line with a quote too few, braces may have been swallowed: then one that is missing is
 *    not reported.
 *
 * Holds always: the depth is 0 or 1, every turn of a loop takes a token or leaves the loop, and
 * nothing here is recursive, so that no text can exhaust time or stack. */
#include "core/base/invariant.h"
#include "core/topology/draft.h"
#include "core/topology/keys.h"
#include "core/topology/scan.h"

enum {
    LOOK_AHEAD = 4, /* word = name { */
    VALUE_ROOM = TOPOLOGY_PATH_BYTES_MAX + 2, /* the longest value, and one too long to be any */
    ODD_BYTES_MAX = 8, /* in a text file by mistake; with more of them it is another kind of file */
};

struct reader {
    struct topology_draft *draft;
    struct scan scan;
    struct token t[LOOK_AHEAD]; /* t[0] is the next one */
    const char *section; /* "" at the top level */
    int section_line; /* where its "{" is */
    int reported_line; /* the last line of which a mistake of syntax was reported */
    bool one_too_many; /* a "}" that closes nothing follows from a mistake that was reported */
    bool braces_lost; /* in a line with a quote too few */
    char value[VALUE_ROOM];
};

/* -- tokens ------------------------------------------------------------------------------------ */

static bool is(const struct reader *r, unsigned i, enum token_kind kind)
{
    ASSERT(i < LOOK_AHEAD);
    return r->t[i].kind == kind;
}

static bool is_assignment(const struct reader *r, unsigned i)
{
    return is(r, i, TOKEN_EQUALS) || is(r, i, TOKEN_ADD);
}

static void advance(struct reader *r)
{
    const struct token *taken = &r->t[0];
    for (size_t i = 0; i < taken->text.len && taken->unclosed; i++)
        r->braces_lost |= taken->text.at[i] == '{' || taken->text.at[i] == '}';
    memmove(r->t, r->t + 1, sizeof r->t - sizeof *r->t);
    r->t[LOOK_AHEAD - 1] = scan_next(&r->scan);
    ASSERT(r->t[0].line <= r->t[1].line);
}

/* Whether t[0] begins an item: it stands before "=" or "{", or names a section that has a name. */
static bool begins_item(const struct reader *r)
{
    if (!is(r, 0, TOKEN_TEXT) || r->t[0].unclosed)
        return false;
    return is_assignment(r, 1) || is(r, 1, TOKEN_OPEN) ||
           (is(r, 1, TOKEN_TEXT) && is(r, 2, TOKEN_OPEN) && r->t[1].line == r->t[0].line);
}

/* -- mistakes ---------------------------------------------------------------------------------- */

/* An error from which reading goes on with nothing lost but what it is about. */
#define REPORT(r, line, ...)                            \
    do {                                                \
        draft_error((r)->draft, line, __VA_ARGS__);     \
        topology_draft_doubt((r)->draft, (r)->section); \
    } while (0)

/* One that leaves it open what the rest of its line means: reported once a line. */
#define REPORT_ONCE(r, line, ...)                          \
    do {                                                   \
        int of_line = (line);                              \
        if ((r)->reported_line != of_line)                 \
            draft_error((r)->draft, of_line, __VA_ARGS__); \
        (r)->reported_line = of_line;                      \
        topology_draft_doubt((r)->draft, (r)->section);    \
    } while (0)

/* At a "{": past everything up to its "}". A section that begins a line ends it, too. */
static void skip_group(struct reader *r)
{
    int begin = r->t[0].line;
    unsigned depth = 0;
    do {
        depth += is(r, 0, TOKEN_OPEN);
        depth -= is(r, 0, TOKEN_CLOSE);
        advance(r);
        if (depth && r->t[0].first && begins_item(r) && !is_assignment(r, 1) &&
            key_section(r->t[0].text))
            break;
    } while (depth && !is(r, 0, TOKEN_END));
    if (depth && !r->braces_lost)
        REPORT_ONCE(r, begin, "the \"{\" in this line is not closed; a \"}\" is missing");
}

/* Past what is left of a line. */
static void skip_rest(struct reader *r, int line)
{
    while (!is(r, 0, TOKEN_END) && !is(r, 0, TOKEN_CLOSE) && r->t[0].line == line &&
           !(begins_item(r) && r->t[1].line == line)) {
        if (is(r, 0, TOKEN_OPEN))
            skip_group(r);
        else
            advance(r);
    }
}

static void skip_stray(struct reader *r)
{
    struct token t = r->t[0];
    REPORT_ONCE(r, t.line, "\"%.*s\" is out of place here%s", SHOWN(t.text),
        t.kind == TOKEN_STRAY ? "; a text that has one needs quotes" : "");
    if (t.kind == TOKEN_OPEN)
        skip_group(r);
    else
        advance(r);
    skip_rest(r, t.line);
}

/* -- values ------------------------------------------------------------------------------------ */

static size_t odd_bytes(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += scan_is_odd(text.at[i]);
    return count;
}

/* Take the text at t[0] as a value of `key`; of no key: pass over it. */
static void take_value(struct reader *r, const struct token *key)
{
    struct token t = r->t[0];
    struct buf b = buf_over(r->value, sizeof r->value);
    advance(r);
    if (t.unclosed) {
        REPORT_ONCE(
            r, t.line, "a %c in this line has no other %c that closes it", t.quote, t.quote);
    } else if (!scan_text(&t, &b)) {
        REPORT(r, t.line,
            "a \\ before a letter or digit means nothing in \"\"; write \\\\, or use '' around the "
            "text");
    } else if (odd_bytes(t.text)) {
        topology_draft_doubt(r->draft, r->section); /* they were reported already */
    } else if (key) {
        ASSERT(!b.overflow || b.len == sizeof r->value); /* too long for any key */
        topology_draft_value(r->draft, t.line, r->section, key->text, buf_span(&b));
    }
}

/* At the "{" of a list. */
static void take_list(struct reader *r, const struct token *key)
{
    int begin = r->t[0].line;
    advance(r);
    bool wants_comma = false;
    while (!is(r, 0, TOKEN_CLOSE)) {
        struct token t = r->t[0];
        if (t.kind == TOKEN_END || begins_item(r)) {
            if (!r->braces_lost)
                REPORT_ONCE(r, begin,
                    "the list that begins in this line is not closed; a \"}\" is missing");
            return;
        }
        if (t.kind == TOKEN_TEXT) {
            if (wants_comma)
                REPORT_ONCE(r, t.line, "a \",\" is missing before \"%.*s\"", SHOWN(t.text));
            take_value(r, key);
        } else if (t.kind == TOKEN_COMMA && wants_comma) {
            advance(r);
        } else {
            REPORT_ONCE(r, t.line, "\"%.*s\" is out of place in a list", SHOWN(t.text));
            if (t.kind == TOKEN_OPEN)
                skip_group(r);
            else
                advance(r);
        }
        wants_comma = t.kind == TOKEN_TEXT;
    }
    advance(r);
}

/* Names with commas between them, but without braces: at the first comma. */
static void take_bare_list(struct reader *r, const struct token *key)
{
    REPORT(r, r->t[0].line, "several values need braces, like: %.*s = {A, B}", SHOWN(key->text));
    while (is(r, 0, TOKEN_COMMA)) {
        advance(r);
        if (is(r, 0, TOKEN_TEXT) && !begins_item(r))
            take_value(r, key);
    }
}

/* What follows a value in its line and is no item. */
static void take_surplus(struct reader *r, const struct token *key, int line)
{
    if (!is(r, 0, TOKEN_TEXT) || r->t[0].line != line || begins_item(r))
        return;
    if (r->t[0].unclosed) {
        take_value(r, NULL);
        return;
    }
    bool lacks_equals =
        key_find(r->section, r->t[0].text) >= 0 && is(r, 1, TOKEN_TEXT) && r->t[1].line == line;
    if (lacks_equals || key_section(r->t[0].text))
        return;
    REPORT_ONCE(r, line,
        "\"%.*s\" is out of place after the value of %.*s; a value with blanks needs quotes",
        SHOWN(r->t[0].text), SHOWN(key->text));
    skip_rest(r, line);
}

static bool is_list_key(int found)
{
    ASSERT(found < 0 || key_at((unsigned)found));
    if (found < 0)
        return false;
    enum key_kind kind = key_at((unsigned)found)->kind;
    return kind == KEY_NODES || kind == KEY_RETIRED || kind == KEY_HOSTS;
}

/* At the value of a key, after its "=". */
static void take_values(struct reader *r, const struct token *key, int equals_line)
{
    int found = key_find(r->section, key->text), line = r->t[0].line;
    const struct token *judged = found >= 0 ? key : NULL;
    bool next_item = begins_item(r) &&
                     (is_assignment(r, 1) || (line > equals_line && key_section(r->t[0].text)));
    if (is(r, 0, TOKEN_OPEN)) {
        if (found >= 0 && !is_list_key(found)) {
            REPORT(r, line, "%.*s takes one value, without braces", SHOWN(key->text));
            judged = NULL;
        }
        take_list(r, judged);
        return;
    }
    if (!is(r, 0, TOKEN_TEXT) || next_item) {
        if (is(r, 0, TOKEN_STRAY) || is_assignment(r, 0) || is(r, 0, TOKEN_COMMA))
            skip_stray(r);
        else
            REPORT_ONCE(r, key->line, "%.*s has no value", SHOWN(key->text));
        return;
    }
    take_value(r, judged);
    if (is(r, 0, TOKEN_COMMA) && is_list_key(found))
        take_bare_list(r, judged);
    else
        take_surplus(r, key, line);
}

/* -- items ------------------------------------------------------------------------------------- */

/* At a word that is taken for a key. */
static void take_key(struct reader *r)
{
    struct token key = r->t[0];
    int found = key_find(r->section, key.text);
    if (key.unclosed) { /* it can be no key: report its quote */
        take_value(r, NULL);
        return;
    }
    if (found < 0 && (begins_item(r) || r->reported_line != key.line)) {
        topology_draft_unknown(r->draft, key.line, r->section, key.text);
        r->reported_line = key.line;
    }
    advance(r);
    if (found < 0 && is(r, 0, TOKEN_TEXT) && is(r, 1, TOKEN_OPEN) && !key_section(r->t[0].text))
        advance(r); /* what would be the name of a section */
    int line = r->t[0].line;
    if (is(r, 0, TOKEN_OPEN)) {
        if (found >= 0)
            REPORT(r, key.line, "%.*s is a key, not a section; write %.*s = and its value",
                SHOWN(key.text), SHOWN(key.text));
        skip_group(r);
    } else if (is_assignment(r, 0)) {
        if (is(r, 0, TOKEN_ADD) && found >= 0 && !is_list_key(found))
            REPORT(r, line, "%.*s takes one value, so \"+=\" must be \"=\"", SHOWN(key.text));
        advance(r);
        take_values(r, &key, line);
    } else if (found < 0) {
        topology_draft_doubt(r->draft, r->section);
        skip_rest(r, key.line);
    } else if (is(r, 0, TOKEN_TEXT) && line == key.line && !is_assignment(r, 1) &&
               !is(r, 1, TOKEN_OPEN) && !key_section(r->t[0].text)) {
        REPORT(r, line, "a \"=\" is missing after %.*s", SHOWN(key.text));
        take_values(r, &key, line);
    } else {
        REPORT_ONCE(r, key.line, "%.*s has no value; write %.*s = and its value", SHOWN(key.text),
            SHOWN(key.text));
        skip_rest(r, key.line);
    }
}

/* The section that a word begins, also one that is nearly right before "{"; NULL: it begins
 * none. */
static const char *section_of(const struct reader *r)
{
    const char *section = key_section(r->t[0].text);
    if (is_assignment(r, 1) && key_find(r->section, r->t[0].text) >= 0)
        return NULL; /* http is a key of a node, and a section */
    if (section || !begins_item(r) || is_assignment(r, 1))
        return section;
    if (key_find(r->section, r->t[0].text) >= 0 || key_find("", r->t[0].text) >= 0)
        return NULL;
    if (is(r, 1, TOKEN_TEXT)) /* a section with a name can only be meant as a node */
        return "node";
    return *r->section ? NULL : key_section_near(r->t[0].text);
}

static void close_missing(struct reader *r, const struct token *word)
{
    if (!r->braces_lost)
        draft_error(r->draft, word->line,
            "a \"}\" is missing before \"%.*s\": sections do not nest, and the one that begins in "
            "line "
            "%d is not closed",
            SHOWN(word->text), r->section_line);
    ASSERT(*r->section && r->section_line <= word->line);
    r->one_too_many = true;
    r->braces_lost = false;
    r->section = "";
}

/* `tls = 3`: past the value. */
static void take_section_as_key(struct reader *r, const char *section)
{
    struct token word = r->t[0];
    bool node = strcmp(section, "node") == 0;
    REPORT_ONCE(r, word.line, "%s is a section, not a key; write %s%s { and its keys", section,
        section, node ? " NAME" : "");
    advance(r);
    advance(r);
    if (is(r, 0, TOKEN_OPEN))
        skip_group(r);
    else
        skip_rest(r, word.line);
}

/* At what should be the name of a node. false: there are too many nodes. */
static bool take_node_name(struct reader *r, int line)
{
    struct buf b = buf_over(r->value, sizeof r->value);
    bool given = is(r, 0, TOKEN_TEXT) && !is_assignment(r, 1);
    bool well = given && !r->t[0].unclosed && scan_text(&r->t[0], &b) && b.len > 0;
    if (!given || (!well && r->t[0].text.len == 0))
        REPORT_ONCE(r, line, "a name is missing after node, like: node Goloman {");
    else if (!well)
        take_value(r, NULL); /* which reports what is wrong with it */
    if (given && (well || r->t[0].text.len == 0))
        advance(r);
    if (topology_draft_node(r->draft, line, (struct span){b.at, well ? b.len : 0}))
        return true;
    topology_draft_cut(r->draft);
    return false;
}

/* At the word of a section. false: there is no use in reading on. */
static bool take_section(struct reader *r, const char *section)
{
    struct token word = r->t[0];
    bool equals = is_assignment(r, 1);
    if (equals && !is(r, 2, TOKEN_OPEN) && !(is(r, 2, TOKEN_TEXT) && is(r, 3, TOKEN_OPEN))) {
        take_section_as_key(r, section);
        return true;
    }
    if (*r->section)
        close_missing(r, &word);
    else
        r->one_too_many = r->braces_lost = false;
    if (!key_section(word.text))
        topology_draft_unknown(r->draft, word.line, "", word.text);
    advance(r);
    if (equals) {
        REPORT_ONCE(r, word.line, "%s is a section: no \"=\" stands before its \"{\"", section);
        advance(r);
    }
    if (strcmp(section, "node") == 0 && !take_node_name(r, word.line))
        return false;
    r->section = section;
    r->section_line = r->t[0].line;
    if (is(r, 0, TOKEN_TEXT) && r->t[0].line == word.line && !is_assignment(r, 1)) {
        REPORT_ONCE(r, word.line, "\"%.*s\" is out of place between %s and its \"{\"",
            SHOWN(r->t[0].text), section);
        while (is(r, 0, TOKEN_TEXT) && r->t[0].line == word.line)
            advance(r);
    }
    if (is(r, 0, TOKEN_OPEN)) {
        advance(r);
    } else {
        r->section_line = word.line;
        REPORT_ONCE(r, word.line, "a \"{\" is missing after %s%s", section,
            strcmp(section, "node") == 0 ? " and its name" : "");
    }
    return true;
}

static void take_close(struct reader *r)
{
    if (*r->section)
        r->section = "";
    else if (r->one_too_many || r->braces_lost)
        r->one_too_many = r->braces_lost = false;
    else
        REPORT_ONCE(r, r->t[0].line, "this \"}\" closes nothing");
    advance(r);
}

static void take_end(struct reader *r)
{
    if (r->t[0].unclosed) {
        draft_error(
            r->draft, r->t[0].line, "the comment that begins here does not end; \"*/\" is missing");
        topology_draft_cut(r->draft);
    } else if (*r->section && !r->braces_lost) {
        REPORT_ONCE(r, r->section_line, "the \"{\" in this line is not closed; a \"}\" is missing");
    }
}

static void read_all(struct reader *r)
{
    bool more = true;
    while (more && !is(r, 0, TOKEN_END)) {
        bool word = is(r, 0, TOKEN_TEXT) && !r->t[0].unclosed;
        const char *section = word ? section_of(r) : NULL;
        if (section)
            more = take_section(r, section);
        else if (is(r, 0, TOKEN_TEXT))
            take_key(r);
        else if (is(r, 0, TOKEN_CLOSE))
            take_close(r);
        else
            skip_stray(r);
    }
    if (more)
        take_end(r);
}

/* -- the text ---------------------------------------------------------------------------------- */

/* Report bytes that no text has. The text that is to be read: all, or, where there are many, what
 * comes before the first. */
static struct span report_odd_bytes(struct topology_draft *d, struct span text)
{
    bool many = odd_bytes(text) > ODD_BYTES_MAX;
    int line = 1;
    for (size_t i = 0; i < text.len; i++) {
        line += text.at[i] == '\n';
        if (!scan_is_odd(text.at[i]))
            continue;
        draft_error(d, line, "the byte 0x%02x stands here, which no text has%s",
            (unsigned char)text.at[i], many ? ", and there are more; is this the right file?" : "");
        if (many) {
            topology_draft_cut(d);
            return (struct span){text.at, i};
        }
    }
    return text;
}

void draft_read(struct topology_draft *d, struct span text)
{
    if (text.len >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
        text = span_from(text, 3); /* a byte order mark */
    text = report_odd_bytes(d, text);
    struct reader r = {.draft = d, .scan = scan_over(text), .section = ""};
    for (unsigned i = 0; i < LOOK_AHEAD; i++)
        r.t[i] = scan_next(&r.scan);
    read_all(&r);
}
