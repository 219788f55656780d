/* world.h — a journal in virtual time: a store that changes, its journal, a disk, many lives.
 *
 * In place of a node it puts stamps, in place of its neighbours it keeps feeds of their own, of
 * which it says by `past` what was had. A life ends by a power cut, a kill or a stop; recovery
 * begins the next one. What must be true is judged by judge.c; it also looks at what a power cut
 * would leave at moments when there is none. All is drawn from a seed. */
#ifndef TESTS_JOURNAL_WORLD_H
#define TESTS_JOURNAL_WORLD_H

#include "core/journal/recovery.h"
#include "journal/disk.h"

enum {
    WORLD_IDS_MAX = 1024,
    WORLD_MATES_MAX = 3,
    WORLD_BOOTS_MAX = 64,
    WORLD_VERDICT_BYTES = 512,
    WORLD_READ_MAX = 64 << 10,
};

/* What goes wrong; each seed has one of these, and the last has several. */
enum trouble {
    TROUBLE_NONE, /* power cuts, kills and stops alone */
    TROUBLE_LATE, /* kills, most with a write under way */
    TROUBLE_SLOW, /* the disk stands still now and then, for long */
    TROUBLE_SHORT,
    TROUBLE_FULL,
    TROUBLE_WRITE,
    TROUBLE_SYNC,
    TROUBLE_SYNC_FULL,
    TROUBLE_NAMES,
    TROUBLE_FOLDER,
    TROUBLE_LIES,
    TROUBLE_FLIPS,
    TROUBLE_UNREADABLE,
    TROUBLE_GONE,
    TROUBLE_MIXED,
    TROUBLES,
};
const char *trouble_word(unsigned t); /* NULL: there is none */

struct put {
    uint32_t id;
    uint64_t hash;
    int64_t at_ns; /* virtual */
};

/* A stamp of a neighbour's feed. */
struct sent {
    uint64_t boot, change;
    uint32_t id;
    int64_t time_ns;
};

struct mate {
    uint64_t boot, change; /* its process, and its last change */
    uint64_t next; /* what it sends next; all before was sent to this life or had by it */
    struct had had, confirmed;
    struct sent *sent; /* of all its processes */
    size_t count, room;
};

/* What was told to the journal by journal_end. */
struct ended {
    uint64_t change, digest, count;
    struct past past;
};

struct world {
    struct random dice;
    uint64_t seed;
    enum trouble trouble;
    struct disk disk;
    int64_t now_ns;
    /* The plan. */
    unsigned lives, ids;
    unsigned id_bytes;
    bool bursts;
    struct store_config config;
    struct topology_journal how;
    struct journal_bounds bounds;
    /* This life. */
    struct store *store;
    struct journal *journal;
    struct found found; /* without files */
    uint64_t boot;
    char log_memory[4096];
    struct log log;
    int64_t next_work_ns, next_probe_ns, next_fault_ns;
    int64_t how_ns; /* since when it is told `how` */
    int64_t gone_ns; /* when the folder was removed; NEVER_NS */
    unsigned spins;
    bool quiet; /* nothing is put any more */
    /* What is known of it. */
    struct put *puts; /* by change; puts[0] is none */
    size_t puts_room;
    uint64_t began; /* the change that recovery found */
    uint64_t held[WORLD_IDS_MAX]; /* the change that recovery found of each id; 0: none */
    struct ended *ends;
    size_t ends_count, ends_room, ends_began; /* the last: of former lives */
    struct mate mates[WORLD_MATES_MAX];
    unsigned mates_count;
    uint64_t boots[WORLD_BOOTS_MAX]; /* of former lives, the last one last */
    bool opened[WORLD_BOOTS_MAX]; /* whether their journal was */
    unsigned boots_count;
    uint64_t told; /* journal_durable: the last one */
    uint64_t last; /* the store's change at its end */
    int64_t base_ns; /* of the last base that stood */
    unsigned files; /* that were there when it began */
    bool broken; /* the journal said so at its end, or recovery has found damage and no base yet */
    bool stopped; /* in order */
    bool excused; /* the disk lost what it had said to be durable */
    bool was_damaged; /* when this life began */
    int64_t clock; /* of stamps */
    uint64_t probes, turns;
    bool violated;
    char verdict[WORLD_VERDICT_BYTES];
};

void world_init(struct world *w, uint64_t seed, int trouble); /* -1: the seed decides */
void world_deinit(struct world *w);
bool world_play(struct world *w); /* false: violated */

/* Read the folder of any disk. *store is the caller's. false: refused. */
bool world_recover(struct world *w, struct disk *d, struct store **store, struct found *found);
struct span world_id(const struct world *w, uint32_t id, char *text);

/* For broken cores, of the world that is played: what was had now, which journal_end is told; and
 * a file that is created may be there already. */
void world_past(struct past *past);
void world_opens_existing(void);

/* -- judge.c ----------------------------------------------------------------------------------- */

void judge_violated(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a power cut now may be followed by a recovery that finds damage. */
bool judge_may_be_damaged(const struct world *w);
/* Of what the disk has after a power cut now, or has had at the end of the life. */
void judge_recovered(
    struct world *w, struct disk *d, struct store *store, const struct found *found);
/* What a damaged disk gives, beside what it gave before. */
void judge_damaged(struct world *w, struct disk *d, struct store *store, const struct found *found,
    struct store *whole, const struct found *was, uint64_t offset, int file);
/* While it runs. */
void judge_runs(struct world *w);

#endif
