/* turns.c — a core that asks the questions of all clients in the order in which they come. */
#include "core/places/exchange_private.h"

struct inquiry *__real_inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now);
struct inquiry *__wrap_inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now);

struct inquiry *__wrap_inquiry_begin(
    struct exchange *x, const struct places_question *question, struct instant now)
{
    struct inquiry *q = __real_inquiry_begin(x, question, now);
    q->turn = 0;
    return q;
}
