/* question.h — what an observer may say once it is proved as far as the node asks for that.
 * PROTOCOL.md, "Observers". Whether it may ask just this is for the node to say. Called by
 * peering.c. */
#ifndef CORE_PEERING_QUESTION_H
#define CORE_PEERING_QUESTION_H

#include "core/base/span.h"

/* Whether a line of `count` words whose first is `word` is a question, or an order. */
static inline bool question_is(struct span word, int count)
{
    return (count == 1 && span_equal(word, SPAN("STATUS"))) ||
           (count == 1 && span_equal(word, SPAN("UNDRAIN"))) ||
           (count == 1 && span_equal(word, SPAN("DUMP"))) ||
           (count == 1 && span_equal(word, SPAN("LOAD"))) ||
           (count == 2 && span_equal(word, SPAN("TRACE"))) ||
           (count == 3 && span_equal(word, SPAN("DRAIN")));
}

#endif
