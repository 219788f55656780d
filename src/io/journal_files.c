/* journal_files.c — see journal_files.h. */
#include "io/journal_files.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include "io/ring_files.h"
#include <errno.h>
#include <unistd.h>

void journal_files_open(struct journal_files *f, struct ring *ring, struct node *node, int folder)
{
    *f = (struct journal_files){.ring = ring, .node = node, .folder = folder};
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        f->each[i].fd = -1;
}

void journal_files_close(struct journal_files *f)
{
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        if (f->each[i].fd >= 0)
            close(f->each[i].fd);
}

static void begin(struct journal_files *f, const struct journal_order *o)
{
    struct journal_file_state *s = &f->each[o->file];
    struct ring_tag tag = {.op = RING_JOURNAL, .slot = o->file};
    ASSERT(!s->busy);
    s->busy = true;
    s->order = *o;
    switch (o->act) {
    case JOURNAL_CREATE:
        ASSERT(s->fd < 0);
        ring_file_create(f->ring, f->folder, tag, o->name);
        return;
    case JOURNAL_WRITE:
        ring_file_write(f->ring, s->fd, tag, o->bytes, o->offset, o->durable);
        return;
    case JOURNAL_SYNC:
        ring_file_sync(f->ring, s->fd, tag);
        return;
    case JOURNAL_SYNC_FOLDER:
        ring_file_sync(f->ring, f->folder, tag);
        return;
    case JOURNAL_RENAME:
        ring_file_rename(f->ring, f->folder, tag, o->name, o->to);
        return;
    case JOURNAL_REMOVE:
        ring_file_remove(f->ring, f->folder, tag, o->name);
        return;
    case JOURNAL_LOOK:
        ring_file_look(f->ring, f->folder, tag, o->name, &s->about);
        return;
    case JOURNAL_CLOSE:
        ring_file_close(f->ring, s->fd, tag);
        return;
    }
}

void journal_files_settle(struct journal_files *f, struct instant now)
{
    struct journal_order order;
    while (f->folder >= 0 && node_journal_order(f->node, &order, now))
        begin(f, &order);
}

/* A result as the journal takes it; what succeeded but is not well becomes an errno, too. */
static int32_t judge(struct journal_file_state *s, int32_t result)
{
    struct stat about;
    switch (s->order.act) {
    case JOURNAL_CREATE:
        if (result < 0)
            return result;
        s->fd = result;
        if (fstat(s->fd, &about) != 0)
            return -errno;
        s->inode = about.st_ino;
        return 0;
    case JOURNAL_WRITE:
        return result == 0 ? -ENOSPC : result;
    case JOURNAL_REMOVE:
        return result == -ENOENT ? 0 : result;
    case JOURNAL_LOOK:
        if (result == -ENOENT || (result == 0 && s->about.stx_ino != s->inode))
            return -ESTALE;
        return result;
    case JOURNAL_CLOSE:
        s->fd = -1;
        return 0;
    default:
        return result;
    }
}

static enum journal_outcome outcome_of(int32_t result)
{
    if (result >= 0)
        return JOURNAL_DONE;
    return result == -ENOSPC || result == -EDQUOT ? JOURNAL_NO_ROOM : JOURNAL_FAILED;
}

void journal_files_completed(
    struct journal_files *f, const struct ring_event *e, struct instant now)
{
    ASSERT(e->tag.slot < JOURNAL_FILES);
    struct journal_file_state *s = &f->each[e->tag.slot];
    ASSERT(s->busy);
    s->busy = false;
    int32_t result = judge(s, e->result);
    node_journal_done(f->node,
        &(struct journal_answer){.file = s->order.file,
            .outcome = outcome_of(result),
            .bytes = result > 0 ? (size_t)result : 0,
            .why = result < 0 ? reason_of(-result) : NULL},
        now);
}
