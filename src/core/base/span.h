/* span.h — a view of bytes that somebody else owns.
 *
 * Fields of lines, names and texts are spans throughout the core; nothing is copied before the
 * store does. A span does not end with NUL and may hold any byte. */
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

/* Whether a span equals a literal. The compiler knows the length, so it calls no function. */
#define SPAN_IS(s, literal) \
    ((s).len == sizeof(literal) - 1 && memcmp((s).at, "" literal, sizeof(literal) - 1) == 0)

/* The bytewise order, in which a prefix comes first; the result is that of memcmp. */
static inline int span_compare(struct span a, struct span b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* `s` without its first `n` bytes; n <= s.len. */
static inline struct span span_from(struct span s, size_t n)
{
    return (struct span){s.at + n, s.len - n};
}

#endif
