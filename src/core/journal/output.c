/* output.c — see output.h. */
#include "core/journal/output.h"
#include "core/base/invariant.h"
#include <stdio.h>

/* The buffer of the next span. */
static unsigned char *filled_next(const struct output *o)
{
    return o->buffers[o->buffers[1] ? o->filling : 0];
}

static void check(const struct output *o)
{
    ASSERT(o->synced.bytes <= o->written.bytes && o->written.bytes <= o->writer.end);
    ASSERT(o->synced.change <= o->written.change);
    ASSERT(!o->ordered || o->step != OUTPUT_IDLE);
}

void output_begin(
    struct output *o, const char *name, const struct file_header *h, uint64_t whole)
{
    ASSERT(o->step == OUTPUT_CLOSED && !o->ordered && !o->is_open);
    size_t len = strlen(name);
    ASSERT(len < sizeof o->name);
    memcpy(o->name, name, len + 1);
    o->step = OUTPUT_CREATES;
    o->no_room = false;
    o->filling = 0;
    file_header_put(o->buffers[0], h);
    writer_init(&o->writer, o->buffers[0], o->buffer_bytes, h->salt, h->change_before);
    o->bytes = (struct span){(char *)o->buffers[0], FILE_HEADER_BYTES};
    o->offset = 0;
    o->durable = o->syncs = false;
    o->written = o->synced = (struct reached){.change = h->change_before, .whole = whole};
    o->end = o->written;
    o->end.bytes = FILE_HEADER_BYTES;
}

bool output_fills(const struct output *o)
{
    if (o->writer.open)
        return true;
    bool idle = o->step == OUTPUT_IDLE;
    return idle || (o->buffers[1] && (o->step == OUTPUT_WRITES || o->step == OUTPUT_SYNCS ||
                                         o->step == OUTPUT_ASKS));
}

static void open_span(struct output *o, struct instant now)
{
    ASSERT(output_fills(o) && !o->writer.open);
    writer_prepare(&o->writer, filled_next(o));
    writer_begin(&o->writer, o->synced.bytes);
    o->filled_ns = now.mono_ns;
}

bool output_put(struct output *o, const struct feed_item *item, struct instant now)
{
    if (!o->writer.open)
        open_span(o, now);
    return writer_put(&o->writer, item);
}

void output_have(struct output *o, const struct have *have, struct instant now)
{
    if (!o->writer.open)
        open_span(o, now);
    writer_have(&o->writer, have);
}

void output_write(struct output *o, const struct writer_last *last, uint64_t change, uint64_t whole,
    bool durable, bool syncs, struct instant now)
{
    ASSERT(o->step == OUTPUT_IDLE && change >= o->end.change && !(durable && syncs));
    ASSERT(whole >= o->end.whole && whole <= change);
    if (!o->writer.open && !last->flags)
        return;
    if (!o->writer.open)
        open_span(o, now);
    writer_synced(&o->writer, o->synced.bytes);
    o->bytes = writer_end(&o->writer, last);
    o->end = (struct reached){.bytes = o->writer.blocks_end,
        .change = change,
        .whole = whole,
        .ends = o->end.ends || (last->flags & BLOCK_END),
        .crc = o->writer.crc};
    if (!o->bytes.len)
        return;
    o->offset = o->writer.offset;
    o->durable = durable;
    o->syncs = syncs;
    o->filling = !o->filling;
    o->step = OUTPUT_WRITES;
}

void output_sync(struct output *o)
{
    ASSERT(o->step == OUTPUT_IDLE && !o->writer.open);
    o->step = OUTPUT_SYNCS;
}

void output_ask(struct output *o, enum journal_act act, const char *name, const char *to)
{
    ASSERT(o->step == (o->is_open ? OUTPUT_IDLE : OUTPUT_CLOSED));
    ASSERT(act >= JOURNAL_SYNC_FOLDER && act <= JOURNAL_LOOK);
    o->step = OUTPUT_ASKS;
    o->ask = act;
    snprintf(o->ask_name, sizeof o->ask_name, "%s", name);
    snprintf(o->ask_to, sizeof o->ask_to, "%s", to);
}

void output_close(struct output *o)
{
    ASSERT(!o->ordered);
    o->writer.open = false;
    o->no_room = false;
    o->step = o->is_open ? OUTPUT_CLOSES : OUTPUT_CLOSED;
}

void output_again(struct output *o)
{
    ASSERT(o->no_room && !o->ordered);
    o->no_room = false;
}

bool output_order(struct output *o, struct journal_order *out)
{
    static const enum journal_act acts[] = {
        [OUTPUT_CREATES] = JOURNAL_CREATE,
        [OUTPUT_HEADS] = JOURNAL_WRITE,
        [OUTPUT_HEAD_SYNCS] = JOURNAL_SYNC,
        [OUTPUT_WRITES] = JOURNAL_WRITE,
        [OUTPUT_SYNCS] = JOURNAL_SYNC,
        [OUTPUT_CLOSES] = JOURNAL_CLOSE,
    };
    check(o);
    if (o->ordered || o->no_room || o->step == OUTPUT_CLOSED || o->step == OUTPUT_IDLE ||
        o->step == OUTPUT_FAILED)
        return false;
    bool asks = o->step == OUTPUT_ASKS;
    *out = (struct journal_order){.file = o->file,
        .act = asks ? o->ask : acts[o->step],
        .name = asks ? o->ask_name : o->name,
        .to = o->ask_to,
        .bytes = o->bytes,
        .offset = o->offset,
        .durable = o->durable};
    o->ordered = true;
    return true;
}

/* Of the bytes that are being written, so many were. true: that was all. */
static bool wrote(struct output *o, size_t bytes)
{
    ASSERT(bytes >= 1 && bytes <= o->bytes.len);
    o->offset += bytes;
    o->bytes = span_from(o->bytes, bytes);
    o->written.bytes = o->offset;
    return o->bytes.len == 0;
}

static void went_well(struct output *o, size_t bytes)
{
    enum output_step step = o->step;
    bool writes = step == OUTPUT_HEADS || step == OUTPUT_WRITES;
    if (writes && !wrote(o, bytes))
        return;
    switch (step) {
    case OUTPUT_CREATES:
        o->is_open = true;
        o->step = OUTPUT_HEADS;
        return;
    case OUTPUT_HEADS:
        o->step = OUTPUT_HEAD_SYNCS;
        return;
    case OUTPUT_WRITES:
        o->written = o->end;
        o->step = o->syncs ? OUTPUT_SYNCS : OUTPUT_IDLE;
        if (o->durable)
            o->synced = o->written;
        return;
    case OUTPUT_HEAD_SYNCS:
    case OUTPUT_SYNCS:
        o->synced = o->written;
        o->step = OUTPUT_IDLE;
        return;
    case OUTPUT_CLOSES:
        o->is_open = false;
        o->step = OUTPUT_CLOSED;
        return;
    default:
        ASSERT(step == OUTPUT_ASKS);
        o->step = o->is_open ? OUTPUT_IDLE : OUTPUT_CLOSED;
    }
}

void output_done(struct output *o, const struct journal_answer *a)
{
    ASSERT(o->ordered && a->file == o->file);
    enum output_step step = o->step;
    o->ordered = false;
    if (step == OUTPUT_CLOSES || a->outcome == JOURNAL_DONE) {
        went_well(o, a->bytes);
        check(o);
        return;
    }
    snprintf(o->why, sizeof o->why, "%s", a->why ? a->why : "");
    bool syncs = step == OUTPUT_SYNCS || step == OUTPUT_HEAD_SYNCS ||
                 (step == OUTPUT_ASKS && o->ask == JOURNAL_SYNC_FOLDER);
    o->no_room = a->outcome == JOURNAL_NO_ROOM && !syncs; /* a sync that failed is never believed */
    if (!o->no_room)
        o->step = OUTPUT_FAILED;
}
