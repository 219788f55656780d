/* append.c — a core that goes on in the log of the process before. */
#include "core/journal/heads.h"
#include "core/journal/output.h"
#include "journal/world.h"

static uint64_t behind; /* where that one ends */
static uint64_t salts[4096]; /* of logs, by number */

struct file_header __real_heads_log(struct heads *h, uint64_t change, struct instant now);
struct file_header __wrap_heads_log(struct heads *h, uint64_t change, struct instant now);
void __real_output_begin(
    struct output *o, const char *name, const struct file_header *h, uint64_t whole);
void __wrap_output_begin(
    struct output *o, const char *name, const struct file_header *h, uint64_t whole);

struct file_header __wrap_heads_log(struct heads *h, uint64_t change, struct instant now)
{
    struct file_predecessor was = h->next.predecessor;
    bool goes_on = h->next.salt == 0 && was.seq && was.seq == h->next.seq;
    if (goes_on)
        h->next.seq--;
    struct file_header log = __real_heads_log(h, change, now);
    if (goes_on) {
        log.salt = h->next.salt = salts[log.seq % 4096];
        log.predecessor = h->next.predecessor = (struct file_predecessor){0};
        log.change_before = h->next.change_before = 0;
        behind = was.end;
    }
    salts[log.seq % 4096] = log.salt;
    return log;
}

void __wrap_output_begin(
    struct output *o, const char *name, const struct file_header *h, uint64_t whole)
{
    world_opens_existing();
    __real_output_begin(o, name, h, whole);
    if (behind && o->file == JOURNAL_LOG)
        o->writer.end = page_end(o->writer.blocks_end = behind);
    behind = 0;
}
