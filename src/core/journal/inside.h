/* inside.h — the inside of a journal, which journal, log_life and bases share.
 *
 * From the top down: journal calls bases and log_life, bases calls log_life. log_life writes what
 * is the log's and what is durable, bases what is the bases' and the list of files, journal the
 * rest. `phase` is what the log is up to, beside the steps of its output. */
#ifndef CORE_JOURNAL_INSIDE_H
#define CORE_JOURNAL_INSIDE_H

#include "core/journal/heads.h"
#include "core/journal/journal.h"
#include "core/journal/names.h"
#include "core/journal/snapshot.h"

enum phase {
    PHASE_OPENS, /* a log is created, and its folder synced */
    PHASE_RUNS,
    PHASE_TURNS, /* the next log is due: this one gets a last sync, and is closed */
    PHASE_BREAKS, /* it is not believed any more: it is closed as it is */
    PHASE_RESTS, /* then, until another is tried */
    PHASE_ENDS, /* the node stops: closed, after a last sync or without */
    PHASE_OVER,
};

/* When something is tried again that has failed. All zeros: at once. */
struct retry {
    int64_t at_ns; /* monotonic */
    int64_t pause_ns; /* that was waited the last time; 0: it has not failed */
};

/* It has failed once more: the pause doubles, up to last_ms. */
static inline void retry_later(struct retry *r, int64_t last_ms, struct instant now)
{
    int64_t first_ns = JOURNAL_AGAIN_FIRST_MS * MS_NS;
    r->pause_ns = r->pause_ns ? earlier_ns(2 * r->pause_ns, last_ms * MS_NS) : first_ns;
    r->at_ns = now.mono_ns + r->pause_ns;
}

struct journal {
    struct store *store;
    struct log *log;
    struct topology_journal how;
    struct journal_bounds bounds;
    struct heads heads;
    enum phase phase;
    struct output out; /* the log */
    unsigned cursor;
    bool folder_synced; /* OPENS: the new name is durable */
    bool is_open; /* the first log is there, or was */
    bool stopping;
    bool failing; /* FULL or BROKEN, as the operator was told */
    char why[128]; /* the reason */
    struct retry again; /* of what has failed */
    int64_t state_ns; /* since when journal_status tells the state that it tells */

    /* Where a log begins behind a hole, nothing counts as durable until there is a base of it. */
    uint64_t durable;
    bool hole;
    bool base_wanted; /* of this log, whatever sizes are */
    struct retry base_again; /* after one has failed */
    struct snapshot base;
    struct found_file *files; /* JOURNAL_FILES_MAX; all but this log */
    unsigned files_count;
    unsigned files_before; /* that were there when the base was begun */
    uint64_t base_bytes; /* of the last base, and of the logs behind it, without this one */
    uint64_t logs_bytes;
    unsigned logs; /* how many those are */

    struct past_peer said[PAST_PEERS_MAX]; /* what this log says of neighbours */
    unsigned said_count;
    uint64_t whole; /* up to here, each change was put into a log, or one that replaced it */
    bool ended; /* its last block is an END, at: */
    uint64_t ended_change;

    int64_t synced_ns; /* when the last sync was begun, or the log */
    int64_t ordered_ns; /* when the order under way was given */
    int64_t behind_ns; /* since when something is not durable; NEVER_NS: nothing is not */
    int64_t look_ns; /* when to look for the file next */
    int64_t base_ns; /* as journal_status tells it, likewise: */
    struct journal_counts counts;
    struct found_figures found;
};

/* The file goes when a base stands; where so many are there, the next process removes it. */
static inline void goes_later(
    struct journal *j, enum file_kind kind, uint64_t seq, uint64_t bytes)
{
    if (j->files_count < JOURNAL_FILES_MAX)
        j->files[j->files_count++] = (struct found_file){kind, seq, bytes};
}

#endif
