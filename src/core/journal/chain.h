/* chain.h — which files of a folder belong together: a base, and the logs behind it.
 *
 * Each log's header names the log before it. From the newest that has a header one comes to the log
 * whose number the base has, or to the first of all. Files besides were given up before they were
 * used, or are older than the base. Called by recovery. */
#ifndef CORE_JOURNAL_CHAIN_H
#define CORE_JOURNAL_CHAIN_H

#include "core/journal/found.h"

/* A file of the folder, once its header was read. */
struct chain_file {
    struct found_file file;
    enum file_verdict verdict;
    struct file_header header; /* where the verdict is FILE_FINE */
};

struct chain {
    int base; /* its index; CHAIN_NONE: there is none */
    unsigned *logs; /* the indexes of the logs, oldest first; room for all files */
    unsigned logs_count;
    unsigned unsure; /* so many at the end have no header: not finished, or damaged */
    bool broken; /* a log of it is missing, or its header is damaged: what is there is read */
};

enum { CHAIN_NONE = -1 };

/* The chain of the base with index `base`, or of none.
 *
 * c->logs  set by the caller */
void chain_find(struct chain *c, const struct chain_file *files, unsigned count, int base);

/* The index of the newest base below number `below`; CHAIN_NONE: there is none. */
int chain_base(const struct chain_file *files, unsigned count, uint64_t below);

#endif
