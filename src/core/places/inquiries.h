/* inquiries.h — questions that wait for the places service, who waits for their answers, and the
 * failures of the service.
 *
 * The structs are in exchange_private.h. Called by exchange.c and channels.c. */
#ifndef CORE_PLACES_INQUIRIES_H
#define CORE_PLACES_INQUIRIES_H

#include "core/places/exchange_private.h"

/* Insert by deadline. Questions mostly come in that order, so the search begins at the end. */
void waiter_list_put(struct waiter_list *l, struct waiter *w);
void waiter_list_remove(struct waiter_list *l, struct waiter *w);
/* Make it a waiter of an inquiry, and end that. */
void waiter_join(struct waiter *w, struct inquiry *q);
void waiter_leave(struct waiter *w);
/* Make a waiting one without inquiry ready, with its own answer. message NULL: it is no failure. */
void waiter_refuse(
    struct exchange *x, struct waiter *w, enum places_status status, const char *message);
void waiter_free(struct exchange *x, struct waiter *w); /* it is in no list */

/* The QUEUED or ASKED inquiry with an identical question; NULL: none. */
struct inquiry *inquiry_like(struct exchange *x, const struct places_question *question);
struct inquiry *inquiry_room(struct exchange *x); /* one that is FREE; NULL: none */
/* The turn that a question of `asker` would have if it was asked now. */
uint64_t inquiry_turn(const struct exchange *x, uint64_t asker);
/* `asker` joins it: it is asked in the better turn of the two. */
void inquiry_favour(const struct exchange *x, struct inquiry *q, uint64_t asker);
/* The QUEUED one that would be asked last, of which there must be one. */
struct inquiry *inquiry_last(struct exchange *x);
/* Refuse a QUEUED one: its waiters are answered with OVER_QUERY_LIMIT, and it is free at once. */
void inquiry_refuse(struct exchange *x, struct inquiry *q, const char *why);
/* Make a FREE one, which there must be, QUEUED: as the probe if the breaker is open. */
struct inquiry *inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now);
void inquiry_free(struct exchange *x, struct inquiry *q);
/* The next inquiry that may be asked now; NULL: none. */
struct inquiry *inquiry_next(struct exchange *x, struct instant now);
/* Queue an ASKED one again, to be asked not before `ready_ns`. Without waiters it is freed. */
void inquiry_again(struct exchange *x, struct inquiry *q, int64_t ready_ns);
/* An ASKED one has its answer. Takes ownership of json. */
void inquiry_answered(struct exchange *x, struct inquiry *q, char *json, size_t json_bytes);
/* An ASKED or QUEUED one is answered with a failure. */
void inquiry_failed(
    struct exchange *x, struct inquiry *q, enum places_status status, const char *message);
/* Ask nothing before `held_ns`. Inquiries whose waiters do not wait so long fail at once. */
void inquiries_hold(struct exchange *x, int64_t held_ns);
/* All QUEUED ones are answered with a failure. */
void inquiries_fail_queued(struct exchange *x, enum places_status status, const char *message);
/* Nothing is left of the budget: so are all QUEUED ones. */
void inquiries_over_budget(struct exchange *x);
int64_t inquiry_until(const struct inquiry *q); /* the latest deadline of its waiters */

/* The service has failed, or has answered properly: tell the breaker and the log. */
void exchange_failed(
    struct exchange *x, enum places_status status, const char *why, struct instant now);
void exchange_succeeded(struct exchange *x, struct instant now);

#endif
