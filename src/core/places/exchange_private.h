/* exchange_private.h — shared by the files of the exchange only. Each calls only those below it:
 *
 *   exchange.c   the provider that the node asks, and the turn
 *   channels.c   connections: the attempt to make one, those that exist, their answers
 *   inquiries.c  who waits for which answer; the service's failures
 *
 * A waiter is a question of the node, with its ticket. An inquiry is what the service is asked, for
 * one waiter or for several with identical questions:
 *
 *   state    event                                 next
 *   FREE     a question unlike all open ones       QUEUED
 *   QUEUED   a connection is ready for it          ASKED
 *   QUEUED   no connection, open breaker, a stop   DONE, a failure
 *   QUEUED   its last waiter is too late or gone   FREE
 *   ASKED    an answer                             DONE
 *   ASKED    429 or 5xx, with time for a retry     QUEUED, after a pause
 *   ASKED    a stale connection                    QUEUED for another one, as often as there are
 *   ASKED    any other error, or a stop            DONE, a failure
 *   ASKED    its last waiter is too late           FREE; the connection is closed
 *   ASKED    its last waiter is gone               FREE with the answer, or when another inquiry
 *                                                  needs the connection
 *   DONE     its last waiter is answered           FREE
 *
 * Askers take turns (PROTOCOL.md, "To WHATSAT"), as in start-time fair queueing
 * (Goyal, Vin, Cheng: SIGCOMM 1996): an inquiry's turn is the one after that of its asker's latest
 * open inquiry, or the present one if its asker has none open. So those of an asker with many lie
 * in many turns to come, and whoever comes without any is in the present one.
 *
 * Holds always: every waiter is in one of the lists `waiting` and `ready`, or free; `queued` is the
 * number of inquiries that are QUEUED; what a channel asks is ASKED. */
#ifndef CORE_PLACES_EXCHANGE_PRIVATE_H
#define CORE_PLACES_EXCHANGE_PRIVATE_H

#include "core/http/breaker.h"
#include "core/base/episode.h"
#include "core/http/https.h"
#include "core/places/budget.h"
#include "core/places/exchange.h"

/* Those QUEUED or ASKED, and as many again that are DONE in this turn and not fetched yet. */
enum { EXCHANGE_INQUIRIES = 2 * (EXCHANGE_QUEUE_MAX + EXCHANGE_CONNECTIONS) };

struct waiter {
    struct waiter *next, *prev; /* in the list that it is in */
    struct waiter *next_same, *prev_same; /* waiters of the same inquiry */
    struct inquiry *inquiry; /* NULL: refused or too late; `json` is its own answer then */
    uint64_t ticket;
    int64_t deadline_ns;
    char *json; /* without an inquiry; NULL: there was no memory for it */
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
    uint64_t asker; /* in whose turn it is asked; its waiters may have others, too */
    uint64_t turn; /* inquiries are asked in the order of turns, */
    uint64_t serial; /* and in one turn in the order of these */
    int64_t began_ns;
    int64_t ready_ns; /* QUEUED: it is not asked before */
    unsigned tries;
    unsigned stale; /* connections that it has met and that were stale */
    char *json; /* DONE; NULL: there was no memory for it */
    size_t json_bytes;
};

struct channel {
    bool in_use;
    struct https https;
    struct inquiry *asks; /* the inquiry that it carries; NULL: none */
    struct address address;
    int64_t began_ns, dialled_ns; /* when the attempt to make it began, and its first dial */
};

/* The attempt to make a connection; channels.c has the table. */
enum attempt_state { ATTEMPT_NONE, ATTEMPT_RESOLVES, ATTEMPT_DIALS, ATTEMPT_SHAKES };

struct exchange {
    struct exchange_config config;
    char host[PLACES_GOOGLE_HOST_BYTES_MAX + 1];
    struct waiter waiters[PLACES_QUESTIONS_MAX];
    struct waiter *waiters_free; /* linked by `next` */
    struct waiter_list waiting; /* in the order of their deadlines */
    struct waiter_list ready; /* their answers can be fetched */
    int64_t ready_again_ns; /* there was no memory for an answer: when to try again */
    struct inquiry inquiries[EXCHANGE_INQUIRIES];
    unsigned queued; /* how many of them are QUEUED */
    uint64_t serial;
    uint64_t turn; /* the latest in which an inquiry was asked */
    uint64_t probe; /* the serial of the open breaker's latest probe */
    bool stopping;
    bool due; /* something has happened since the last turn: the next one is due at once */
    struct channel channels[EXCHANGE_CHANNELS];
    enum attempt_state attempt;
    unsigned attempt_channel; /* SHAKES */
    int64_t attempt_began_ns, attempt_dialled_ns, attempt_until_ns;
    struct address dialled[ENDPOINT_RACERS];
    unsigned unwanted; /* bit i: the dial of racer i must be cancelled */
    int64_t alone_ns; /* no second connection is made before */
    int64_t held_ns; /* Retry-After: nothing is asked before */
    struct endpoint endpoint;
    struct endpoint_attempt dials;
    struct tls_session session;
    struct breaker breaker;
    struct budget budget;
    struct episode over_budget; /* of questions that it had nothing left for */
    enum places_status down_status; /* of answers while the breaker is open */
    enum places_status said_status; /* of the service's last refusal that was logged */
    uint64_t jitter;
    struct exchange_report report;
    struct exchange_times times;
    char why[EXCHANGE_WHY_BYTES_MAX + 1]; /* of the last failure */
    struct instant now; /* of the last turn */
};

#define EXCHANGE_LEFT_ALONE "the places service has asked to be left alone for a while"

#define EXCHANGE_OVER_BUDGET \
    "this node has asked the places service as often as places.budget allows"

/* -- channels.c -------------------------------------------------------------------------------- */

void channels_stop(struct exchange *x, const char *why); /* closes all; their inquiries fail */
/* Close the connection on which `q` is asked; `q` itself stays as it is. */
void channel_give_up(struct exchange *x, const struct inquiry *q);
void channels_turn(struct exchange *x, struct instant now);
int64_t channels_deadline(const struct exchange *x);

#endif
