/* test_search.c — the nearest stamps, compared with a full scan.
 *
 * STAMPEDE_TEST_QUESTIONS=1000000 asks so many in place of a few thousand, and tells how many
 * answers differ. */
#include "unit/live/spots_model.h"

static struct model model;

static struct spots_question any_question(struct model *m)
{
    struct spots_question q = model_question(m);
    q.takes = random_below(&m->random, 3) ? NULL : model_takes;
    q.order = random_below(&m->random, 5) ? model_order : NULL;
    return q;
}

/* What the store does meanwhile. */
static void disturb(struct model *m)
{
    unsigned id = random_below(&m->random, m->count);
    if (random_below(&m->random, 2))
        model_rename(m, id);
    else
        model_remove(m, id);
}

/* Of what a search has told, and looks at next: the nearest ones. */
static void disturb_near(struct model *m, struct point centre)
{
    unsigned best = m->count;
    double least = INFINITY;
    for (int i = 0; i < 20; i++) {
        unsigned id = random_below(&m->random, m->count);
        double distance = point_distance_m(centre, m->points[id]);
        if (m->slots[id] && distance < least) {
            least = distance;
            best = id;
        }
    }
    if (best < m->count)
        model_remove(m, best);
}

/* Ask, and disturb the search `often` times in 16 between its parts; some of those are given up.
 * Returns whether it is right. */
static bool ask(struct model *m, const struct spots_question *q, unsigned part, unsigned often)
{
    struct spots_search *search = spots_search(m->spots, q);
    cr_assert(search);
    enum spots_progress progress;
    do {
        unsigned budget = part;
        progress = spots_search_on(search, &budget);
        cr_assert_leq(budget, part);
        if (progress == SPOTS_MORE)
            cr_assert_eq(budget, 0);
        if (progress == SPOTS_MORE && random_below(&m->random, 16) < often) {
            if (random_below(&m->random, 4))
                disturb(m);
            else
                disturb_near(m, q->centre);
            if (random_below(&m->random, 32) == 0) {
                spots_search_end(search);
                return true;
            }
        }
    } while (progress == SPOTS_MORE);
    cr_assert_eq(progress, SPOTS_FOUND);
    bool right = model_agrees(m, q, search);
    spots_search_end(search);
    return right;
}

/* Returns how many answers differ. */
static unsigned campaign(struct model *m, unsigned questions, bool disturbed)
{
    unsigned differ = 0;
    for (unsigned i = 0; i < questions; i++) {
        if (i % 400 == 0) {
            if (i)
                spots_destroy(m->spots);
            model_fill(m, i / 400 % SHAPES, 20 + random_below(&m->random, 700));
        }
        struct spots_question q = any_question(m);
        unsigned part = random_below(&m->random, 2) ? 100000 : 1 + random_below(&m->random, 40);
        differ += !ask(m, &q, part, disturbed ? random_below(&m->random, 17) : 0);
        for (int k = 0; k < 3 || (k < 60 && m->held < m->count * 3 / 4); k++)
            model_put(m, random_below(&m->random, m->count), shaped(&m->random, m->shape));
        if (i % 400 == 399)
            model_compare(m);
    }
    spots_destroy(m->spots);
    return differ;
}

Test(search, finds_what_a_full_scan_finds)
{
    const char *wanted = getenv("STAMPEDE_TEST_QUESTIONS");
    unsigned questions = wanted ? (unsigned)strtoul(wanted, NULL, 10) / 2 : 3 * 400 * SHAPES / 2;
    model.random = random_begin();
    unsigned still = campaign(&model, questions, false);
    unsigned disturbed = campaign(&model, questions, true);
    fprintf(stderr, "%u questions: %u answers differ; as many disturbed ones: %u\n", questions,
        still, disturbed);
    cr_assert_eq(still, 0);
    cr_assert_eq(disturbed, 0);
}

Test(search, of_a_large_number)
{
    model.random = random_begin();
    for (enum shape shape = 0; shape < SHAPES; shape++) {
        model_fill(&model, shape, MODEL_MAX);
        for (unsigned i = 0; i < 40; i++) {
            struct spots_question q = any_question(&model);
            cr_assert(ask(&model, &q, 1 + random_below(&model.random, 500), i % 4));
        }
        spots_destroy(model.spots);
    }
}

/* -- one course at a time ---------------------------------------------------------------------- */

static const struct point here = {515007000, -1246000};

static bool takes_counted(void *self, uint32_t slot)
{
    (void)slot;
    ++*(unsigned *)self;
    return true;
}

Test(search, looks_at_few_and_asks_seldom)
{
    struct random random = random_begin();
    struct spots *s = spots_create();
    struct point old;
    for (uint32_t i = 1; i <= 100000; i++)
        cr_assert_eq(spots_put(s, i * 10, shaped(&random, UNIFORM), &old), SPOTS_NEW);
    unsigned asked = 0, looked = 0, found;
    enum { QUESTIONS = 100, COUNT = 20 };
    for (int i = 0; i < QUESTIONS; i++) {
        unsigned budget = 1000000;
        struct spots_search *search = spots_search(s, &(struct spots_question){
            shaped(&random, UNIFORM), 20038000, COUNT, &asked, takes_counted, NULL});
        cr_assert_eq(spots_search_on(search, &budget), SPOTS_FOUND);
        cr_assert(spots_hits(search, &found) && found == COUNT);
        looked += 1000000 - budget;
        spots_search_end(search);
    }
    cr_assert_leq(looked, QUESTIONS * COUNT * 15, "%u", looked);
    cr_assert_leq(asked, QUESTIONS * COUNT * 4, "%u", asked);
    spots_destroy(s);
}

Test(search, keeps_to_its_budget_on_one_spot)
{
    enum { STAMPS = 20000, BUDGET = 100, BRICK = 9 };
    struct spots *s = spots_create();
    struct point old;
    for (uint32_t i = 1; i <= STAMPS; i++)
        cr_assert_eq(spots_put(s, i * 10, here, &old), SPOTS_NEW);
    unsigned asked = 0, found, parts = 0, most = 0, before = 0;
    struct spots_search *search = spots_search(s, &(struct spots_question){
        here, 0, STAMPS, &asked, takes_counted, NULL});
    enum spots_progress progress;
    do {
        unsigned budget = BUDGET;
        progress = spots_search_on(search, &budget);
        most = asked - before > most ? asked - before : most;
        before = asked;
        parts++;
    } while (progress == SPOTS_MORE);
    cr_assert(spots_hits(search, &found) && found == STAMPS);
    cr_assert_eq(asked, STAMPS, "nobody is looked at twice");
    cr_assert_lt(most, BUDGET + BRICK);
    cr_assert_geq(parts, STAMPS / (BUDGET + BRICK));
    spots_search_end(search);
    spots_destroy(s);
}

/* All of them are removed, one at a time, behind and before the point where the search stands. */
Test(search, goes_on_while_its_leaf_is_emptied)
{
    enum { STAMPS = 200, LEFT = 40 };
    struct random random = random_begin();
    for (int round = 0; round < 200; round++) {
        struct spots *s = spots_create();
        struct point old;
        bool gone[STAMPS + 1] = {false};
        for (uint32_t i = 1; i <= STAMPS; i++)
            cr_assert_eq(spots_put(s, i * 10, here, &old), SPOTS_NEW);
        struct spots_search *search = spots_search(
            s, &(struct spots_question){here, 1, STAMPS, NULL, NULL, NULL});
        unsigned found, left = STAMPS, budget = random_below(&random, STAMPS);
        enum spots_progress progress = spots_search_on(search, &budget);
        bool early = random_below(&random, 4) == 0;
        while (left > LEFT) {
            uint32_t i = 1 + random_below(&random, STAMPS);
            left -= spots_remove(s, i * 10, &old);
            gone[i] = true;
            budget = random_below(&random, 20) == 0;
            if (progress == SPOTS_MORE)
                progress = spots_search_on(search, &budget);
        }
        if (!early) {
            budget = 10 * STAMPS;
            cr_assert_eq(spots_search_on(search, &budget), SPOTS_FOUND);
            const struct spots_hit *hits = spots_hits(search, &found);
            cr_assert_eq(found, LEFT);
            for (unsigned i = 0; i < found; i++) {
                cr_assert_not(gone[hits[i].slot / 10], "removed, or told twice");
                gone[hits[i].slot / 10] = true;
            }
        }
        spots_search_end(search);
        for (uint32_t i = 1; i <= STAMPS; i++)
            left -= spots_remove(s, i * 10, &old);
        cr_assert(left == 0 && spots_count(s) == 0);
        spots_destroy(s);
    }
}

/* So many go that leaves are merged, of which some were looked at and others are not yet. */
Test(search, goes_on_while_the_tree_shrinks)
{
    model.random = random_begin();
    for (unsigned round = 0; round < 20 * SHAPES; round++) {
        model_fill(&model, round % SHAPES, 400);
        struct spots_question q = {.self = &model, .centre = shaped(&model.random, model.shape),
            .radius_m = 20038000, .count = 1 + random_below(&model.random, 400),
            .order = model_order};
        struct spots_search *search = spots_search(model.spots, &q);
        unsigned budget = 1;
        while (spots_search_on(search, &budget) == SPOTS_MORE) {
            for (int i = 0; i < 20; i++)
                model_remove(&model, random_below(&model.random, model.count));
            budget = 1;
        }
        cr_assert(model_agrees(&model, &q, search), "%u", round);
        spots_search_end(search);
        model_compare(&model);
        spots_destroy(model.spots);
    }
}

/* On one spot, where the order alone decides, the first ones go again and again: also after the
 * search began anew with some to spare. */
Test(search, goes_on_while_its_hits_are_removed)
{
    model.random = random_begin();
    for (unsigned round = 0; round < 8; round++) {
        model_fill(&model, ONE_SPOT, MODEL_MAX);
        struct spots_question q = {.self = &model, .centre = here, .radius_m = 20038000,
            .count = 5, .order = model_order};
        struct spots_search *search = spots_search(model.spots, &q);
        unsigned budget = 1, first = 0;
        while (spots_search_on(search, &budget) == SPOTS_MORE) {
            unsigned id = random_below(&model.random, 2) ? first++ : first + 3;
            if (id < model.count * 2 / 3)
                model_remove(&model, id);
            budget = 1 + random_below(&model.random, 60);
        }
        cr_assert(model_agrees(&model, &q, search), "%u", round);
        spots_search_end(search);
        spots_destroy(model.spots);
    }
}

/* What a search has left behind in the middle of a leaf must do when that is divided later. */
Test(search, may_end_before_it_has_found)
{
    enum { LEAF = 27, MORE = 20 };
    for (uint32_t removed = 1; removed <= LEAF; removed++) {
        struct random random = random_begin();
        struct spots *s = spots_create();
        struct point old;
        for (uint32_t i = 1; i <= LEAF; i++)
            cr_assert_eq(spots_put(s, i * 10, shaped(&random, UNIFORM), &old), SPOTS_NEW);
        struct spots_search *search = spots_search(
            s, &(struct spots_question){here, 20038000, LEAF, NULL, NULL, NULL});
        unsigned budget = 1;
        cr_assert_eq(spots_search_on(search, &budget), SPOTS_MORE);
        cr_assert(spots_remove(s, removed * 10, &old));
        spots_search_end(search);
        for (uint32_t i = LEAF + 1; i <= LEAF + MORE; i++)
            cr_assert_eq(spots_put(s, i * 10, shaped(&random, UNIFORM), &old), SPOTS_NEW);
        for (uint32_t i = 1; i <= LEAF + MORE; i++)
            cr_assert_eq(spots_remove(s, i * 10, &old), i != removed);
        spots_destroy(s);
    }
}

Test(search, of_nothing)
{
    struct spots *s = spots_create();
    unsigned budget = 0, found;
    struct spots_search *search = spots_search(
        s, &(struct spots_question){here, 20038000, 1, NULL, NULL, NULL});
    cr_assert_eq(spots_search_on(search, &budget), SPOTS_FOUND);
    spots_hits(search, &found);
    cr_assert_eq(found, 0);
    spots_search_end(search);
    spots_search_end(NULL);
    spots_destroy(s);
}
