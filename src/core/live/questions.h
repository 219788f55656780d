/* questions.h — who asked what is near, and waits for the answer.
 *
 * First come, first served; one search is under way at a time. A question of a fence is answered in
 * one go, so that what it finds is what the index says as the fence begins. Called by live. */
#ifndef CORE_LIVE_QUESTIONS_H
#define CORE_LIVE_QUESTIONS_H

#include "core/live/live.h"
#include "core/live/spots.h"

struct question {
    struct question *next;
    struct live_question asked;
};

struct questions {
    struct store *store;
    struct live_calls calls;
    struct question *first, *last;
    struct spots_search *search; /* for the first; NULL: none is under way */
    bool in_parts; /* it went on over turns, and stamps have changed */
    unsigned count;
    uint64_t answered;
};

/* false: out of memory. */
MUST_USE bool questions_ask(struct questions *qs, const struct live_question *q);
void questions_forget(struct questions *qs, uint64_t ticket);

/* Go on with the search that is under way, if there is one. *points: how many points may be looked
 * at; what was is taken off. Returns whether none is under way any more. */
bool questions_go_on(struct questions *qs, unsigned *points);

/* Answer all, or as many as *points allow; `spots` has read the feed to its end, and none is under
 * way (an ASSERT). */
void questions_answer(struct questions *qs, struct spots *spots, unsigned *points);

/* Answer all: there is no memory for it. None is under way. */
void questions_fail(struct questions *qs);

#endif
