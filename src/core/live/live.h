/* live.h — live queries: what is near a position, and who is told of which stamp.
 *
 * Everything here reads the store by one cursor, whoever asks, but for those who watch everything,
 * who have a cursor each. The index of positions is made when somebody first needs it, and freed
 * LIVE_KEEP_MS after the last of them; before and after, an IAMAT costs nothing more. The store is
 * the queue: of what a reader cannot take yet, it is kept only which ids have changed, not how.
 *
 * A reader is a client connection; its watches have the numbers that it was told. Told to it, of
 * one watch and id: each stamp newer than the one before, since the last GONE or EXIT; ENTER and
 * EXIT in turn; the last word is what the store holds. PROTOCOL.md, "Live queries".
 *
 *   a watch      event                             next       told
 *   LEVEL        a stamp that concerns it          LEVEL      at once
 *   LEVEL        the same, and `tell` refuses      BEHIND     nothing: the id is noted
 *   BEHIND       a stamp that concerns it          BEHIND     nothing: the id is noted
 *   BEHIND       live_catch_up                     BEHIND     what the store holds of ids noted
 *   BEHIND       none is noted any more            LEVEL
 *   any          more ids noted than may be        over       FULL
 *
 * The room's only door. Called by node. No I/O, no clock; single-threaded. */
#ifndef CORE_LIVE_LIVE_H
#define CORE_LIVE_LIVE_H

#include "core/base/instant.h"
#include "core/live/point.h"
#include "core/protocol/stamp.h"
#include <stddef.h>

enum {
    LIVE_KEEP_MS = 60000, /* the index, after its last user */
    LIVE_ITEMS_A_TURN = 4096, /* of the feed */
    LIVE_POINTS_A_TURN = 50000, /* that searches look at; one for a fence looks at all it needs */
    LIVE_ALL_MAX = 8, /* watches of everything, each of which has a cursor of the store */
};

enum live_news {
    LIVE_NOW,     /* the newest stamp of an id */
    LIVE_ENTER,   /* it is within the fence now */
    LIVE_MOVE,    /* it is still within */
    LIVE_EXIT,    /* it is outside now */
    LIVE_GONE,    /* the node holds no stamp of the id any more; there is an id, no stamp */
    LIVE_FULL,    /* the watch is over: too much has changed that could not be told; neither */
    LIVE_WATCHING /* of a watch of everything: all that was held when it began is told; neither */
};

struct live;
struct live_watch;
struct store;

/* One for each connection that watches; zeroed before its first watch. */
struct live_reader {
    struct live_watch *watches; /* all, newest first */
    struct live_watch *behind_first, *behind_last; /* those that are BEHIND, in their turn */
    unsigned count; /* of watches */
    uint64_t last; /* the number given last */
};

/* The nearest stamps, or the members of a new fence. */
struct live_hit {
    double distance_m;
    uint32_t slot; /* store_read */
};

struct live_question {
    bool fence; /* who asks wants to watch: all members, in no order */
    struct point centre;
    double radius_m;
    unsigned count; /* at most so many; of a fence: the most that it may have */
    int64_t since_ns; /* only stamps received then or later, POSIX time; INT64_MIN: all */
    uint64_t ticket; /* the asker's */
};

/* What the node does for it. */
struct live_calls {
    void *self;
    /* Write one line of news to a reader. stamp: NULL where there is none. false: the reader can
     * take nothing now; nothing is written, and live_catch_up is called when it can. Called within
     * live_turn, live_catch_up and a put of the store; calls nothing of live, puts nothing. */
    bool (*tell)(void *self, struct live_reader *reader, uint64_t number, enum live_news what,
        struct span id, const struct stamp *stamp);
    /* The answer to a question: `found` stamps. more: of a fence, there are more than may be. NULL
     * in hits: out of memory. The distances are those of the stamps that the store holds now. May
     * add the fence (live_watch_near), may not ask or remove. */
    void (*answer)(void *self, const struct live_question *q, const struct live_hit *hits,
        unsigned found, bool more);
};

struct live_limits {
    unsigned fence; /* limits.fence: members of a fence, and ids noted for it */
};

/* NULL: out of memory. The store outlives it. */
struct live *live_create(
    struct store *store, const struct live_limits *limits, const struct live_calls *calls);
/* All readers must be gone. */
void live_destroy(struct live *l);
void live_take_limits(struct live *l, const struct live_limits *limits);

/* -- watches ----------------------------------------------------------------------------------- */

/* Watch an id: told of each stamp whose change number is above `told`, which is the store's last
 * (an ASSERT) as the caller tells what is held. Its number is reader->last. NULL: out of memory. */
struct live_watch *live_watch_id(
    struct live *l, struct live_reader *reader, struct span id, uint64_t told);

/* Watch a circle, within live_calls.answer to a question with `fence`, whose hits the caller tells.
 * NULL: out of memory. */
struct live_watch *live_watch_near(
    struct live *l, struct live_reader *reader, struct point centre, double radius_m);

/* Watch everything: it begins BEHIND, with all that is held, then comes LIVE_WATCHING. NULL: out of
 * memory, or LIVE_ALL_MAX do already. */
struct live_watch *live_watch_all(struct live *l, struct live_reader *reader);

/* End the watch with this number. false: there is none. */
MUST_USE bool live_unwatch(struct live *l, struct live_reader *reader, uint64_t number);
/* End all of a reader, whose connection goes. */
void live_reader_end(struct live *l, struct live_reader *reader);

/* A reader that is BEHIND can take news again: tell it until it refuses or is LEVEL. Returns
 * whether it is LEVEL. Of several watches, each has its turn. */
bool live_catch_up(struct live *l, struct live_reader *reader);

static inline bool live_is_behind(const struct live_reader *reader)
{
    return reader->behind_first != NULL;
}

/* -- questions --------------------------------------------------------------------------------- */

/* Answered within a live_turn, in the order in which they were asked, as soon as the index has
 * read the feed to its end. false: out of memory. */
MUST_USE bool live_ask(struct live *l, const struct live_question *q, struct instant now);
/* The asker is gone: no answer comes. The question with this ticket must be open (an ASSERT). */
void live_cancel(struct live *l, uint64_t ticket);

/* -- turns ------------------------------------------------------------------------------------- */

/* Read the feed, tell, answer: a bounded part of it. May be called again at the same `now`, to
 * answer a question at once; LIVE_POINTS_A_TURN are for all of these calls. */
void live_turn(struct live *l, struct instant now);
/* When live_turn is due: 0: at once; NEVER_NS. Whoever put stamps since the last turn calls
 * live_turn anyway, if live_is_used. */
int64_t live_deadline(const struct live *l);
/* Whether anybody watches or asks, or the index is still kept. */
bool live_is_used(const struct live *l);

struct live_report {
    uint64_t watches, fences, all; /* `all` of everything; each is one of `watches` */
    uint64_t indexed; /* stamps */
    size_t bytes; /* of the index, fences and watches */
    uint64_t told, answered; /* since the start */
    uint64_t behind; /* watches that are BEHIND */
};

void live_report(const struct live *l, struct live_report *out);

#endif
