/* journal.h — what of the store is on the disk: which bytes go to which file, in which order.
 *
 * Two cursors of the feed write. The *log* gets each change once, behind all before it. A *base*
 * gets what the store held at one change, the log's first; once it is there under its name,
 * everything older is removed. Nothing here does I/O: a driver (io/journal_files, the simulated
 * disk) asks for orders, carries them out, and answers:
 *
 *     each turn, once the links have pulled:   journal_turn
 *     while (journal_order(...))               carry it out, and later journal_done
 *     at journal_deadline                      another turn
 *
 * While bytes are on their way to the disk its cursors rest: a slow disk costs a number, and when
 * it comes back it gets the newest stamp of each client (conflation). Memory is bounded: two
 * buffers of the log, one of a base. A driver needs all of the states, so this header is long.
 *
 *   the log     event                           next        does
 *   OPENS       it is there, durable            READY       removes nothing yet; a base may begin
 *   READY       enough to write, or its time    WRITES      has the buffer written
 *   WRITES      written in part                 WRITES      the rest, same bytes, same place
 *   WRITES      written                         READY       or SYNCS, when flush is due
 *   SYNCS       synced                          READY       all that was written is durable
 *   WRITES      no room                         FULL        keeps bytes and place; says it once
 *   FULL        1, 2 … 30 s                     WRITES      the same once more
 *   any         failed, or the file is gone     BROKEN      believes nothing since `durable`
 *   BROKEN      1, 2 … 60 s                     OPENS       a new log, and then a base of all
 *   READY       compaction is due               OPENS       the next log, behind a last sync
 *   any         journal_stop                    …           a last END, synced; then OVER
 *
 * A block that ends where the feed does says so (END), with the store's digest, and with what had
 * been had of each neighbour *then*. PROTOCOL.md, "Processes that remember", says why not
 * otherwise.
 *
 * A change counts as durable when it is, or one that replaced it. Where the cursor lags, a stamp
 * may move on ahead of it: change 5 is replaced by 9 before it was read; 6 to 8 are written and
 * synced; a power cut then takes both 5 and 9, although the log is durable up to 8. So all up to a
 * durable END counts, and behind it as far as no change number was passed over. For the same
 * reason a base waits for a durable END behind all that had moved; that END also says what was
 * had, and `partial`, which the older files took along.
 *
 * After a write or a sync has failed, nothing of that file since its last good sync is believed,
 * and it is never tried again: kernels report such a failure once, and then say that all is well.
 *
 * Holds always: a base gets its name only when it is durable, and the log has an END, durably,
 * behind all that moved while it was written; older files go after that, and in no other case.
 * Called by node. */
#ifndef CORE_JOURNAL_JOURNAL_H
#define CORE_JOURNAL_JOURNAL_H

#include "core/base/instant.h"
#include "core/base/log.h"
#include "core/journal/found.h"
#include "core/journal/orders.h"
#include "core/store/store.h"
#include "core/topology/topology.h"

enum {
    JOURNAL_WRITE_MS = 5, /* changes wait for so long to be written, or until there are */
    JOURNAL_WRITE_BYTES = 512 << 10,
    JOURNAL_BUFFER_BYTES = 1 << 20,
    JOURNAL_MEMORY_BYTES = 3 * JOURNAL_BUFFER_BYTES, /* of a log and a base */
    JOURNAL_BASE_ITEMS = 2048, /* of the feed that a base takes in one turn */
    JOURNAL_COMPACT_BYTES = 64 << 20, /* a log smaller than this is not worth a base */
    JOURNAL_LOGS_MAX = 16, /* more than that are, however small */
    JOURNAL_FILES_MAX = 4096, /* that are there at a time */
    JOURNAL_LOOK_MS = 1000, /* between two looks whether the file is still there */
    JOURNAL_AGAIN_FIRST_MS = 1000, /* after a failure; doubles, to */
    JOURNAL_FULL_LAST_MS = 30000,
    JOURNAL_BROKEN_LAST_MS = 60000,
    JOURNAL_GIVES_UP_MS = 5000, /* with `always`: no reply was durable for so long */
};

struct journal;

/* How much of memory and files it takes. */
struct journal_bounds {
    size_t buffer_bytes; /* of each of three buffers, as writer_init wants them */
    size_t write_bytes; /* so many are written at once, and do not wait */
    unsigned base_items; /* of the feed that a base takes in one turn */
    uint64_t compact_bytes; /* a log smaller than this is not worth a base ... */
    unsigned logs_max; /* ... but so many of them are */
};

struct journal_config {
    struct store *store; /* outlives the journal */
    struct log *log; /* likewise */
    const struct topology_journal *how; /* copied */
    struct span herd, node; /* copied */
    uint64_t boot; /* of this process */
    uint64_t random; /* from entropy: salts */
    const struct found *found; /* what was found; copied */
    const struct journal_bounds *bounds; /* copied; NULL: those above, tests have smaller ones */
};

/* NULL: no memory. Its first order creates a log. */
struct journal *journal_create(const struct journal_config *config, struct instant now);
/* Where an order is still under way, its memory stays: the kernel may read it. */
void journal_destroy(struct journal *j); /* NULL is allowed */

/* mode, flush and compact are these from now on. */
void journal_take_limits(
    struct journal *j, const struct topology_journal *how, struct instant now);

/* -- the driver's side ------------------------------------------------------------------------- */

/* The next order; false: none until something is done, or a turn. */
MUST_USE bool journal_order(
    struct journal *j, struct journal_order *out, struct instant now);

void journal_done(struct journal *j, const struct journal_answer *a, struct instant now);

/* -- the node's side --------------------------------------------------------------------------- */

/* Take what is new in the feed. At the end of a turn, when nothing is put any more.
 * true: a block is due, and ends where the feed does: journal_end at once. */
MUST_USE bool journal_turn(struct journal *j, struct instant now);

/* past: as past_note says it is now. */
void journal_end(struct journal *j, const struct past *past, struct instant now);

/* When journal_turn is due although nothing happens; NEVER_NS: never. */
int64_t journal_deadline(const struct journal *j);

/* Whether its first log is there: before, nobody is let in. Why it cannot write; NULL: it can. */
bool journal_is_open(const struct journal *j);
const char *journal_fails(const struct journal *j);

/* The change up to which all is durable, as far as the disk says. With `always` a reply to what
 * came later has to wait. */
uint64_t journal_durable(const struct journal *j);

/* With `always`: nothing has become durable for JOURNAL_GIVES_UP_MS although replies wait; why.
 * NULL: all is well. The driver then ends the process with failure. */
const char *journal_gives_up(const struct journal *j, struct instant now);

/* The node stops: write all that is there, sync it, and be over. journal_turn until it is. */
void journal_stop(struct journal *j);
/* Whether nothing is under way any more, and the last END is durable or cannot be. */
bool journal_is_over(const struct journal *j);

/* -- what it knows ----------------------------------------------------------------------------- */

enum journal_state {
    JOURNAL_OPENS,
    JOURNAL_READY, /* also while it writes */
    JOURNAL_FULL,
    JOURNAL_BROKEN,
    JOURNAL_OVER,
};

/* Of the log, since the process began. */
struct journal_counts {
    uint64_t syncs, writes, written_bytes, failures;
    int64_t sync_last_ns, sync_longest_ns; /* how long they took */
};

struct journal_status {
    enum journal_state state;
    enum journal_mode mode;
    char why[128]; /* FULL and BROKEN: the reason; else "" */
    int64_t since_ns; /* monotonic; of that state */
    uint64_t change; /* durable up to here */
    uint64_t behind; /* changes that are not */
    int64_t behind_since_ns; /* monotonic; since when there are some; NEVER_NS: there are none */
    uint64_t log_bytes, base_bytes;
    int64_t base_ns; /* monotonic; of the last base; NEVER_NS: by a former process, or none */
    struct journal_counts counts;
    struct found_figures found; /* of the recovery */
};

struct journal_status journal_status(const struct journal *j);

#endif
