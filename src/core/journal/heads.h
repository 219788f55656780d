/* heads.h — the headers of a journal's files, one after the other.
 *
 * Each log says where the one before it ended, and which boots this node had, so that what is found
 * in the folder later can be told from what was meant to be there. Called by journal. */
#ifndef CORE_JOURNAL_HEADS_H
#define CORE_JOURNAL_HEADS_H

#include "core/base/instant.h"
#include "core/journal/found.h"

struct heads {
    struct file_header next; /* of the next log, but for what changes with each */
    uint64_t random; /* salts are made of it */
};

/* random  from entropy */
void heads_init(struct heads *h, struct span herd, struct span node, uint64_t boot, uint64_t random,
    const struct found *found);

/* The header of the next log, whose changes are all greater than `change`. */
struct file_header heads_log(struct heads *h, uint64_t change, struct instant now);

/* That of the base of which the last log is the rest. */
struct file_header heads_base(struct heads *h, struct instant now);

/* The last log has ended, as a reader of the folder is to take it. */
void heads_log_ended(struct heads *h, uint64_t bytes, uint64_t change, uint32_t crc);

/* The last log's number, and the change behind which it begins. */
static inline uint64_t heads_seq(const struct heads *h)
{
    return h->next.seq;
}
static inline uint64_t heads_change(const struct heads *h)
{
    return h->next.change_before;
}

#endif
