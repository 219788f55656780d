/* search.h — what a search under way has to know of changes. Searches themselves: spots.h. Called
 * by spots. */
#ifndef CORE_LIVE_SEARCH_H
#define CORE_LIVE_SEARCH_H

#include "core/live/spots.h"

/* Whether the four cells of this one's quad may become one: none of them is still to be looked at.
 * search: NULL is allowed, here and below. */
bool search_allows_merge(const struct spots_search *search, uint32_t cell);

/* The slot is called `to` from now on; it is not held any more. */
void search_renamed(struct spots_search *search, uint32_t from, uint32_t to);
void search_removed(struct spots_search *search, uint32_t slot);

#endif
