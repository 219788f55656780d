/* chain.c — see chain.h. */
#include "core/journal/chain.h"
#include "core/base/invariant.h"

int chain_base(const struct chain_file *files, unsigned count, uint64_t below)
{
    int best = CHAIN_NONE;
    for (unsigned i = 0; i < count; i++) {
        const struct found_file *f = &files[i].file;
        if (f->kind == FILE_BASE && f->seq < below &&
            (best < 0 || f->seq > files[best].file.seq))
            best = (int)i;
    }
    return best;
}

static int find_log(const struct chain_file *files, unsigned count, uint64_t seq)
{
    for (unsigned i = 0; i < count; i++)
        if (files[i].file.kind == FILE_LOG && files[i].file.seq == seq)
            return (int)i;
    return CHAIN_NONE;
}

/* The log with the highest number below `below`. */
static int newest_log(const struct chain_file *files, unsigned count, uint64_t below)
{
    int best = CHAIN_NONE;
    for (unsigned i = 0; i < count; i++) {
        const struct found_file *f = &files[i].file;
        if (f->kind == FILE_LOG && f->seq < below && (best < 0 || f->seq > files[best].file.seq))
            best = (int)i;
    }
    return best;
}

static void reverse(unsigned *logs, unsigned count)
{
    for (unsigned i = 0; i < count / 2; i++) {
        unsigned other = logs[count - 1 - i];
        logs[count - 1 - i] = logs[i];
        logs[i] = other;
    }
}

/* All logs from number `first` on, newest first. */
static void take_all(
    struct chain *c, const struct chain_file *files, unsigned count, uint64_t first)
{
    c->logs_count = 0;
    uint64_t below = UINT64_MAX;
    for (int at; (at = newest_log(files, count, below)) >= 0 && files[at].file.seq >= first;) {
        ASSERT(c->logs_count < count);
        c->logs[c->logs_count++] = (unsigned)at;
        below = files[at].file.seq;
    }
}

/* From the newest log back to number `first`; false: something is missing. Last logs without a
 * header were not finished when their processes ended, or are damaged: their blocks tell. */
static bool follow(struct chain *c, const struct chain_file *files, unsigned count, uint64_t first)
{
    int at = newest_log(files, count, UINT64_MAX);
    c->logs_count = 0;
    while (at >= 0 && files[at].verdict != FILE_FINE && files[at].file.seq >= first) {
        c->logs[c->logs_count++] = (unsigned)at;
        at = newest_log(files, count, files[at].file.seq);
    }
    c->unsure = c->logs_count;
    if (at < 0 && !first)
        return true; /* no process has come further */
    while (at >= 0 && files[at].verdict == FILE_FINE) {
        const struct file_header *h = &files[at].header;
        ASSERT(c->logs_count < count);
        c->logs[c->logs_count++] = (unsigned)at;
        if (h->seq == first || (!first && !h->predecessor.seq))
            return true;
        at = h->predecessor.seq < h->seq ? find_log(files, count, h->predecessor.seq) : CHAIN_NONE;
    }
    return false;
}

void chain_find(struct chain *c, const struct chain_file *files, unsigned count, int base)
{
    uint64_t first = base >= 0 ? files[base].file.seq : 0;
    c->base = base;
    c->broken = !follow(c, files, count, first) && count > 0;
    if (c->broken)
        take_all(c, files, count, first);
    reverse(c->logs, c->logs_count);
}
