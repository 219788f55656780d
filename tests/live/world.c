/* world.c — see world.h. */
#include "live/world.h"
#include "core/base/invariant.h"
#include "core/live/spots.h"
#include "unit/failing_memory.h"
#include <inttypes.h>
#include <math.h>

enum { STEPS = 400, FILLERS = 6000, RESTS_MAX = 100000 };

static struct world *playing; /* for the wrapped search */

static bool one_in(struct world *w, uint32_t n)
{
    return random_below(&w->random, n) == 0;
}

/* -- ids and positions ------------------------------------------------------------------------- */

struct span world_id(unsigned number, char text[TEXT_BYTES])
{
    int len = snprintf(text, TEXT_BYTES, "%02u%.*s", number, (int)(number % 30),
        "abcdefghijklmnopqrstuvwxyzabcdefghij");
    return (struct span){text, (size_t)len};
}

int world_number(struct span id)
{
    return id.at[0] == 'f' ? -1 : (id.at[0] - '0') * 10 + (id.at[1] - '0');
}

bool world_get(const struct world *w, unsigned id, struct feed_item *item, struct stamp_text *text)
{
    char name[TEXT_BYTES];
    struct span span = world_id(id, name);
    return store_get(w->store, span, store_hash(w->store, span), item, text);
}

static const double centres[][2] = {{34, -118.4}, {0, 180}, {89.9, 0}, {-89.95, 30}};

/* Near one of few places, so that circles are entered and left; often on the same spot. */
static void random_place(struct world *w, double *latitude, double *longitude)
{
    const double *centre = centres[w->random.state >> 60 & 3 ? 0 : random_below(&w->random, 4)];
    double spread = one_in(w, 3) ? 1e-3 : 0.05;
    *latitude = centre[0] + ((double)random_below(&w->random, 21) - 10) / 10 * spread;
    *longitude = centre[1] + ((double)random_below(&w->random, 21) - 10) / 10 * spread;
    if (fabs(centre[0]) > 80)
        *longitude = (double)random_below(&w->random, 361) - 180;
    *latitude = fmin(90, fmax(-90, *latitude));
    *longitude = *longitude > 180 ? *longitude - 360 : *longitude;
}

static struct point random_point(struct world *w)
{
    double latitude, longitude;
    random_place(w, &latitude, &longitude);
    return (struct point){(int32_t)lrint(latitude * 1e7), (int32_t)lrint(longitude * 1e7)};
}

static double random_radius(struct world *w)
{
    static const double radii[] = {0, 60, 500, 3000, 6000, 20000, 21e6};
    unsigned count = sizeof radii / sizeof *radii;
    return radii[random_below(&w->random, w->big ? count - 1 : count)];
}

/* -- memory ------------------------------------------------------------------------------------ */

static void may_fail(struct world *w)
{
    if (w->starves && one_in(w, 4))
        memory_fails(1 + (int)random_below(&w->random, 4), one_in(w, 2));
}

static void recovers(struct world *w)
{
    int fails_at = heap.fails_at;
    int attempts = memory_recovers();
    w->failed |= fails_at && attempts >= fails_at;
}

/* -- stamps ------------------------------------------------------------------------------------ */

static void see_who_left(struct world *w)
{
    for (unsigned id = 0; id < IDS; id++) {
        struct feed_item item;
        struct stamp_text text;
        bool held = world_get(w, id, &item, &text);
        w->left[id] += w->held[id] && !held;
        w->held[id] = held;
    }
}

static void put(struct world *w, struct span id, double latitude, double longitude)
{
    static const char *const origins[] = {"Hands", "Holiday", "Welsh"};
    char position[TEXT_BYTES], time[TEXT_BYTES];
    int digits = 1 + (int)random_below(&w->random, 14);
    snprintf(position, sizeof position, "%+.*f%+.*f", digits, latitude, digits, longitude);
    ASSERT(position_valid(span_of(position)));
    w->clock_s += one_in(w, 2);
    int64_t second = w->clock_s - (one_in(w, 4) ? (int64_t)random_below(&w->random, 60) : 0);
    snprintf(time, sizeof time, "%" PRId64 "%s", second, one_in(w, 3) ? ".0" : "");
    struct stamp in = {id, span_of(position), span_of(time),
        span_of(origins[random_below(&w->random, 3)]), second * SECOND_NS,
        (int64_t)random_below(&w->random, 3) * SECOND_NS};
    uint64_t hash = store_hash(w->store, id);
    w->in_put = true;
    may_fail(w);
    enum store_verdict verdict =
        one_in(w, 2) ? store_put(w->store, &in, hash, 0) : store_put_later(w->store, &in, hash, 0);
    recovers(w);
    w->in_put = false;
    (void)verdict;
    see_who_left(w);
}

static void put_one(struct world *w)
{
    char name[TEXT_BYTES];
    double latitude, longitude;
    random_place(w, &latitude, &longitude);
    put(w, world_id(random_below(&w->random, IDS), name), latitude, longitude);
}

static void put_fillers(struct world *w)
{
    for (unsigned i = 0; i < FILLERS; i++) {
        char name[TEXT_BYTES];
        snprintf(name, sizeof name, "f%u", i);
        put(w, span_of(name), -20 + i * 1e-4, 60);
    }
}

/* -- calls ------------------------------------------------------------------------------------- */

static struct watch_model *watch_of(struct world *w, unsigned reader, uint64_t number)
{
    for (unsigned i = 0; i < WATCHES_MAX; i++) {
        struct watch_model *m = &w->watches[i];
        if (m->kind != OF_NOTHING && m->reader == reader && m->number == number)
            return m;
    }
    return NULL;
}

static struct watch_model *new_watch(struct world *w)
{
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        if (w->watches[i].kind == OF_NOTHING)
            return &w->watches[i];
    return NULL;
}

static bool tell(void *self, struct live_reader *reader, uint64_t number, enum live_news what,
    struct span id, const struct stamp *stamp)
{
    struct world *w = self;
    struct reader_model *r = (struct reader_model *)reader;
    if (r->takes == 0)
        return false;
    r->takes -= r->takes > 0;
    w->lines++;
    struct watch_model *m = watch_of(w, (unsigned)(r - w->readers), number);
    if (!m)
        judge_violated(w, "news of watch %" PRIu64 ", which there is not", number);
    else
        judge_line(w, m, what, id, stamp);
    return true;
}

static void begin(struct world *w, struct watch_model *m, enum kind kind, unsigned reader)
{
    *m = (struct watch_model){
        .kind = kind, .reader = reader, .number = w->readers[reader].reader.last};
}

static void answer(void *self, const struct live_question *q, const struct live_hit *hits,
    unsigned found, bool more)
{
    struct world *w = self;
    struct question_model *open = &w->questions[q->ticket % QUESTIONS_MAX];
    if (!open->open || open->asked.ticket != q->ticket)
        judge_violated(w, "an answer that nobody waits for");
    for (unsigned i = 0; i < QUESTIONS_MAX; i++)
        if (w->questions[i].open && w->questions[i].asked.ticket < q->ticket)
            judge_violated(w, "an answer out of turn");
    open->open = false;
    w->near++;
    if (hits)
        judge_answer(w, q, hits, found, more);
    else if (!w->failed && !heap.fails_at)
        judge_violated(w, "no answer without need");
    w->in_parts = false;
    struct watch_model *m = new_watch(w);
    if (!open->watches || !hits || more || !m)
        return;
    struct live_reader *reader = &w->readers[open->reader].reader;
    if (!live_watch_near(w->live, reader, q->centre, q->radius_m))
        return;
    begin(w, m, OF_CIRCLE, open->reader);
    m->centre = q->centre;
    m->radius_m = q->radius_m;
    for (unsigned id = 0; id < IDS; id++)
        judge_begin(w, m, id);
}

/* Searches come to their end in parts, with stamps that change between. */
enum spots_progress __real_spots_search_on(struct spots_search *search, unsigned *budget);
enum spots_progress __wrap_spots_search_on(struct spots_search *search, unsigned *budget);

enum spots_progress __wrap_spots_search_on(struct spots_search *search, unsigned *budget)
{
    if (*budget > LIVE_POINTS_A_TURN || !one_in(playing, 2))
        return __real_spots_search_on(search, budget);
    unsigned few = 1 + random_below(&playing->random, 4);
    enum spots_progress progress = __real_spots_search_on(search, &few);
    playing->in_parts |= progress == SPOTS_MORE;
    return progress;
}

/* -- what readers do --------------------------------------------------------------------------- */

static void watch_id(struct world *w, unsigned reader)
{
    char name[TEXT_BYTES];
    struct watch_model *m = new_watch(w);
    unsigned id = random_below(&w->random, IDS);
    if (!m)
        return;
    may_fail(w);
    bool watches = live_watch_id(
        w->live, &w->readers[reader].reader, world_id(id, name), store_change(w->store));
    recovers(w);
    if (!watches)
        return;
    begin(w, m, OF_ID, reader);
    m->id = id;
    judge_begin(w, m, id);
}

static void watch_all(struct world *w, unsigned reader)
{
    struct watch_model *m = new_watch(w);
    if (!m || !live_watch_all(w->live, &w->readers[reader].reader))
        return;
    begin(w, m, OF_ALL, reader);
    for (unsigned id = 0; id < IDS; id++)
        m->known[id].gone_before = w->left[id];
}

static void ask(struct world *w, unsigned reader, bool fence)
{
    struct question_model *open = &w->questions[w->tickets % QUESTIONS_MAX];
    if (open->open)
        return;
    *open = (struct question_model){.watches = fence,
        .reader = reader,
        .asked = {.fence = fence,
            .centre = random_point(w),
            .radius_m = random_radius(w),
            .count = fence ? w->limit : 1 + random_below(&w->random, 30),
            .since_ns = fence || one_in(w, 2)
                            ? INT64_MIN
                            : (w->clock_s - (int64_t)random_below(&w->random, 90)) * SECOND_NS,
            .ticket = w->tickets}};
    if (w->random.state % 5 == 0 && open->asked.count > 3)
        open->asked.count = fence ? open->asked.count : 3;
    may_fail(w);
    open->open = live_ask(w->live, &open->asked, w->now);
    recovers(w);
    w->tickets += open->open;
}

static void unwatch(struct world *w)
{
    struct watch_model *m = &w->watches[random_below(&w->random, WATCHES_MAX)];
    if (m->kind == OF_NOTHING)
        return;
    if (!live_unwatch(w->live, &w->readers[m->reader].reader, m->number))
        judge_violated(w, "watch %" PRIu64 " is not known", m->number);
    m->kind = OF_NOTHING;
}

static bool is_oldest(const struct world *w, const struct question_model *open)
{
    for (unsigned i = 0; i < QUESTIONS_MAX; i++)
        if (w->questions[i].open && w->questions[i].asked.ticket < open->asked.ticket)
            return false;
    return true;
}

static void end_reader(struct world *w, unsigned reader)
{
    for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
        struct question_model *open = &w->questions[i];
        if (!open->open || open->reader != reader)
            continue;
        live_cancel(w->live, open->asked.ticket);
        w->in_parts &= !is_oldest(w, open);
        open->open = false;
    }
    live_reader_end(w->live, &w->readers[reader].reader);
    w->readers[reader] = (struct reader_model){.takes = -1};
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        if (w->watches[i].reader == reader)
            w->watches[i].kind = OF_NOTHING;
}

static void catch_up(struct world *w, unsigned reader, int takes)
{
    struct reader_model *r = &w->readers[reader];
    r->takes = takes;
    uint64_t lines = w->lines;
    may_fail(w);
    bool level = live_catch_up(w->live, &r->reader);
    recovers(w);
    w->caught_up++;
    w->waited += !level && r->takes != 0 && w->lines == lines;
    if (level == live_is_behind(&r->reader))
        judge_violated(w, "who is LEVEL is BEHIND");
}

/* Where the feed is read to its end, who is LEVEL was told all. */
static void judge_levels(struct world *w)
{
    if (live_deadline(w->live) < w->now.mono_ns + SECOND_NS)
        return; /* it reads on at once, or tries again soon */
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        if (w->watches[i].kind != OF_NOTHING &&
            !live_is_behind(&w->readers[w->watches[i].reader].reader))
            judge_level(w, &w->watches[i]);
}

static void turn(struct world *w)
{
    w->now.mono_ns += (int64_t)random_below(&w->random, 20) * MS_NS;
    if (one_in(w, 60))
        w->now.mono_ns += LIVE_KEEP_MS * MS_NS;
    may_fail(w);
    live_turn(w->live, w->now);
    recovers(w);
    judge_levels(w);
}

static void rest(struct world *w)
{
    bool starves = w->starves;
    w->starves = false;
    for (unsigned r = 0; r < READERS; r++)
        w->readers[r].takes = -1;
    bool rests = false;
    for (unsigned i = 0; !rests && !w->violated; i++) {
        rests = true;
        w->now.mono_ns += 10 * MS_NS;
        live_turn(w->live, w->now);
        for (unsigned r = 0; r < READERS; r++)
            rests &= live_catch_up(w->live, &w->readers[r].reader);
        rests &= live_deadline(w->live) > w->now.mono_ns;
        if (i == RESTS_MAX)
            judge_violated(w, "it finds no rest");
    }
    for (unsigned i = 0; i < WATCHES_MAX && !w->violated; i++)
        if (w->watches[i].kind != OF_NOTHING)
            judge_level(w, &w->watches[i]);
    for (unsigned i = 0; i < QUESTIONS_MAX; i++)
        if (w->questions[i].open)
            judge_violated(w, "a question without an answer");
    struct live_report report;
    live_report(w->live, &report);
    if (report.behind && !w->violated)
        judge_violated(w, "%" PRIu64 " are BEHIND at rest", report.behind);
    w->starves = starves;
}

static void step(struct world *w)
{
    unsigned reader = random_below(&w->random, READERS);
    unsigned what = random_below(&w->random, 100);
    if (what < 45)
        put_one(w);
    else if (what < 65)
        turn(w);
    else if (what < 75)
        catch_up(w, reader, one_in(w, 3) ? -1 : (int)random_below(&w->random, 4));
    else if (what < 79)
        w->readers[reader].takes = (int)random_below(&w->random, 3);
    else if (what < 83)
        watch_id(w, reader);
    else if (what < 87)
        ask(w, reader, true);
    else if (what < 92)
        ask(w, reader, false);
    else if (what < 93)
        watch_all(w, reader);
    else if (what < 97)
        unwatch(w);
    else if (what < 98)
        end_reader(w, reader);
    else if (what < 99 || one_in(w, 3))
        rest(w);
}

bool world_play(struct world *w, uint64_t seed)
{
    *w = (struct world){.random = {seed}, .clock_s = 1000000};
    playing = w;
    w->big = one_in(w, 100);
    w->starves = !w->big && one_in(w, 4);
    w->limit = one_in(w, 3) ? 3 : 1000;
    w->stamps_max = w->big ? FILLERS + IDS : 6 + random_below(&w->random, IDS);
    int blocks = heap.blocks_held;
    w->store = store_create(&(struct store_config){
        w->stamps_max, one_in(w, 8) ? STORE_REFUSES : STORE_EVICTS, {seed, 4}});
    w->live = live_create(
        w->store, &(struct live_limits){w->limit}, &(struct live_calls){w, tell, answer});
    for (unsigned r = 0; r < READERS; r++)
        w->readers[r].takes = -1;
    if (w->big)
        put_fillers(w);
    for (unsigned i = 0; i < STEPS && !w->violated; i++)
        step(w);
    if (!w->violated)
        rest(w);
    for (unsigned r = 0; r < READERS; r++)
        end_reader(w, r);
    live_destroy(w->live);
    store_destroy(w->store);
    if (heap.blocks_held != blocks)
        judge_violated(w, "%d blocks of memory are left", heap.blocks_held - blocks);
    return !w->violated;
}
