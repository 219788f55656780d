/* disk.c — see disk.h. */
#include "journal/disk.h"
#include "core/base/invariant.h"

static bool happens(struct disk *d, enum disk_fault f)
{
    return d->one_in[f] && random_below(&d->dice, d->one_in[f]) == 0;
}

static unsigned below(struct disk *d, size_t bound)
{
    return random_below(&d->dice, (uint32_t)bound);
}

/* -- files ------------------------------------------------------------------------------------- */

static size_t sectors(size_t bytes)
{
    return (bytes + DISK_SECTOR_BYTES - 1) / DISK_SECTOR_BYTES;
}

static void make_room(struct disk_file *f, size_t bytes)
{
    if (bytes <= f->room)
        return;
    size_t room = f->room ? f->room : 16 << 10;
    while (room < bytes)
        room *= 2;
    f->bytes = realloc(f->bytes, room);
    f->kept = realloc(f->kept, room);
    f->dirty = realloc(f->dirty, sectors(room));
    ASSERT(f->bytes && f->kept && f->dirty);
    memset(f->bytes + f->room, 0, room - f->room);
    memset(f->kept + f->room, 0, room - f->room);
    memset(f->dirty + sectors(f->room), 0, sectors(room) - sectors(f->room));
    f->room = room;
}

static void drop(struct disk_file *f)
{
    free(f->bytes);
    free(f->kept);
    free(f->dirty);
    *f = (struct disk_file){0};
}

static void land(struct disk_file *f, uint64_t offset, const unsigned char *bytes, size_t len)
{
    if (len == 0)
        return;
    make_room(f, sectors(offset + len) * DISK_SECTOR_BYTES);
    memcpy(f->bytes + offset, bytes, len);
    for (size_t s = offset / DISK_SECTOR_BYTES; s < sectors(offset + len); s++)
        f->dirty[s] = 1;
    if (f->len < offset + len)
        f->len = offset + len;
}

static void keep_sector(struct disk_file *f, size_t s)
{
    memcpy(f->kept + s * DISK_SECTOR_BYTES, f->bytes + s * DISK_SECTOR_BYTES, DISK_SECTOR_BYTES);
    f->dirty[s] = 0;
}

static void sync_range(struct disk_file *f, uint64_t offset, size_t len)
{
    for (size_t s = offset / DISK_SECTOR_BYTES; s < sectors(offset + len); s++)
        keep_sector(f, s);
    if (f->kept_len < offset + len)
        f->kept_len = offset + len;
}

/* What was not durable is as the disk likes from now on. */
static void lose(struct disk *d, struct disk_file *f)
{
    unsigned mood = below(d, 4); /* 0: all old, 1: all new, else: any of them */
    if (f->kept_len < f->len && mood)
        f->kept_len += mood == 1 ? f->len - f->kept_len : below(d, f->len - f->kept_len + 1);
    for (size_t s = 0; s < sectors(f->len); s++) {
        if (!f->dirty[s])
            continue;
        unsigned char *kept = f->kept + s * DISK_SECTOR_BYTES;
        unsigned what = mood < 2 ? mood : below(d, 3);
        if (what == 1)
            keep_sector(f, s);
        for (unsigned i = 0; what == 2 && i < DISK_SECTOR_BYTES; i++)
            kept[i] = (unsigned char)below(d, 256);
        f->dirty[s] = 0;
    }
    memset(f->kept + f->kept_len, 0, f->room - f->kept_len);
}

/* -- names ------------------------------------------------------------------------------------- */

static void set_name(char *name, const char *to)
{
    snprintf(name, JOURNAL_NAME_BYTES, "%s", to);
}

int disk_find(const struct disk *d, const char *name)
{
    for (int i = 0; i < DISK_FILES_MAX; i++)
        if (d->files[i].used && strcmp(d->files[i].name, name) == 0)
            return i;
    return -1;
}

static void note_op(struct disk *d, unsigned file, const char *name)
{
    ASSERT(d->ops_count < DISK_OPS_MAX);
    d->ops[d->ops_count].file = file;
    set_name(d->ops[d->ops_count++].name, name);
}

static void keep_name(struct disk *d, const struct disk_op *op)
{
    for (unsigned i = 0; op->name[0] && i < DISK_FILES_MAX; i++)
        if (d->files[i].used && strcmp(d->files[i].kept_name, op->name) == 0)
            d->files[i].kept_name[0] = '\0';
    set_name(d->files[op->file].kept_name, op->name);
}

static void sync_names(struct disk *d)
{
    for (unsigned i = 0; i < d->ops_count; i++)
        keep_name(d, &d->ops[i]);
    d->ops_count = 0;
}

/* Each change of a name is kept or not. */
static void lose_names(struct disk *d)
{
    for (unsigned i = 0; i < d->ops_count; i++)
        if (below(d, 2))
            keep_name(d, &d->ops[i]);
    d->ops_count = 0;
}

static bool is_open(const struct disk *d, int file)
{
    return d->each[JOURNAL_LOG].open == file || d->each[JOURNAL_BASE].open == file;
}

/* Files that nothing can lead to any more. */
static void sweep(struct disk *d)
{
    for (int i = 0; i < DISK_FILES_MAX; i++) {
        struct disk_file *f = &d->files[i];
        if (!f->used || f->name[0] || f->kept_name[0] || is_open(d, i))
            continue;
        bool named = d->late.bytes && d->late.file == (unsigned)i;
        for (unsigned o = 0; o < d->ops_count; o++)
            named |= d->ops[o].file == (unsigned)i;
        if (named)
            continue;
        drop(f);
        d->bad_file = d->bad_file == i ? -1 : d->bad_file;
    }
}

static int create(struct disk *d, const char *name)
{
    int at = disk_find(d, name);
    if (at >= 0)
        return d->opens_existing ? at : -1;
    if (d->gone)
        return -1;
    sweep(d);
    for (at = 0; d->files[at].used; at++)
        ASSERT(at < DISK_FILES_MAX - 1);
    d->files[at].used = true;
    make_room(&d->files[at], 1);
    set_name(d->files[at].name, name);
    note_op(d, (unsigned)at, name);
    return at;
}

static bool rename_file(struct disk *d, const char *name, const char *to)
{
    int at = disk_find(d, name), other = disk_find(d, to);
    if (at < 0)
        return false;
    if (other >= 0)
        d->files[other].name[0] = '\0';
    set_name(d->files[at].name, to);
    note_op(d, (unsigned)at, to);
    return true;
}

static void remove_file(struct disk *d, const char *name)
{
    int at = disk_find(d, name);
    if (at < 0)
        return;
    d->files[at].name[0] = '\0';
    note_op(d, (unsigned)at, "");
}

/* -- life -------------------------------------------------------------------------------------- */

void disk_init(struct disk *d, uint64_t seed)
{
    *d = (struct disk){.dice = {seed}, .bad_file = -1, .slowest_ns = 4 * MS_NS};
    d->each[JOURNAL_LOG].open = d->each[JOURNAL_BASE].open = -1;
}

void disk_deinit(struct disk *d)
{
    for (unsigned i = 0; i < DISK_FILES_MAX; i++)
        drop(&d->files[i]);
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        free(d->each[i].bytes);
    free(d->late.bytes);
}

void disk_copy(struct disk *to, const struct disk *from)
{
    *to = *from;
    for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
        const struct disk_file *f = &from->files[i];
        struct disk_file *t = &to->files[i];
        t->bytes = t->kept = t->dirty = NULL;
        t->room = 0;
        if (!f->used)
            continue;
        make_room(t, f->room);
        memcpy(t->bytes, f->bytes, f->room);
        memcpy(t->kept, f->kept, f->room);
        memcpy(t->dirty, f->dirty, sectors(f->room));
    }
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        to->each[i] = (struct disk_order){.open = -1};
    to->late.bytes = NULL;
}

/* -- orders ------------------------------------------------------------------------------------ */

void disk_begin(struct disk *d, const struct journal_order *o, int64_t now_ns)
{
    struct disk_order *s = &d->each[o->file];
    ASSERT(!s->busy);
    int64_t takes_ns = 10000 + (int64_t)below(d, (size_t)d->slowest_ns);
    s->busy = true;
    s->order = *o;
    s->done_ns = now_ns + takes_ns;
    if (s->done_ns < d->stands_until_ns)
        s->done_ns = d->stands_until_ns;
    if (o->act == JOURNAL_WRITE) {
        s->bytes = realloc(s->bytes, o->bytes.len);
        ASSERT(s->bytes);
        memcpy(s->bytes, o->bytes.at, o->bytes.len);
    }
}

int64_t disk_due_ns(const struct disk *d)
{
    int64_t due = d->late.bytes ? d->late.at_ns : NEVER_NS;
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        if (d->each[i].busy)
            due = earlier_ns(due, d->each[i].done_ns);
    return due;
}

static struct journal_answer fails(
    struct disk *d, const struct disk_order *s, enum journal_outcome what, const char *why)
{
    d->failed += what == JOURNAL_FAILED;
    return (struct journal_answer){.file = s->order.file, .outcome = what, .why = why};
}

static struct journal_answer write_some(struct disk *d, struct disk_order *s, int64_t now_ns)
{
    const struct journal_order *o = &s->order;
    struct disk_file *f = &d->files[s->open];
    size_t len = o->bytes.len;
    ASSERT(memcmp(s->bytes, o->bytes.at, len) == 0);
    if (happens(d, DISK_WRITE_EIO)) {
        land(f, o->offset, s->bytes, below(d, len + 1));
        if (o->durable)
            lose(d, f);
        return fails(d, s, JOURNAL_FAILED, "Input/output error");
    }
    bool full = now_ns < d->full_until_ns;
    if (full && below(d, 4))
        return fails(d, s, JOURNAL_NO_ROOM,
            below(d, 2) ? "No space left on device" : "Disk quota exceeded");
    if (len > 1 && (full || happens(d, DISK_SHORT)))
        len = 1 + below(d, len - 1);
    land(f, o->offset, s->bytes, len);
    if (o->durable && now_ns >= d->lies_until_ns)
        sync_range(f, o->offset, len);
    return (struct journal_answer){.file = o->file, .outcome = JOURNAL_DONE, .bytes = len};
}

static struct journal_answer sync_file(struct disk *d, struct disk_order *s, int64_t now_ns)
{
    struct disk_file *f = &d->files[s->open];
    bool eio = happens(d, DISK_SYNC_EIO), full = happens(d, DISK_SYNC_FULL);
    if (eio || full) {
        lose(d, f);
        return fails(d, s, eio ? JOURNAL_FAILED : JOURNAL_NO_ROOM, "Input/output error");
    }
    if (now_ns >= d->lies_until_ns)
        for (size_t i = 0; i < sectors(f->len); i++)
            if (f->dirty[i])
                keep_sector(f, i);
    if (now_ns >= d->lies_until_ns)
        f->kept_len = f->len;
    return (struct journal_answer){.file = s->order.file, .outcome = JOURNAL_DONE};
}

static struct journal_answer sync_folder(struct disk *d, struct disk_order *s, int64_t now_ns)
{
    bool eio = happens(d, DISK_FOLDER_EIO), full = happens(d, DISK_SYNC_FULL);
    if (eio || full) {
        lose_names(d);
        return fails(d, s, eio ? JOURNAL_FAILED : JOURNAL_NO_ROOM, "Input/output error");
    }
    if (now_ns >= d->lies_until_ns)
        sync_names(d);
    return (struct journal_answer){.file = s->order.file, .outcome = JOURNAL_DONE};
}

static struct journal_answer change_name(struct disk *d, struct disk_order *s, int64_t now_ns)
{
    const struct journal_order *o = &s->order;
    if (happens(d, DISK_NAME_EIO))
        return fails(d, s, JOURNAL_FAILED, "Input/output error");
    if (o->act != JOURNAL_REMOVE && now_ns < d->full_until_ns && below(d, 2))
        return fails(d, s, JOURNAL_NO_ROOM, "No space left on device");
    bool well = true;
    if (o->act == JOURNAL_CREATE)
        well = (s->open = create(d, o->name)) >= 0;
    else if (o->act == JOURNAL_RENAME)
        well = rename_file(d, o->name, o->to);
    else
        remove_file(d, o->name);
    if (!well)
        return fails(d, s, JOURNAL_FAILED, "No such file or directory");
    return (struct journal_answer){.file = o->file, .outcome = JOURNAL_DONE};
}

static struct journal_answer carry_out(struct disk *d, struct disk_order *s, int64_t now_ns)
{
    const struct journal_order *o = &s->order;
    switch (o->act) {
    case JOURNAL_WRITE:
        return write_some(d, s, now_ns);
    case JOURNAL_SYNC:
        return sync_file(d, s, now_ns);
    case JOURNAL_SYNC_FOLDER:
        return sync_folder(d, s, now_ns);
    case JOURNAL_CREATE:
    case JOURNAL_RENAME:
    case JOURNAL_REMOVE:
        return change_name(d, s, now_ns);
    case JOURNAL_LOOK:
        if (disk_find(d, o->name) != s->open)
            return fails(d, s, JOURNAL_FAILED, "Stale file handle");
        break;
    case JOURNAL_CLOSE:
        s->open = -1;
        break;
    }
    return (struct journal_answer){.file = o->file, .outcome = JOURNAL_DONE};
}

static void land_late(struct disk *d)
{
    d->late_tears |= d->late.offset % DISK_SECTOR_BYTES != 0;
    land(&d->files[d->late.file], d->late.offset, d->late.bytes, d->late.len);
    free(d->late.bytes);
    d->late.bytes = NULL;
}

bool disk_answer(struct disk *d, struct journal_answer *a, int64_t now_ns)
{
    if (d->late.bytes && d->late.at_ns <= now_ns)
        land_late(d);
    for (unsigned i = 0; i < JOURNAL_FILES; i++) {
        struct disk_order *s = &d->each[i];
        if (!s->busy || s->done_ns > now_ns)
            continue;
        s->busy = false;
        *a = carry_out(d, s, now_ns);
        return true;
    }
    return false;
}

/* -- how it ends ------------------------------------------------------------------------------- */

/* What is under way is done, or is not; of a write any part, or all of it later. */
static void leave_order(struct disk *d, struct disk_order *s, bool killed, int64_t now_ns)
{
    const struct journal_order *o = &s->order;
    enum { NOTHING, ALL, PART, LATER } what = below(d, killed && !d->punctual ? 4 : 3);
    if (o->act == JOURNAL_WRITE && what == LATER && !d->late.bytes) {
        d->late = (struct disk_late){.bytes = s->bytes,
            .len = o->bytes.len,
            .offset = o->offset,
            .file = (unsigned)s->open,
            .at_ns = now_ns + (int64_t)below(d, (size_t)SECOND_NS)};
        s->bytes = NULL;
    } else if (o->act == JOURNAL_WRITE && what != NOTHING) {
        size_t len = what == ALL ? o->bytes.len : below(d, o->bytes.len + 1);
        land(&d->files[s->open], o->offset, s->bytes, len);
    } else if (o->act == JOURNAL_CREATE && what) {
        (void)create(d, o->name);
    } else if (o->act == JOURNAL_RENAME && what) {
        (void)rename_file(d, o->name, o->to);
    } else if (o->act == JOURNAL_REMOVE && what) {
        remove_file(d, o->name);
    }
}

static void end_all(struct disk *d, bool killed, int64_t now_ns)
{
    for (unsigned i = 0; i < JOURNAL_FILES; i++) {
        struct disk_order *s = &d->each[i];
        if (s->busy)
            leave_order(d, s, killed, now_ns);
        free(s->bytes);
        *s = (struct disk_order){.open = -1};
    }
    sweep(d);
}

void disk_kill(struct disk *d, int64_t now_ns)
{
    end_all(d, true, now_ns);
}

void disk_crash(struct disk *d)
{
    end_all(d, false, 0);
    if (d->late.bytes && below(d, 2))
        land_late(d);
    free(d->late.bytes);
    d->late.bytes = NULL;
    lose_names(d);
    for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
        struct disk_file *f = &d->files[i];
        if (!f->used)
            continue;
        lose(d, f);
        memcpy(f->bytes, f->kept, f->room);
        f->len = f->kept_len;
        set_name(f->name, f->kept_name);
    }
    sweep(d);
}

/* -- between two processes --------------------------------------------------------------------- */

unsigned disk_list(struct disk *d, struct found_file *out, unsigned most)
{
    unsigned count = 0;
    for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
        struct disk_file *f = &d->files[i];
        enum file_kind kind;
        uint64_t seq;
        bool unfinished;
        if (!f->used || !f->name[0])
            continue;
        bool ours = journal_name_read(span_of(f->name), &kind, &seq, &unfinished);
        ASSERT(ours && count < most);
        if (unfinished)
            remove_file(d, f->name);
        else
            out[count++] = (struct found_file){kind, seq, f->len};
    }
    return count;
}

unsigned disk_count(const struct disk *d)
{
    unsigned count = 0;
    for (unsigned i = 0; i < DISK_FILES_MAX; i++)
        count += d->files[i].used && d->files[i].name[0];
    return count;
}

long disk_read(const struct disk *d, const char *name, uint64_t offset, void *into, size_t bytes)
{
    int at = disk_find(d, name);
    if (at < 0 || offset >= d->files[at].len)
        return 0;
    size_t left = d->files[at].len - offset, len = bytes < left ? bytes : left;
    if (at == d->bad_file && offset < d->bad_offset + 4096 && offset + len > d->bad_offset)
        return -1;
    memcpy(into, d->files[at].bytes + offset, len);
    return (long)len;
}

void disk_sync_all(struct disk *d)
{
    for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
        struct disk_file *f = &d->files[i];
        for (size_t s = 0; f->used && s < sectors(f->len); s++)
            if (f->dirty[s])
                keep_sector(f, s);
        f->kept_len = f->len;
    }
    sync_names(d);
}

bool disk_pretends(const struct disk *d)
{
    for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
        const struct disk_file *f = &d->files[i];
        if (f->used && strcmp(f->name, f->kept_name) != 0)
            return true;
        for (size_t s = 0; f->used && s < sectors(f->len); s++)
            if (!f->dirty[s] && memcmp(f->bytes + s * DISK_SECTOR_BYTES,
                                    f->kept + s * DISK_SECTOR_BYTES, DISK_SECTOR_BYTES) != 0)
                return true;
    }
    return false;
}

void disk_flip(struct disk *d, unsigned file, uint64_t bit)
{
    struct disk_file *f = &d->files[file];
    ASSERT(f->used && bit / 8 < f->len);
    f->bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    f->kept[bit / 8] ^= (unsigned char)(1 << bit % 8);
}

void disk_remove_all(struct disk *d)
{
    d->gone = true;
    for (unsigned i = 0; i < DISK_FILES_MAX; i++)
        d->files[i].name[0] = d->files[i].kept_name[0] = '\0';
    d->ops_count = 0;
    sweep(d);
}
