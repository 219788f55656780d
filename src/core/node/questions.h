/* questions.h — the WHATSATs that wait for an answer of places.
 *
 * Called by clients.c. Written by questions.c alone. */
#ifndef CORE_NODE_QUESTIONS_H
#define CORE_NODE_QUESTIONS_H

#include "core/base/instant.h"
#include "core/places/places.h"

struct node;
struct connection;
struct chunk;

struct question {
    struct connection *asker; /* NULL: this slot is free */
    struct chunk *gate; /* where the answer goes */
    uint64_t order; /* grows with each question of the node */
    uint32_t serial; /* part of the ticket: an old answer fits no new question */
    uint32_t next_free;
};

struct questions {
    struct question slots[PLACES_QUESTIONS_MAX];
    uint64_t asked; /* so far */
    uint32_t free_first; /* PLACES_QUESTIONS_MAX: no slot is free */
};

void questions_begin(struct node *n);
/* Ask places; the answer comes from the provider with a ticket. false: PLACES_QUESTIONS_MAX wait
 * already.
 *
 * gate   of reply_gate, which counts it among what waits */
MUST_USE bool question_ask(struct node *n, struct connection *asker, struct chunk *gate,
    const struct places_question *question, struct instant now);
/* PLACES_QUESTIONS_MAX wait, and `asker` has one more: take back the latest question of the asker
 * who has the most, so that there is room. Returns whose it was, and in *gate what it waits for.
 * NULL: nobody has more than `asker`. PROTOCOL.md, "To WHATSAT". */
struct connection *question_yields(
    struct node *n, const struct connection *asker, struct chunk **gate);
/* The answer with this ticket has come: who asked, and in *gate where it goes. */
struct connection *question_answered(struct node *n, uint64_t ticket, struct chunk **gate);
/* Cancel the `count` questions of `asker`. */
void questions_cancel(struct node *n, const struct connection *asker, unsigned count);

#endif
