/* span.h — a view of bytes that somebody else owns.
 *
 * Every field of a line, name and text in the core is one; nothing is copied until the store does.
 * A span is never ended by NUL and may hold any byte. */
#ifndef CORE_BASE_SPAN_H
#define CORE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))

struct span {
    const char *at;
    size_t len;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

static inline struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Whether a span is these bytes; a comparison of so few that are known takes no call. */
#define SPAN_IS(s, literal) \
    ((s).len == sizeof(literal) - 1 && memcmp((s).at, "" literal, sizeof(literal) - 1) == 0)

/* Bytewise, a prefix first; below, at or above 0 as memcmp. */
static inline int span_compare(struct span a, struct span b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* What is left of `s` after its first `n` bytes; n <= s.len. */
static inline struct span span_from(struct span s, size_t n)
{
    return (struct span){s.at + n, s.len - n};
}

#endif
