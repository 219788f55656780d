/* nearest.c — see nearest.h. The distance is that of optimal string alignment; of its table only
 * the last three rows are kept. */
#include "core/base/nearest.h"
#include "core/base/invariant.h"

enum { WORD_BYTES_MAX = 63 };

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned edits_between(struct span a, struct span b)
{
    unsigned rows[3][WORD_BYTES_MAX + 1];
    ASSERT(a.len <= WORD_BYTES_MAX && b.len <= WORD_BYTES_MAX);
    for (unsigned j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            char x = folded(a.at[i - 1]), y = folded(b.at[j - 1]);
            row[j] = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == folded(b.at[j - 2]) && y == folded(a.at[i - 2]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    struct span word = span_of(candidate);
    size_t longer = word.len > n->wanted.len ? word.len : n->wanted.len;
    size_t shorter = word.len + n->wanted.len - longer;
    if (longer > WORD_BYTES_MAX || longer - shorter > longer / 3)
        return;
    unsigned distance = edits_between(n->wanted, word);
    if (distance <= longer / 3 && (!n->best || distance < n->distance)) {
        n->best = candidate;
        n->distance = distance;
    }
}
