/* exchange_private.h — the exchange's inside, shared by its files and nobody else. From the
 * top floor down:
 *
 *   exchange.c   the provider that the node asks, and the turn
 *   channels.c   connections: the one in the making, those that stand, what they bring
 *   inquiries.c  who waits for what, what they are told; how the service does
 *
 * A waiter is one question of the node's, by its ticket. An inquiry is what the service is asked,
 * for one waiter or many:
 *
 *   state    event                                 next
 *   FREE     a question that no other equals       QUEUED
 *   QUEUED   a connection is ready for it          ASKED
 *   QUEUED   no connection can be made             DONE, a failure
 *   QUEUED   its last waiter is late or gone       FREE
 *   QUEUED   the breaker opens, or a stop          DONE, a failure
 *   ASKED    an answer                             DONE
 *   ASKED    429 or 5xx, with time for a retry     QUEUED, after a pause
 *   ASKED    a stale connection                    QUEUED, once, for a fresh one
 *   ASKED    anything else wrong, a stop           DONE, a failure
 *   ASKED    its last waiter is late               FREE; the connection is closed
 *   ASKED    its last waiter is gone               ASKED still, until the answer is in, or another
 *                                                  inquiry needs the connection
 *   DONE     its last waiter is answered           FREE */
#ifndef CORE_PLACES_EXCHANGE_PRIVATE_H
#define CORE_PLACES_EXCHANGE_PRIVATE_H

#include "core/http/breaker.h"
#include "core/http/https.h"
#include "core/places/exchange.h"

/* Those that wait or are asked, and as many again: done in this turn, not fetched yet. */
enum { EXCHANGE_INQUIRIES = 2 * (EXCHANGE_QUEUE_MAX + EXCHANGE_CONNECTIONS) };

struct waiter {
    struct waiter *next, *prev; /* in the list that it is in */
    struct waiter *next_same, *prev_same; /* of its inquiry */
    struct inquiry *inquiry; /* NULL: refused, or late; then `json` */
    uint64_t ticket;
    int64_t deadline_ns;
    char *json; /* NULL with no inquiry: memory was out */
    size_t json_bytes;
};

struct waiter_list {
    struct waiter *first, *last;
};

enum inquiry_state { INQUIRY_FREE, INQUIRY_QUEUED, INQUIRY_ASKED, INQUIRY_DONE };

struct inquiry {
    enum inquiry_state state;
    struct places_question question;
    struct waiter *waiters;
    uint64_t serial; /* the order in which they are asked */
    int64_t began_ns;
    int64_t ready_ns; /* QUEUED: not to be asked before */
    unsigned tries;
    bool stale_before; /* it has met a stale connection already */
    char *json; /* DONE; NULL: memory was out */
    size_t json_bytes;
};

struct channel {
    bool in_use;
    struct https https;
    struct inquiry *asks; /* NULL: nothing */
    struct address address;
    int64_t began_ns, dialled_ns; /* when its making began, and its dialling */
};

/* The connection in the making. */
enum making { MAKING_NONE, MAKING_RESOLVES, MAKING_DIALS, MAKING_SHAKES };

struct exchange {
    struct exchange_config config;
    char host[PLACES_GOOGLE_HOST_BYTES_MAX + 1];
    struct waiter waiters[PLACES_QUESTIONS_MAX];
    struct waiter *waiters_free; /* linked by `next` */
    struct waiter_list waiting; /* in the order of their deadlines */
    struct waiter_list ready; /* to be fetched */
    int64_t ready_again_ns; /* when memory may be there again */
    struct inquiry inquiries[EXCHANGE_INQUIRIES];
    unsigned queued; /* of them QUEUED */
    uint64_t serial;
    uint64_t probe; /* the serial of the open breaker's latest probe */
    bool stopping;
    struct channel channels[EXCHANGE_CHANNELS];
    enum making making;
    unsigned making_channel; /* SHAKES */
    int64_t making_began_ns, making_dialled_ns, making_until_ns;
    struct address dialled[ENDPOINT_RACERS];
    unsigned unwanted; /* bit i: racer i is to be called off */
    int64_t alone_ns; /* no second connection before */
    int64_t held_ns; /* the service has asked to be left alone until then */
    struct endpoint endpoint;
    struct endpoint_attempt attempt;
    struct tls_session session;
    struct breaker breaker;
    enum places_status down_status; /* what to tell while the breaker is open */
    enum places_status said_status; /* the last refusal of the service's that was logged */
    uint64_t jitter;
    struct exchange_report report;
    struct exchange_times times;
    char why[EXCHANGE_WHY_BYTES_MAX + 1]; /* of the last failure */
    struct instant now; /* of the last turn */
};

#define EXCHANGE_LEFT_ALONE "the places service has asked to be left alone for a while"

/* -- inquiries.c ------------------------------------------------------------------------ */

/* By deadline; a node's questions come in that order. */
void waiter_list_put(struct waiter_list *l, struct waiter *w);
void waiter_list_remove(struct waiter_list *l, struct waiter *w);
/* Of an inquiry, and not any more. */
void waiter_join(struct waiter *w, struct inquiry *q);
void waiter_leave(struct waiter *w);
/* A waiting one without an inquiry is ready: what it is told is its own. No message: no failure. */
void waiter_refuse(
    struct exchange *x, struct waiter *w, enum places_status status, const char *message);
/* It is in no list any more. */
void waiter_free(struct exchange *x, struct waiter *w);

/* One in flight that asks the same; NULL: none. */
struct inquiry *inquiry_like(struct exchange *x, const struct places_question *question);
/* One that is FREE; NULL: none. */
struct inquiry *inquiry_room(struct exchange *x);
/* Make one QUEUED; there is room. The breaker has admitted it: as its probe, when it is open. */
struct inquiry *inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now);
void inquiry_free(struct exchange *x, struct inquiry *q);
/* The next inquiry that may be asked now; NULL: none. */
struct inquiry *inquiry_next(struct exchange *x, struct instant now);
/* An ASKED one is to be asked again, not before `ready_ns`. */
void inquiry_again(struct exchange *x, struct inquiry *q, int64_t ready_ns);
/* An ASKED one has its answer; json is taken over. */
void inquiry_answered(struct exchange *x, struct inquiry *q, char *json, size_t json_bytes);
/* An ASKED or QUEUED one has none, and never will. */
void inquiry_failed(
    struct exchange *x, struct inquiry *q, enum places_status status, const char *message);
/* Nothing is asked before `held_ns`; who would not wait as long has its answer. */
void inquiries_hold(struct exchange *x, int64_t held_ns);
/* All that are QUEUED. */
void inquiries_fail_queued(struct exchange *x, enum places_status status, const char *message);
/* The latest time at which somebody still waits for it. */
int64_t inquiry_until(const struct inquiry *q);

/* The service has failed, or answered as it should: the breaker and the log hear of it. */
void exchange_failed(
    struct exchange *x, enum places_status status, const char *why, struct instant now);
void exchange_succeeded(struct exchange *x, struct instant now);

/* -- channels.c ------------------------------------------------------------------------- */

/* All are over; what they were asked has failed. */
void channels_stop(struct exchange *x, const char *why);
/* The connection on which `q` is asked is of no use any more. */
void channel_give_up(struct exchange *x, const struct inquiry *q);
void channels_turn(struct exchange *x, struct instant now);
int64_t channels_deadline(const struct exchange *x);

#endif
