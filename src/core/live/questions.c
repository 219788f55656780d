/* questions.c — see questions.h.
 *
 * Holds always: a search is for the first question; `count` are in the list; none is under way as
 * an answer is given. */
#include "core/live/questions.h"
#include "core/base/invariant.h"
#include "core/store/store.h"
#include <stdlib.h>

bool questions_ask(struct questions *qs, const struct live_question *q)
{
    ASSERT(q->count >= 1 && q->radius_m >= 0);
    struct question *added = malloc(sizeof *added);
    if (!added)
        return false;
    *added = (struct question){.asked = *q};
    if (qs->last)
        qs->last->next = added;
    else
        qs->first = added;
    qs->last = added;
    qs->count++;
    return true;
}

static void end_search(struct questions *qs)
{
    spots_search_end(qs->search);
    qs->search = NULL;
    qs->in_parts = false;
}

void questions_forget(struct questions *qs, uint64_t ticket)
{
    struct question **at = &qs->first, *before = NULL;
    while (*at && (*at)->asked.ticket != ticket) {
        before = *at;
        at = &before->next;
    }
    struct question *q = *at;
    ASSERT(q && qs->count > 0);
    if (!before && qs->search)
        end_search(qs);
    *at = q->next;
    if (qs->last == q)
        qs->last = before;
    qs->count--;
    free(q);
}

/* The first of the list, which is taken off. */
static struct question take_first(struct questions *qs)
{
    struct question *first = qs->first, taken = *first;
    ASSERT(qs->count > 0);
    qs->first = first->next;
    if (!qs->first)
        qs->last = NULL;
    qs->count--;
    free(first);
    return taken;
}

/* -- judging stamps ---------------------------------------------------------------------------- */

static bool is_young(const struct stamp *stamp, int64_t since_ns)
{
    return stamp->time_ns + stamp->skew_ns >= since_ns;
}

static bool takes(void *self, uint32_t slot)
{
    const struct questions *qs = self;
    struct feed_item item;
    struct stamp_text text;
    store_read(qs->store, slot, &item, &text);
    return is_young(&item.stamp, qs->first->asked.since_ns);
}

static int order(void *self, uint32_t a, uint32_t b)
{
    const struct questions *qs = self;
    struct feed_item item_a, item_b;
    struct stamp_text text_a, text_b;
    store_read(qs->store, a, &item_a, &text_a);
    store_read(qs->store, b, &item_b, &text_b);
    return span_compare(item_a.stamp.id, item_b.stamp.id);
}

static bool comes_before(struct questions *qs, const struct live_hit *a, const struct live_hit *b)
{
    if (a->distance_m != b->distance_m)
        return a->distance_m < b->distance_m;
    return order(qs, a->slot, b->slot) < 0;
}

/* Judge the hits again by what the store holds now, and sort them again; few have changed their
 * order. Returns how many still count. */
static unsigned judge_again(
    struct questions *qs, const struct live_question *q, struct live_hit *hits, unsigned found)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < found; i++) {
        struct feed_item item;
        struct stamp_text text;
        store_read(qs->store, hits[i].slot, &item, &text);
        struct live_hit hit = {
            point_distance_m(q->centre, point_of_text(item.stamp.position)), hits[i].slot};
        if (hit.distance_m > q->radius_m || !is_young(&item.stamp, q->since_ns))
            continue;
        unsigned at = kept++;
        for (; at > 0 && comes_before(qs, &hit, &hits[at - 1]); at--)
            hits[at] = hits[at - 1];
        hits[at] = hit;
    }
    ASSERT(kept <= found);
    return kept;
}

/* -- answers ----------------------------------------------------------------------------------- */

static void answer(struct questions *qs, const struct live_hit *hits, unsigned found, bool more)
{
    ASSERT(!qs->search);
    struct question q = take_first(qs);
    qs->answered++;
    qs->calls.answer(qs->calls.self, &q.asked, hits, found, more);
}

void questions_fail(struct questions *qs)
{
    while (qs->first)
        answer(qs, NULL, 0, false);
}

static void answer_found(struct questions *qs)
{
    const struct live_question *q = &qs->first->asked;
    unsigned found;
    const struct spots_hit *spots_hit = spots_hits(qs->search, &found);
    bool more = found > q->count;
    ASSERT(!more || (q->fence && found == q->count + 1));
    if (more)
        found = q->count;
    struct live_hit *hits = malloc((found + 1) * sizeof *hits);
    for (unsigned i = 0; hits && i < found; i++)
        hits[i] = (struct live_hit){spots_hit[i].distance_m, spots_hit[i].slot};
    if (hits && qs->in_parts)
        found = judge_again(qs, q, hits, found);
    end_search(qs);
    answer(qs, hits, hits ? found : 0, hits && more);
    free(hits);
}

static bool begin(struct questions *qs, struct spots *spots)
{
    const struct live_question *q = &qs->first->asked;
    struct spots_question asked = {
        .centre = q->centre,
        .radius_m = q->radius_m,
        .count = q->count + q->fence,
        .self = qs,
        .takes = q->since_ns == INT64_MIN ? NULL : takes,
        .order = q->fence ? NULL : order,
    };
    qs->search = spots_search(spots, &asked);
    return qs->search;
}

bool questions_go_on(struct questions *qs, unsigned *points)
{
    if (!qs->search)
        return true;
    unsigned all = UINT32_MAX;
    bool fence = qs->first->asked.fence;
    enum spots_progress progress = spots_search_on(qs->search, fence ? &all : points);
    ASSERT(!fence || progress != SPOTS_MORE);
    if (fence)
        *points -= UINT32_MAX - all < *points ? UINT32_MAX - all : *points;
    if (progress == SPOTS_MORE) {
        qs->in_parts = true;
        *points = 0;
        return false;
    }
    if (progress == SPOTS_FOUND) {
        answer_found(qs);
    } else {
        end_search(qs);
        answer(qs, NULL, 0, false);
    }
    return true;
}

void questions_answer(struct questions *qs, struct spots *spots, unsigned *points)
{
    ASSERT(!qs->search);
    while (qs->first && *points) {
        if (!begin(qs, spots))
            answer(qs, NULL, 0, false);
        else if (!questions_go_on(qs, points))
            return;
    }
}
