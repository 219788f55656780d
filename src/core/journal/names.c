/* names.c — see names.h. */
#include "core/journal/names.h"
#include "core/base/invariant.h"
#include <stdio.h>

static const char *const heads[] = {[FILE_LOG] = "log-", [FILE_BASE] = "base-"};
static const char tmp[] = ".tmp";

enum { SEQ_DIGITS = 16 };

struct journal_name journal_name_of(enum file_kind kind, uint64_t seq, bool unfinished)
{
    struct journal_name n;
    ASSERT(kind == FILE_LOG || kind == FILE_BASE);
    int len = snprintf(n.text, sizeof n.text, "%s%016llx%s", heads[kind], (unsigned long long)seq,
        unfinished ? tmp : "");
    ASSERT(len > 0 && (size_t)len < sizeof n.text);
    return n;
}

/* Lower-case hexadecimal, and not 0. */
static bool read_seq(struct span digits, uint64_t *seq)
{
    *seq = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        bool letter = c >= 'a' && c <= 'f';
        if (!letter && (c < '0' || c > '9'))
            return false;
        *seq = *seq << 4 | (uint64_t)(letter ? c - 'a' + 10 : c - '0');
    }
    return *seq != 0;
}

bool journal_name_read(struct span name, enum file_kind *kind, uint64_t *seq, bool *unfinished)
{
    for (enum file_kind k = FILE_LOG; k <= FILE_BASE; k++) {
        size_t head = strlen(heads[k]);
        if (name.len < head + SEQ_DIGITS || memcmp(name.at, heads[k], head) != 0)
            continue;
        struct span rest = span_from(name, head + SEQ_DIGITS);
        *kind = k;
        *unfinished = k == FILE_BASE && span_equal(rest, SPAN(".tmp"));
        return (rest.len == 0 || *unfinished) &&
               read_seq((struct span){name.at + head, SEQ_DIGITS}, seq);
    }
    return false;
}
