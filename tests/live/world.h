/* world.h — a store that evicts, live queries on it, and readers that refuse at random; each line
 * that is told is judged by what the store holds.
 *
 * A seed decides all. Judged are the promises of PROTOCOL.md, "Live queries":
 *   - a line tells of the newest stamp that the store holds, and of one newer than the line before
 *     of that id, since its last GONE, and, of a fence, EXIT;
 *   - ENTER, MOVE, EXIT and GONE come in turn, and ENTER and EXIT are true;
 *   - as soon as the feed is read, each reader that is LEVEL was told what the store holds, by full
 *     scan; and each reader is LEVEL when it took all;
 *   - what is near is what a full scan finds, in its order;
 *   - FULL comes only where so much cannot be noted, GONE not oftener than ids go; nothing follows
 *     an end; no memory is left. */
#ifndef TESTS_LIVE_WORLD_H
#define TESTS_LIVE_WORLD_H

#include "core/live/live.h"
#include "core/store/store.h"
#include "unit/random.h"

enum { IDS = 24, READERS = 4, WATCHES_MAX = 64, QUESTIONS_MAX = 8, TEXT_BYTES = 64 };

struct known {
    bool held; /* told as held, or as within */
    bool follows; /* the next line must be newer than `stamp` */
    unsigned gone; /* how often GONE was told */
    unsigned gone_before; /* how often the id had left as the watch began */
    struct stamp stamp; /* the last that was told; its texts are in `texts` */
    char texts[4][TEXT_BYTES];
};

enum kind { OF_NOTHING, OF_ID, OF_CIRCLE, OF_ALL };

struct watch_model {
    enum kind kind;
    unsigned reader;
    uint64_t number;
    unsigned id;
    struct point centre;
    double radius_m;
    bool watching; /* told */
    struct known known[IDS];
};

struct reader_model {
    struct live_reader reader; /* first: calls name a reader by it */
    int takes; /* so many lines, then it refuses; < 0: all */
};

struct question_model {
    bool open;
    bool watches; /* as its answer comes */
    unsigned reader;
    struct live_question asked;
};

struct world {
    struct random random;
    struct store *store;
    struct live *live;
    struct instant now;
    bool big; /* many more ids, far away */
    bool starves; /* memory fails now and then */
    bool failed; /* it did */
    bool in_put;
    unsigned limit; /* limits.fence */
    uint64_t stamps_max;
    int64_t clock_s;
    uint64_t tickets;
    unsigned left[IDS]; /* how often each was evicted */
    bool held[IDS];
    struct reader_model readers[READERS];
    struct watch_model watches[WATCHES_MAX];
    struct question_model questions[QUESTIONS_MAX];
    bool in_parts; /* the search that is under way */
    bool violated;
    char verdict[256];
    /* what happened */
    uint64_t lines, near, parts, full, gone, caught_up, waited;
};

bool world_play(struct world *w, uint64_t seed); /* false: violated */

/* judge.c */
void judge_violated(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool judge_line(struct world *w, struct watch_model *m, enum live_news what, struct span id,
    const struct stamp *stamp);
/* The watch was told what the store holds. */
void judge_level(struct world *w, const struct watch_model *m);
void judge_answer(struct world *w, const struct live_question *q, const struct live_hit *hits,
    unsigned found, bool more);
/* Tell the model what the store holds of an id, as the initial data do. */
void judge_begin(struct world *w, struct watch_model *m, unsigned id);

struct span world_id(unsigned number, char text[TEXT_BYTES]);
/* -1: none of those that are judged */
int world_number(struct span id);
bool world_get(const struct world *w, unsigned id, struct feed_item *item, struct stamp_text *text);

#endif
