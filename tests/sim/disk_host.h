/* disk_host.h — a host with a disk: its node has a journal, as core/journal is, on the simulated
 * disk of tests/journal, and each process begins with what recovery finds there.
 *
 * It does what io/journal_files, io/loop and files/journal_folder do: before the first log is there
 * nobody is let in; each turn begins with the disk's answers and ends with the journal's orders; a
 * process whose journal cannot be opened, or gives up, ends with failure. A kill leaves what the
 * kernel was given, a power cut what was synced, and of the rest any sectors.
 *
 * It also looks whether the promises of PROTOCOL.md, "What a reply promises", are kept. Each
 * process must hold
 *   - what its former one called durable, or after a kill, had written, and if that stopped in
 *     order, all; of a former process without troubles whatever was stored so long ago that the
 *     time which the table names has passed
 *   - with `always`, all that clients were told
 * or something newer. There is damage only where the disk lost what it had promised to keep. A node
 * ends for its disk only with `always`, and soon then; its status says what is wrong. Where stores
 * are full, or the disk was damaged, nothing of what was before counts. */
#ifndef TESTS_SIM_DISK_HOST_H
#define TESTS_SIM_DISK_HOST_H

#include "core/journal/journal.h"
#include "core/node/node.h"
#include "journal/disk.h"
#include "sim/promises.h"

struct host;

/* Of a host that has a disk, beside its topology's `journal`. */
struct disk_host {
    struct disk disk;
    struct journal_bounds bounds; /* without buffer_bytes: small ones, so that there are bases */
    unsigned flips_in; /* once in so many starts a bit is another one; 0: never */

    /* Of the present process. */
    bool open; /* its journal is there, so it is let in */
    bool clean; /* no trouble of its own or of its disk */
    bool pretends; /* the disk shows it what a power cut would take away; until there is a base */
    bool was_damaged; /* when it began; likewise */
    bool told_of; /* that the journal fails; so its status was looked at */
    uint64_t boot;
    unsigned cursor; /* on its store */
    struct found found;

    /* Of all processes. */
    struct promises noted; /* what was stored since the present one began, or found by it */
    struct promises told; /* to clients, with `always` */
    unsigned void_life; /* up to this life nothing counts of what was told */

    /* Of the last end. */
    uint64_t kept_change; /* what was noted up to it must be found, */
    int64_t kept_ns; /* or until then */
    uint64_t kept_boot; /* of that process, if its log was there; 0 */
    bool may_be_damaged, is_void;

    uint64_t recoveries, recovered, damaged, gave_up, bases; /* for people */
};

/* The host has a disk from now on; it is down. `seed` is of the disk's dice. */
void disk_host_add(struct host *h, uint64_t seed, const struct topology_journal *how);
void disk_host_remove(struct host *h); /* if it has one */

/* -- a process, in the order of host's calls; nothing where there is no disk ------------------- */

/* The host's node is about to be created, with what is on the disk; and was. */
void disk_host_begins(struct host *h, struct node_config *config);
void disk_host_began(struct host *h);

/* Whether it may be let in. Otherwise it is still to be opened: a turn of that. failed: it cannot
 * be, and has to end. */
bool disk_host_is_open(const struct host *h);
void disk_host_opens(struct host *h, struct instant now, bool *failed);

/* Begin and end a turn. */
void disk_host_answers(struct host *h, struct instant now);
void disk_host_orders(struct host *h, struct instant now);
void disk_host_looks(struct host *h, struct instant now);

/* The host is to have a turn when the disk has an answer. */
void disk_host_wakes(struct host *h);

/* The process is about to end; in order, it has had its last turn, and the power may still fail. */
void disk_host_ends(struct host *h, bool in_order, bool power_cut, struct instant now);

/* -- what others do ---------------------------------------------------------------------------- */

/* A client was told this stamp, by a process with that `life`. */
void disk_host_tells(struct host *h, unsigned life, const struct stamp *stamp);

/* There is no room on the disk for so long, or it stands still; it is well again. */
void disk_host_full(struct host *h, int64_t ns);
void disk_host_stands(struct host *h, int64_t ns);
void disk_host_heals(struct host *h);

#endif
