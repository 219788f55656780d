/* pem.c — see pem.h. Lines are cut in place. Only the decoded bytes are copied, into memory that
 * is never moved: realloc would leave a copy of a key behind. */
#include "core/tls/pem.h"
#include "core/base/invariant.h"
#include <stdint.h>
#include <stdlib.h>

/* Digits of an object that are not decoded yet. */
struct base64 {
    uint32_t bits;
    unsigned digits; /* of the current group of four, padding included */
    unsigned padding;
    bool broken;
};

void pem_begin(struct pem *p, struct span text)
{
    *p = (struct pem){.text = text};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line, without blanks around it, and without the mark (U+FEFF) with which editors let a
 * text in UTF-8 begin; where texts were put together, it begins a line in the middle.
 * false: the text is used up. */
static bool next_line(struct span *text, struct span *line)
{
    if (text->len == 0)
        return false;
    const char *lf = memchr(text->at, '\n', text->len);
    size_t len = lf ? (size_t)(lf - text->at) : text->len;
    *line = (struct span){text->at, len};
    *text = span_from(*text, lf ? len + 1 : len);
    while (line->len && is_blank(line->at[line->len - 1]))
        line->len--;
    if (line->len >= 3 && memcmp(line->at, "\xef\xbb\xbf", 3) == 0)
        *line = span_from(*line, 3);
    while (line->len && is_blank(*line->at))
        *line = span_from(*line, 1);
    return true;
}

/* The name on a boundary that begins with `word`. false: the line is no such boundary. */
static bool is_boundary(struct span line, struct span word, struct span *name)
{
    static const char dashes[] = "-----";
    const size_t dashes_len = sizeof dashes - 1;
    if (line.len < word.len + dashes_len || memcmp(line.at, word.at, word.len) != 0 ||
        memcmp(line.at + line.len - dashes_len, dashes, dashes_len) != 0)
        return false;
    *name = (struct span){line.at + word.len, line.len - word.len - dashes_len};
    return name->len <= PEM_NAME_BYTES_MAX;
}

/* 0 to 63; -1: it is not a digit of base64. */
static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits are three bytes, less one for each digit of padding. */
static void end_group(struct pem *p, struct base64 *b)
{
    ASSERT(b->digits == 4 && b->padding <= 2);
    ASSERT(p->der_len <= PEM_OBJECT_BYTES_MAX);
    size_t bytes = 3 - b->padding;
    if (bytes > PEM_OBJECT_BYTES_MAX - p->der_len)
        b->broken = true;
    for (size_t i = 0; i < bytes && !b->broken; i++)
        p->der[p->der_len++] = (unsigned char)(b->bits >> (16 - 8 * i));
    b->bits = 0;
    b->digits = 0;
}

static void decode(struct pem *p, struct base64 *b, struct span line)
{
    for (size_t i = 0; i < line.len && !b->broken; i++) {
        int value = digit_value(line.at[i]);
        bool pads = line.at[i] == '=' && b->digits >= 2;
        b->broken = pads ? false : value < 0 || b->padding > 0; /* nothing follows padding */
        b->padding += pads;
        b->bits = b->bits << 6 | (pads ? 0 : (uint32_t)value & 63);
        if (++b->digits == 4)
            end_group(p, b);
    }
}

/* Read up to the boundary that ends the object. Before a boundary that begins another one it stops:
 * this object has no end. */
static enum pem_result read_object(struct pem *p, struct span name)
{
    struct base64 b = {0};
    struct span line, rest = p->text, other;
    if (!p->der)
        p->der = malloc(PEM_OBJECT_BYTES_MAX);
    if (!p->der)
        return PEM_NO_MEMORY;
    ASSERT(name.len <= PEM_NAME_BYTES_MAX);
    p->der_len = 0;
    memcpy(p->name, name.at, name.len);
    p->name[name.len] = '\0';
    while (next_line(&rest, &line)) {
        if (is_boundary(line, SPAN("-----BEGIN "), &other))
            return PEM_BROKEN;
        p->text = rest;
        if (is_boundary(line, SPAN("-----END "), &other))
            return !b.broken && b.digits == 0 && span_equal(name, other) ? PEM_OBJECT : PEM_BROKEN;
        decode(p, &b, line);
    }
    p->text = rest;
    return PEM_BROKEN;
}

enum pem_result pem_next(struct pem *p)
{
    struct span line, name;
    while (next_line(&p->text, &line))
        if (is_boundary(line, SPAN("-----BEGIN "), &name))
            return read_object(p, name);
    return PEM_END;
}

void pem_end(struct pem *p)
{
    if (p->der)
        memset(p->der, 0, PEM_OBJECT_BYTES_MAX);
    /* or the compiler would leave the wiping out as useless */
    __asm__ volatile("" : : "r"(p->der) : "memory");
    free(p->der);
    *p = (struct pem){0};
}
