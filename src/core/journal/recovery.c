/* recovery.c — see recovery.h.
 *
 *   state   what                                                        next
 *   HEADS   the first bytes of each file                                SCANS; DONE: none is there
 *   SCANS   each file of the chain, oldest first; stamps in groups      SCANS, DONE
 *   SCANS   a base is not whole, and there is an older one              SCANS, anew, with that one
 *   any     a file is of another node, of a later program               REFUSED */
#include "core/journal/recovery.h"
#include "core/base/invariant.h"
#include "core/journal/chain.h"
#include "core/journal/journal.h"
#include "core/journal/names.h"
#include <stdio.h>
#include <stdlib.h>

enum { GROUP = 64, WHY_BYTES = 512 };

enum state { HEADS, SCANS, ENDED };

struct recovery {
    struct recovery_config config;
    enum state state;
    enum recovery_step result;
    char why[WHY_BYTES];
    unsigned char *memory; /* SCAN_WINDOW_BYTES */
    struct chain_file *files;
    unsigned at; /* HEADS: the file that is read; SCANS: the file of the chain, the base first */
    size_t head_bytes; /* of its header, so far */
    struct chain chain;
    struct store *store;
    struct scan scan;
    bool scanning; /* the scan of file `at` was begun */
    struct feed_item group[GROUP];
    struct stamp_text texts[GROUP];
    struct {
        char id[STAMPEDE_CLIENT_ID_BYTES_MAX], origin[STAMPEDE_NODE_NAME_BYTES_MAX];
    } names[GROUP]; /* the scan's window may move before a group is put */
    unsigned grouped;
    struct past_peer had[PAST_PEERS_MAX]; /* of the block that is being read */
    unsigned had_count;
    bool first_end; /* no END of this log was read yet */
    bool at_end; /* nothing was put behind the last END, which says: */
    struct block_header end;
    bool full; /* there are more stamps than there may be */
    uint64_t said_count; /* how many, by the last END or SEAL */
    struct found found;
};

/* -- life -------------------------------------------------------------------------------------- */

struct recovery *recovery_begin(const struct recovery_config *config)
{
    struct recovery *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    ASSERT(config->files_count < JOURNAL_FILES_MAX);
    unsigned room = config->files_count + 1;
    r->config = *config;
    r->memory = malloc(SCAN_WINDOW_BYTES);
    r->files = calloc(room, sizeof *r->files);
    r->chain.logs = calloc(room, sizeof *r->chain.logs);
    r->found.files = calloc(room, sizeof *r->found.files);
    r->store = store_create(&config->store);
    if (!r->memory || !r->files || !r->chain.logs || !r->found.files || !r->store) {
        recovery_end(r);
        return NULL;
    }
    for (unsigned i = 0; i < config->files_count; i++) {
        const struct found_file *f = &config->files[i];
        r->files[i].file = r->found.files[i] = *f;
        if (r->found.seq < f->seq)
            r->found.seq = f->seq;
    }
    r->found.files_count = config->files_count;
    return r;
}

void recovery_end(struct recovery *r)
{
    if (!r)
        return;
    store_destroy(r->store);
    free(r->found.files);
    free(r->chain.logs);
    free(r->files);
    free(r->memory);
    free(r);
}

struct store *recovery_take(struct recovery *r, struct found *found)
{
    ASSERT(r->state == ENDED && r->result == RECOVERY_DONE && r->store);
    struct store *store = r->store;
    *found = r->found;
    r->store = NULL;
    r->found.files = NULL;
    return store;
}

const char *recovery_why(const struct recovery *r)
{
    return r->why;
}

uint64_t recovery_stamps(const struct recovery *r)
{
    return store_count(r->store);
}

static enum recovery_step end(struct recovery *r, enum recovery_step result)
{
    r->state = ENDED;
    r->result = result;
    return result;
}

/* -- headers ----------------------------------------------------------------------------------- */

/* Why a node must not start on this file; NULL: it may. Damage is for the scan. */
static const char *refusal(enum file_verdict verdict)
{
    switch (verdict) {
    case FILE_NEWER:
        return "is of a later version of stampede; use that one, or give the node an empty folder, "
               "which its neighbours fill";
    case FILE_OTHER_HASH:
        return "has the sums of another version of stampede; give the node an empty folder, which "
               "its neighbours fill";
    case FILE_OTHER_HERD:
        return "is of another herd; correct journal.dir, or move the folder away";
    case FILE_OTHER_NODE:
        return "is of another node; give each node a folder of its own, like: journal { dir = "
               "\"data/%n\" }";
    default:
        return NULL;
    }
}

static enum recovery_step refuse(struct recovery *r, const struct found_file *f, const char *why)
{
    snprintf(r->why, sizeof r->why, "%s %s", journal_name_of(f->kind, f->seq, false).text, why);
    return end(r, RECOVERY_REFUSED);
}

/* The header of file `at` is there as far as it goes. */
static void judge_head(struct recovery *r)
{
    struct chain_file *f = &r->files[r->at];
    struct file_expected expected = {.herd = r->config.herd,
        .node = r->config.node,
        .kind = f->file.kind,
        .seq = f->file.seq};
    struct span bytes = {(const char *)r->memory, r->head_bytes};
    f->verdict = file_header_parse(bytes, &expected, &f->header);
    const char *why = refusal(f->verdict);
    r->at++;
    r->head_bytes = 0;
    if (why)
        (void)refuse(r, &f->file, why);
}

/* -- the chain --------------------------------------------------------------------------------- */

static void begin_chain(struct recovery *r, int base)
{
    chain_find(&r->chain, r->files, r->config.files_count, base);
    r->found.figures = (struct found_figures){.damaged = r->chain.broken};
    r->found.change = r->found.base_bytes = r->found.log_bytes = 0;
    r->found.past = (struct past){0};
    r->found.formers = 0;
    r->found.predecessor = (struct file_predecessor){0};
    r->at = base >= 0 ? 0 : 1;
    r->scanning = r->at_end = r->full = false;
    r->state = SCANS;
}

/* The file that is read, by its place in the chain: 0 the base, then the logs. */
static const struct chain_file *file_at(const struct recovery *r, unsigned at)
{
    if (at == 0)
        return &r->files[r->chain.base];
    return at <= r->chain.logs_count ? &r->files[r->chain.logs[at - 1]] : NULL;
}

static void begin_scan(struct recovery *r)
{
    const struct chain_file *f = file_at(r, r->at), *next = file_at(r, r->at + 1);
    bool sound = f->verdict == FILE_FINE, log = f->file.kind == FILE_LOG;
    uint64_t before = sound && log ? f->header.change_before : 0;
    struct file_predecessor known = {0};
    if (log && next && next->verdict == FILE_FINE &&
        next->header.predecessor.seq == f->file.seq)
        known = next->header.predecessor;
    /* A log goes on where the one before it ended, or the base of its number stands before it. */
    bool behind_base = r->at == 1 && r->chain.base >= 0;
    if (log && sound && !behind_base && before != r->found.change)
        r->found.figures.damaged = true;
    if (before < r->found.change)
        before = r->found.change;
    file_scan_init(&r->scan,
        &(struct scan_file){.header = sound ? &f->header : NULL,
            .kind = f->file.kind,
            .size = f->file.bytes,
            .change_before = before,
            .known = known},
        r->memory);
    r->first_end = true;
    r->scanning = true;
}

/* The life that wrote the last log, and those before it. */
static void take_formers(struct recovery *r, const struct file_header *h)
{
    struct found *found = &r->found;
    found->former[0] = (struct former_boot){.boot = h->boot, .change = found->change};
    found->formers = 1;
    for (unsigned i = 0; i < h->formers && found->formers < FILE_FORMER_BOOTS_MAX; i++)
        found->former[found->formers++] = h->former[i];
}

/* The boots of the former processes as the node wants them: the last one last. */
static void recall_boots(struct found *found)
{
    unsigned count = found->formers < PAST_BOOTS_MAX ? found->formers : PAST_BOOTS_MAX;
    for (unsigned i = 0; i < count; i++)
        found->past.boots[count - 1 - i] = found->former[i].boot;
    found->past.boots_count = count;
}

static bool is_damage(enum scan_verdict v)
{
    return v == SCAN_DAMAGED || v == SCAN_UNSEALED;
}

/* A file was read to its end. */
static void end_scan(struct recovery *r)
{
    const struct chain_file *f = file_at(r, r->at);
    const struct scan_result *s = &r->scan.result;
    struct found_figures *figures = &r->found.figures;
    r->scanning = false;
    bool unsure = f->file.kind == FILE_LOG && r->at > r->chain.logs_count - r->chain.unsure;
    r->at++;
    if (s->verdict == SCAN_EMPTY && !unsure) {
        figures->damaged = true;
        return;
    }
    if (s->verdict == SCAN_EMPTY)
        return;
    figures->files++;
    figures->bytes += f->file.bytes;
    figures->records += s->stamps;
    figures->holes += s->holes;
    figures->lost_bytes += s->lost_bytes;
    figures->damaged |= is_damage(s->verdict);
    if (s->clock_ns)
        figures->clock_ns = s->clock_ns;
    if (r->found.change < s->change)
        r->found.change = s->change;
    if (f->file.kind == FILE_BASE) {
        r->found.base_bytes = f->file.bytes;
        return;
    }
    r->found.log_bytes += f->file.bytes;
    figures->torn_bytes = f->file.bytes > s->end ? f->file.bytes - s->end : 0;
    figures->clean = s->verdict == SCAN_CLEAN && r->at_end;
    r->found.predecessor = (struct file_predecessor){
        .seq = f->file.seq, .end = s->end, .change = s->change, .crc = s->crc};
    if (f->verdict == FILE_FINE)
        take_formers(r, &f->header);
}

/* -- stamps and haves -------------------------------------------------------------------------- */

/* false: out of memory. */
static bool put_group(struct recovery *r)
{
    uint64_t hashes[GROUP];
    uint32_t likely[GROUP];
    bool well = true;
    for (unsigned i = 0; i < r->grouped; i++) {
        hashes[i] = store_hash(r->store, r->group[i].stamp.id);
        store_prefetch_table(r->store, hashes[i]);
    }
    for (unsigned i = 0; i < r->grouped; i++)
        likely[i] = store_prefetch_record(r->store, hashes[i]);
    for (unsigned i = 0; i < r->grouped; i++)
        store_prefetch_feed(r->store, likely[i]);
    for (unsigned i = 0; i < r->grouped && well && !r->full; i++) {
        const struct feed_item *item = &r->group[i];
        enum store_verdict v = store_restore(r->store, &item->stamp, hashes[i], item->change, 0);
        r->full = v == STORE_FULL;
        well = v != STORE_STARVED;
        r->found.figures.damaged |= v == STORE_UNKNOWN;
    }
    r->grouped = 0;
    r->at_end = false;
    return well;
}

static void take_stamp(struct recovery *r, const struct feed_item *item)
{
    struct feed_item *to = &r->group[r->grouped];
    char *id = r->names[r->grouped].id, *origin = r->names[r->grouped].origin;
    r->grouped++;
    *to = *item;
    memcpy(id, item->stamp.id.at, item->stamp.id.len);
    memcpy(origin, item->stamp.origin.at, item->stamp.origin.len);
    to->stamp.id.at = id;
    to->stamp.origin.at = origin;
}

static void take_have(struct recovery *r, const struct have *have)
{
    if (r->had_count == PAST_PEERS_MAX)
        return;
    struct past_peer *p = &r->had[r->had_count++];
    *p = (struct past_peer){.had = have->had, .confirmed = have->confirmed};
    memcpy(p->name, have->peer.at, have->peer.len);
}

/* NULL: there is no room for another. */
static struct past_peer *find_peer(struct past *past, const char *name)
{
    for (unsigned i = 0; i < past->peers_count; i++)
        if (strcmp(past->peers[i].name, name) == 0)
            return &past->peers[i];
    return past->peers_count < PAST_PEERS_MAX ? &past->peers[past->peers_count++] : NULL;
}

/* A log's first END says all that had been had, the others what has changed. */
static void take_end(struct recovery *r, const struct block_header *b, bool whole)
{
    r->said_count = b->count;
    if (!(b->flags & BLOCK_END) || !whole) {
        r->had_count = 0;
        return;
    }
    if (r->first_end)
        r->found.past.peers_count = 0;
    r->first_end = false;
    for (unsigned i = 0; i < r->had_count; i++) {
        struct past_peer *p = find_peer(&r->found.past, r->had[i].name);
        if (p)
            *p = r->had[i];
    }
    r->had_count = 0;
    r->found.past.partial = b->flags & BLOCK_PARTIAL;
    r->end = *b;
    r->at_end = true;
}

/* -- the end ----------------------------------------------------------------------------------- */

/* Whether the store is what the last END says that it was. */
static bool sums_differ(const struct recovery *r)
{
    bool comparable = r->at_end && !r->found.figures.damaged && !store_evicted(r->store);
    return comparable && (r->end.digest != store_digest(r->store) ||
                             r->end.count != store_count(r->store));
}

static enum recovery_step finish(struct recovery *r)
{
    struct found *found = &r->found;
    if (r->full) {
        uint64_t least = store_count(r->store) + 1;
        snprintf(r->why, sizeof r->why,
            "there are %llu stamps in the journal, and limits.stamps is %llu; raise it, or have "
            "the oldest go with: limits { stamps_full = evict }",
            (unsigned long long)(r->said_count > least ? r->said_count : least),
            (unsigned long long)r->config.store.stamps_max);
        return end(r, RECOVERY_REFUSED);
    }
    store_restored(r->store, found->change);
    recall_boots(found);
    found->figures.stamps = store_count(r->store);
    found->figures.digest_differs = sums_differ(r);
    if (found->figures.damaged || found->figures.digest_differs)
        found->past.peers_count = 0; /* what they cover may be lost */
    return end(r, RECOVERY_DONE);
}

/* The base was not whole: begin anew with one before it. false: there is none. */
static bool older_base(struct recovery *r)
{
    int older = chain_base(
        r->files, r->config.files_count, r->files[r->chain.base].file.seq);
    if (older < 0)
        return false;
    struct store *fresh = store_create(&r->config.store);
    if (!fresh)
        return false;
    store_destroy(r->store);
    r->store = fresh;
    begin_chain(r, older);
    return true;
}

static enum recovery_step scan_on(struct recovery *r, struct recovery_want *want)
{
    struct scan_event e;
    for (;;) {
        enum scan_step step = file_scan_next(&r->scan, &e, &r->texts[r->grouped]);
        if (step == SCAN_STAMP) {
            take_stamp(r, &e.item);
            if (r->grouped < GROUP)
                continue;
        }
        if (step != SCAN_HAVE && r->grouped && !put_group(r))
            return end(r, RECOVERY_NO_MEMORY);
        switch (step) {
        case SCAN_READ:
            *want = (struct recovery_want){.file = file_at(r, r->at)->file,
                .offset = e.read.offset,
                .into = e.read.into,
                .bytes = e.read.bytes};
            return RECOVERY_READS;
        case SCAN_STAMP:
            continue;
        case SCAN_HAVE:
            take_have(r, &e.have);
            continue;
        case SCAN_END:
            take_end(r, &e.block, e.whole);
            continue;
        case SCAN_DONE:
            return RECOVERY_DONE;
        }
    }
}

/* -- steps ------------------------------------------------------------------------------------- */

static enum recovery_step read_heads(struct recovery *r, struct recovery_want *want)
{
    if (r->at < r->config.files_count) {
        *want = (struct recovery_want){.file = r->files[r->at].file,
            .offset = r->head_bytes,
            .into = r->memory + r->head_bytes,
            .bytes = FILE_HEADER_BYTES - r->head_bytes};
        return RECOVERY_READS;
    }
    begin_chain(r, chain_base(r->files, r->config.files_count, UINT64_MAX));
    return recovery_next(r, want);
}

enum recovery_step recovery_next(struct recovery *r, struct recovery_want *want)
{
    if (r->state == HEADS)
        return read_heads(r, want);
    while (r->state == SCANS) {
        if (!file_at(r, r->at))
            return finish(r);
        if (!r->scanning)
            begin_scan(r);
        enum recovery_step step = scan_on(r, want);
        if (step != RECOVERY_DONE)
            return step;
        bool base = r->at == 0 && is_damage(r->scan.result.verdict);
        if (!base || !older_base(r))
            end_scan(r);
    }
    return r->result;
}

void recovery_filled(struct recovery *r, size_t bytes)
{
    if (r->state == SCANS) {
        file_scan_filled(&r->scan, bytes);
        return;
    }
    ASSERT(r->state == HEADS && bytes <= FILE_HEADER_BYTES - r->head_bytes);
    r->head_bytes += bytes;
    if (bytes == 0 || r->head_bytes == FILE_HEADER_BYTES)
        judge_head(r);
}

void recovery_unreadable(struct recovery *r)
{
    if (r->state == SCANS) {
        file_scan_unreadable(&r->scan);
        return;
    }
    ASSERT(r->state == HEADS);
    r->head_bytes = 0; /* a header that cannot be read is a damaged one */
    judge_head(r);
}
