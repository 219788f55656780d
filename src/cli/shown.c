/* shown.c — see shown.h.
 *
 * The table's slots hold the AT line as it came, which is parsed again when the next one comes; an
 * empty slot has none. Holds always: count < room, if there is room; an id stands between the slot
 * of its hash and the first empty one behind that. */
#include "cli/shown.h"
#include "core/base/invariant.h"
#include "core/base/siphash.h"
#include "core/protocol/command.h"
#include "files/entropy.h"
#include <stdlib.h>

enum { ROOM_MIN = 64, AT_FIELDS = 6 };

struct shown_id {
    uint64_t hash;
    char *at; /* the newest stamp's AT line, from malloc; NULL: the slot is empty */
    uint32_t at_bytes;
    uint32_t connection; /* the last one that told of it, */
    bool within; /* the fence */
    bool lost; /* shown as GONE by shown_lost: the same stamp may be shown again */
};

void shown_begin(struct shown *s, bool fence)
{
    *s = (struct shown){.fence = fence, .connection = 1};
    entropy_fill(s->key, sizeof s->key);
}

void shown_end(struct shown *s)
{
    for (size_t i = 0; i < s->room; i++)
        free(s->ids[i].at);
    free(s->ids);
    *s = (struct shown){0};
}

void shown_reconnect(struct shown *s)
{
    s->connection++;
    s->swept = 0;
}

/* -- the table --------------------------------------------------------------------------------- */

static struct stamp stamp_of(const struct shown_id *known)
{
    struct span field[AT_FIELDS];
    struct stamp stamp;
    int count = command_split((struct span){known->at, known->at_bytes}, field, AT_FIELDS);
    bool valid = count == AT_FIELDS && stamp_parse(field, &stamp);
    ASSERT(valid); /* news_read has accepted it */
    return stamp;
}

/* The slot of an id, or the empty one where it belongs; there must be room. */
static struct shown_id *slot_of(const struct shown *s, struct span id, uint64_t hash)
{
    size_t i = hash & (s->room - 1);
    ASSERT(s->count < s->room);
    for (; s->ids[i].at; i = (i + 1) & (s->room - 1))
        if (s->ids[i].hash == hash && span_equal(stamp_of(&s->ids[i]).id, id))
            break;
    return &s->ids[i];
}

/* Three of four slots are used at most. */
static bool make_room(struct shown *s)
{
    if (4 * (s->count + 1) <= 3 * s->room)
        return true;
    size_t room = s->room ? 2 * s->room : ROOM_MIN;
    struct shown_id *ids = calloc(room, sizeof *ids);
    if (!ids)
        return false;
    for (size_t i = 0; i < s->room; i++) {
        size_t to = s->ids[i].hash & (room - 1);
        if (!s->ids[i].at)
            continue;
        while (ids[to].at)
            to = (to + 1) & (room - 1);
        ids[to] = s->ids[i];
    }
    free(s->ids);
    s->ids = ids;
    s->room = room;
    return true;
}

/* Those behind it that would be cut off from the slot of their hash move up. */
static void forget(struct shown *s, struct shown_id *known)
{
    size_t mask = s->room - 1, hole = (size_t)(known - s->ids);
    free(known->at);
    for (size_t i = (hole + 1) & mask; s->ids[i].at; i = (i + 1) & mask) {
        size_t from_home = (i - s->ids[i].hash) & mask;
        if (from_home >= ((i - hole) & mask)) {
            s->ids[hole] = s->ids[i];
            hole = i;
        }
    }
    s->ids[hole] = (struct shown_id){0};
    s->count--;
}

static bool keep(struct shown_id *known, struct span at)
{
    char *copy = malloc(at.len);
    if (!copy)
        return false;
    memcpy(copy, at.at, at.len);
    free(known->at);
    known->at = copy;
    known->at_bytes = (uint32_t)at.len;
    return true;
}

/* -- judging ----------------------------------------------------------------------------------- */

static enum news_kind kind_for(const struct shown *s, const struct shown_id *known,
    enum news_kind said)
{
    if (!s->fence)
        return said;
    if (said == NEWS_EXIT)
        return known->within ? NEWS_EXIT : NEWS_NONE;
    if (known->within)
        return NEWS_MOVE;
    return s->connection == 1 && said == NEWS_IN ? NEWS_IN : NEWS_ENTER;
}

static void judge_gone(struct shown *s, struct shown_id *known, enum news_kind *as)
{
    *as = NEWS_NONE;
    if (!known->at)
        return;
    if (!s->fence || known->within)
        *as = NEWS_GONE;
    forget(s, known);
}

bool shown_judge(struct shown *s, const struct news *news, enum news_kind *as)
{
    uint64_t hash = siphash13(s->key, news->id);
    ASSERT(news->kind <= NEWS_GONE);
    if (!make_room(s))
        return false;
    struct shown_id *known = slot_of(s, news->id, hash);
    if (news->kind == NEWS_GONE) {
        judge_gone(s, known, as);
        return true;
    }
    bool is_new = !known->at;
    *as = NEWS_NONE;
    known->connection = s->connection;
    if (!is_new) {
        struct stamp held = stamp_of(known);
        int order = stamp_compare(&news->stamp, &held);
        if (order < 0 || (order == 0 && !known->lost))
            return true;
    }
    if (!keep(known, news->at))
        return false;
    known->hash = hash;
    s->count += is_new;
    *as = kind_for(s, known, news->kind);
    known->within = s->fence && news->kind != NEWS_EXIT;
    known->lost = false;
    return true;
}

bool shown_has(const struct shown *s, struct span id)
{
    return s->room && slot_of(s, id, siphash13(s->key, id))->at;
}

bool shown_lost(struct shown *s, struct span *id)
{
    for (; s->swept < s->room; s->swept++) {
        struct shown_id *known = &s->ids[s->swept];
        if (!known->at || !known->within || known->connection == s->connection)
            continue;
        known->within = false;
        known->lost = true;
        *id = stamp_of(known).id;
        return true;
    }
    return false;
}
