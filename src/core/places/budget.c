/* budget.c — see budget.h: a window that slides by parts of the period.
 *
 * Holds always: what was asked in the whole period that ends now is counted in `spent`, and no more
 * than `count` was at that time. */
#include "core/places/budget.h"
#include "core/base/invariant.h"

static uint64_t part_at(const struct budget *b, struct instant now)
{
    int64_t part_ns = ((int64_t)b->period_s * SECOND_NS + BUDGET_PARTS - 1) / BUDGET_PARTS;
    ASSERT(now.mono_ns >= 0 && part_ns > 0);
    return (uint64_t)(now.mono_ns / part_ns);
}

void budget_begin(struct budget *b, uint32_t count, uint32_t period_s)
{
    ASSERT(count == 0 || period_s > 0);
    *b = (struct budget){.count = count, .period_s = period_s};
}

void budget_take(struct budget *b, uint32_t count, uint32_t period_s)
{
    if (b->count && count && b->period_s == period_s)
        b->count = count;
    else
        budget_begin(b, count, period_s);
}

/* Forget the parts that have left the window. */
static void slide(struct budget *b, struct instant now)
{
    uint64_t part = part_at(b, now), passed = part - b->part;
    ASSERT(part >= b->part);
    for (uint64_t i = 1; i <= passed && i <= BUDGET_PARTS + 1; i++) {
        uint32_t *oldest = &b->spent[(b->part + i) % (BUDGET_PARTS + 1)];
        ASSERT(b->spent_in_all >= *oldest);
        b->spent_in_all -= *oldest;
        *oldest = 0;
    }
    b->part = part;
}

uint32_t budget_left(struct budget *b, struct instant now)
{
    if (b->count == 0)
        return UINT32_MAX;
    slide(b, now);
    return b->spent_in_all < b->count ? b->count - b->spent_in_all : 0; /* count may be lower now */
}

void budget_spend(struct budget *b, struct instant now)
{
    if (b->count == 0)
        return;
    uint32_t left = budget_left(b, now);
    ASSERT(left > 0);
    b->spent[b->part % (BUDGET_PARTS + 1)]++;
    b->spent_in_all++;
}
