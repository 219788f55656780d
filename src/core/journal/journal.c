/* journal.c — see journal.h. What the node and the driver call; the log is log_life's, the base
 * bases'. Both go on independently, each with one order under way at most. What joins them: a log
 * is begun before the base that it is the rest of; and a base gets its name when the log is
 * durable up to all that moved meanwhile. */
#include "core/base/invariant.h"
#include "core/journal/bases.h"
#include "core/journal/log_life.h"
#include <stdlib.h>

/* -- life -------------------------------------------------------------------------------------- */

static const struct journal_bounds usual_bounds = {
    .buffer_bytes = JOURNAL_BUFFER_BYTES,
    .write_bytes = JOURNAL_WRITE_BYTES,
    .base_items = JOURNAL_BASE_ITEMS,
    .compact_bytes = JOURNAL_COMPACT_BYTES,
    .logs_max = JOURNAL_LOGS_MAX,
};

static bool get_memory(struct journal *j)
{
    j->out.buffers[0] = malloc(j->bounds.buffer_bytes);
    j->out.buffers[1] = malloc(j->bounds.buffer_bytes);
    j->base.out.buffers[0] = malloc(j->bounds.buffer_bytes);
    j->files = calloc(JOURNAL_FILES_MAX, sizeof *j->files);
    return j->out.buffers[0] && j->out.buffers[1] && j->base.out.buffers[0] && j->files;
}

static void free_memory(struct journal *j)
{
    free(j->out.buffers[0]);
    free(j->out.buffers[1]);
    free(j->base.out.buffers[0]);
    free(j->files);
    free(j);
}

static void take_past(struct journal *j, const struct found *found)
{
    ASSERT(found->files_count < JOURNAL_FILES_MAX && found->change == store_change(j->store));
    for (unsigned i = 0; i < found->files_count; i++) {
        j->files[i] = found->files[i];
        j->logs += found->files[i].kind == FILE_LOG;
    }
    j->files_count = found->files_count;
    j->base_bytes = found->base_bytes;
    j->logs_bytes = found->log_bytes;
    j->base_wanted = found->figures.damaged || found->figures.digest_differs;
    j->durable = j->whole = found->change;
    j->found = found->figures;
}

struct journal *journal_create(const struct journal_config *config, struct instant now)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->bounds = config->bounds ? *config->bounds : usual_bounds;
    if (!get_memory(j)) {
        free_memory(j);
        return NULL;
    }
    j->store = j->base.store = config->store;
    j->log = config->log;
    j->how = *config->how;
    j->out.file = JOURNAL_LOG;
    j->base.out.file = JOURNAL_BASE;
    j->out.buffer_bytes = j->base.out.buffer_bytes = j->bounds.buffer_bytes;
    j->base.items = j->bounds.base_items;
    j->cursor = store_cursor_open(j->store);
    j->base.cursor = store_cursor_open(j->store);
    store_cursor_seek(j->store, j->cursor, store_change(j->store));
    j->behind_ns = j->base_ns = NEVER_NS;
    j->state_ns = now.mono_ns;
    take_past(j, config->found);
    heads_init(
        &j->heads, config->herd, config->node, config->boot, config->random, config->found);
    log_life_begin(j, config->found->change, now);
    return j;
}

void journal_destroy(struct journal *j)
{
    if (!j)
        return;
    static struct journal *still_read;
    store_cursor_close(j->store, j->cursor);
    store_cursor_close(j->store, j->base.cursor);
    if (j->out.ordered || j->base.out.ordered)
        still_read = j;
    else
        free_memory(j);
    (void)still_read;
}

void journal_take_limits(struct journal *j, const struct topology_journal *how, struct instant now)
{
    bool sooner = how->flush_ns < j->how.flush_ns || how->mode != j->how.mode;
    j->how = *how;
    if (sooner && j->synced_ns > now.mono_ns - (int64_t)how->flush_ns)
        j->synced_ns = now.mono_ns - (int64_t)how->flush_ns;
}

/* -- the node's side --------------------------------------------------------------------------- */

bool journal_turn(struct journal *j, struct instant now)
{
    log_life_count(j, now);
    bases_turn(j, now); /* first: it may end the log, and then no block of it is due */
    return j->phase != PHASE_OVER && log_life_turn(j, now);
}

static bool same_had(const struct had *a, const struct had *b)
{
    return a->boot == b->boot && a->change == b->change && a->by == b->by;
}

/* Whether this log says that of the neighbour already; from now on it does. */
static bool says_already(struct journal *j, const struct past_peer *peer)
{
    unsigned i = 0;
    while (i < j->said_count && strcmp(j->said[i].name, peer->name) != 0)
        i++;
    struct past_peer *said = &j->said[i];
    bool known = i < j->said_count;
    if (known && same_had(&said->had, &peer->had) && same_had(&said->confirmed, &peer->confirmed))
        return true;
    ASSERT(i < PAST_PEERS_MAX);
    *said = *peer;
    j->said_count += !known;
    return false;
}

void journal_end(struct journal *j, const struct past *past, struct instant now)
{
    ASSERT(j->phase == PHASE_RUNS && j->out.step == OUTPUT_IDLE);
    ASSERT(store_cursor_change(j->store, j->cursor) == store_change(j->store));
    for (unsigned i = 0; i < past->peers_count; i++) {
        const struct past_peer *p = &past->peers[i];
        if (!says_already(j, p))
            output_have(&j->out,
                &(struct have){.peer = span_of(p->name), .had = p->had, .confirmed = p->confirmed},
                now);
    }
    log_life_write(j,
        &(struct writer_last){.flags = BLOCK_END | (past->partial ? BLOCK_PARTIAL : 0u),
            .digest = store_digest(j->store),
            .count = store_count(j->store),
            .clock_ns = now.real_ns},
        now);
}

void journal_stop(struct journal *j)
{
    j->stopping = true;
    j->ended = false; /* of neighbours more may have been had since, or confirmed */
}

bool journal_is_over(const struct journal *j)
{
    return j->phase == PHASE_OVER && j->base.state == SNAPSHOT_NONE;
}

int64_t journal_deadline(const struct journal *j)
{
    if (journal_is_over(j))
        return NEVER_NS;
    return earlier_ns(log_life_deadline(j), bases_deadline(j));
}

bool journal_is_open(const struct journal *j)
{
    return j->is_open;
}

const char *journal_fails(const struct journal *j)
{
    return j->failing ? j->why : NULL;
}

uint64_t journal_durable(const struct journal *j)
{
    return j->durable;
}

const char *journal_gives_up(const struct journal *j, struct instant now)
{
    bool waited = j->behind_ns != NEVER_NS &&
                  now.mono_ns - j->behind_ns >= JOURNAL_GIVES_UP_MS * MS_NS;
    return j->how.mode == JOURNAL_ALWAYS && j->failing && waited && !j->stopping ? j->why : NULL;
}

/* -- the driver's side ------------------------------------------------------------------------- */

bool journal_order(struct journal *j, struct journal_order *out, struct instant now)
{
    if (!output_order(&j->out, out))
        return snapshot_order(&j->base, out);
    j->ordered_ns = now.mono_ns;
    return true;
}

void journal_done(struct journal *j, const struct journal_answer *a, struct instant now)
{
    if (a->file == JOURNAL_BASE)
        snapshot_done(&j->base, a);
    else
        log_life_done(j, a, now);
}

/* -- what it knows ----------------------------------------------------------------------------- */

static enum journal_state state_of(const struct journal *j)
{
    if (j->phase == PHASE_OVER)
        return JOURNAL_OVER;
    if (j->failing)
        return j->out.no_room && !j->hole ? JOURNAL_FULL : JOURNAL_BROKEN;
    return j->is_open ? JOURNAL_READY : JOURNAL_OPENS;
}

struct journal_status journal_status(const struct journal *j)
{
    struct journal_status s = {
        .state = state_of(j),
        .mode = j->how.mode,
        .since_ns = j->state_ns,
        .change = j->durable,
        .behind = store_change(j->store) - j->durable,
        .behind_since_ns = j->behind_ns,
        .log_bytes = j->logs_bytes + j->out.written.bytes,
        .base_bytes = j->base_bytes,
        .base_ns = j->base_ns,
        .counts = j->counts,
        .found = j->found,
    };
    memcpy(s.why, j->why, sizeof s.why);
    return s;
}
