/* found.h — what a node's files have told of its former lives.
 *
 * Made by recovery.h, which puts the stamps themselves into a store; read by journal.h, which goes
 * on behind it, and by the node, whose links go on where they were. Passed between them as one. */
#ifndef CORE_JOURNAL_FOUND_H
#define CORE_JOURNAL_FOUND_H

#include "core/journal/format.h"
#include "core/peering/past.h"

/* For people. */
struct found_figures {
    uint64_t stamps; /* that are held now */
    uint64_t records; /* that were read: a stamp is in the files once for each change */
    uint64_t files, bytes; /* that were read */
    uint64_t torn_bytes; /* behind the end of the last log, which a sudden end had left */
    uint64_t holes, lost_bytes; /* damage: gaps, and what was in them */
    int64_t clock_ns; /* when the last block was written, since 1970; 0: not known */
    bool clean; /* the last process stopped in order */
    bool damaged; /* something durable was lost: nothing was had of any neighbour */
    bool digest_differs; /* and nothing explains why the sums of the last END are not the store's */
};

/* A file that is there, and goes when a base has taken its place. */
struct found_file {
    enum file_kind kind;
    uint64_t seq;
    uint64_t bytes; /* when the folder was listed */
};

struct found {
    uint64_t change; /* the last one; the feed goes on behind it */
    struct past past; /* of the peers nothing, where something is lost */
    unsigned formers; /* newest first, as in a file's header */
    struct former_boot former[FILE_FORMER_BOOTS_MAX];
    uint64_t seq; /* the highest of all files; 0: there is none */
    struct file_predecessor predecessor; /* of the next log */
    struct found_file *files; /* all of them, in any order */
    unsigned files_count;
    uint64_t base_bytes, log_bytes; /* of the files that were read */
    struct found_figures figures;
};

#endif
