/* kept.h — what a host keeps of its node beyond its end: as little of a journal as tells the core
 * what a journal would tell it.
 *
 * A list of records in the order in which they were written: the feed's items, as a cursor passes
 * them, and what node_past says, only in a turn in which the cursor stands at the feed's end. A
 * record lasts once it is `lag_ns` old. When the process dies, what lasts is kept, and the next one
 * begins with it; a node that ends in order keeps all. */
#ifndef TESTS_SIM_KEPT_H
#define TESTS_SIM_KEPT_H

#include "core/node/node.h"

struct host;
struct kept_record;

/* Zeroed: the host keeps nothing. */
struct kept {
    bool on;
    bool rests; /* nothing is written */
    int64_t lag_ns;
    int64_t gap_ns; /* between two writes, at most */
    unsigned items_most; /* of the feed in one write; 0: all */
    unsigned cursor; /* on the store of the present life */
    int64_t write_ns; /* virtual; when the next write is due */
    int64_t lasts_ns; /* virtual; from when on what the last one wrote lasts */
    struct kept_record *records;
    size_t count, room;
    struct past past; /* what the present life began with */
    uint64_t restored; /* stamps that the present life began with */
};

void kept_deinit(struct kept *k);

/* The host's node is about to be created: set what it is to begin with. */
void kept_begins(struct host *h, struct node_config *config);
/* It was. */
void kept_began(struct host *h);
/* It has had a turn, or has ended in order: items of the feed are written. true: some were due. */
bool kept_writes(struct host *h);
bool kept_writes_all(struct host *h);
/* Whether what node_past says is true of what is written; write that, too. */
bool kept_may_note(const struct host *h);
void kept_notes(struct host *h);
/* It is about to die. */
void kept_dies(struct host *h);

#endif
